"""The risk of a regressogram over the number of samples, and theory against simulation point by point."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FormatStrFormatter, NullLocator

from attnlaws.figures.overlay import INTERVAL, draw_overlay
from attnlaws.figures.style import COLORS
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

PLACE = (0.64, 0.56, 0.34, 0.4)
"""Left, bottom, width and height of the inset, in shares of the axes."""


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """The overlay; inset, every judged point with theory across and simulation upward, and the line of equality."""
    assert law.grid is not None
    draw_overlay(axes, law, verdict, label=lambda fixed: f"gradient: {fixed['direction']}")
    legend = axes.get_legend()
    assert legend is not None
    fixed = law.grid.series[0]
    shared = ", ".join(f"{name} = {fixed[name]}" for name in ("kappa", "noise", "J"))
    cells = " x ".join(str(fixed[f"m_{axis}"]) for axis in (1, 2, 3))
    legend.set_title(f"{cells} cells\n{shared}")
    legend.get_title().set_fontsize(8)
    legend.set_loc("lower left")
    inset = axes.inset_axes(PLACE)
    theory, mean, error = np.array([(p.theory, p.mean, p.standard_error) for p in verdict.points if not p.output]).T
    ends = np.array([theory.min() / 1.3, theory.max() * 1.3])
    inset.plot(ends, ends, color="#555555", linewidth=0.8)
    inset.errorbar(
        theory, mean, yerr=INTERVAL * error, color=COLORS[0], marker="o", markerfacecolor="white", linestyle="none"
    )
    inset.set_xscale("log")
    inset.set_yscale("log")
    for axis in (inset.xaxis, inset.yaxis):
        axis.set_major_locator(FixedLocator([float(theory.min()), float(theory.max())]))
        axis.set_major_formatter(FormatStrFormatter("%.2g"))
        axis.set_minor_locator(NullLocator())
    inset.set_xlabel("theory", fontsize=7, labelpad=1)
    inset.set_ylabel("simulation", fontsize=7, labelpad=1)
    inset.tick_params(labelsize=7)
