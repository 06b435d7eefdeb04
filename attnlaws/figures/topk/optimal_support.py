"""The least divergence on k keys over that of the distributions that were drawn, row by row."""

from matplotlib.axes import Axes

from attnlaws.figures.bounds import draw_ratios, of_output
from attnlaws.simulations.topk.optimal_support import EXPERIMENT
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

LABELS = {
    "tv": "total variation",
    "kl": "KL(Q|P)",
    "chi_square": "chi²(Q|P)",
    "hellinger": "squared Hellinger",
    "jensen_shannon": "Jensen-Shannon",
}


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """At most 1 everywhere, and 1 where Q is the row cut to its largest weights."""
    shown = {label: (output, of_output(law, output)) for output, label in LABELS.items()}
    labels = (
        "total variation between the row P and a distribution Q on k keys",
        "least divergence on k keys,\nover that of Q",
    )
    draw_ratios(axes, law, verdict, EXPERIMENT, shown, across="tv", labels=labels)
