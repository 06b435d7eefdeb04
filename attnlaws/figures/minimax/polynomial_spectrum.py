"""The local exponent over the size of the sample, one curve per notion of risk, each with its limit dashed."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attnlaws.figures.style import COLORS, MARKERS
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

SIZES = np.geomspace(20, 1000, 60)
FINE = np.geomspace(20, 1000, 1500)
NAMES = {
    "volumetric": "volumetric balance",
    "sobolev": "Sobolev's ball, function fixed before the data",
    "neighbor": "function chosen after the design",
}


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """At the spectrum of the judged points."""
    assert law.grid is not None
    b = law.grid.series[0]["b"]
    handles = []
    for index, (notion, name) in enumerate(NAMES.items()):
        look: dict[str, Any] = {"color": COLORS[index], "marker": MARKERS[index], "markerfacecolor": "white"}
        sizes = SIZES if notion == "sobolev" else FINE
        axes.plot(sizes, law(notion=notion, b=b, log_n=sizes), color=COLORS[index], linewidth=1.2)
        axes.axhline(float(law(notion=notion, b=b)), color=COLORS[index], linestyle="--", linewidth=0.8)
        points = [p for p in verdict.points if not p.output and p.parameters["notion"] == notion]
        points = [p for p in points if p.parameters["b"] == b and p.parameters["log_n"] is not None]
        axes.plot([p.parameters["log_n"] for p in points], [p.mean for p in points], linestyle="none", **look)
        handles.append(Line2D([], [], label=name, **look))
    handles.append(Line2D([], [], color="#777777", linestyle="--", linewidth=0.8, label="limits b, b + 1, b - 1"))
    axes.set_xscale("log")
    axes.set_ylim(0.5, 4.3)
    axes.set_ylabel(law.quantity)
    axes.tick_params(labelbottom=False)
    axes.set_title(
        f"lines: theory; points: exact values; axes j^(-b/2), b = {b:g}", fontsize=8, loc="left", color="#555555"
    )
    axes.legend(handles=handles, fontsize=7, loc="upper right")
