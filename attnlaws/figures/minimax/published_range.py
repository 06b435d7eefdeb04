"""What a fit of the exponent can tell, over the range of sample sizes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attnlaws.figures.overlay import draw_overlay
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

UNDECIDED = 0.5 / 1.96
"""Error of p at which a 95 % interval is one wide, all that p can be, ..."""
NOISES = (0.1, 0.05)
"""... and errors of ln R, for which the ratio that leads there is drawn."""


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """The ratios, and the lines above which noisy risks leave every p from 0 to 1 possible."""
    assert law.grid is not None
    draw_overlay(axes, law, verdict, label=lambda at: f"n = {at['low']:g} to {at['high']:g}, {at['points']} sizes")
    legend = axes.get_legend()
    assert legend is not None
    handles, names = list(legend.legend_handles), [text.get_text() for text in legend.get_texts()]
    values = np.asarray(law.grid.values)
    for noise, style in zip(NOISES, (":", "-."), strict=True):
        axes.hlines(UNDECIDED / noise, values.min(), values.max(), color="#555555", linestyle=style, linewidth=1.2)
        handles.append(Line2D([], [], color="#555555", linestyle=style, linewidth=1.2))
        names.append(f"above: p = 0 to 1 all within the 95 % interval,\nif risks are known to {noise:.0%}")
    axes.set_ylim(0.9, 8)
    axes.legend(handles=handles, labels=names, alignment="left")
