"""How many pairs a memory holds per dimension over the temperature, and the limits that growing dimensions tend to."""

import numpy as np
from matplotlib.axes import Axes

from attnlaws.figures.overlay import draw_overlay
from attnlaws.figures.style import COLOURS, DASHES
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law
from attnlaws.theory.retrieval import annealed_capacity


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Finite dimensions as points, the two limits as thin lines, and the capacity that the mean interference gives."""
    assert law.grid is not None
    draw_overlay(axes, law, verdict, label=lambda fixed: f"{fixed['keys']} keys, d_k = {fixed['d_k']}", joined=True)
    tau = np.geomspace(min(law.grid.values), max(law.grid.values), 200)
    curves = axes.get_legend()
    assert curves is not None
    handles, names = list(curves.legend_handles), [text.get_text() for text in curves.get_texts()]
    for index, keys in enumerate(("gaussian", "sphere")):
        limit = law(tau=tau, keys=keys)
        handles += axes.plot(tau, limit, color="#555555", linewidth=1.0, linestyle=DASHES[3 * index])
        names.append(f"{keys} keys, limit of large d_k")
    annealed, (low, high) = annealed_capacity.LAW(tau=tau), axes.get_ylim()
    shown = annealed > 0
    handles += axes.plot(tau[shown], annealed[shown], color=COLOURS[5], linewidth=1.0)
    names.append("mean interference 1 (retrieval.annealed_capacity)")
    axes.set_ylim(min(low, 0), 1.3 * high)
    axes.legend(handles=handles, labels=names, alignment="left", loc="upper right")
