"""The number of keys that lose a share eps of n softmax weights has a variance of V n, and a mean off its limit by C.

Scores are normal; n f is the limit of k_eps, the number of keys, f = Phi(-t), t = sigma + Phi^-1(eps) (``topk.k_eps``).
k_eps is the least whole number that no sum of g_u(w_i) over the keys exceeds, g_u(w) = min(w/u, 1) - eps w/u, whatever
the level u: so V is the variance of g at the level of t, and C half a key from rounding up plus half the square of the
slope in ln u over the curvature there. The output ``bias`` is C.

With a ``correlation`` phi, scores are a stationary sequence in which neighbors have that correlation, and those h apart
phi^h (an autoregression of order one); covariances over all distances are then added to both variances.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_density
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.lorenz import DELTA_METHOD
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Equals, Using
from attnlaws.theory.topk.k_eps import LAW as K_EPS
from attnlaws.theory.topk.k_eps import eps, kept, quantile, sigma, threshold
from attnlaws.theory.vocabulary import Phi

PARAMETERS = (
    Parameter("eps", "share of the softmax mass that may be lost", real(minimum=1e-4, maximum=0.99)),
    Parameter("sigma", "standard deviation of the scores", real(minimum=0.1, maximum=6)),
    Parameter(
        "correlation",
        "of the scores of neighbors in an autoregression, or none for independent scores",
        real(minimum=0, maximum=0.99, or_none=True),
        default=None,
    ),
    Parameter("n", "number of keys", integer(2, 10**12), role="simulation"),
)
phi = PARAMETERS[2].symbol
x, y = sp.symbols("x y", real=True)
h = sp.Symbol("h", integer=True, positive=True)

DRIFT, SQUARE = sp.exp(-sigma * quantile - sigma**2 / 2), sp.exp(-2 * sigma * quantile)
"""The mean of r, and of r^2 under a whole normal law, r being a weight over that of the threshold."""
SPREAD = SQUARE * ((1 - eps) ** 2 * Phi(quantile - sigma) + eps**2 * Phi(sigma - quantile))
"""The variance of the slope of g."""
NODES = 40
REACH = 40.0
"""Covariances are added until they are below exp(-40) of the variance."""
DIFFERENCE = LooserAccuracy(1e-8, "a difference that is smaller than its terms by the square of sigma")
SERIES = LooserAccuracy(1e-8, "a sum of integrals, added to a difference that is smaller than its terms")
LONG_RANGE = Source(
    "Breuer and Major 1983",
    "central limit theorems for functionals of stationary Gaussian sequences",
    "secondary",
    title="Central limit theorems for non-linear functionals of Gaussian fields",
    authors="Breuer, Peter and Major, Péter",
    year="1983",
)


def _ratio(at: sp.Symbol) -> sp.Expr:
    """The weight of a score over that of the threshold."""
    return sp.exp(sigma * (at - threshold))


def counted(at: sp.Symbol) -> sp.Expr:
    """g, what one key adds to the number of keys."""
    return sp.Min(_ratio(at), 1) - eps * _ratio(at)


def slope(at: sp.Symbol) -> sp.Expr:
    """The slope of g in the score, over sigma, or in the logarithm of the level but for its sign."""
    return _ratio(at) * (sp.Heaviside(threshold - at) - eps)


def _part(low: sp.Expr, high: sp.Expr, power: int) -> sp.Integral:
    return sp.Integral(_ratio(x) ** power * gaussian_density(x), (x, low, high))


def _independent() -> Derivation:
    below, above, whole = (-sp.oo, threshold), (threshold, sp.oo), (-sp.oo, sp.oo)
    square = _part(*below, 2) + _part(*above, 0) - 2 * eps * (_part(*below, 2) + _part(*above, 1))
    variance = square + eps**2 * _part(*whole, 2) - (_part(*below, 1) + _part(*above, 0) - eps * _part(*whole, 1)) ** 2
    integrals = (
        (_part(*below, 2), SQUARE * Phi(quantile - sigma)),
        (_part(*below, 1), DRIFT * eps),
        (_part(*above, 1), DRIFT * (1 - eps)),
        (_part(*above, 0), kept),
        (_part(*whole, 2), SQUARE),
        (_part(*whole, 1), DRIFT),
    )
    return Derivation(
        (
            Definition(variance, "variance of g = min(r, 1) - eps r, r the weight over that of the threshold"),
            Cites(variance, DELTA_METHOD, "all moments of the weights exist"),
            Equals(
                SPREAD + kept * Phi(threshold) - 2 * eps * (1 - eps) * DRIFT,
                "six Gaussian integrals; the mean of g is the fraction kept",
                by=Using(*integrals),
            ),
        ),
        when={"correlation": None},
        accuracy=DIFFERENCE,
    )


def _bias() -> Derivation:
    """The correction of k_eps/n, freed of the number of keys."""
    correction = K_EPS.claim.correction  # type: ignore[union-attr]
    assert correction is not None
    n = K_EPS.parameter("n").symbol
    steps = tuple(replace(step, expr=step.expr * n) for step in correction.steps)
    return Derivation(steps, when={"correlation": None}, accuracy=DIFFERENCE, output="bias")


# --- correlated scores ----------------------------------------------------------------------------------------------


def _covariances(of: Any) -> sp.Expr:
    """The variance of a function of one score, and twice its covariances with those of all later scores."""
    rho = phi**h
    joint = sp.exp(-(x**2 - 2 * rho * x * y + y**2) / (2 * (1 - rho**2))) / (2 * sp.pi * sp.sqrt(1 - rho**2))
    apart = joint - gaussian_density(x) * gaussian_density(y)
    reals = ((x, -sp.oo, sp.oo), (y, -sp.oo, sp.oo))
    mean = sp.Integral(of(x) * gaussian_density(x), reals[0])
    alone = sp.Integral(of(x) ** 2 * gaussian_density(x), reals[0]) - mean**2
    later: Any = sp.Sum(sp.Integral(of(x) * of(y) * apart, *reals), (h, 1, sp.oo))
    return alone + 2 * later


def _slopes(rho: np.ndarray, eps: float, sigma: float, z: float) -> np.ndarray:
    """The mean product of the slopes of g at two scores of correlation rho, by Owen's T function."""
    from scipy import special

    a = z - sigma * rho
    both = special.ndtr(a) - 2 * special.owens_t(a, np.sqrt((1 - rho) / (1 + rho)))
    factor = np.exp(-2 * sigma * z - sigma**2 * (1 - rho))
    return factor * (both - 2 * eps * special.ndtr(a) + eps**2)


