"""Laws that go in steps over the size of the sample: every step drawn, and the course without steps through them."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from attnlaws.figures.overlay import series
from attnlaws.figures.style import COLORS, MARKERS
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

SIZES = 4000
DECADES = ((6, "10⁶"), (12, "10¹²"), (100, "10¹⁰⁰"))
SMOOTH = "#777777"


def draw_staircase(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Steps in color, one curve per law of the axes; dashed, the output ``smoothed``; three sizes named at the top.

    Args:
        axes: where to draw.
        law: a law of log_n with an output ``smoothed``.
        verdict: what its verification found.
    """
    assert law.grid is not None
    sizes = np.geomspace(min(law.grid.values), max(law.grid.values), SIZES)
    handles = []
    for index, (_, fixed, points) in enumerate(series(law, verdict)):
        look: dict[str, Any] = {"color": COLORS[index], "marker": MARKERS[index], "markerfacecolor": "white"}
        axes.plot(sizes, law(log_n=sizes, **fixed), color=COLORS[index], linewidth=1.2)
        axes.plot(sizes, law(log_n=sizes, output="smoothed", **fixed), color=SMOOTH, linestyle="--", linewidth=0.8)
        axes.plot([point.parameters["log_n"] for point in points], [p.mean for p in points], linestyle="none", **look)
        label = rf"$\alpha$ = {fixed['alpha']:g}, $\kappa$ = {fixed['kappa']:g}"
        handles.append(Line2D([], [], label=label, **look))
    handles.append(Line2D([], [], color=SMOOTH, linestyle="--", linewidth=0.8, label="without steps"))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(10, (1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_locator(LogLocator(10, (1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    for power, name in DECADES:
        axes.axvline(power * np.log(10), color="#BBBBBB", linewidth=0.8, zorder=0)
        axes.annotate(f"n = {name}", (power * np.log(10), 0.99), (2, 0), xycoords=("data", "axes fraction"),
                      textcoords="offset points", fontsize=7, va="top", color="#555555")  # fmt: skip
    axes.set_ylabel(law.quantity)
    axes.tick_params(labelbottom=False)
    axes.set_title("lines: theory, every step; points: exact values", fontsize=8, loc="left", color="#555555")
    axes.legend(handles=handles)
