"""More than k keys are needed to lose at most a share eps of n softmax weights with a probability that is one integral.

Scores are independent and normal with standard deviation sigma; k_eps is the smallest number of keys, taken from the
largest weight down, that lose at most eps. k_eps > k where D = (1 - eps) T - eps H > 0, with T the weight outside the k
largest and H theirs. Given the score of rank k, D is a sum of independent terms, whose transform is inverted along a
line on which nothing cancels. Over all k these are the whole law of k_eps, which is far from normal in short or steep
rows.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_density
from attnlaws.theory.kept_law import log_exceeds, second_log_exceeds
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Equals
from attnlaws.theory.topk.k_eps import LAW as LIMIT
from attnlaws.theory.topk.k_eps_moments import LAW as MOMENTS
from attnlaws.theory.vocabulary import Phi, beta_i

PARAMETERS = (
    Parameter("n", "number of keys", integer(32, 1000)),
    Parameter("k", "number of keys that is exceeded", integer(1, 999)),
    Parameter("eps", "share of the softmax mass that may be lost", real(minimum=0.05, maximum=0.5)),
    Parameter("sigma", "standard deviation of the scores", real(minimum=0.2, maximum=1.25)),
)
n, k, eps, sigma = (parameter.symbol for parameter in PARAMETERS)
x, y, o = sp.symbols("x y omega", real=True)
c = sp.Symbol("c", positive=True)

BROMWICH = Source(
    "Widder 1941",
    "inversion of the two-sided Laplace transform of a distribution along a vertical line",
    "secondary",
    title="The Laplace Transform",
    authors="Widder, David Vernon",
    year="1941",
)


def _between(exponent: sp.Expr, low: sp.Expr, high: sp.Expr) -> sp.Integral:
    return sp.Integral(sp.exp(exponent * sp.exp(sigma * y)) * gaussian_density(y), (y, low, high))


def _given(theta: sp.Expr) -> sp.Expr:
    """E exp(theta D) given the score x of rank k, times the density of x."""
    ways = sp.factorial(n) / (sp.factorial(k - 1) * sp.factorial(n - k))
    below, above = _between((1 - eps) * theta, -sp.oo, x), _between(-eps * theta, x, sp.oo)
    own = sp.exp(-theta * eps * sp.exp(sigma * x)) * gaussian_density(x)
    return ways * below ** (n - k) * above ** (k - 1) * own


LINE = sp.Integral(sp.re(_given(c + sp.I * o) / (c + sp.I * o)), (o, 0, sp.oo), (x, -sp.oo, sp.oo)) / sp.pi
"""P(D > 0), whatever c > 0 is."""


@lru_cache(maxsize=256)
def _second(n: int, k: int, eps: float, sigma: float) -> tuple[float, float]:
    """The probability by the second rule, and its relative change between two steps."""
    rough, value = (second_log_exceeds(n, k, eps, sigma, fine) for fine in (1.25, 1.0))
    return float(np.exp(value)), abs(float(np.expm1(rough - value)))


def _ball(n: Any, k: Any, eps: Any, sigma: Any) -> Any:
    from flint import arb

    value, error = _second(int(n), int(k), float(eps), float(sigma))
    return arb(value, value * (error + 1e-10))


_each = np.vectorize(lambda n, k, e, s: np.exp(log_exceeds(float(n), float(k), float(e), float(s))), otypes=[float])
MEAN = n * LIMIT.form + MOMENTS.derivation("bias", correlation=None).form
SPREAD = sp.sqrt(n * MOMENTS.derivation(correlation=None).form)
"""Mean and standard deviation of k_eps in long rows."""

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="probability that more than k keys are needed",
    source=Source(
        "arXiv:2512.07647",
        "section 6 (Gaussian score model)",
        "reconstructed",
        note="the paper is known to give the limit of k_eps/n; its whole law at finite n is derived here",
        year="2025",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    LINE,
                    "P(D > 0) from the transform of D, for any c > 0: given the score x of rank k the n - k scores "
                    "below it and the k - 1 above it are independent",
                ),
                Cites(
                    LINE,
                    BROMWICH,
                    "given x, D has a density, and a moment E exp(c D) for every c > 0: what is added is bounded",
                ),
                Equals(ROOT, "computed, at the c that makes the transform over c smallest"),
            ),
            below={"k": sp.Min(n, MEAN + 4 * SPREAD)},
            exists="farther out the probability is 0 but for less than the integrals' errors",
            value=lambda n, k, eps, sigma: np.asarray(_each(n, k, eps, sigma)),
            enclosure=lambda digits, n, k, eps, sigma: _ball(n, k, eps, sigma),
            accuracy=LooserAccuracy(
                1e-6,
                "a triple integral; the enclosure is no proven ball but another rule on another line, at two steps",
            ),
        ),
    ),
    claim=Equal(),
    delta=0.02,
    delta_reason="probabilities: rows grow as 1/delta^2, and the normal law is off by more than 4 %",
    regime="32 to 1000 keys, sigma up to 1.25, and k up to four standard deviations above the mean of k_eps",
    grid=Grid(
        across="k",
        series=({"n": 32, "eps": 0.1, "sigma": 1.0},),
        values=(16, 18, 20, 22),
        extra=({"n": 32, "k": 17, "eps": 0.1, "sigma": 1.25}, {"n": 64, "k": 52, "eps": 0.05, "sigma": 0.7}),
    ),
    sabotages={
        "a normal law with the right mean and variance": Phi((MEAN - k - sp.Rational(1, 2)) / SPREAD),
        "a binomial number of keys": beta_i(k + 1, n - k, LIMIT.form),
        "even chances": sp.Rational(1, 2),
    },
)
