"""What splitting a width into heads costs, with names that say how the heads are read."""

from matplotlib.axes import Axes

from attnlaws.figures.overlay import draw_overlay
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

READINGS = {"one": "one head read on its own", "average": "average of the heads"}


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """The default picture under these names."""
    draw_overlay(axes, law, verdict, label=lambda fixed: f"{fixed['kernel']}, {READINGS[fixed['reading']]}")
