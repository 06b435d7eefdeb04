"""From n random samples, ridge regression on cosines has Pinsker's risk at n/sigma^2, and a known excess of order 1/n.

The function is the hardest one for n: each cosine below the cutoff mu has the coefficient of Pinsker's least favorable
function, with a random sign. Samples are uniform on the box of semi-axes s_j = exp(-kappa j^alpha), the noise has
standard deviation sigma, and the ridge penalty of a mode of gradient norm a is a/(mu - a): nothing is tuned. Given the
samples, the mean loss is sigma^2/n tr (G + Lambda)^-1 with their Gram matrix G, never below Pinsker's risk in the mean,
since the trace is convex. The law is the second order in G - I, exact up to some (modes/n)^2; an excess of 1 to 5 %
over Pinsker's risk that no constant of a rate would show.

Outputs: ``risk``, in units of the squared Lipschitz constant times the squared scale of the box; ``slope``, minus the
slope of its logarithm in ln n between n and 10 n samples, the function becoming harder on the way.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.lattice import leading_dimension, least_kappa, pinsker_risk
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.random_design import risk, risk_ball
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Equals
from attnlaws.theory.vocabulary import log1p

DECADE = 10
"""The slope is that between n and so many times n."""
PARAMETERS = (
    Parameter("n", "number of samples", integer(20, 10**5)),
    Parameter("sigma", "standard deviation of the noise", real(minimum=0.1, maximum=3), "L S_0"),
    Parameter("alpha", "power of the index in ln(1/s_j) = kappa j^alpha", real(minimum=0.5, maximum=4)),
    Parameter("kappa", "decay of the semi-axes", real(minimum=0.1, maximum=5)),
)
n, sigma, alpha, kappa = (parameter.symbol for parameter in PARAMETERS)
k, m = sp.symbols("k m", integer=True, positive=True)
x = sp.Symbol("x", real=True)
modes = sp.Function("M", integer=True)(n)
inverse, cosine, weight = (sp.Function(name, real=True) for name in ("A", "phi", "c"))
LOG_SIZE = sp.log(n) - 2 * sp.log(sigma)
LOG_MODES = 4.5
"""Logarithm of the number of modes, by its leading term, up to which all pairs of them are summed."""

TRACE: Any = sigma**2 / n * sp.Sum(sp.Integral(inverse(k, k, x, n), (x, 0, 1)), (k, 1, modes))
SPREAD: Any = sp.Integral(cosine(k, x) ** 2 * cosine(m, x) ** 2, (x, 0, 1)) - sp.KroneckerDelta(k, m)
SECOND: Any = (
    sigma**2
    / n
    * (
        sp.Sum(weight(k, n), (k, 1, modes))
        + sp.Sum(weight(k, n) ** 2 * weight(m, n) * SPREAD, (k, 1, modes), (m, 1, modes)) / n
    )
)
NEUMANN = Source(
    "Neumann series",
    "(D + E)^-1 = D^-1 - D^-1 E D^-1 + D^-1 E D^-1 E D^-1 - ...",
    "secondary",
    note="cut after the second order; the rest is not bounded here but seen in the simulation",
)


def _later(expr: Any) -> Any:
    return expr.subs(n, DECADE * n)


def _risk(n: Any, sigma: Any, alpha: Any, kappa: Any) -> np.ndarray:
    each = np.vectorize(lambda *point: risk(*map(float, point)), otypes=[np.float64])
    return np.asarray(each(n, sigma, alpha, kappa))


def _slope(n: Any, sigma: Any, alpha: Any, kappa: Any) -> np.ndarray:
    later = _risk(DECADE * np.asarray(n), sigma, alpha, kappa)
    return np.log(_risk(n, sigma, alpha, kappa) / later) / np.log(DECADE)


def _risk_ball(*, digits: int, n: Any, sigma: Any, alpha: Any, kappa: Any) -> Any:
    return risk_ball(n, sigma, alpha, kappa)


def _slope_ball(*, digits: int, n: Any, sigma: Any, alpha: Any, kappa: Any) -> Any:
    from flint import arb

    later = risk_ball(DECADE * n, sigma, alpha, kappa)
    return (risk_ball(n, sigma, alpha, kappa) / later).log() / arb(DECADE).log()


ENDS: dict[str, Any] = {
    "accuracy": LooserAccuracy(1e-9, "differences of sums over modes, and sums over pairs of them"),
    "above": {"kappa": least_kappa(log1p(DECADE * n / sigma**2 - 1), alpha, LOG_MODES)},
    "exists": "slower decay leaves more modes than can be paired, and than a thousand samples tell apart",
}

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="mean squared error of the series estimator",
    source=Source(
        "arXiv:2602.01863",
        "rate of the readout from n samples",
        "reconstructed",
        title="Transformers as Measure-Theoretic Associative Memory: A Statistical Perspective",
        authors="Kawata, Ryotaro and Suzuki, Taiji",
        year="2026",
        note="the paper's estimator is a trained network; this surrogate and its finite risk are derived here",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    TRACE,
                    "mean loss: the penalty is the noise over the squared coefficient, so that signs and noise leave "
                    "the trace of A = (G + Lambda)^-1; A is averaged over samples that x stands for",
                ),
                Cites(
                    SECOND,
                    NEUMANN,
                    "D = I + Lambda has the inverse c = 1 - a/mu, and an element of G - I the variance "
                    "(E phi_k^2 phi_m^2 - delta)/n",
                ),
                Equals(ROOT, "mu by Newton's method; E phi_k^2 phi_m^2 is 3/2 for every axis of equal frequencies"),
            ),
            value=_risk,
            enclosure=_risk_ball,
            output="risk",
            **ENDS,
        ),
        Derivation(
            (
                Definition(sp.log(TRACE / _later(TRACE)) / sp.log(DECADE), "slope over a decade of samples"),
                Cites(sp.log(SECOND / _later(SECOND)) / sp.log(DECADE), NEUMANN, "both to second order"),
                Equals(ROOT, "each with the cutoff and the modes of its own number of samples"),
            ),
            value=_slope,
            enclosure=_slope_ball,
            output="slope",
            **ENDS,
        ),
    ),
    claim=Equal(),
    regime="five samples a mode or more: then the excess over Pinsker's risk is right to a tenth of itself",
    grid=Grid(
        across="n",
        series=({"sigma": 0.3, "alpha": 1.0, "kappa": 1.0}, {"sigma": 1.0, "alpha": 1.0, "kappa": 0.5}),
        values=(60, 80, 100),
        logx=True,
    ),
    sabotages={
        "white noise, without the excess of random samples": {"risk": pinsker_risk(LOG_SIZE, alpha, kappa)},
        "n in place of n/sigma^2": {
            "risk": ROOT - pinsker_risk(LOG_SIZE, alpha, kappa) + pinsker_risk(sp.log(n), alpha, kappa)
        },
        "frequencies pi k/s_j, as for a box of half the size": {
            "risk": pinsker_risk(LOG_SIZE - sp.log(4), alpha, kappa) / 4
        },
        "the slope 2/(2 + D) of D whole axes": {"slope": 2 / (2 + sp.floor(leading_dimension(LOG_SIZE, alpha, kappa)))},
        "the slope of the error, not of its square": {"slope": ROOT / 2},
    },
)
