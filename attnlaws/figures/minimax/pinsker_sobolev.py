"""The slope of the risk over the sample size, beside the staircase of whole dimensions; the risk itself in a corner."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attnlaws.figures.style import COLORS, DASHES, MARKERS
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.box import balance
from attnlaws.theory.law import Law

INTERVAL = 1.96
SIZES, FINE = np.linspace(3.0, 16.0, 105), np.linspace(3.0, 16.0, 3000)


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """One color per box: the exact slope, simulated slopes, and the staircase; risks in the inset."""
    assert law.grid is not None
    inset = axes.inset_axes((0.64, 0.58, 0.34, 0.39))
    handles = []
    boxes = list(law.grid.series) + [{k: v for k, v in p.items() if k != "log_n"} for p in law.grid.extra]
    for index, box in enumerate(boxes):
        color, dash, marker = COLORS[index], DASHES[index], MARKERS[index]
        axes.plot(SIZES, law(output="exponent", log_n=SIZES, **box), color=color, linestyle=dash)
        inset.plot(SIZES, law(log_n=SIZES, **box), color=color, linestyle=dash, linewidth=1.2)
        dimension = balance(FINE, box["alpha"], box["kappa"])[1]
        axes.plot(FINE, 2 / (2 + dimension), color=color, linewidth=0.8, alpha=0.7)
        for panel, output in ((axes, "exponent"), (inset, "")):
            points = [
                p for p in verdict.points if p.output == output and all(p.parameters[k] == v for k, v in box.items())
            ]
            panel.errorbar(
                [p.parameters["log_n"] for p in points],
                [p.mean for p in points],
                yerr=[INTERVAL * p.standard_error for p in points],
                color=color,
                linestyle="none",
                marker=marker,
                markersize=5 if panel is axes else 3,
                markerfacecolor="white",
                capsize=2 if panel is axes else 0,
            )
        label = f"alpha = {box['alpha']:g}, kappa = {box['kappa']:g}"
        handles.append(Line2D([], [], color=color, linestyle=dash, marker=marker, markerfacecolor="white", label=label))
    handles.append(Line2D([], [], color="#555555", linewidth=0.8, label="2/(2 + D), D whole axes resolved"))
    axes.set_xlim(SIZES[0], SIZES[-1])
    axes.set_ylim(0.1, 0.9)
    axes.set_ylabel("-d ln R/d ln n")
    inset.set_yscale("log")
    inset.set_xlim(SIZES[0], SIZES[-1])
    inset.set_title("risk R over ln n", fontsize=8, pad=2)
    inset.tick_params(labelsize=7)
    axes.tick_params(labelbottom=False)
    axes.legend(
        handles=handles,
        title="lines: theory; points: simulation, 95 % intervals",
        title_fontsize=8,
        alignment="left",
        bbox_to_anchor=(1, 0.5),
        loc="center left",
    )
