"""The risk over Pinsker's risk, which is 1 in white noise: what random samples add; the slopes in a corner."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attnlaws.figures.style import COLORS, DASHES, MARKERS
from attnlaws.figures.ticks import log_ticks
from attnlaws.simulations.verdict import Judged, Verdict
from attnlaws.theory.lattice import pinsker
from attnlaws.theory.law import Law

INTERVAL = 1.96
ENDS = (40, 400)
SAMPLES = np.unique(np.geomspace(*ENDS, 40).round())


def white_noise(n: float, sigma: float, alpha: float, kappa: float) -> float:
    """Pinsker's risk at n/sigma^2."""
    return pinsker(float(np.log(n) - 2 * np.log(sigma)), alpha, kappa).risk


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """One color per box: the law over white noise, simulated ratios, and in the inset the slopes of the law."""
    assert law.grid is not None
    inset = axes.inset_axes((0.6, 0.62, 0.38, 0.33))
    axes.axhline(1, color="#555555", linewidth=1.0)
    handles = [Line2D([], [], color="#555555", linewidth=1.0, label="white noise: Pinsker's risk")]
    for index, box in enumerate(law.grid.series):
        color, dash, marker = COLORS[index], DASHES[index], MARKERS[index]
        ratio = law(n=SAMPLES, **box) / np.array([white_noise(n, **box) for n in SAMPLES])
        axes.plot(SAMPLES, ratio, color=color, linestyle=dash)
        inset.plot(SAMPLES, law(output="slope", n=SAMPLES, **box), color=color, linestyle=dash, linewidth=1.2)
        points = [p for p in verdict.points if all(p.parameters[k] == v for k, v in box.items())]
        risks = [p for p in points if not p.output]
        _mark(axes, risks, [white_noise(p.parameters["n"], **box) for p in risks], color, marker, 5)
        _mark(inset, [p for p in points if p.output == "slope"], [1.0] * len(risks), color, marker, 3)
        label = ", ".join(f"{name} = {value:g}" for name, value in box.items())
        handles.append(Line2D([], [], color=color, linestyle=dash, marker=marker, markerfacecolor="white", label=label))
    for panel in (axes, inset):
        panel.set_xscale("log")
        panel.set_xlim(*ENDS)
        log_ticks(panel.xaxis, *ENDS, (40, 60, 100, 200, 400))
    axes.set_ylim(0.995, 1.075)
    axes.set_ylabel("risk over Pinsker's risk at n/sigma^2")
    axes.tick_params(labelbottom=False)
    inset.set_title("slope of ln risk from n to 10 n, over n", fontsize=8, pad=2)
    inset.tick_params(labelsize=7)
    axes.legend(
        handles=handles,
        title="lines: theory; points: simulation, 95 % intervals",
        title_fontsize=8,
        alignment="left",
        loc="upper left",
    )


def _mark(axes: Axes, points: list[Judged], scale: list[float], color: str, marker: str, size: int) -> None:
    axes.errorbar(
        [p.parameters["n"] for p in points],
        [p.mean / s for p, s in zip(points, scale, strict=True)],
        yerr=[INTERVAL * p.standard_error / s for p, s in zip(points, scale, strict=True)],
        color=color,
        linestyle="none",
        marker=marker,
        markersize=size,
        markerfacecolor="white",
        capsize=2,
    )
