"""From risks measured at five sample sizes of 4 to 64 the exponent p of exp(-C (ln n)^p) cannot be told.

The model is ln R = A - C N^p + noise, N = ln n, at K sample sizes that are equally far apart in ln n, with independent
noise of standard deviation sd(ln R). C is such that the line through the ends has the slope -1/2, as for a risk that
falls like n^(-1/2). Where A, C and p are all fitted, the best that any unbiased fit can reach for small noise is the
ratio sd(p)/sd(ln R) given here, one over the length of what A and C do not explain of the slope in p. From 4 to 64 it
is 5.6: risks known to 10 % leave p between 0 and 1 undecided. From 10^2 to 10^6 with 17 sizes it is 1.2.

Output ``r_squared``: how much of N^p a straight line in N explains, that is, how well a power law of n stands in. From
4 to 64 it is 0.989, 0.994 and 0.997 for p = 1/3, 1/2 and 2/3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Equals

PARAMETERS = (
    Parameter("p", "exponent of ln n", real(minimum=0.1, maximum=0.9)),
    Parameter("low", "smallest sample size", real(minimum=2, maximum=1e6)),
    Parameter("high", "largest sample size", real(minimum=4, maximum=1e12)),
    Parameter("points", "number of sample sizes", integer(4, 64)),
)
p, low, high, points = (parameter.symbol for parameter in PARAMETERS)
ENDS: dict[str, Any] = {"high": 2 * low}
TWICE = "a range is a factor of two at least"
i = sp.Symbol("i", integer=True, positive=True)
first, width = sp.log(low), sp.log(high / low)
N = first + width * (i - 1) / (points - 1)
"""ln of the i-th sample size."""
POWER = N**p
SCALE = width / (2 * ((first + width) ** p - first**p))
"""C, which gives the line through the ends the slope -1/2."""
TANGENT = SCALE * POWER * sp.log(N)
"""Minus the slope of ln R in p."""

CRAMER_RAO = Source(
    "Rao 1945",
    "the least variance of an unbiased estimate is an element of the inverse information",
    "secondary",
    title="Information and the accuracy attainable in the estimation of statistical parameters",
    authors="Rao, C. Radhakrishna",
    year="1945",
)


def mean(of: Any) -> Any:
    """Mean over the sample sizes."""
    return sp.Sum(of, (i, 1, points)) / points


def covariance(a: Any, b: Any) -> Any:
    """Covariance over the sample sizes."""
    return mean((a - mean(a)) * (b - mean(b)))


UNEXPLAINED = covariance(TANGENT, TANGENT) - covariance(TANGENT, POWER) ** 2 / covariance(POWER, POWER)
LINE = covariance(N, POWER) ** 2 / (covariance(N, N) * covariance(POWER, POWER))


def design(p: float, low: float, high: float, points: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """N, N^p less its least value, and the slope in p, at every sample size.

    Args:
        p: exponent.
        low: smallest sample size.
        high: largest sample size.
        points: number of sample sizes.
    """
    n = np.log(low) + np.log(high / low) * np.arange(points) / (points - 1)
    power = n[0] ** p * np.expm1(p * np.log(n / n[0]))
    scale = (n[-1] - n[0]) / (2 * power[-1])
    return n, power, scale * n**p * np.log(n)


def _rest(of: np.ndarray, *columns: np.ndarray) -> np.ndarray:
    """What a constant and the columns do not explain."""
    rest = of - of.mean()
    basis = np.linalg.qr(np.stack([column - column.mean() for column in columns], axis=1))[0]
    for _ in range(2):  # the second time takes what rounding left
        rest = rest - basis @ (basis.T @ rest)
    return rest


def ratio(p: float, low: float, high: float, points: float) -> float:
    """sd(p)/sd(ln R).

    Example:
        >>> round(ratio(0.5, 4, 64, 5), 2)
        5.66
    """
    _, power, tangent = design(p, low, high, int(points))
    return float(1 / np.linalg.norm(_rest(tangent, power)))


def r_squared(p: float, low: float, high: float, points: float) -> float:
    """How much of N^p a straight line in N explains.

    Example:
        >>> round(r_squared(0.5, 4, 64, 5), 3)
        0.994
    """
    n, power, _ = design(p, low, high, int(points))
    return float(1 - (_rest(power, n) ** 2).sum() / ((power - power.mean()) ** 2).sum())


def _enclosed(form: sp.Expr) -> Any:
    """The value of the sums, term by term, in balls with digits to spare for what cancels."""

    def enclosure(digits: int, **point: Any) -> Any:
        from flint import arb, ctx

        from attnlaws.theory.balls import exact

        with ctx.workprec(400):
            a, b, q = exact(point["low"]).log(), exact(point["high"]).log(), exact(point["p"])
            k = point["points"]
            n = [a + (b - a) * j / (k - 1) for j in range(k)]
            power = [x**q for x in n]
            scale = (b - a) / (2 * (power[-1] - power[0]))
            tangent = [scale * y * x.log() for x, y in zip(n, power, strict=True)]

            def cov(x: list[Any], y: list[Any]) -> Any:
                at = sum(x, arb(0)) / k, sum(y, arb(0)) / k
                return sum(((u - at[0]) * (w - at[1]) for u, w in zip(x, y, strict=True)), arb(0)) / k

            if form is LINE:
                return cov(n, power) ** 2 / (cov(n, n) * cov(power, power))
            rest = cov(tangent, tangent) - cov(tangent, power) ** 2 / cov(power, power)
            return 1 / (k * rest).sqrt()

    return enclosure


def _values(of: Any) -> Any:
    each = np.vectorize(of, otypes=[np.float64])
    return lambda p, low, high, points: np.asarray(each(p, low, high, points))


ACCURACY = LooserAccuracy(
    1e-10, "over a factor of two columns that are nearly alike are told apart in their last digits"
)

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="sd of the fitted exponent over sd(ln R)",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2602.01863",
        "an experiment in the appendix",
        "reconstructed",
        title="Transformers as Measure-Theoretic Associative Memory: A Statistical Perspective",
        note="the text was not read; notes tell of a fit of ln R = A - C (ln n)^p at n = 4 to 64 for given p. "
        "What a fit of p could tell is derived here",
        authors="Kawata, Ryotaro and Suzuki, Taiji",
        year="2026",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    points * UNEXPLAINED,
                    "the information on p, in units of 1/variance, that is left where A and C are fitted: the squared "
                    "length of the slope in p less its projection on 1 and N^p",
                ),
                Cites(1 / sp.sqrt(points * UNEXPLAINED), CRAMER_RAO, "one over its root; least squares reach it"),
                Equals(ROOT, "by orthogonal projection"),
            ),
            value=_values(ratio),
            enclosure=_enclosed(UNEXPLAINED),
            accuracy=ACCURACY,
            above=ENDS,
            exists=TWICE,
        ),
        Derivation(
            (
                Definition(LINE, "the squared correlation of N and N^p over the sample sizes"),
                Equals(ROOT, "by orthogonal projection"),
            ),
            value=_values(r_squared),
            enclosure=_enclosed(LINE),
            accuracy=LooserAccuracy(1e-13, "one less a small number"),
            output="r_squared",
            above=ENDS,
            exists=TWICE,
        ),
    ),
    claim=Equal(),
    delta=0.02,
    delta_reason="a standard deviation of simulated fits is known to 1/sqrt(2 R); the wrong formulas are far off",
    regime="noise so small that the fit is linear: sd(ln R) well below p over the ratio",
    grid=Grid(
        across="p",
        series=({"low": 4.0, "high": 64.0, "points": 5}, {"low": 1e2, "high": 1e6, "points": 17}),
        values=(1 / 3, 0.5, 2 / 3),
    ),
    sabotages={
        "half as large": ROOT / 2,
        "the average of K fits": ROOT / sp.sqrt(points),
        "the slope's error over the range of ln n": 2 / width,
        "the relative error of C": 1 / width,
    },
)
