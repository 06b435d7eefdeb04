"""Where the limit rule ends: how many times more keys a typical row needs, over sigma and the number of keys."""

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm
from matplotlib.lines import Line2D

from attnlaws.figures.style import COLORS, MARKERS
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law
from attnlaws.theory.topk.k_eps import LAW as RULE

SHARES = (0.1, 0.01)
"""Shares that may be lost: the first is behind the colors, the others have a frontier only."""
SIZES = (2**5, 2**15, 31)
SIGMA = (0.4, 6.0, 57)
LEVELS = (1.0, 1.05, 1.1, 1.25, 1.5, 2.0, 4.0, 10.0, 100.0)
FRONTIER = 1.1


def excess(sizes: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Keys of the plug-in for the median over those of the rule: [share, size, sigma].

    The counts of ``topk.blom``, with a row's quantiles computed once for all sigma and the crossing interpolated
    between two keys from one key on, so that the picture has no steps.
    """
    from scipy import special

    found = np.empty((len(SHARES), sizes.size, sigma.size))
    for row, n in enumerate(sizes):
        ascending = special.ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25))
        for column, spread in enumerate(sigma):
            below = np.cumsum(np.exp(spread * (ascending - ascending[-1])))
            for index, share in enumerate(SHARES):
                kept = n - np.interp(share * below[-1], below, np.arange(1, n + 1))
                found[index, row, column] = max(kept, 1.0) / (n * RULE(eps=share, sigma=spread))
    return found


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Colors for the first share, frontiers for all, the transition, and its judged points in their own colors."""
    assert law.grid is not None
    sizes = np.unique(np.geomspace(*SIZES).round()).astype(int)
    sigma = np.linspace(*SIGMA)
    ratio = excess(sizes, sigma)
    colors = colormaps["YlOrRd"]
    norm = BoundaryNorm(LEVELS, colors.N, extend="both")
    mesh = axes.pcolormesh(
        sigma, sizes, ratio[0], cmap=colors, norm=norm, shading="nearest", rasterized=True, zorder=-2
    )
    handles, names = [], []
    for index, (share, style) in enumerate(zip(SHARES, ("-", "--"), strict=True)):
        axes.contour(sigma, sizes, ratio[index], levels=[FRONTIER], colors="black", linestyles=style, linewidths=1.4)
        handles.append(Line2D([], [], color="black", linestyle=style, linewidth=1.4))
        names.append(f"{FRONTIER - 1:.0%} too few, eps = {share:g}")
    axes.plot(np.sqrt(2 * np.log(sizes)), sizes, color=COLORS[0], linestyle=":", linewidth=1.8)
    handles.append(Line2D([], [], color=COLORS[0], linestyle=":", linewidth=1.8))
    names.append("sigma = sqrt(2 ln n)")
    look: dict[str, Any] = {"color": "black", "marker": MARKERS[0], "linestyle": "none", "zorder": 3}
    for point in verdict.points:
        if point.parameters["eps"] == SHARES[0]:
            filled = colors(norm(point.mean / point.theory))
            axes.plot(point.parameters["sigma"], point.parameters["n"], markerfacecolor=filled, markersize=6, **look)
    handles.append(Line2D([], [], markerfacecolor="white", **look))
    names.append(f"simulated mean over rule, eps = {SHARES[0]:g}")
    axes.set_yscale("log", base=2)
    axes.set_xlim(sigma[0], sigma[-1])
    axes.set_ylim(sizes[0], sizes[-1])
    axes.grid(visible=False)
    axes.tick_params(labelbottom=False)
    axes.set_ylabel("n: number of keys")
    bar = axes.figure.colorbar(mesh, cax=axes.inset_axes((1.02, 0, 0.025, 1)), ticks=LEVELS, extend="both")
    bar.ax.set_yticklabels([f"{level:g}" for level in LEVELS])
    bar.set_label(f"keys needed over keys of the rule, eps = {SHARES[0]:g}\n(colors: median by topk.blom)", fontsize=8)
    axes.legend(
        handles=handles, labels=names, alignment="left", loc="lower right", fontsize=7,
        frameon=True, framealpha=0.85, edgecolor="none",
    )  # fmt: skip
