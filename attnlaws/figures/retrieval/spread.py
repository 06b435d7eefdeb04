"""How far ln SNR spreads over targets at two temperatures, and at that of attention, where it tends to 2 sqrt(2)."""

import math

import numpy as np
from matplotlib.axes import Axes

from attnlaws.figures.overlay import draw_overlay, note
from attnlaws.figures.style import COLORS
from attnlaws.figures.ticks import log_ticks
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

REACH = (4, 256)
LIMIT = 2 * math.sqrt(2)


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """The law's curves; they cross the one of tau = sqrt(d_k) where the simulation has points as well."""
    draw_overlay(axes, law, verdict, reach=REACH)
    d_k = np.arange(REACH[0], REACH[1] + 1)
    (line,) = axes.plot(d_k, law(d_k=d_k, tau=np.sqrt(d_k)), color=COLORS[6], linewidth=1.0)
    axes.set_yscale("log")
    log_ticks(axes.yaxis, *axes.get_ylim())
    axes.axhline(LIMIT, color="#999999", linewidth=1.2, linestyle=":")
    note(axes, r"$2\sqrt{2}$: limit at tau = $\sqrt{d_k}$", (REACH[0], LIMIT))
    curves = axes.get_legend()
    assert curves is not None
    handles = [*curves.legend_handles, line]
    names = [*(text.get_text() for text in curves.get_texts()), r"tau = $\sqrt{d_k}$, as in attention"]
    axes.legend(handles=handles, labels=names, alignment="left")
