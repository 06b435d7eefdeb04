"""The number of resolved axes over the size of the sample: a staircase for each law of the axes."""

from matplotlib.axes import Axes

from attnlaws.figures.staircase import draw_staircase
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Every step."""
    draw_staircase(axes, law, verdict)
