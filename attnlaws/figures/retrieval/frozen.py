"""The exact mean logarithm of a sum of weights, between the two limits that it passes from one to the other."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attnlaws.figures.style import COLORS, DASHES, MARKERS
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law
from attnlaws.theory.retrieval.frozen import FROZEN_LOG, INDEX, PARAMETERS
from attnlaws.theory.vocabulary import numeric

INTERVAL = 1.96
SYMBOLS = tuple(parameter.symbol for parameter in PARAMETERS)


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """One curve per number of weights over sigma, less ln n; the closed forms of the two phases in gray."""
    assert law.grid is not None
    sigma = np.linspace(min(law.grid.values), max(law.grid.values), 60)
    handles = []
    for index, fixed in enumerate(law.grid.series):
        size, color = fixed["n"], COLORS[index]
        axes.plot(sigma, law(n=size, sigma=sigma) - np.log(size), color=color, linestyle=DASHES[index])
        points = [p for p in verdict.points if not p.output and p.parameters["n"] == size]
        axes.errorbar(
            [p.parameters["sigma"] for p in points],
            [p.mean - np.log(size) for p in points],
            yerr=[INTERVAL * p.standard_error for p in points],
            color=color,
            linestyle="none",
            marker=MARKERS[index],
            markerfacecolor="white",
            capsize=2,
        )
        frozen = sigma[numeric(INDEX, SYMBOLS)(float(size), sigma) < 1]
        limit = numeric(FROZEN_LOG, SYMBOLS)(float(size), frozen) - np.log(size)
        axes.plot(frozen, limit, color="#777777", linestyle=DASHES[2 + index], linewidth=1.0)
        handles += [
            Line2D([], [], color=color, linestyle=DASHES[index], marker=MARKERS[index], markerfacecolor="white",
                   label=f"exact, n = {size}"),
            Line2D([], [], color="#777777", linestyle=DASHES[2 + index], label=f"frozen limit, n = {size}"),
        ]  # fmt: skip
    axes.plot(sigma, 2 * sigma**2, color="black", linewidth=1.0)
    handles.append(Line2D([], [], color="black", linewidth=1.0, label="ln of the mean, any n: 2 sigma²"))
    axes.set_ylim(0, 1.1 * max(p.mean - np.log(p.parameters["n"]) for p in verdict.points if not p.output))
    axes.set_ylabel("mean of ln W, less ln n")
    axes.tick_params(labelbottom=False)
    axes.legend(
        handles=handles,
        title="points: simulation, 95 % intervals",
        title_fontsize=8,
        alignment="left",
        loc="upper left",
    )
