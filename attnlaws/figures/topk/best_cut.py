"""The smallest edge of the tree over the least distance across all cuts, for some of the simulated sets."""

from matplotlib.axes import Axes

from attnlaws.figures.instances import draw_equal
from attnlaws.simulations.topk.best_cut import EXPERIMENT
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """One point a set, on the diagonal where both agree."""
    draw_equal(axes, law, verdict, EXPERIMENT, "value")
