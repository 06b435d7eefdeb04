"""How far above the tail mass of a row the bound from the gap at the cut lies."""

from matplotlib.axes import Axes

from attnlaws.figures.bounds import BOUND, TAIL_MASS, draw_ratios
from attnlaws.simulations.topk.gap_bound import EXPERIMENT
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """The bound over the tail mass of each row."""
    shown = {"the gap at the cut": ("bound", law)}
    draw_ratios(axes, law, verdict, EXPERIMENT, shown, across="bound", labels=(TAIL_MASS, BOUND))
