"""The smallest worst-case risk of linear rules over semi-axes k^(-m) is a finite sum, P_m n^(-2m/(2m+1)) in the limit.

Observed are y_k = theta_k + n^(-1/2) z_k with standard normal z_k, k = 1, 2, ..., and theta lies in the ellipsoid
sum k^(2m) theta_k^2 <= 1, as the coefficients of a signal with m derivatives do. The law is the risk of Pinsker's rule
times n^(2m/(2m+1)), at every n (``log_n``) or in the limit of large n (log_n = None), where it is Pinsker's constant
P_m = (2m+1)^(1/(2m+1)) (m/(m+1))^(2m/(2m+1)). The first correction is half a coordinate: the value at n is
P_m (1 - (m+1)/(2 m K)) up to O(K^(-2)), K^(2m+1) = n (m+1)(2m+1)/m, so that at m = 2 it takes n of about 1e9 to come
within 1 %. No linear rule has a smaller largest risk, and no rule at all one smaller by more than a factor 1.25
(Donoho, Liu and MacGibbon 1990), which tends to 1 (Pinsker 1980).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory import pinsker
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.minimax.pinsker_exponential import active, j, total_steps
from attnlaws.theory.parameter import Parameter, real
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Equals, Using

PARAMETERS = (
    Parameter(
        "log_n",
        "natural logarithm of the sample size; none for the limit",
        real(minimum=0, maximum=34, or_none=True),
        default=None,
    ),
    Parameter("m", "smoothness: semi-axes are k^(-m)", real(minimum=1, maximum=8)),
)
log_n, m = (parameter.symbol for parameter in PARAMETERS)
x = sp.Symbol("x", positive=True)

KEPT = sp.Sum(1 - (j / active) ** m, (j, 1, active)) / active
RADIUS = sp.Sum((j / active) ** m * (1 - (j / active) ** m), (j, 1, active)) / active
RIEMANN = Source(
    "Riemann 1868",
    "sums over a grid tend to the integral of a continuous function",
    "secondary",
    title="Ueber die Darstellbarkeit einer Function durch eine trigonometrische Reihe",
    authors="Riemann, Bernhard",
    year="1868",
)
CONSTANT = (2 * m + 1) ** (1 / (2 * m + 1)) * (m / (m + 1)) ** (2 * m / (2 * m + 1))


@lru_cache(maxsize=4096)
def rule(log_n: float, m: float) -> tuple[int, float, float]:
    """The number of coordinates that are estimated, ln mu, and n times the risk.

    Example:
        >>> rule(np.log(6.0), 1.0)[0]
        3
    """
    return pinsker.solve(log_n, lambda axis: m * np.log(axis))


def _scaled(log_n: Any, m: Any) -> np.ndarray:
    def one(log_n: float, m: float) -> float:
        return rule(float(log_n), float(m))[2] * float(np.exp(-log_n / (2 * m + 1)))

    return np.asarray(np.vectorize(one, otypes=[np.float64])(log_n, m))


def _enclosure(digits: int, log_n: Any, m: Any) -> Any:
    """A ball around the scaled risk: sums of powers are differences of zeta functions, however many terms they have."""
    from flint import acb, arb, ctx

    from attnlaws.theory.balls import exact

    number = rule(float(log_n), float(m))[0]
    with ctx.workprec(4 * digits + 200):  # the zeta functions cancel
        power, size = exact(m), exact(log_n).exp()

        def powers(exponent: Any, count: int) -> Any:
            """The sum of k^exponent up to a count."""
            s = acb(-exponent)
            return (s.zeta() - s.zeta(acb(count + 1))).real

        def threshold(count: int) -> Any:
            return arb(count) ** power * powers(power, count) - powers(2 * power, count)

        first, second = powers(power, number), powers(2 * power, number)
        confirmed = threshold(number) < size and threshold(number + 1) >= size
        scaled = (number - first * first / (size + second)) * (-exact(log_n) / (2 * power + 1)).exp()
        return scaled if confirmed else arb("nan")


def _limit() -> Derivation:
    kept = sp.Integral(1 - x**m, (x, 0, 1))
    radius = sp.Integral(x**m * (1 - x**m), (x, 0, 1))
    return Derivation(
        (
            Definition(
                KEPT / RADIUS ** (1 / (2 * m + 1)),
                "the scaled risk (1/n) sum (1 - (k/N)^m) n^(2m/(2m+1)) at the n = sum a_k (mu - a_k) at which "
                "mu is N^m: n is N^(2m+1) times the second mean, n times the risk N times the first",
            ),
            Cites(kept / radius ** (1 / (2 * m + 1)), RIEMANN, "means over k/N become integrals as N grows with n"),
            Equals(
                CONSTANT,
                "the integrals are m/(m + 1) and m/((m + 1)(2 m + 1))",
                by=Using((kept, m / (m + 1)), (radius, m / ((m + 1) * (2 * m + 1)))),
            ),
        ),
        when={"log_n": None},
    )


LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="linear minimax risk times n^(2m/(2m+1))",
    source=Source(
        "Pinsker 1980",
        "minimax risk over an ellipsoid, and its constant for polynomial semi-axes",
        "secondary",
        title=pinsker.PINSKER.title,
        authors=pinsker.PINSKER.authors,
        year="1980",
        note="the text was not read; sums and constant are derived here, that no rule does better is cited",
    ),
    derivations=(
        _limit(),
        Derivation(
            (
                *total_steps(j**m, sp.exp(-log_n / (2 * m + 1))),
                Equals(ROOT, "mu solves sum a_k (mu - a_k)_+ = n; N is found by bisection"),
            ),
            value=_scaled,
            enclosure=_enclosure,
            accuracy=LooserAccuracy(1e-12, "sums of up to 150,000 powers"),
        ),
    ),
    claim=Equal(),
    regime="every n; the limit is within 1 % for n above 1e6 at m = 1, and above 1e9 at m = 2",
    grid=Grid(across="log_n", series=({"m": 1}, {"m": 2}, {"m": 4}), values=(3, 6, 9, 12)),
    sabotages={
        "the limit at every n": CONSTANT,
        "as many coordinates as is best, each at full weight": (2 * m + 1) * (2 * m) ** (-2 * m / (2 * m + 1)),
        "derivatives of a function on [0, 1], whose axes have a factor pi": lambda form: (
            form * sp.pi ** (-2 * m / (2 * m + 1))
        ),
        "the rate of a density, n^(-m/(2m+1))": lambda form: form * sp.exp(log_n * m / (2 * m + 1)),
    },
)
