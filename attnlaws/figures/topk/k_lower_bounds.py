"""The three bounds from below, over the number of keys that it takes, row by row."""

from matplotlib.axes import Axes

from attnlaws.figures.bounds import draw_ratios, of_output
from attnlaws.simulations.topk.k_lower_bounds import EXPERIMENT
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

LABELS = {"range": "range of the scores", "participation": "sum of squares", "fano": "entropy"}


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Each bound over k_eps; below 1/k_eps it says nothing."""
    shown = {label: (output, of_output(law, output)) for output, label in LABELS.items()}
    labels = ("k_eps: keys that it takes to lose at most eps", "bound from below\nover k_eps")
    draw_ratios(axes, law, verdict, EXPERIMENT, shown, across="range", labels=labels)
    axes.set_ylim(1e-3, 2)
