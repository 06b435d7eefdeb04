"""Keys that a certificate scores, against the keys that are kept and against what an oracle of the mass would score."""

from matplotlib.axes import Axes
from matplotlib.ticker import FormatStrFormatter, MultipleLocator, NullLocator

from attnlaws.figures.overlay import draw_overlay, note
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law
from attnlaws.theory.topk.scoring_ceiling import LAW as CEILING


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """The overlay, with a gray line for the ceiling; what is read off the rule does not depend on the dimension."""
    assert law.grid is not None
    draw_overlay(axes, law, verdict)
    left, right = min(law.grid.values), max(law.grid.values)
    ceiling = float(CEILING(eps=law.grid.series[0]["eps"]))
    axes.plot([left, right], [ceiling, ceiling], color="#777777", linewidth=1.0, zorder=0)
    note(axes, "an oracle of the mass left, 1 - eps (topk.scoring_ceiling)", (left, ceiling), offset=(2, -11))
    axes.set_yscale("linear")
    axes.yaxis.set_major_locator(MultipleLocator(0.2))
    axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(0, 1.08)
