"""The three bounds on the error of a cut row's output, and the improved one, over the error, against it."""

from matplotlib.axes import Axes

from attnlaws.figures.instances import draw_bounds
from attnlaws.simulations.topk.output_bound import EXPERIMENT
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law
from attnlaws.theory.topk.diameter_bound import LAW as DISTANCES


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """One point a row and bound; none lies below 1."""
    bounds = {
        "distance across the cut": (DISTANCES, "diameter"),
        "variance": (law, "variance"),
        "largest norm": (DISTANCES, "norm"),
        "improved: least of two": (law, "improved"),
    }
    draw_bounds(axes, law, verdict, EXPERIMENT, bounds)
