"""Bounds from what is known of blocks, over the probability outside the kept ones, row by row."""

from matplotlib.axes import Axes

from attnlaws.figures.bounds import BOUND, draw_ratios, of_output
from attnlaws.simulations.topk.block_bound import EXPERIMENT
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Each bound over the probability that is dropped."""
    shown = {
        "counts and largest scores": ("bound", of_output(law, "bound")),
        "kept blocks scored": ("scored", of_output(law, "scored")),
    }
    labels = ("probability outside the kept blocks", BOUND.replace("tail mass", "that probability"))
    draw_ratios(axes, law, verdict, EXPERIMENT, shown, across="bound", labels=labels)
