"""How often the pair asked for has the largest score, over the dimension, and what the union bound says of it."""

import numpy as np
from matplotlib.axes import Axes

from attnlaws.figures.overlay import draw_overlay, note
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

REACH = (1, 32)
BELOW = 0.35


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """The law's curves; gray, one minus the union bound; keys on a sphere, where the pair asked for always wins."""
    assert law.grid is not None
    draw_overlay(axes, law, verdict, reach=REACH)
    curves = axes.get_legend()
    assert curves is not None
    handles, names = list(curves.legend_handles), [text.get_text() for text in curves.get_texts()]
    d_k = np.arange(REACH[0], REACH[1] + 1)
    for index, fixed in enumerate(law.grid.series):
        bound = 1 - law(**fixed, d_k=d_k, output="union")
        shown = bound > BELOW
        handles += axes.plot(d_k[shown], bound[shown], color="#777777", linestyle=(0, (1, 1 + 2 * index)))
        names.append(f"1 - union bound, n = {fixed['n']}")
    axes.axhline(1, color="#999999", linewidth=1.2, linestyle=":")
    note(axes, "keys on a sphere", (REACH[0], 1), offset=(0, -3), va="top")
    axes.legend(handles=handles, labels=names, alignment="left", loc="lower right")
