"""The error of recall over the sharpness: too blunt leaks, too sharp averages nothing, and a best one between."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from attnlaws.figures.overlay import INTERVAL
from attnlaws.figures.style import COLORS, MARKERS
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law
from attnlaws.theory.minimax.best_sharpness import ERROR, SYMBOLS
from attnlaws.theory.minimax.best_sharpness import LAW as BEST
from attnlaws.theory.vocabulary import numeric

BETA = np.linspace(0.05, 10.0, 80)
MANY = {"documents": 16, "eta": 0.4, "tokens": 1000, "between": 0.1, "within": 1}
HIGHEST = 3.0


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """The exact error, its first order in 1/T, and the best sharpness to that order where there are many tokens."""
    assert law.grid is not None
    for index, fixed in enumerate((*law.grid.series, MANY)):
        axes.plot(BETA, law(beta=BETA, **fixed), color=COLORS[index], label=_name(fixed))
        ratio = fixed["between"] / fixed["within"]
        first = fixed["within"] * numeric(ERROR, SYMBOLS)(
            BETA, fixed["documents"], fixed["eta"], fixed["tokens"], ratio
        )
        axes.plot(BETA, first, color=COLORS[index], linestyle="--", linewidth=1.0)
        if fixed["tokens"] >= 100:
            best = BEST(documents=fixed["documents"], eta=fixed["eta"], tokens=fixed["tokens"], ratio=ratio)
            axes.plot([best], [law(beta=best, **fixed)], color=COLORS[index], marker="x", markeredgewidth=2)
        points = [p for p in verdict.points if all(p.parameters[k] == float(v) for k, v in fixed.items())]
        axes.errorbar(
            [float(point.parameters["beta"]) for point in points],
            [point.mean for point in points],
            yerr=[INTERVAL * point.standard_error for point in points],
            color=COLORS[index],
            marker=MARKERS[index],
            markerfacecolor="white",
            linestyle="none",
            capsize=2,
        )
    axes.set_yscale("log")
    axes.set_ylim(top=HIGHEST)
    axes.set_ylabel("mean square error of the coefficient")
    axes.tick_params(labelbottom=False)
    axes.legend(
        title="solid: exact; dashed: first order in 1/T;\npoints: simulation; cross: minimax.best_sharpness",
        title_fontsize=8,
        alignment="left",
        bbox_to_anchor=(1, 0.5),
        loc="center left",
    )


def _name(fixed: Any) -> str:
    return (
        f"{fixed['documents']} documents of {fixed['tokens']} tokens,\n"
        f"eta = {fixed['eta']}, variance {fixed['between']} between, {fixed['within']} within"
    )
