"""The bound on the chance that two draws from a row differ, beside the exact mean and the transition of many keys."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attnlaws.figures.overlay import draw_overlay
from attnlaws.figures.style import COLORS
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory import laplace
from attnlaws.theory.law import Law

CURVE_POINTS = 40


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """The overlay of bound and simulation, the exact curves in gray, and a mark where sigma is sqrt(2 ln n)."""
    assert law.grid is not None
    draw_overlay(axes, law, verdict)
    legend = axes.get_legend()
    assert legend is not None
    handles, names = list(legend.legend_handles), [f"upper bound, {text.get_text()}" for text in legend.get_texts()]
    sigma = np.geomspace(min(law.grid.values), max(law.grid.values), CURVE_POINTS)
    for index, fixed in enumerate(law.grid.series):
        size = float(fixed["n"])
        exact = [1 - laplace.participation(size, float(spread)) for spread in sigma]
        axes.plot(sigma, exact, color="#777777", linewidth=1.0)
        onset = np.sqrt(2 * np.log(size))
        axes.plot([onset], [1.0], color=COLORS[index], marker="|", markersize=14, markeredgewidth=2, linestyle="none")
    handles.append(Line2D([], [], color="#777777", linewidth=1.0))
    names.append("exact mean (retrieval.frozen)")
    handles.append(Line2D([], [], color="#777777", marker="|", markersize=10, markeredgewidth=2, linestyle="none"))
    names.append("sqrt(2 ln n): up to here the limit of many keys is 1")
    axes.legend(handles=handles, labels=names, alignment="left", loc="lower left")
