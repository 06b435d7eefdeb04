"""Where a query with coordinates of its own is harmless: the share of the exponent that is left, in the plane."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attnlaws.figures.style import COLORS
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory import box
from attnlaws.theory.law import Law

SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
SIZES, DIMENSIONS = (5.0, 2000.0), (0.9, 110.0)


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Shades and lines of equal share over d_q and ln n, the number of resolved axes, and the points judged."""
    assert law.grid is not None
    fixed: dict[str, Any] = {"alpha": 1.0, "kappa": 0.5}
    d_q = np.unique(np.geomspace(1, 110, 80).round())
    sizes = np.geomspace(*SIZES, 120)
    share = law(d_q=d_q[None, :], log_n=sizes[:, None], **fixed)
    axes.contourf(d_q, sizes, share, levels=(0, *SHARES, 1), cmap="Blues", alpha=0.6)
    lines = axes.contour(
        d_q, sizes, share, levels=[level for level in SHARES if level != 0.5], colors="#555555", linewidths=0.8
    )
    axes.clabel(lines, fmt=lambda value: f"{value:.0%}", fontsize=7)
    fine = np.geomspace(*SIZES, 2000)
    axes.plot(box.balance(fine, **fixed)[1], fine, color=COLORS[0])
    axes.plot(law(log_n=fine, output="half", **fixed), fine, color=COLORS[1], linestyle="--")
    points = [p for p in verdict.points if not p.output and all(p.parameters[k] == v for k, v in fixed.items())]
    points = [point for point in points if point.parameters["d_q"] > 0]
    axes.plot([p.parameters["d_q"] for p in points], [p.parameters["log_n"] for p in points],
              color="black", marker="o", markerfacecolor="white", linestyle="none")  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(*DIMENSIONS)
    axes.set_ylim(*SIZES)
    axes.set_ylabel("ln n, n the sample size")
    axes.tick_params(labelbottom=False)
    axes.set_title(
        r"shades: share of the exponent that is left, $\alpha$ = 1, $\kappa$ = 0.5", fontsize=8, loc="left",
        color="#555555",
    )  # fmt: skip
    handles = [
        Line2D([], [], color=COLORS[0], label="as many coordinates as resolved axes"),
        Line2D([], [], color=COLORS[1], linestyle="--", label="half is left"),
        Line2D([], [], color="black", marker="o", markerfacecolor="white", linestyle="none", label="judged"),
    ]
    axes.legend(handles=handles, loc="upper left", frameon=True)
