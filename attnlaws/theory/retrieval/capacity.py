"""How many pairs an exponential-kernel memory can hold: the number at which a typical reading is half interference.

The query is a stored key of norm sqrt(d_k), and m other pairs interfere: their keys are Gaussian, or lie on the sphere
of radius sqrt(d_k) as normalized keys do. A score k_j . q gives the weight exp(2 (k_j . q - d_k)/tau) relative to the
target's own squared weight, and the inverse signal-to-noise ratio is their sum W. Capacity is the m at which the
typical sum, exp(E ln W), is 1; the law gives ln m / d_k, at a finite d_k or (d_k = None) in the limit of many
dimensions.

With Gaussian keys the limit has two phases. Above tau = 2 the sum is close to its mean and the exponent is
2 (tau - 1)/tau^2. Below, the largest score alone decides, as in the frozen phase of the random energy model, and the
exponent stays at 1/2: the mean of the sum then sits in scores that a memory of this size does not have, and the
formula for the mean (`retrieval.annealed_capacity`) promises too little. On the sphere no score exceeds the target's,
the sum is always close to its mean, and the exponent grows without bound as tau falls. Between whole numbers of pairs
the formula for E ln W interpolates.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory import laplace, quenched
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, choice, integer, real
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Solves
from attnlaws.theory.vocabulary import log1p

PARAMETERS = (
    Parameter("tau", "temperature; attention uses sqrt(d_k)", real(minimum=0.5, maximum=1000)),
    Parameter("keys", "how the other keys are drawn", choice("gaussian", "sphere"), default="gaussian"),
    Parameter("d_k", "dimension of the keys; none for the limit", integer(2, 256, or_none=True), default=None),
)
tau, d_k = PARAMETERS[0].symbol, PARAMETERS[2].symbol
rate, t, x = sp.symbols("rate t x", positive=True)
g, theta = sp.symbols("g theta", real=True)
"""``rate`` is ln m / d_k; ``g`` a standard normal score, ``x`` its size per dimension, ``theta`` an angle."""

REM = Source(
    "doi:10.1103/PhysRevB.24.2613",
    "free energy of the random energy model",
    "secondary",
    title="Random-energy model: An exactly solvable model of disordered systems",
    authors="B. Derrida",
    year="1981",
)


def _mean_log(transform: sp.Expr, d: sp.Expr) -> sp.Expr:
    """E ln W for m = exp(rate d) weights whose Laplace transform is given."""
    return sp.Integral((sp.exp(-t) - transform ** sp.exp(rate * d)) / t, (t, 0, sp.oo))


GAUSSIAN = _mean_log(gaussian_mean(sp.exp(-t * sp.exp(2 * sp.sqrt(d_k) * g / tau)), g), d_k)
SPHERE = _mean_log(
    sp.Integral(sp.sin(theta) ** (d_k - 2) * sp.exp(-t * sp.exp(2 * d_k * sp.cos(theta) / tau)), (theta, 0, sp.pi))
    * sp.gamma(d_k / 2)
    / (sp.sqrt(sp.pi) * sp.gamma((d_k - 1) / 2)),
    d_k,
)
FRULLANI = (
    "E ln W for m = exp(rate d_k) independent weights: ln W is the integral of (exp(-t) - exp(-t W))/t, and the mean "
    "of exp(-t W) is the m-th power of that of one weight"
)
READ = "the target weighs exp(2 d_k/tau); found numerically"


def _smaller(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    return (a + b - sp.Abs(a - b)) / 2


HELD = _smaller(sp.Integer(1), 2 / tau)
"""At capacity, the size per dimension of the scores that carry the sum of Gaussian keys."""


def _finite(keys: str, mean_log: sp.Expr) -> Derivation:
    return Derivation(
        (Definition(mean_log, FRULLANI), Solves(rate, 2 * d_k / tau, ROOT, READ)),
        when={"keys": keys},
        value=lambda tau, d_k: np.vectorize(log_number, otypes=[np.float64])(keys, tau, d_k) / d_k,
        enclosure=lambda digits, tau, d_k: _enclosure(keys, digits, tau, int(d_k)),
        accuracy=LooserAccuracy(1e-9, "a root of an integral computed by the trapezoid rule"),
    )


@lru_cache(maxsize=4096)
def log_number(keys: str, tau: float, d: float, log_target: float = 0.0) -> float:
    """Ln m for the number m of other pairs at which the typical inverse signal-to-noise ratio reaches a target.

    Args:
        keys: "gaussian" or "sphere".
        tau: temperature.
        d: dimension of the keys.
        log_target: natural logarithm of the target.

    Returns:
        ln m, or minus infinity where a single other pair interferes more than that.

    Example:
        >>> round(log_number("gaussian", 4.0, 64), 6)
        24.000091
    """
    from scipy import optimize

    steepness = 2 * float(d) / float(tau)
    level = steepness + log_target

    def above(log_m: float) -> float:
        if keys == "sphere":
            return quenched.log_sum(log_m, steepness, int(d)) - level
        return laplace.log_sum(float(np.exp(log_m)), steepness / float(np.sqrt(d))) - level

    if level <= 0:  # at one weight E ln W is 0
        return -np.inf
    # With as many weights as that the sum is larger, frozen or not. Gaussian weights are counted in float64, and in up
    # to 1024 dimensions exp(700) of them are more than enough.
    upper = level + 3.0 if keys == "sphere" else min(level + 3.0, 700.0)
    found: Any = optimize.brentq(above, 0.0, upper, xtol=1e-12)
    return float(found)


def _enclosure(keys: str, digits: int, tau: Any, d: int) -> Any:
    """A ball around the rate, of a relative radius that certifies an error of 1e-9."""
    from flint import arb

    from attnlaws.theory.balls import exact
    from attnlaws.theory.laplace_balls import log_number_enclosure
    from attnlaws.theory.weights import Lognormal, OnSphere

    def spread() -> Any:
        return 2 * arb(d).sqrt() / exact(tau)

    def target() -> Any:
        return 2 * arb(d) / exact(tau)

    weights = Lognormal(spread) if keys == "gaussian" else OnSphere(target, d)
    guess = log_number(keys, float(tau), d)
    return log_number_enclosure(min(digits, 10), weights, target, guess) / d


def _limits() -> tuple[Derivation, Derivation]:
    """The two limits: the largest exponent among the scores that exist."""
    largest = _smaller(sp.sqrt(2 * rate), 2 / tau)
    cosine = 4 / (sp.sqrt(tau**2 + 16) + tau)
    gaussian = Derivation(
        (
            Definition(GAUSSIAN / d_k, FRULLANI),
            Cites(
                rate + 2 * largest / tau - largest**2 / 2,
                REM,
                "of exp(rate d_k) scores about exp((rate - x^2/2) d_k) lie near x d_k; the sum is carried by the x "
                "that maximizes 2 x/tau + rate - x^2/2 among those that exist, up to sqrt(2 rate)",
            ),
            Solves(rate, 2 / tau, 2 * (1 - HELD) / tau + HELD**2 / 2, "where that is the target's exponent, 2/tau"),
        ),
        when={"keys": "gaussian", "d_k": None},
    )
    sphere = Derivation(
        (
            Definition(SPHERE / d_k, FRULLANI),
            Cites(
                rate + 2 * cosine / tau + log1p(-(cosine**2)) / 2,
                REM,
                "the same with exp((rate + ln(1 - x^2)/2) d_k) cosines near x; the maximum of 2 x/tau + ln(1 - x^2)/2, "
                "at this x, exists wherever the sum reaches the target, because there rate + ln(1 - x^2)/2 is "
                "2 (1 - x)/tau",
            ),
            Solves(
                rate, 2 / tau, 2 * (1 - cosine) / tau - log1p(-(cosine**2)) / 2, "where that is the target's exponent"
            ),
        ),
        when={"keys": "sphere", "d_k": None},
    )
    return gaussian, sphere


LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="ln(capacity) per dimension of the keys",
    source=Source(
        "arXiv:2505.19488",
        "signal-to-noise ratio of the exponential kernel, solved for the number of pairs",
        "reconstructed",
        note="the paper's text was not read; secondary sources quote the ratio for a target of typical norm, which is "
        "the mean over the other pairs. The law here is for the typical sum, derived at every d_k and tau",
        year="2025",
    ),
    derivations=(*_limits(), _finite("gaussian", GAUSSIAN), _finite("sphere", SPHERE)),
    claim=Equal(),
    delta=0.02,
    delta_reason="sums of up to 40,000 weights: draws grow as 1/delta^2, and the wrong formulas are off by more",
    regime="finite d_k: exact for a target of norm sqrt(d_k); the limit is approached as ln(d_k)/d_k where the sum is "
    "frozen, and as 1/d_k or faster elsewhere",
    grid=Grid(
        across="tau",
        series=tuple({"keys": keys, "d_k": d} for keys in ("gaussian", "sphere") for d in (6, 9)),
        values=(0.5, 1, 2, 4, 8),
        logx=True,
        extra=({"keys": "gaussian", "d_k": 4, "tau": 1.5}, {"keys": "sphere", "d_k": 4, "tau": 1.5}),
    ),
    sabotages={
        "the mean of the sum, not the typical sum": {
            "keys=gaussian": 2 * (tau - 1) / tau**2,
        },
        "spheres hold what Gaussian keys hold": {"keys=sphere": 2 * (tau - 1) / tau**2},
        "the limit at every dimension": {"keys=gaussian": 2 * (1 - HELD) / tau + HELD**2 / 2},
        "the signal counts once": lambda form: form / 2,
    },
)
