"""What each bound by variances adds to the error, for some of the simulated rows of each judged point."""

from matplotlib.axes import Axes

from attnlaws.figures.instances import draw_bounds
from attnlaws.simulations.topk.output_variance import EXPERIMENT
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

LABELS = {
    "error": "exact variance form",
    "kept_variance": "variance, kept part taken off",
    "chi_square": "variance of all values",
}


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """The three forms over the error that the definition gives: the first is it, the others are bounds."""
    draw_bounds(axes, law, verdict, EXPERIMENT, {label: (law, output) for output, label in LABELS.items()})
