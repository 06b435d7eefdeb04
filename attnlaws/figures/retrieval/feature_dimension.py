"""The dimension that a memory needs against what it stores: three rules that grow like n, ln² n and ln n."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from attnlaws.figures.overlay import draw_overlay
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

REACH = (30, 10**7)
KERNELS = {"sqrt": r"exponential, tau = $\sqrt{d_k}$", "two": "exponential, tau = 2"}
GROWTH = {"sqrt": r"$\sim\ln^2 n$", "two": r"$\sim\ln n$"}
TARGETS = {"geometric": "typical target", "expectation": "mean"}


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """The default picture, far enough to the right for the growth to be seen, with names that say the rule."""
    draw_overlay(axes, law, verdict, label=_label, reach=REACH)


def _label(fixed: Mapping[str, Any]) -> str:
    rule = fixed.get("tau_rule", "")
    kernel, growth = KERNELS.get(rule, "linear"), GROWTH.get(rule, r"$\sim n$")
    return f"{kernel}, {TARGETS[fixed['convention']]}: {growth}"
