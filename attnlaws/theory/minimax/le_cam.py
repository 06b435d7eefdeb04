"""Le Cam's two points bound the minimax risk of 1-Lipschitz functions on a box by no more than a constant over n.

The model is that of ``minimax.tent_bayes``, with a single cell, the whole first axis of half width h = exp(-kappa), and
on it one tent a (h - |x|), up or down, of mean square a^2 h^2/3. The risk is at least a^2 h^2/3 times the chance of
guessing its sign wrong, Phi(-a h sqrt(n/3)), for every a from 0 to 1. While n h^2/3 is below 1.42 the best is a = 1;
from there on it shrinks, and the bound is 0.166/n: one sign is learned at the parametric rate, however slow the class
as a whole is. It takes many signs to see that, as in ``minimax.assouad``. Further axes do not matter.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.box import LOG_N
from attnlaws.theory.claim import Bound, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_density
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.minimax.tent_bayes import FLOAT
from attnlaws.theory.parameter import Parameter, real
from attnlaws.theory.steps import ROOT, Definition, Derivation, Equals
from attnlaws.theory.tents import Tents
from attnlaws.theory.vocabulary import Phi

PARAMETERS = (
    LOG_N,
    Parameter("kappa", "minus the logarithm of the first semi-axis", real(minimum=0.1, maximum=10)),
)
log_n, kappa = (parameter.symbol for parameter in PARAMETERS)
y, t, amplitude = sp.symbols("y t a", positive=True)
half = sp.exp(-kappa)
POWER = sp.Integral(2 * t * (1 - t / half), (t, 0, half))


@lru_cache(maxsize=1)
def hardest() -> float:
    """The x at which x^2 Phi(-x) is largest: sqrt(gamma) of a sign that is worth estimating most.

    Example:
        >>> round(hardest(), 6)
        1.190601
    """
    from scipy import optimize, stats

    root: Any = optimize.brentq(lambda x: x - 2 * stats.norm.sf(x) / stats.norm.pdf(x), 1, 2, xtol=1e-15)
    return float(root)


def two_points(log_n: float, kappa: float) -> Tents:
    """The tent of the best height; its one cell is as much narrower as it is lower, which is the same square."""
    whole = -2 * kappa - np.log(3.0)
    power = min(whole, 2 * np.log(hardest()) - log_n)
    return Tents(np.zeros(1), np.array([np.log(2.0) - kappa + (power - whole) / 2]), float(power), float(power + log_n))


def _log_bound(log_n: Any, kappa: Any) -> np.ndarray:
    from scipy import special

    power = np.minimum(-2 * kappa - np.log(3.0), 2 * np.log(hardest()) - log_n)
    return power + special.log_ndtr(-np.exp((power + log_n) / 2))


def _log_ball(digits: int, log_n: Any, kappa: Any) -> Any:
    """At the a that an interval Newton step finds, or at 1."""
    from flint import arb, ctx

    from attnlaws.theory.balls import exact, newton

    def tail(x: Any) -> Any:
        return (x / arb(2).sqrt()).erfc() / 2

    def hazard(x: Any) -> Any:
        return (-x * x / 2).exp() / (2 * arb.pi()).sqrt() / tail(x)

    with ctx.workprec(200):
        root = newton(lambda x: x - 2 / hazard(x), lambda x: 3 - 2 * x / hazard(x), 1.2)
        n, width = exact(log_n), (-exact(kappa)).exp()
        x = (width * (n / 2).exp() / arb(3).sqrt()).min(root)
        return 2 * x.log() - n + tail(x).log()


POINTS = (
    amplitude**2
    * POWER
    * sp.Integral(gaussian_density(y + amplitude * half * sp.exp(log_n / 2) / sp.sqrt(3)), (y, 0, sp.oo))
)

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="lower bound on the Bayes risk of one random sign",
    parameters=PARAMETERS,
    source=Source(
        "Le Cam 1973",
        "lower bounds by tests of two hypotheses",
        "reconstructed",
        title="Convergence of Estimates Under Dimensionality Restrictions",
        authors="Le Cam, L.",
        year="1973",
        note="the text was not read; applied here to one tent on a box",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    POINTS,
                    "mean square of the tent, and the chance that the noise turns its sign over",
                ),
                Equals(
                    amplitude**2 * half**2 / 3 * Phi(-amplitude * half * sp.exp(log_n / 2) / sp.sqrt(3)),
                    "a polynomial, and a normal tail",
                ),
                Equals(ROOT, "at the best height a up to 1, where x^2 Phi(-x) is largest"),
            ),
            value=lambda **at: np.exp(_log_bound(**at)),
            enclosure=lambda **at: _log_ball(**at).exp(),
            accuracy=LooserAccuracy(1e-12, "the exponential of a logarithm of up to 700"),
            domain=FLOAT,
            exists="beyond it the value can be below float64, and only the output log reaches there",
        ),
        Derivation(
            (
                Definition(sp.log(POINTS), "the logarithm of the same"),
                Equals(ROOT, "at the best height"),
            ),
            value=lambda **at: _log_bound(**at),
            enclosure=_log_ball,
            accuracy=LooserAccuracy(1e-13, "a sum of logarithms"),
            output="log",
        ),
    ),
    claim=Bound("lower", sure=False),
    delta=0.02,
    delta_reason="a cell of white noise is simulated at 1024 places, which is felt at 0.2 %",
    regime="any n",
    grid=Grid(
        across="log_n",
        series=({"kappa": 1.0},),
        values=(1.0, 4.0, 8.0, 12.0),
        extra=({"log_n": 6.0, "kappa": 0.5},),
    ),
    sabotages={
        "the sign is never found": half**2 / 3,
        "a miss costs the squared distance of both signs": 4 * ROOT,
        "the error itself falls as 1/n, its square does not": sp.exp(-log_n / 2),
    },
)
