"""The smallest worst-case risk of linear rules over semi-axes exp(-kappa j^alpha) is an exact sum over n.

Observed are y_j = theta_j + n^(-1/2) z_j with standard normal z_j, j = 1, 2, ..., and theta lies in the ellipsoid
sum a_j^2 theta_j^2 <= 1 with a_j = exp(kappa j^alpha). The rule max(1 - a_j/mu, 0) y_j has the risk (1/n) sum
(1 - a_j/mu)_+ where sum a_j (mu - a_j)_+ = n, and it is the same at every theta on the ellipsoid's surface whose
coordinates beyond a_j = mu are 0. No linear rule has a smaller largest risk, and no rule at all one smaller by more
than a factor 1.25 (Donoho, Liu and MacGibbon 1990). The risk is nearly parametric: n times it, the effective number of
coordinates, grows only as a power of ln n.

Outputs: the default one is that number; ``leading`` = (ln n/(2 kappa))^(1/alpha) is its leading term, the number of
coordinates with a_j^2 below n. At ln n = 7, 14, 28 the exact number is 0.66, 0.82, 0.91 of it (alpha = 1,
kappa = 1/2), so that the sum should be used and not the leading term.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory import pinsker
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, real
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Equals, Using

PARAMETERS = (
    Parameter("log_n", "natural logarithm of the effective sample size", real(minimum=0, maximum=250)),
    Parameter("alpha", "exponent of the semi-axes exp(-kappa j^alpha)", real(minimum=0.5, maximum=4)),
    Parameter("kappa", "decay of the semi-axes exp(-kappa j^alpha)", real(minimum=0.25, maximum=4)),
)
log_n, alpha, kappa = (parameter.symbol for parameter in PARAMETERS)
z = sp.Symbol("z", real=True)
j, active = sp.symbols("j N", integer=True, positive=True)
x, mu = sp.symbols("x mu", positive=True)


def squared_error(axis: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """The mean over the noise of n (c y - theta)^2 at the least favorable theta, as an integral; and its value."""
    ratio = axis / mu
    theta = sp.sqrt(1 / ratio - 1)  # times sqrt(n)
    return gaussian_mean(((1 - ratio) * (theta + z) - theta) ** 2, z), 1 - ratio


def total_steps(axis: sp.Expr, scale: sp.Expr) -> tuple[Definition, Equals, Cites]:
    """From the mean loss of Pinsker's rule to the sum of its weights.

    Args:
        axis: a_j.
        scale: what n times the risk is multiplied by.
    """
    loss, weight = squared_error(axis)
    return (
        Definition(
            scale * sp.Sum(loss, (j, 1, active)),
            "the mean loss of the rule (1 - a_j/mu)_+ y_j where theta_j^2 = (mu/a_j - 1)_+/n, which lies on the "
            "ellipsoid's surface; N coordinates have a_j < mu. Where theta is another point of the ellipsoid, the mean "
            "loss is (1/n) sum c_j^2 + sum min(a_j/mu, 1)^2 theta_j^2, which is no larger",
        ),
        Equals(
            scale * sp.Sum(weight, (j, 1, active)),
            "the mean over the noise of each coordinate",
            by=Using((loss, weight)),
        ),
        Cites(
            scale * sp.Sum(weight, (j, 1, active)),
            pinsker.PINSKER,
            "the coordinates of this theta shrunk by the best linear rule give the same risk, so that no linear rule "
            "does better at its worst; no rule at all does as n grows",
        ),
    )


@lru_cache(maxsize=4096)
def rule(log_n: float, alpha: float, kappa: float) -> tuple[int, float, float]:
    """The number of coordinates that are estimated, ln mu, and the effective number of them.

    Example:
        >>> active, log_mu, total = rule(np.log(1000.0), 1.0, 0.5)
        >>> active, round(total, 6)
        (7, 4.562614)
    """
    return pinsker.solve(log_n, lambda axis: kappa * axis**alpha)


def effective(log_n: Any, alpha: Any, kappa: Any) -> np.ndarray:
    """The effective number of coordinates, for arrays."""
    each = np.vectorize(lambda *point: rule(*map(float, point))[2], otypes=[np.float64])
    return np.asarray(each(log_n, alpha, kappa))


def ratios(digits: int, log_n: Any, alpha: Any, kappa: Any) -> tuple[int, list[Any]]:
    """The number N of coordinates, and balls around a_j/mu for those where that is not negligible, from N down."""
    from flint import arb, ctx

    from attnlaws.theory.balls import exact

    active, log_mu, _ = rule(float(log_n), float(alpha), float(kappa))
    with ctx.workprec(4 * digits + 80):
        power, growth = exact(alpha), exact(kappa)
        return active, pinsker.enclosed(log_n, active, log_mu, lambda axis: growth * arb(axis) ** power)


def enclosure(digits: int, log_n: Any, alpha: Any, kappa: Any) -> Any:
    """A ball around the effective number of coordinates."""
    from flint import arb, ctx

    active, found = ratios(digits, log_n, alpha, kappa)
    with ctx.workprec(4 * digits + 80):
        return active - sum(found, arb(0)) if found else arb("nan")


ALGORITHM = LooserAccuracy(1e-11, "ln n is rounded before it is exponentiated, and cut-offs are sums of many terms")
LAPLACE = Source(
    "de Bruijn 1958",
    "Laplace's method: a sum of exponentials is that of its last terms",
    "secondary",
    title="Asymptotic Methods in Analysis",
    authors="de Bruijn, N. G.",
    year="1958",
)
REACH = (log_n / (2 * kappa)) ** (1 / alpha)

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="n times the linear minimax risk (effective number of coordinates)",
    source=Source(
        "arXiv:2602.01863",
        "the linear readout of a measure whose kernel has exponentially decaying eigenvalues, as a benchmark",
        "reconstructed",
        note="the paper's text was not read, and it is not known to treat linear readouts; the risk of linear rules "
        "over ellipsoids is Pinsker's of 1980, evaluated here for these semi-axes",
        year="2026",
    ),
    derivations=(
        Derivation(
            (
                *total_steps(sp.exp(kappa * j**alpha), sp.Integer(1)),
                Equals(ROOT, "mu solves sum a_j (mu - a_j)_+ = n; N is found by bisection"),
            ),
            value=effective,
            enclosure=enclosure,
            accuracy=ALGORITHM,
        ),
        Derivation(
            (
                Definition(
                    sp.Integral(1, (x, 0, REACH)),
                    "the measure of the x at which exp(kappa x^alpha) is below sqrt(n)",
                ),
                Equals(REACH, "a constant is integrated"),
                Cites(
                    REACH,
                    LAPLACE,
                    "coordinate N + 1 counts from ln n = ln a_N + ln a_(N+1) on, up to O(ln N), so that N over this "
                    "tends to 1; a_j/mu is above 1/N only where kappa (N^alpha - j^alpha) < ln N, a vanishing part of "
                    "the N coordinates, and the others count as 1",
                ),
            ),
            output="leading",
        ),
    ),
    claim=Equal(),
    regime="every n; the rule is the best linear one, and within a factor 1.25 of the best of all",
    grid=Grid(
        across="log_n",
        series=({"alpha": 2, "kappa": 0.25}, {"alpha": 1, "kappa": 0.5}, {"alpha": 0.5, "kappa": 1}),
        values=(4, 8, 16, 32),
    ),
    sabotages={
        "the leading term at every n": REACH,
        "the coordinates that are estimated, each at full weight": lambda form: form + 1,
        "ln n in place of (ln n)/2": lambda form: form * 2 ** (1 / alpha),
        "the dimension that a nonlinear readout sees": log_n ** (1 / (1 + alpha)),
    },
)
