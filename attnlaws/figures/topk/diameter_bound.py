"""Four bounds by distances of values over the error that they bound, against it."""

from matplotlib.axes import Axes

from attnlaws.figures.instances import draw_bounds
from attnlaws.simulations.topk.diameter_bound import EXPERIMENT
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

LABELS = {
    "reach": "from the mean of the kept",
    "diameter": "across the cut",
    "radius": "twice the radius",
    "norm": "twice the largest norm",
}


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """One point a row and bound; none lies below 1."""
    draw_bounds(axes, law, verdict, EXPERIMENT, {label: (law, output) for output, label in LABELS.items()})
