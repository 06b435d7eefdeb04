"""The bound with the head's weight beside that of the gap alone, over the tail mass, row by row."""

from matplotlib.axes import Axes

from attnlaws.figures.bounds import BOUND, TAIL_MASS, draw_ratios
from attnlaws.simulations.topk.gap_bound import EXPERIMENT
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law
from attnlaws.theory.topk.gap_bound import LAW as GAP


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """The bound over the tail mass of each row."""
    shown = {"the gap at the cut": ("bound", GAP), "the head's weight": ("bound", law)}
    draw_ratios(axes, law, verdict, EXPERIMENT, shown, across="bound", labels=(TAIL_MASS, BOUND))
