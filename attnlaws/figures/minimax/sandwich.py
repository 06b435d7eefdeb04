"""Upper bounds, lower bounds and simulated risk on one axis, with what is between shaded; the local exponents inset."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from attnlaws.figures.overlay import INTERVAL
from attnlaws.figures.style import COLORS
from attnlaws.figures.ticks import log_ticks
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law
from attnlaws.theory.minimax.assouad import LAW as ASSOUAD
from attnlaws.theory.minimax.fano import LAW as FANO
from attnlaws.theory.minimax.local_exponent import LAW as LOCAL_EXPONENT
from attnlaws.theory.minimax.pinsker_sobolev import LAW as PINSKER
from attnlaws.theory.minimax.regressogram_bound import LAW as REGRESSOGRAM

NODES = 46
MARGIN = 0.08
"""Of the range of the judged sizes, so much is drawn beyond them."""
DECADE = np.log(10.0)
SHADE = "#E8E8E8"
ROOM = 30.0
"""By this factor the axis goes on below the lowest bound, where the exponents are drawn."""


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """The first of the judged boxes; the panel below has them all."""
    assert law.grid is not None
    box: dict[str, Any] = dict(law.grid.series[0])
    low, high = float(min(law.grid.values)), float(max(law.grid.values))
    log_n = np.linspace(low - MARGIN * (high - low), high + MARGIN * (high - low), NODES)
    lower, upper = (law(output=side, log_n=log_n, **box) for side in ("lower", "upper"))
    axes.fill_between(log_n, lower, upper, color=SHADE, linewidth=0)
    lines = [
        ("regressogram, worst case", REGRESSOGRAM(log_n=log_n, **box), COLORS[2], "-."),
        ("Pinsker's rule, worst case", upper, COLORS[1], "-"),
        ("exact Bayes risk of tents", lower, COLORS[0], "-"),
        ("Assouad's bound on it", ASSOUAD(log_n=log_n, **box), COLORS[4], "--"),
        ("Fano's bound", FANO(log_n=log_n, **box), COLORS[5], ":"),
    ]
    handles: list[Any] = []
    for name, values, color, style in lines:
        handles += axes.plot(log_n, values, color=color, linestyle=style, label=name)
    for side, color, marker in (("upper", COLORS[1], "s"), ("lower", COLORS[0], "o")):
        points = [p for p in verdict.points if p.output == side and box.items() <= p.parameters.items()]
        axes.errorbar(
            [p.parameters["log_n"] for p in points],
            [p.mean for p in points],
            yerr=[INTERVAL * p.standard_error for p in points],
            color=color,
            marker=marker,
            markerfacecolor="white",
            linestyle="none",
            capsize=2,
        )
    handles += [Patch(facecolor=SHADE, label="the least worst risk is in here")]
    handles += [Line2D([], [], color="#555555", marker="o", markerfacecolor="white", linestyle="", label="simulated")]
    axes.set_yscale("log")
    axes.set_ylim(bottom=axes.get_ylim()[0] / ROOM)
    log_ticks(axes.yaxis, *axes.get_ylim())
    axes.tick_params(labelbottom=False)
    axes.set_ylabel("mean square error,\nin units of (L S_0)^2")
    title = ", ".join(f"{name} = {value:g}" for name, value in box.items())
    axes.legend(handles=handles, title=title, title_fontsize=8, alignment="left", fontsize=7, loc="lower right")
    _exponents(axes, box, log_n, lower)


def _exponents(axes: Axes, box: dict[str, Any], log_n: np.ndarray, lower: np.ndarray) -> None:
    """Slopes of both bounds in an inset: the upper one's exactly, the lower one's over a decade, since it has steps."""
    inset = axes.inset_axes((0.07, 0.08, 0.42, 0.27))
    inset.plot(log_n, PINSKER(output="exponent", log_n=log_n, **box), color=COLORS[1])
    inside = (log_n > log_n[0] + DECADE / 2) & (log_n < log_n[-1] - DECADE / 2)
    before, after = (np.interp(log_n[inside] + side * DECADE / 2, log_n, np.log(lower)) for side in (-1, 1))
    inset.plot(log_n[inside], (before - after) / DECADE, color=COLORS[0])
    inset.step(log_n, LOCAL_EXPONENT(log_n=log_n, **box), color="#777777", linewidth=1.0, where="mid")
    inset.set_title("local exponents, -d ln R/d ln n; gray: 2/(2 + D)", fontsize=7, pad=2)
    inset.tick_params(labelsize=6)