def _long_run(eps: float, sigma: float, phi: float, bias: bool) -> float:
    from scipy import special

    z = float(special.ndtri(eps))
    rho = phi ** np.arange(1, 2 + int(REACH / -np.log(phi))) if phi > 0 else np.zeros(1)
    if bias:
        spread = _slopes(np.ones(1), eps, sigma, z)[0] + 2 * _slopes(rho, eps, sigma, z).sum()
        steepness = sigma * np.sqrt(2 * np.pi) * np.exp((sigma + z) ** 2 / 2)
        return float((1 + steepness * spread) / 2)
    nodes, weights = special.roots_legendre(NODES)
    inside = _slopes(rho[:, None] * (1 + nodes) / 2, eps, sigma, z) @ weights * rho / 2
    alone = float(LAW(eps=eps, sigma=sigma))
    return alone + 2 * sigma**2 * float(inside.sum())


def _over(bias: bool) -> Any:
    each = np.vectorize(lambda eps, sigma, phi: _long_run(eps, sigma, phi, bias), otypes=[np.float64])
    return lambda eps, sigma, correlation: np.asarray(each(eps, sigma, correlation))


def _balls(digits: int, share: Any, spread: Any, neighbor: Any, bias: bool) -> Any:
    """The same by Hermite series, what is left of it being bounded by the variance (Parseval).

    The slope of g has the coefficients b_j = E[slope He_j]/sqrt(j!), those of g are sigma b_(j-1)/sqrt(j); scores of
    correlation rho multiply the j-th square by rho^j, and the sum over all distances is phi^j/(1 - phi^j).
    """
    import math

    from flint import arb, ctx

    from attnlaws.theory.balls import exact
    from attnlaws.theory.enclose import enclose

    with ctx.workprec(int(3.33 * digits) + 200):
        e, s, p = exact(share), exact(spread), exact(neighbor)
        z = enclose(quantile, {eps: e}, digits + 40)
        t = s + z
        count = 2 + int((digits + 6) * math.log(10) / -math.log(float(neighbor))) if neighbor else 2
        drift, density = (-s * z - s * s / 2).exp(), (-t * t / 2).exp() / (2 * arb.pi()).sqrt()
        below, whole, hermite, before = drift * e, drift, arb(1), arb(0)
        total, power = arb(0), p
        for j in range(count):  # coefficients of order j, and He_j(t)/sqrt(j!)
            of = below - e * whole if bias else s * (below - e * whole) / arb(j + 1).sqrt()
            order = j if bias else j + 1
            if order:
                total += of * of * power / (1 - power)
                power *= p
            root = arb(j + 1).sqrt()
            below, whole = (s * below - density * hermite) / root, s * whole / root
            hermite, before = (t * hermite - arb(j).sqrt() * before) / root, hermite
        ratio2 = (-2 * s * z).exp()
        alone = ratio2 * ((1 - e) ** 2 * _cdf(z - s) + e**2 * _cdf(s - z))
        alone += 0 if bias else _cdf(-t) * _cdf(t) - 2 * e * (1 - e) * drift
        total += arb(0, (abs(alone) * power / (1 - power)).upper())
        whole_sum = alone + 2 * total
        return (1 + s / density * whole_sum) / 2 if bias else whole_sum


