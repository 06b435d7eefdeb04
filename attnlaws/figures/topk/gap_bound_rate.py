"""The fraction of the keys at which each bound certifies a loss of eps, over the spread of Gaussian scores."""

import numpy as np
from matplotlib.axes import Axes

from attnlaws.figures.overlay import INTERVAL
from attnlaws.figures.style import COLORS, MARKERS
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law
from attnlaws.theory.topk.k_eps import LAW as LEAST
from attnlaws.theory.topk.multi_gap_bound import LAW as STAIRCASE
from attnlaws.theory.vocabulary import Phi_inverse

SIGMA = np.linspace(0.25, 3.0, 23)
SHARES = {0.1: "-", 0.01: "--"}
KEYS = 4096
OUTPUTS = ("gap", "head")


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Four curves for each eps, and what was simulated."""
    for eps, dashes in SHARES.items():
        curves = {
            "gap at the cut": np.broadcast_to(law(eps=eps, sigma=SIGMA, output="gap"), SIGMA.shape),
            "head's weight": law(eps=eps, sigma=SIGMA),
            "staircase, ratio 1.25": staircase(eps),
            "the tail mass itself": LEAST(eps=eps, sigma=SIGMA),
        }
        for index, (name, curve) in enumerate(curves.items()):
            label = name if eps == 0.1 else None
            axes.plot(SIGMA, curve, color=COLORS[index], linestyle=dashes, label=label)
    for index, output in enumerate(OUTPUTS):
        points = [p for p in verdict.points if (p.output or "head") == output and np.isfinite(p.mean)]
        axes.errorbar(
            [point.parameters["sigma"] for point in points],
            [point.mean for point in points],
            yerr=[INTERVAL * point.standard_error for point in points],
            color=COLORS[index],
            marker=MARKERS[index],
            markerfacecolor="white",
            linestyle="none",
            capsize=2,
        )
    axes.set_ylim(0, 1.05)
    axes.set_ylabel("fraction k/n of the keys at which\na loss of at most eps is certified")
    axes.tick_params(labelbottom=False)
    axes.legend(
        title="what certifies it\n(solid: eps = 0.1, dashed: eps = 0.01;\npoints: simulation, 95 % intervals)",
        title_fontsize=8,
        alignment="left",
        bbox_to_anchor=(1, 0.5),
        loc="center left",
    )


def staircase(eps: float) -> np.ndarray:
    """The fraction for the bound from several scores, on rows of quantiles: it has no closed form."""
    quantile = Phi_inverse.routine()
    rows = SIGMA[:, None] * quantile((np.arange(KEYS) + 0.5) / KEYS)
    low, high = np.ones(SIGMA.size), np.full(SIGMA.size, KEYS - 1.0)
    while (high > low).any():  # the bound falls with k but for the places of the stairs, which move it by little
        middle = np.floor((low + high) / 2)
        certified = STAIRCASE(logits=rows, k=middle) <= eps
        low, high = np.where(certified, low, middle + 1), np.where(certified, middle, high)
    return low / KEYS
