"""Keys on a sphere against Gaussian keys of the same typical norm: the ratio over that of a typical target."""

import math

import numpy as np
from matplotlib.axes import Axes

from attnlaws.figures.overlay import draw_overlay
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law
from attnlaws.theory.retrieval import exponential

REACH = (3.0, 64.0)


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Lines and points over the Gaussian exponent; gray, what the mean over Gaussian keys makes of it."""
    assert law.grid is not None
    draw_overlay(axes, law, verdict, over=_typical, reach=REACH)
    tau = np.geomspace(*REACH, 200)
    curves = axes.get_legend()
    assert curves is not None
    handles, names = list(curves.legend_handles), [text.get_text() for text in curves.get_texts()]
    for fixed in law.grid.series:
        n, d_k, radius = fixed["n"], fixed["d_k"], fixed["radius"]
        if math.isclose(radius**2, d_k):
            mean = exponential.LAW(n=n, d_k=d_k, tau=tau, convention="expectation")
            style = (0, (1, len(handles) - 2))
            handles += axes.plot(tau, mean / _typical(n, d_k, radius, tau), color="#777777", linestyle=style)
            names.append(f"mean over Gaussian keys, d_k = {d_k}")
    axes.set_yscale("log")
    axes.set_ylabel(f"{law.quantity} over\n(n - 1) exp(2 R⁴/(d_k tau²) - 2 R²/tau)")
    axes.legend(handles=handles, labels=names, title=curves.get_title().get_text(), title_fontsize=8, alignment="left")


def _typical(n: float, d_k: float, radius: float, tau: np.ndarray) -> np.ndarray:
    """The ratio if a cosine were normal with variance 1/d_k; at radius sqrt(d_k), Gaussian keys' at a typical norm."""
    return (n - 1) * np.exp(2 * radius**4 / (d_k * np.asarray(tau) ** 2) - 2 * radius**2 / np.asarray(tau))
