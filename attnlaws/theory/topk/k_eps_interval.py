"""The number of keys that lose at most a share eps of n softmax weights lies between two proven ends at every n.

Scores are independent and normal with standard deviation sigma; k_eps is the smallest number of keys, taken from the
largest weight down, that lose at most eps. No limit is taken and no law of large numbers or normal law is used: both
tails are bounded by exponential moments, given the score of rank K, and the bounds are finite sums that Arb confirms.
The interval holds in long rows and in short ones, and where few keys carry the variance: at sigma = 2.4 in 256 keys the
normal law with the mean and variance of long rows gives a wider one, with nothing proven about it.

Outputs: ``coverage``, the chance that is proven, at least ``confidence``; the ends ``lower`` and ``upper``, both
included; ``unused`` = n - upper, keys that are not needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import Bound, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_density
from attnlaws.theory.kept_interval import certified, interval
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Equals
from attnlaws.theory.topk import k_eps_law
from attnlaws.theory.topk.k_eps import LAW as LIMIT
from attnlaws.theory.vocabulary import Phi, Phi_inverse

PARAMETERS = (
    Parameter("n", "number of keys", integer(2, 100_000)),
    Parameter("eps", "share of the softmax mass that may be lost", real(minimum=0.001, maximum=0.5)),
    Parameter("sigma", "standard deviation of the scores", real(minimum=0.1, maximum=4)),
    Parameter("confidence", "chance of lying between the ends, at least", real(minimum=0.5, maximum=0.999)),
)
n, eps, sigma, confidence = (parameter.symbol for parameter in PARAMETERS)
x, y = sp.symbols("x y", real=True)
rank, lower, upper = sp.symbols("K L U", integer=True, positive=True)
theta, level = sp.Function("theta", positive=True)(x), sp.Symbol("c", real=True)
ALLOWED = (1 - confidence) / 2

CHERNOFF = Source(
    "Chernoff 1952",
    "the bound P(D > 0) <= E exp(theta D) for every theta > 0",
    "secondary",
    title="A measure of asymptotic efficiency for tests of a hypothesis based on the sum of observations",
    authors="Chernoff, Herman",
    year="1952",
)


def _bound(exceeds: bool) -> Any:
    """The mean over the score x of rank K of the moment that bounds P(k_eps > K), or P(k_eps <= K)."""
    sign, top = (1, sp.oo) if exceeds else (-1, level)
    below = sp.Integral(sp.exp(sign * theta * (1 - eps) * sp.exp(sigma * y)) * gaussian_density(y), (y, -sp.oo, x))
    above = sp.Integral(sp.exp(-sign * theta * eps * sp.exp(sigma * y)) * gaussian_density(y), (y, x, top))
    own = sp.exp(-sign * theta * eps * sp.exp(sigma * x)) * gaussian_density(x)
    ways = sp.factorial(n) / (sp.factorial(rank - 1) * sp.factorial(n - rank))
    mean = sp.Integral(ways * below ** (n - rank) * above ** (rank - 1) * own, (x, -sp.oo, top))
    return mean if exceeds else mean + 1 - Phi(level) ** n


OVER, UNDER = _bound(True), _bound(False)
LAW_OF_K = k_eps_law.LINE.subs(k_eps_law.k, rank)
MEAN = n * LIMIT.form
NORMAL = -Phi_inverse(ALLOWED)


def _proven(bound: Any) -> Any:
    from attnlaws.theory.kept_interval_balls import proven

    return proven(bound)


def _value(of: Callable[..., float]) -> Callable[..., np.ndarray]:
    def value(n: float, eps: float, sigma: float, confidence: float) -> float:
        return float(of(int(n), *interval(int(n), float(eps), float(sigma), float(confidence))))

    each = np.vectorize(value, otypes=[np.float64])
    return lambda n, eps, sigma, confidence: np.asarray(each(n, eps, sigma, confidence))


def _end(of: Callable[..., int], side: int) -> Callable[..., Any]:
    """An end as a ball of radius 0, where its bound is confirmed, and no number where it is not."""

    def enclosure(n: int, eps: Any, sigma: Any, confidence: Any, **_: Any) -> Any:
        from flint import arb

        found = interval(n, float(eps), float(sigma), float(confidence))
        holds = bool(_proven(found[2 + side]) <= (1 - arb(float(confidence))) / 2)
        return arb(of(n, *found)) if holds else arb("nan")

    return enclosure


def _coverage(n: int, eps: Any, sigma: Any, confidence: Any, **_: Any) -> Any:
    found = interval(n, float(eps), float(sigma), float(confidence))
    return 1 - _proven(found[2]) - _proven(found[3])


def _derivation(
    output: str, start: sp.Expr, follows: sp.Expr, reason: str, of: Callable[..., float], enclosure: Callable[..., Any]
) -> Derivation:
    return Derivation(
        (
            Definition(start, reason),
            Cites(
                follows,
                CHERNOFF,
                "on the safe side, for every theta and c: given x the scores below and above it are independent; "
                "k_eps <= K is D <= 0, and all scores are below c but for a chance of 1 - Phi(c)^n",
            ),
            Equals(
                ROOT,
                "sums over cells that are larger: in each, factors that are monotone in x are taken at its larger end, "
                "and exponentials, convex in the weight, lie below their chords; theta is the best of a list, and the "
                "ends are the first at which neither sum exceeds (1 - confidence)/2",
            ),
        ),
        value=_value(of),
        enclosure=enclosure,
        accuracy=LooserAccuracy(
            1e-6,
            "rounding is granted to bounds, not taken from them; the balls prove another, slightly smaller bound on "
            "the chances of the cells",
        ),
        output=output,
    )


def _number(chance: Any, fine: bool) -> Any:
    """The number of K whose chance is allowed, or is not."""
    relation = sp.Le if fine else sp.Gt
    counted = sp.Piecewise((1, relation(chance, ALLOWED, evaluate=False)), (0, True), evaluate=False)
    return sp.Sum(counted, (rank, 1, n - 1))


LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="chance of lying in the interval",
    source=Source(
        "arXiv:2512.07647",
        "section 6 (Gaussian score model)",
        "reconstructed",
        note="the paper is known to give the limit of k_eps/n; an interval for finite n is derived here",
        year="2025",
    ),
    derivations=(
        _derivation(
            "coverage",
            LAW_OF_K.subs(rank, lower - 1) - LAW_OF_K.subs(rank, upper),
            1 - UNDER.subs(rank, lower - 1) - OVER.subs(rank, upper),
            "P(k_eps > L - 1) less P(k_eps > U), each P(D > 0); a tail that cannot be (L = 1, U = n) is 0",
            lambda n, low, high, *bounds: 1 - certified(bounds),
            _coverage,
        ),
        _derivation(
            "lower",
            1 + _number(1 - LAW_OF_K, True),
            1 + _number(UNDER, True),
            "the quantile of (1 - confidence)/2: one more than the number of K that k_eps rarely stays at or below",
            lambda n, low, high, *bounds: low,
            _end(lambda n, low, high, *bounds: low, 0),
        ),
        _derivation(
            "upper",
            1 + _number(LAW_OF_K, False),
            1 + _number(OVER, False),
            "the upper quantile: one more than the number of K that k_eps exceeds not so rarely",
            lambda n, low, high, *bounds: high,
            _end(lambda n, low, high, *bounds: high, 1),
        ),
        _derivation(
            "unused",
            _number(LAW_OF_K, True),
            _number(OVER, True),
            "the number of K < n that k_eps rarely exceeds",
            lambda n, low, high, *bounds: n - high,
            _end(lambda n, low, high, *bounds: n - high, 1),
        ),
    ),
    claim=Bound("lower", sure=False),
    delta=0.05,
    delta_reason="quantiles of whole numbers: a key is 6 percent of the smallest end, and wrong ends are off by more",
    regime="every n up to 1e5, sigma up to 4: short rows and rows in which few keys carry the variance included",
    grid=Grid(
        across="confidence",
        series=({"n": 128, "eps": 0.1, "sigma": 1.0}, {"n": 128, "eps": 0.1, "sigma": 2.0}),
        values=(0.5, 0.7, 0.8),
        extra=({"n": 256, "eps": 0.01, "sigma": 2.4, "confidence": 0.8},),
    ),
    sabotages={
        "half the width": {"lower": (ROOT + MEAN) / 2, "unused": (ROOT + n - MEAN) / 2},
        "an upper end only, the lower one at the limit": {"lower": MEAN},
        "keys above a fixed threshold, which are binomial": {
            "lower": MEAN - NORMAL * sp.sqrt(MEAN * (1 - LIMIT.form)),
            "unused": n - MEAN - NORMAL * sp.sqrt(MEAN * (1 - LIMIT.form)),
        },
        "both tails multiplied, as if k_eps had to leave twice": {"coverage": 1 - (1 - ROOT) ** 2 / 4},
    },
)
