"""Pinsker's risk over its rate, and the constant that each curve approaches as n grows."""

from typing import Any

from matplotlib.axes import Axes

from attnlaws.figures.overlay import draw_overlay, note
from attnlaws.figures.style import COLORS, DASHES
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

REACH = (3.0, 30.0)


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """The overlay up to a large n, and the limits as thin lines."""
    assert law.grid is not None

    def label(fixed: Any) -> str:
        return f"m = {fixed['m']}"

    draw_overlay(axes, law, verdict, reach=REACH, label=label)
    limits = {fixed["m"]: float(law(m=fixed["m"])) for fixed in law.grid.series}
    for index, (m, limit) in enumerate(limits.items()):
        axes.axhline(limit, color=COLORS[index], linestyle=DASHES[index], linewidth=0.7, alpha=0.7)
        note(axes, f"P_{m} = {limit:.4f}", (REACH[0], limit))
    axes.set_ylim(0.65, 1.1)
