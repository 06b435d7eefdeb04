"""The local exponent of the risk over the size of the sample: it falls by a step with every axis."""

from matplotlib.axes import Axes

from attnlaws.figures.staircase import draw_staircase
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Every step."""
    draw_staircase(axes, law, verdict)
