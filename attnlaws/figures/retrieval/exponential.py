"""What the three conventions of an exponential memory's ratio make of the same keys, over the geometric mean."""

import math

import numpy as np
from matplotlib.axes import Axes

from attnlaws.figures.overlay import draw_overlay, note
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

REACH = (5.0, 64.0)


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Lines and points over (n - 1) exp(-2 d_k (tau - 1)/tau^2), with the limits e^4 and e^-4 at tau = sqrt(d_k)."""
    assert law.grid is not None
    draw_overlay(axes, law, verdict, over=_typical, reach=REACH)
    root = math.sqrt(law.grid.series[0]["d_k"])
    axes.axvline(root, color="#999999", linewidth=0.8)
    note(axes, r"tau = $\sqrt{d_k}$", (root, axes.get_ylim()[0]), offset=(3, 3))
    for exponent, place in ((4, "bottom"), (-4, "top")):
        axes.axhline(math.exp(exponent), color="#999999", linewidth=1.2, linestyle=":")
        text = rf"$e^{{{exponent}}}$: limit at tau = $\sqrt{{d_k}}$ as $d_k$ grows"
        note(axes, text, (REACH[1], math.exp(exponent)), offset=(0, 2 if exponent > 0 else -2), ha="right", va=place)
    axes.set_ylabel(f"{law.quantity}\nover (n - 1) exp(-2 d_k (tau - 1)/tau²)")


def _typical(n: float, d_k: float, tau: np.ndarray, **_: object) -> np.ndarray:
    """The ratio at a target of typical norm, which is the geometric mean over targets."""
    return (n - 1) * np.exp(-2 * d_k * (np.asarray(tau) - 1) / np.asarray(tau) ** 2)
