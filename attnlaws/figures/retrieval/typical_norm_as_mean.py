"""Every convention of the exponential kernel's ratio, over the formula for a target of typical norm."""

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attnlaws.figures.style import COLORS, DASHES, MARKERS
from attnlaws.figures.ticks import log_ticks
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law
from attnlaws.theory.retrieval import exponential

TEMPERATURES = (1.0, 100.0)
TICKS = (1, 2, 4, 8, 16, 32, 64)
LOWEST, HIGHEST = 1e-4, 1e5
INTERVAL = 1.96


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """One line per convention and dimension; the points are the simulated means over Gaussian keys."""
    assert law.grid is not None
    handles = [
        Line2D([], [], color=COLORS[i], linestyle=DASHES[i], label=name)
        for i, name in enumerate(("expectation", "ratio", "geometric"))
    ]
    for index, fixed in enumerate(law.grid.series):
        marker, d_k = MARKERS[index], fixed["d_k"]
        for line, handle in enumerate(handles):
            tau, ratio = _over_formula(law, fixed, str(handle.get_label()))
            axes.plot(tau, ratio, color=COLORS[line], linestyle=DASHES[line], linewidth=1.0 + 0.8 * index)
        points = [point for point in verdict.points if point.parameters["d_k"] == d_k]
        axes.errorbar(
            [point.parameters["tau"] for point in points],
            [point.mean / point.theory for point in points],
            yerr=[INTERVAL * point.standard_error / point.theory for point in points],
            color="black",
            linestyle="none",
            marker=marker,
            markerfacecolor="white",
            capsize=2,
            label=f"d_k = {d_k}",
        )
        root = math.sqrt(d_k)
        axes.axvline(root, color="#999999", linewidth=0.8)
        axes.annotate(
            rf"tau = $\sqrt{{{d_k}}}$",
            (root, HIGHEST),
            (2, -2),
            textcoords="offset points",
            va="top",
            fontsize=8,
            color="#555555",
        )
    axes.axhline(1, color="#555555", linewidth=0.8)
    axes.axhline(math.exp(4), color="#999999", linewidth=0.8, linestyle=":")
    axes.annotate(
        r"$e^4$: limit of the mean at tau = $\sqrt{d_k}$",
        (TEMPERATURES[1], math.exp(4)),
        (-2, 2),
        textcoords="offset points",
        ha="right",
        fontsize=8,
        color="#555555",
    )
    _axes(axes, law)
    lines = axes.legend(
        handles=handles, title="theory (retrieval.exponential)", title_fontsize=8, alignment="left", loc="lower right"
    )
    axes.add_artist(lines)
    axes.legend(title="simulated mean, 95 % intervals", title_fontsize=8, alignment="left", loc="upper right")


def _over_formula(law: Law, fixed: Any, convention: str) -> tuple[np.ndarray, np.ndarray]:
    """Temperatures at which a convention exists, and its value over the formula's."""
    low = {"expectation": exponential.SMALLEST_MEAN, "ratio": 4.0}.get(convention, 0.0)
    tau = np.geomspace(max(TEMPERATURES[0], 1.0001 * low), TEMPERATURES[1], 300)
    logarithm = exponential.LAW(**fixed, tau=tau, convention=convention, output="log")
    ratio = np.exp(logarithm - np.log(law(**fixed, tau=tau)))
    shown = (ratio > LOWEST) & (ratio < HIGHEST)
    return tau[shown], ratio[shown]


def _axes(axes: Axes, law: Law) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(*TEMPERATURES)
    axes.set_ylim(LOWEST, HIGHEST)
    log_ticks(axes.xaxis, *TEMPERATURES, TICKS)
    log_ticks(axes.yaxis, LOWEST, HIGHEST)
    axes.set_ylabel(f"{law.quantity}\nover n exp(-2 d_k (tau - 1)/tau²)", fontsize=8)
    axes.tick_params(labelbottom=False)
