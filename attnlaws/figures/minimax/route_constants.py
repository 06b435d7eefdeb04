"""The band between the constants of two bounds that take the axes for equally long, and the box's within it."""

import math

import numpy as np
from matplotlib.axes import Axes

from attnlaws.figures.style import COLORS, MARKERS
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

PEAK = 1 / (math.e - 1)
"""The alpha at which p = 1/e."""


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Both curves over alpha, relative to the upper bound's constant, with the largest of the box's marked."""
    assert law.grid is not None
    alpha = np.linspace(0.25, 3.2, 300)
    sharp, low = (law(alpha=alpha, output=output) for output in law.outputs)
    axes.fill_between(alpha, 1, low, color="#EEEEEE", linewidth=0)
    axes.plot(alpha, low, color=COLORS[1], label=r"lower bound by a cube: $(1+\alpha)\,\alpha^{-p}$")
    axes.plot(alpha, sharp, color=COLORS[0], label=r"the box itself: $p^{-p}$")
    axes.axhline(1, color=COLORS[2], label="upper bound with equally long axes: 1, the unit")
    for index, output in enumerate(("", "low")):
        points = [point for point in verdict.points if point.output == output]
        axes.plot([point.parameters["alpha"] for point in points], [point.mean for point in points],
                  color=COLORS[index], marker=MARKERS[index], markerfacecolor="white", linestyle="none")  # fmt: skip
    peak = float(law(alpha=PEAK))
    axes.annotate(
        rf"$e^{{1/e}}$ = {peak:.4f} at $\alpha$ = {PEAK:.3f}", (PEAK, peak), (0, -22), textcoords="offset points",
        fontsize=8, color="#555555", ha="center", arrowprops={"arrowstyle": "-", "color": "#999999"},
    )  # fmt: skip
    axes.set_ylim(0.9, 2.45)
    axes.set_ylabel("constant C in the risk\n" r"$\exp(-C (\ln n)^p)$, over $2\kappa^{1-p}$")
    axes.tick_params(labelbottom=False)
    axes.set_title("lines: theory; points: exact values", fontsize=8, loc="left", color="#555555")
    axes.legend(loc="upper right")
