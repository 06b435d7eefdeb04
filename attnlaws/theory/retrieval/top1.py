"""The pair asked for has the largest score with probability E Phi(|k_i|)^(n - 1), the mean over its own Gaussian key.

The query is the stored key k_i, so its own score is x = |k_i|^2, a chi-square variable with d_k degrees of freedom;
given x the scores of the n - 1 others are independent and normal with variance x, and each stays below x with
probability Phi(sqrt(x)). Any temperature gives the same winner.

The output ``error`` is the probability that another wins, and ``union`` the mean number of others that score above the
target: by the union bound it is never below the error, and where it is small it is close to it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import chi_square_mean, gaussian_density
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Equals
from attnlaws.theory.vocabulary import Phi, beta_i, log_Phi

PARAMETERS = (
    Parameter("n", "number of stored pairs", integer(2, 10**12)),
    Parameter("d_k", "dimension of the keys", integer(1, 1024)),
)
n, d_k = (parameter.symbol for parameter in PARAMETERS)
x, z = sp.symbols("x z", positive=True)
UNION = (n - 1) * beta_i(d_k / 2, sp.Rational(1, 2), sp.Rational(1, 2)) / 2

NODES = 6000
DEEP = 45.0
"""An integrand is left out where it is below exp(-45) of its largest value."""
TRAPEZOID = LooserAccuracy(1e-10, "an integral computed by the trapezoid rule")


@lru_cache(maxsize=4096)
def _mean(n: float, d: float, lost: bool) -> float:
    """E Phi(r)^(n - 1), or 1 less that, for r = exp(y) with r^2 chi-square, by the trapezoid rule in y."""
    from scipy import special

    def log_integrand(y: np.ndarray) -> np.ndarray:
        log_power = (n - 1) * special.log_ndtr(np.exp(y))
        density = d * y - np.exp(2 * y) / 2 + (1 - d / 2) * np.log(2) - special.gammaln(d / 2)
        return density + (np.log(-np.expm1(log_power)) if lost else log_power)

    with np.errstate(divide="ignore", over="ignore"):
        rough = np.linspace(-DEEP / d - 5.0, 4.5, NODES)
        seen = log_integrand(rough)
        inside = np.flatnonzero(seen > seen.max() - DEEP)
        ends = rough[[max(inside[0] - 1, 0), min(inside[-1] + 1, NODES - 1)]]
        nodes = np.linspace(ends[0], ends[1], NODES)
        return float((nodes[1] - nodes[0]) * np.exp(log_integrand(nodes)).sum())


def _over(lost: bool) -> Any:
    each = np.vectorize(lambda n, d_k: _mean(float(n), float(d_k), lost), otypes=[np.float64])
    return lambda n, d_k: np.asarray(each(n, d_k))


def _ball(digits: int, n: int, d: int, lost: bool) -> Any:
    """The same in Arb, over r itself and by adaptive quadrature with proven errors."""
    from flint import acb, arb, ctx

    from attnlaws.theory.balls import integrate

    with ctx.workprec(int(3.33 * digits) + 100):
        factor = (1 - arb(d) / 2) * arb(2).log() - (arb(d) / 2).lgamma()

        def integrand(r: Any, analytic: bool) -> Any:
            r = acb(r)
            log_power = (n - 1) * (-(r / arb(2).sqrt()).erfc() / 2).log1p()
            density = r ** (d - 1) * (factor - r * r / 2).exp()
            return density * (-log_power.expm1() if lost else log_power.exp())

        return integrate(integrand, arb(0), None).real


SPLIT = "given x = |k_i|^2 the n - 1 scores of the others are independent normals of variance x"
RATIO_DENSITY = chi_square_mean(sp.sqrt(x) * gaussian_density(z * sp.sqrt(x)), x, d_k)
"""The density at z of a score over x: a standard normal variable over an independent |k_i|."""
STUDENT = Source(
    "Abramowitz and Stegun 1964",
    "26.7.1, the tail of Student's law as an incomplete beta function",
    "secondary",
    title="Handbook of Mathematical Functions",
    authors="Abramowitz, Milton and Stegun, Irene A.",
    year="1964",
)

CASES = (
    Derivation(
        (
            Definition(chi_square_mean(Phi(sp.sqrt(x)) ** (n - 1), x, d_k), f"probability that x is largest: {SPLIT}"),
            Equals(ROOT, "computed"),
        ),
        value=_over(lost=False),
        enclosure=lambda digits, n, d_k: _ball(digits, int(n), int(d_k), lost=False),
        accuracy=TRAPEZOID,
    ),
    Derivation(
        (
            Definition(chi_square_mean(1 - Phi(sp.sqrt(x)) ** (n - 1), x, d_k), f"probability that it is not: {SPLIT}"),
            Equals(ROOT, "computed"),
        ),
        value=_over(lost=True),
        enclosure=lambda digits, n, d_k: _ball(digits, int(n), int(d_k), lost=True),
        accuracy=TRAPEZOID,
        output="error",
    ),
    Derivation(
        (
            Definition(
                (n - 1) * sp.Integral(RATIO_DENSITY, (z, 1, sp.oo)), f"mean number of scores beyond once x: {SPLIT}"
            ),
            Equals(
                (n - 1)
                * sp.gamma((d_k + 1) / 2)
                / (sp.sqrt(sp.pi) * sp.gamma(d_k / 2))
                * 2 ** (-(d_k + 1) / 2)
                * sp.Integral((z**2 / 2 + sp.Rational(1, 2)) ** (-(d_k + 1) / 2), (z, 1, sp.oo)),
                "Gamma integral",
            ),
            Cites(UNION, STUDENT, "z sqrt(d_k) is Student's t with d_k degrees of freedom"),
        ),
        output="union",
        accuracy=LooserAccuracy(
            1e-12, "the tail falls as 2^(-d_k/2), and its sensitivity to d_k has no closed form to be allowed for"
        ),
    ),
)

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="probability that the target wins",
    source=Source(
        "arXiv:2505.19488",
        "retrieval of a stored pair by its own key",
        "reconstructed",
        note="the paper's text was not read; it is known to discuss the capacity of retrieval. The probability that "
        "the largest score is the right one is derived here",
        year="2025",
    ),
    derivations=CASES,
    claim=Equal(),
    delta=0.02,
    delta_reason="small probabilities: readings grow as 1/delta^2, and the wrong formulas are off by 15 % and more",
    regime="every n >= 2 and every dimension up to 1024",
    grid=Grid(
        across="d_k",
        series=({"n": 6}, {"n": 12}),
        values=(1, 2, 4),
        logx=True,
        extra=({"n": 9, "d_k": 3},),
    ),
    sabotages={
        "the target key has its typical norm": sp.exp((n - 1) * log_Phi(sp.sqrt(d_k))),
        "the union bound is the error": {"error": UNION},
        "both tails": {"union": 2 * UNION},
        "the union bound to leading order in d_k": {"union": (n - 1) * 2 ** (-d_k / 2) / sp.sqrt(sp.pi * d_k)},
    },
)
