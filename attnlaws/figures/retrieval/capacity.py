"""The phase diagram of a memory: how loud the typical interference is, and where it is as loud as the signal."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import CenteredNorm
from matplotlib.lines import Line2D

from attnlaws.figures.overlay import draw_overlay
from attnlaws.figures.style import COLORS, DASHES
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory import laplace
from attnlaws.theory.law import Law
from attnlaws.theory.retrieval import annealed_capacity

DIMENSION = 64
"""Dimension of the Gaussian keys behind the colors."""
NODES, PIXELS = (28, 16), (160, 120)
"""Temperatures and numbers of pairs at which the interference is computed, and drawn: it is smooth in between."""
LOUDEST = 1.0
MARGIN = 1.08
"""So far the picture reaches beyond the judged temperatures."""


def interference(tau: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Typical ln(inverse SNR) per dimension of exp(rate d_k) other pairs with Gaussian keys: [rate, tau]."""
    from scipy.interpolate import RectBivariateSpline

    log_tau = np.linspace(np.log(tau[0]), np.log(tau[-1]), NODES[0])
    rates = np.linspace(rate[0], rate[-1], NODES[1])
    spread = 2 * np.sqrt(DIMENSION) / np.exp(log_tau)
    sums = [[laplace.log_sum(float(np.exp(r * DIMENSION)), float(s)) for s in spread] for r in rates]
    found = RectBivariateSpline(rates, log_tau, np.array(sums) / DIMENSION)(rate, np.log(tau))
    return found - 2 / tau


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Colors for Gaussian keys, the boundary as judged at small dimensions and in the limit, and the mean's."""
    assert law.grid is not None
    draw_overlay(axes, law, verdict, label=lambda fixed: f"{fixed['keys']} keys, d_k = {fixed['d_k']}", joined=True)
    curves = axes.get_legend()
    assert curves is not None
    handles, names = list(curves.legend_handles), [text.get_text() for text in curves.get_texts()]
    tau = np.geomspace(min(law.grid.values), max(law.grid.values), PIXELS[0])
    wide = np.geomspace(tau[0] / MARGIN, tau[-1] * MARGIN, PIXELS[0])
    rate = np.linspace(0, axes.get_ylim()[1], PIXELS[1])
    loud = interference(wide, rate)
    mesh = axes.pcolormesh(
        wide,
        rate,
        loud,
        cmap="RdBu_r",
        norm=CenteredNorm(halfrange=LOUDEST),
        shading="gouraud",
        rasterized=True,
        zorder=-2,
    )
    axes.contour(wide, rate, loud, levels=[0.0], colors="black", linewidths=1.6)
    handles.append(Line2D([], [], color="black", linewidth=1.6))
    names.append(f"gaussian keys, d_k = {DIMENSION}")
    for index, keys in enumerate(("gaussian", "sphere")):
        limit = law(tau=tau, keys=keys)
        handles += axes.plot(tau, limit, color="#555555", linewidth=1.0, linestyle=DASHES[3 * index])
        names.append(f"{keys} keys, limit of large d_k")
    annealed = annealed_capacity.LAW(tau=tau)
    shown = annealed > 0
    handles += axes.plot(tau[shown], annealed[shown], color=COLORS[5], linewidth=1.6)
    names.append("where the mean interference is 1\n(retrieval.annealed_capacity)")
    axes.set_xlim(wide[0], wide[-1])
    axes.set_ylim(rate[0], rate[-1])
    axes.grid(visible=False)
    axes.set_ylabel("ln(number of other pairs)\nper dimension of the keys")
    axes.text(0.6, 0.12, "retrieved", color="white", fontsize=9)
    axes.text(1.25, 0.93 * rate[-1], "lost", color="#661111", fontsize=9, va="top")
    bar = axes.figure.colorbar(mesh, cax=axes.inset_axes((1.02, 0, 0.025, 1)), extend="both")
    bar.set_label(f"typical ln(interference/signal) per dimension,\ngaussian keys, d_k = {DIMENSION}", fontsize=8)
    axes.legend(
        handles=handles, labels=names, alignment="left", loc="upper right", fontsize=7,
        frameon=True, framealpha=0.85, edgecolor="none",
    )  # fmt: skip
