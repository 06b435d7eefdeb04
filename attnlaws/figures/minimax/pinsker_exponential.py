"""The risk of linear readouts, which is nearly parametric, beside the level of nonlinear ones, which is not."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attnlaws.figures.overlay import draw_overlay
from attnlaws.figures.style import COLORS, DASHES
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory import box
from attnlaws.theory.law import Law

CURVE_POINTS = 200


def _size(*, log_n: Any, **_: Any) -> Any:
    return np.exp(log_n)


def _label(fixed: Mapping[str, Any]) -> str:
    return f"linear, alpha = {fixed['alpha']}, kappa = {fixed['kappa']}"


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """The overlay divided by n, and in thin gray exp(-2 u) of the Lipschitz readouts of the same inputs."""
    assert law.grid is not None
    draw_overlay(axes, law, verdict, over=_size, label=_label)
    legend = axes.get_legend()
    assert legend is not None
    handles, names = list(legend.legend_handles), [text.get_text() for text in legend.get_texts()]
    log_n = np.linspace(min(law.grid.values), max(law.grid.values), CURVE_POINTS)
    for index, fixed in enumerate(law.grid.series):
        level = box.balance(log_n, float(fixed["alpha"]), float(fixed["kappa"]))[0]
        axes.plot(log_n, np.exp(-2 * level), color=COLORS[index], linestyle=DASHES[index], linewidth=0.8, alpha=0.8)
    handles.append(Line2D([], [], color="#777777", linewidth=0.8))
    names.append("thin: Lipschitz, the level exp(-2 u) (minimax.effective_dimension)")
    axes.set_ylabel("risk in units of\nthe largest possible")
    axes.legend(handles=handles, labels=names, alignment="left", loc="lower left")
