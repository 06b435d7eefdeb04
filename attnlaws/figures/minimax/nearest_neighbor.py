"""The distance to the nearest key, and inset the slope, which falls as more axes begin to matter."""

import numpy as np
from matplotlib.axes import Axes

from attnlaws.figures.overlay import draw_overlay
from attnlaws.figures.style import COLORS
from attnlaws.figures.ticks import log_ticks
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

FARTHEST = 10**6
HALF_DECADE = 10**0.25
"""A slope is the secant over half a decade, so much to either side."""
SLOPES = 25
PLACE = (0.11, 0.12, 0.42, 0.3)
"""Of the inset: left, bottom, width and height, in shares of the axes."""
ROOM = 300.0
"""So many times lower than the lowest value the axes begin, for the inset."""


def steps(kappa: float, alpha: float, last: int) -> np.ndarray:
    """The ln n from which on D + 1 axes are longer than the distance, by volumes, for D = 1, ..., ``last``.

    Example:
        >>> steps(1.0, 1.0, 3).tolist()
        [1.0, 3.0, 6.0]
    """
    axes = np.arange(1.0, last + 2) ** alpha
    return kappa * np.array([np.sum(axes[count] - axes[:count]) for count in range(1, last + 1)])


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """The overlay up to a million keys; inset, the slopes of the same lines, and 2/D as steps."""
    assert law.grid is not None
    reach = float(min(law.grid.values)), float(FARTHEST)
    draw_overlay(axes, law, verdict, reach=reach)
    low, high = axes.get_ylim()
    axes.set_ylim(low / ROOM, high)
    log_ticks(axes.yaxis, low / ROOM, high)
    inset, n = axes.inset_axes(PLACE), np.geomspace(*reach, SLOPES)
    for index, fixed in enumerate(law.grid.series):
        near, far = (np.log(law(**{**fixed, "n": np.round(n * factor)})) for factor in (1 / HALF_DECADE, HALF_DECADE))
        inset.plot(n, (near - far) / (2 * np.log(HALF_DECADE)), color=COLORS[index], linestyle=":", linewidth=1.4)
        begins = steps(fixed["kappa"], fixed["alpha"], fixed["J"] - 1)
        fine = np.geomspace(*reach, 400)
        count = 1 + np.sum(np.log(fine)[:, None] >= begins, axis=1)
        inset.plot(fine, 2 / count, color=COLORS[index], linewidth=0.7)
    inset.set_xscale("log")
    log_ticks(inset.xaxis, *reach)
    inset.set_ylim(0, None)
    inset.tick_params(labelsize=7)
    inset.set_xlabel("n", fontsize=7, labelpad=1)
    inset.set_ylabel("-slope", fontsize=7, labelpad=1)
    inset.set_title(
        "dotted: slope over half a decade; solid: 2/D,\nD axes longer than the distance, by volume", fontsize=7
    )