def _cdf(x: Any) -> Any:
    from flint import arb

    return (-x / arb(2).sqrt()).erfc() / 2


def _correlated(bias: bool) -> Derivation:
    limit: Any = _covariances(slope if bias else counted)
    if bias:
        limit = (1 + sigma * limit / gaussian_density(threshold)) / 2
    words = "half the square of the slope over its curvature, phi(t)/sigma a key, and half a key from rounding up: "
    return Derivation(
        (
            Definition(limit, (words if bias else "") + "the variance and all covariances, h keys apart"),
            Cites(limit, LONG_RANGE, "covariances fall geometrically, so that their sum is finite"),
            Equals(ROOT, "computed: E g(X) g(Y) has the slope E g'(X) g'(Y) in the correlation of X and Y"),
        ),
        value=_over(bias),
        enclosure=lambda digits, eps, sigma, correlation: _balls(digits, eps, sigma, correlation, bias),
        accuracy=SERIES,
        output="bias" if bias else "value",
    )


LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="variance of k_eps over n",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "section 6 (Gaussian score model)",
        "reconstructed",
        note="the paper is known to give the limit of k_eps/n; variance and bias at finite n are derived here",
        year="2025",
    ),
    derivations=(_independent(), _correlated(bias=False), _bias(), _correlated(bias=True)),
    claim=Equal(),
    delta=0.05,
    delta_reason="limits, simulated at few hundred keys, where their own corrections are below 3 %",
    regime="many keys: n well above exp(4 sigma^2) and the range of the correlation, and many keys lost",
    grid=Grid(
        across="sigma",
        series=({"eps": 0.2, "n": 384},),
        values=(0.5, 0.7, 0.9),
        extra=({"eps": 0.3, "n": 512, "sigma": 0.5, "correlation": 0.6},),
    ),
    sabotages={
        "a binomial number of keys is kept": {"correlation=none": kept * Phi(threshold)},
        "the level is given": {"correlation=none": SPREAD},
        "correlation changes nothing": {"": SPREAD + kept * Phi(threshold) - 2 * eps * (1 - eps) * DRIFT},
        "only rounding up": {"bias, correlation=none": sp.Rational(1, 2)},
        "no rounding": {"bias, correlation=none": sp.sqrt(sp.pi / 2) * sigma * sp.exp(threshold**2 / 2) * SPREAD},
        "a bias as of independent scores": {
            "bias": (1 + sp.sqrt(2 * sp.pi) * sigma * sp.exp(threshold**2 / 2) * SPREAD) / 2
        },
    },
)
