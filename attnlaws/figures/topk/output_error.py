"""The law's value over that from the definition, for some of the simulated rows of each judged point."""

from matplotlib.axes import Axes

from attnlaws.figures.instances import draw_equal
from attnlaws.simulations.topk.output_error import EXPERIMENT
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """One point a row, on the diagonal where law and definition agree."""
    draw_equal(axes, law, verdict, EXPERIMENT, "value")
