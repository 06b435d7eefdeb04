"""The mass on the target over the number of pairs, and where the signal-to-noise ratio puts the capacity instead."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attnlaws.figures.style import COLORS, DASHES, MARKERS
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

INTERVAL = 1.96
SIZES = (4, 1_000_000)


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """One curve per dimension, at the temperature of attention; dotted lines where the ratio is 1."""
    assert law.grid is not None
    n = np.unique(np.geomspace(*SIZES, 120).round())
    handles = []
    for index, fixed in enumerate(law.grid.series):
        d_k, color = fixed["d_k"], COLORS[index]
        axes.plot(n, law(n=n, **fixed), color=color, linestyle=DASHES[index])
        points = [p for p in verdict.points if not p.output and all(p.parameters[k] == v for k, v in fixed.items())]
        axes.errorbar(
            [p.parameters["n"] for p in points],
            [p.mean for p in points],
            yerr=[INTERVAL * p.standard_error for p in points],
            color=color,
            linestyle="none",
            marker=MARKERS[index],
            markerfacecolor="white",
            capsize=2,
        )
        half, ratio = math.exp(math.sqrt(d_k) - 0.5), math.exp(2 * math.sqrt(d_k) - 2)
        axes.plot(half, 0.5, color="black", marker="x", markersize=7, linestyle="none")
        axes.axvline(ratio, color=color, linestyle=":", linewidth=1.2)
        label = f"d_k = {d_k}, tau = {fixed['tau']}"
        handles += [
            Line2D([], [], color=color, linestyle=DASHES[index], marker=MARKERS[index], markerfacecolor="white",
                   label=f"mass, {label}"),
            Line2D([], [], color=color, linestyle=":", label=f"signal-to-noise ratio 1, {label}"),
        ]  # fmt: skip
    handles.append(
        Line2D([], [], color="black", marker="x", markersize=7, linestyle="none", label="mass 1/2, leading order")
    )
    axes.set_xscale("log")
    axes.set_xlim(*SIZES)
    axes.set_ylim(0, 1)
    axes.set_ylabel(law.quantity)
    axes.tick_params(labelbottom=False)
    axes.legend(
        handles=handles,
        title="lines: theory; points: simulation, 95 % intervals",
        title_fontsize=8,
        alignment="left",
        loc="upper right",
        frameon=True,
        framealpha=1.0,
        edgecolor="none",
    )
