"""Where T tokens are many enough: the spread of the output over the delta method's, for up to 10^11 tokens."""

import numpy as np
from matplotlib.axes import Axes

from attnlaws.figures.style import COLORS, MARKERS
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

SPREADS = np.linspace(0.1, 7.0, 36)
LOGS = np.linspace(1.0, 25.0, 33)
"""Natural logarithms of the numbers of tokens."""
EDGES = (("central limit theorem:\n$s^2 = (1/2) \\ln T$", 2.0, "-"), ("output: $s^2 = 2 \\ln T$", 0.5, "--"))


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """The output ``ratio`` as shades, the output over s as contours, both thresholds, and the judged points."""
    sizes = np.exp(LOGS).round().clip(2)[:, None]
    ratio = law(tokens=sizes, s=SPREADS, output="ratio")
    image = axes.pcolormesh(
        SPREADS, LOGS, ratio, cmap="Blues", vmin=0, vmax=1, shading="gouraud", rasterized=True, zorder=0
    )
    axes.figure.colorbar(image, ax=axes, label="variance of the output across the query,\nover the delta method's")
    lines = axes.contour(SPREADS, LOGS, law(tokens=sizes, s=SPREADS) / SPREADS, (0.5, 0.75, 0.95), colors="#555555")
    axes.clabel(lines, fmt=lambda level: f"output = {level:g} s", fontsize=7)
    lines.set_linewidth(0.8)
    for index, (name, factor, style) in enumerate(EDGES):
        axes.plot(SPREADS, factor * SPREADS**2, color=COLORS[(1, 6)[index]], linestyle=style, label=name)
    assert law.grid is not None
    for index, fixed in enumerate(law.grid.series):
        judged = [
            p.parameters["s"] for p in verdict.points if not p.output and p.parameters["tokens"] == fixed["tokens"]
        ]
        axes.plot(
            judged,
            np.full(len(judged), np.log(fixed["tokens"])),
            linestyle="none",
            marker=MARKERS[index],
            color=COLORS[index],
            markerfacecolor="white",
            label=f"judged, T = {fixed['tokens']}",
        )
    axes.set_xlim(0, SPREADS[-1])
    axes.set_ylim(LOGS[0], LOGS[-1])
    axes.set_ylabel("ln T, T tokens")
    axes.tick_params(labelbottom=False)
    axes.grid(False)
    axes.legend(loc="upper left", fontsize=7, frameon=True)
