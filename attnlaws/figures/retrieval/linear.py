"""Every convention of a linear memory's ratio over the load n/d_k, which all of them tend to."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from attnlaws.figures.overlay import draw_overlay, note
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law
from attnlaws.theory.retrieval import linear_sphere


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Lines and points over n/d_k; keys on a sphere, which have no conventions, for comparison."""
    assert law.grid is not None
    draw_overlay(axes, law, verdict, over=lambda n, d_k, **_: n / d_k, label=_label)
    n, d_k = law.grid.series[0]["n"], law.grid.values[0]
    axes.axhline(1, color="#555555", linewidth=0.8)
    sphere = float(linear_sphere.LAW(n=n, d_k=d_k)) * d_k / n
    axes.axhline(sphere, color="#999999", linewidth=1.2, linestyle=":")
    note(axes, "keys on a sphere (retrieval.linear_sphere)", (d_k, sphere), offset=(0, -3), va="top")
    axes.set_ylabel(f"{law.quantity}\nover the load n/d_k")


def _label(fixed: Mapping[str, Any]) -> str:
    values = "values of fixed norm" if fixed["d_v"] is None else f"Gaussian values, d_v = {fixed['d_v']}"
    return f"{fixed['convention']}, {values}"
