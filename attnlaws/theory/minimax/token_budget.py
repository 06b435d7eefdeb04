"""Documents of D exp(2 u) tokens make the error of empirical coefficients as large as the statistical error exp(-2 u).

A predictor that is a Lipschitz function of the first D coefficients of a document's law sees their empirical means over
T tokens instead. Each has mean square error Var(e_j)/T = 1/T, so that a linear predictor of unit slopes is off by D/T
in mean square, and a Lipschitz one by no more. The statistical error is taken from the balance of accuracy and entropy
on the box with semi-axes exp(-kappa j^alpha): with log_n the logarithm of the effective sample size,

    log_n = 2 u + the sum over j <= D of (u - kappa j^alpha),    D = the number of semi-axes above exp(-u).

Fewer tokens leave a floor D/T that no number of documents removes. To the leading order of many documents the budget is
exp(C log_n^(alpha/(1 + alpha))), less than any power of their number; at sizes of practice that order is off by factors
of 2 to 3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory import box
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import ROOT, Definition, Derivation, Equals

LOG_N = Parameter("log_n", "natural logarithm of the effective sample size", real(above=0, maximum=600))
ALPHA = Parameter("alpha", "exponent of the spectrum", real(minimum=0.25, maximum=4))
KAPPA = Parameter("kappa", "rate of the spectrum: semi-axes exp(-kappa j^alpha)", real(minimum=0.05, maximum=10))
PARAMETERS = (
    LOG_N,
    ALPHA,
    KAPPA,
    Parameter("tokens", "tokens of a simulated document", integer(1, 10**6), role="simulation"),
)
log_n, alpha, kappa = (parameter.symbol for parameter in PARAMETERS[:3])
angle, j, t = sp.Symbol("theta", real=True), *sp.symbols("j t", integer=True, positive=True)
u, size, tokens = (
    sp.Symbol("u", positive=True),
    sp.Symbol("D", integer=True, positive=True),
    sp.Symbol("T", positive=True),
)

ONE_AXIS = {"log_n": 2 * kappa}
"""From here on the first semi-axis is resolved: D is at least 1."""


def _budget(log_n: np.ndarray, alpha: np.ndarray, kappa: np.ndarray, **_: np.ndarray) -> np.ndarray:
    exponent, number = box.balance(log_n, alpha, kappa)
    return number * np.exp(2 * exponent)


def _enclosure(digits: int, log_n: Any, alpha: Any, kappa: Any) -> Any:
    from flint import ctx

    exponent, number = box.balance_ball(digits, log_n, alpha, kappa)
    with ctx.workdps(digits + 300):
        return number * (2 * exponent).exp()


def _error() -> Any:
    """Mean square error of D empirical means of T tokens each, for the cosines on a circle."""
    square = sp.Integral(2 * sp.cos(j * angle) ** 2, (angle, -sp.pi, sp.pi)) / (2 * sp.pi)
    return sp.Sum(sp.Sum(square / tokens**2, (t, 1, tokens)), (j, 1, size))


power = alpha / (1 + alpha)
LEADING = kappa ** (1 - power) * power ** (-power) * log_n**power
"""The exponent u to the leading order of large log_n."""

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="tokens per document",
    source=Source(
        "arXiv:2602.01863",
        "finite documents in place of measures",
        "reconstructed",
        title="Transformers as Measure-Theoretic Associative Memory: A Statistical Perspective",
        authors="Kawata, Ryotaro and Suzuki, Taiji",
        year="2026",
        note="the paper's text was not read; the surrogate box and the budget are derived here",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    _error() / sp.exp(-2 * u),
                    "token error over statistical error, for T tokens of independent uniform angles and the "
                    "coefficients of sqrt(2) cos(j theta); equal to 1 where T is the budget",
                ),
                Equals(size * sp.exp(2 * u) / tokens, "each cosine has variance 1"),
                Equals(ROOT, "times T, with u and D of the balance, found piece by piece"),
            ),
            value=_budget,
            enclosure=_enclosure,
            accuracy=LooserAccuracy(1e-11, "an exponential of a root up to 300, which is good to a few ulps"),
            above=ONE_AXIS,
            exists="not one coordinate is resolved",
        ),
    ),
    claim=Equal(),
    regime="every spectrum and sample size at which a coordinate is resolved; an equality for linear predictors, an "
    "upper bound for Lipschitz ones",
    grid=Grid(
        across="tokens",
        series=tuple({"alpha": 1, "kappa": 0.5, "log_n": round(float(np.log(10.0**power)), 6)} for power in (3, 6, 12)),
        values=(1, 4, 16),
        logx=True,
        extra=({"alpha": 2, "kappa": 0.15, "log_n": 20, "tokens": 8},),
    ),
    sabotages={
        "the leading order of many documents": (LEADING / kappa) ** (1 / alpha) * sp.exp(2 * LEADING),
        "one coordinate instead of D": sp.exp(2 * LEADING),
        "the error instead of its square": lambda form: sp.sqrt(form),
        "a cosine has variance 1/2": lambda form: form / 2,
    },
)
