"""The risk over the tokens of a document, at three sample sizes: statistical error, and the floor that tokens leave."""

import numpy as np
from matplotlib.axes import Axes

from attnlaws.figures.overlay import INTERVAL
from attnlaws.figures.style import COLORS, MARKERS
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.box import balance
from attnlaws.theory.law import Law

TOKENS = np.geomspace(1.0, 1e6, 200)


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Both errors together as lines, each alone in gray; simulated token errors as points, the budget as a cross."""
    assert law.grid is not None
    for index, fixed in enumerate(law.grid.series):
        u, size = map(float, balance(fixed["log_n"], fixed["alpha"], fixed["kappa"]))
        risk, budget = np.exp(-2 * u), law(**fixed)
        name = f"sample size 1e{fixed['log_n'] / np.log(10):.0f}: D = {size:.0f}, budget {budget:.3g}"
        axes.plot(TOKENS, risk + size / TOKENS, color=COLORS[index], label=name)
        axes.axhline(risk, color=COLORS[index], linewidth=0.8, linestyle=":")
        axes.plot(TOKENS, size / TOKENS, color="#999999", linewidth=0.8, linestyle="--")
        axes.plot([budget], [2 * risk], color=COLORS[index], marker="x", markersize=9, markeredgewidth=2)
        points = [p for p in verdict.points if all(p.parameters[k] == float(v) for k, v in fixed.items())]
        tokens = np.array([float(point.parameters["tokens"]) for point in points])
        axes.errorbar(
            tokens,
            np.array([point.mean for point in points]) * risk / tokens,
            yerr=np.array([INTERVAL * point.standard_error for point in points]) * risk / tokens,
            color=COLORS[index],
            marker=MARKERS[index],
            markerfacecolor="white",
            linestyle="none",
            capsize=2,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylabel("mean square error, in units\nof the functional's range")
    axes.tick_params(labelbottom=False)
    axes.legend(
        title="solid: statistical error (dotted) plus\ntoken error D/T (dashed); points: token\nerror simulated; "
        "cross: both are equal",
        title_fontsize=8,
        alignment="left",
        bbox_to_anchor=(1, 0.5),
        loc="center left",
    )
