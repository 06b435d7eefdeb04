"""What averaging heads gains, against the number of heads and the most that can be gained."""

import math

from matplotlib.axes import Axes

from attnlaws.figures.overlay import draw_overlay, note
from attnlaws.figures.style import COLORS
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

REACH = (1, 256)


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """The default picture, far enough to the right for the exponential kernel to reach its limit exp(sigma^2)."""
    assert law.grid is not None
    draw_overlay(axes, law, verdict, reach=REACH)
    for index, fixed in enumerate(law.grid.series):
        if fixed["kernel"] == "exponential":
            most = math.exp(fixed["sigma"] ** 2)
            axes.axhline(most, color=COLORS[index], linewidth=1.2, linestyle=":")
            note(axes, rf"$e^{{\sigma^2}}$ for sigma = {fixed['sigma']}", (REACH[1], most), offset=(0, 2), ha="right")
