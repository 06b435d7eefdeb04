"""The whole law of the number of kept keys in a short row, and three intervals that are to hold it."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from attnlaws.figures.overlay import draw_overlay
from attnlaws.figures.style import COLORS
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law
from attnlaws.theory.topk import k_eps_interval, k_eps_moments
from attnlaws.theory.topk.k_eps import LAW as LIMIT

CONFIDENCE = 0.9
GRAY = "#BBBBBB"
HEIGHTS = (1.07, 1.14, 1.21)
"""Where the intervals are drawn, on the axis of probability: above all that is drawn to scale."""
FARTHEST = 3.9
"""Standard deviations above the mean beyond which the law is 0 for the eye, and not computed."""


def survival(law: Law, n: int, eps: float, sigma: float) -> np.ndarray:
    """P(k_eps > k) for k = 0 .. n."""
    mean, spread = _moments(n, eps, sigma)
    last = min(n - 1, int(mean + FARTHEST * spread))
    found = np.zeros(n + 1)
    found[0] = 1.0
    found[1 : last + 1] = law(n=n, eps=eps, sigma=sigma, k=np.arange(1, last + 1))
    return found


def intervals(chance: np.ndarray, n: int, eps: float, sigma: float) -> dict[str, tuple[float, float]]:
    """Ends of intervals that are to hold k_eps with a chance of 90 %, by where they come from."""
    from scipy import special

    ends = (
        float(k_eps_interval.LAW(n=n, eps=eps, sigma=sigma, confidence=CONFIDENCE, output=end))
        for end in ("lower", "upper")
    )
    tail = (1 - CONFIDENCE) / 2
    below = 1 - chance
    exact = float(np.argmax(below >= tail)), float(np.argmax(below >= 1 - tail))
    mean, spread = _moments(n, eps, sigma)
    half = float(special.ndtri(1 - tail)) * spread
    return {
        "normal law of long rows (topk.k_eps_moments)": (mean - half, mean + half),
        "quantiles of this law": exact,
        "proven at every n (topk.k_eps_interval)": tuple(ends),  # type: ignore[dict-item]
    }


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """The chance of more than k as judged, in gray the chance of k itself, and the intervals."""
    assert law.grid is not None
    draw_overlay(axes, law, verdict)
    legend = axes.get_legend()
    assert legend is not None
    handles, names = list(legend.legend_handles), [f"more than k: {text.get_text()}" for text in legend.get_texts()]
    (fixed,) = law.grid.series
    point = {"n": int(fixed["n"]), "eps": float(fixed["eps"]), "sigma": float(fixed["sigma"])}
    chance = survival(law, **point)
    number = np.arange(1, chance.size)
    shown = (chance[:-1] > 1e-3) & (chance[1:] < 1 - 1e-3)
    axes.bar(number[shown], (chance[:-1] - chance[1:])[shown], width=0.8, color=GRAY, zorder=0)
    handles.append(Patch(facecolor=GRAY))
    names.append("exactly k: theory")
    for index, (name, ends) in enumerate(intervals(chance, **point).items()):
        look = {"color": COLORS[index + 2], "marker": "|", "markersize": 8, "linewidth": 2.0}
        axes.plot(ends, [HEIGHTS[index]] * 2, **look)
        handles.append(Line2D([], [], **look))
        names.append(f"{CONFIDENCE:.0%}: {name}")
    axes.set_xlim(number[shown][0] - 1, number[shown][-1] + 1)
    axes.set_yscale("linear")
    axes.set_ylim(0, 1.9)
    axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    title = legend.get_title().get_text()
    axes.legend(handles=handles, labels=names, title=title, title_fontsize=8, alignment="left", fontsize=7)


def _moments(n: int, eps: float, sigma: float) -> tuple[float, float]:
    """Mean and standard deviation of k_eps in long rows."""
    bias, variance = (float(k_eps_moments.LAW(eps=eps, sigma=sigma, output=output)) for output in ("bias", "value"))
    return n * float(LIMIT(eps=eps, sigma=sigma)) + bias, float(np.sqrt(n * variance))
