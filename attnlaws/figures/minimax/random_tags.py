"""The leak over the number of documents: softmax attention with random tags, and linear attention with the same."""

import numpy as np
from matplotlib.axes import Axes

from attnlaws.figures.overlay import INTERVAL
from attnlaws.figures.style import COLORS, MARKERS
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

DOCUMENTS = np.unique(np.round(np.geomspace(2, 1e6, 120)))
SHARPER = 2
"""How many times sharper the last curve of each dimension is: the leak goes, whatever overlaps there are."""


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Shares of what is read that come from other documents; linear attention's by their power."""
    assert law.grid is not None
    for index, fixed in enumerate(law.grid.series):
        d_k, beta = fixed["d_k"], fixed["beta"]
        color = COLORS[index]
        axes.plot(
            DOCUMENTS, law(documents=DOCUMENTS, **fixed), color=color, label=f"softmax, d_k = {d_k}, beta = {beta}"
        )
        sharp = law(documents=DOCUMENTS, d_k=d_k, beta=SHARPER * beta)
        axes.plot(DOCUMENTS, sharp, color=color, linestyle="--", label=f"softmax, d_k = {d_k}, beta = {SHARPER * beta}")
        power = law(documents=DOCUMENTS, **fixed, output="linear")
        axes.plot(DOCUMENTS, power / (1 + power), color=color, linestyle=":", label=f"linear, d_k = {d_k}")
        for output in ("", "linear"):
            points = [p for p in verdict.points if p.output == output and p.parameters["beta"] == beta]
            mean = np.array([point.mean for point in points])
            slope = (1 + mean) ** -2.0 if output else 1.0  # of the share in the power
            axes.errorbar(
                [float(point.parameters["documents"]) for point in points],
                mean / (1 + mean) if output else mean,
                yerr=INTERVAL * slope * np.array([point.standard_error for point in points]),
                color=color,
                marker=MARKERS[2 * index + bool(output)],
                markerfacecolor="white",
                linestyle="none",
                capsize=2,
            )
    axes.set_xscale("log")
    axes.set_ylim(-0.03, 1.03)
    axes.set_ylabel("share that leaks: of the weight\n(softmax), of the power (linear)")
    axes.tick_params(labelbottom=False)
    axes.legend(
        title="attention over documents\nwith random unit tags\n(points: simulation)",
        title_fontsize=8,
        alignment="left",
        bbox_to_anchor=(1, 0.5),
        loc="center left",
    )
