"""The nearest of n keys in a box is as far as saddle points of small-ball chances say: E min |x - x_i|^2 within 5 %.

Query and keys are uniform on a box with semi-axes s_j = exp(-kappa j^alpha), j = 1, ..., J. A key lies within squared
distance y of the query x with a chance P_x(y), and the mean squared distance to the nearest is the mean over x of the
integral of (1 - P_x(y))^n. It is the noise-free risk of copying the nearest key's answer, for a function as hard as
Lipschitz functions are, in units of (L S_0)^2; between two n its slope is about 2/D with D axes that matter, which grow
in number with ln n. P_x is inverted from its Laplace transform at the saddle point, with Stirling's first correction,
so that a power of y would be inverted without error but for 0.3 %; the mean over x is that over 121 places.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.box import ALPHA, KAPPA, semi_axis
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Equals

PARAMETERS = (
    Parameter("n", "number of keys", integer(30, 10**9)),
    ALPHA,
    KAPPA,
    Parameter("J", "number of coordinates", integer(1, 16)),
)
n, alpha, kappa, J = (parameter.symbol for parameter in PARAMETERS)
j, omega = sp.Symbol("j", integer=True, positive=True), sp.Symbol("omega", positive=True)
t, y, u = sp.Symbol("t", positive=True), sp.Symbol("y", positive=True), sp.Symbol("u", real=True)
c = sp.Symbol("c", positive=True)
place = sp.Function("z")

SADDLE_POINT = Source(
    "Daniels 1954",
    "saddlepoint approximations, here of the inverse Laplace transform of a small-ball chance",
    "secondary",
    title="Saddlepoint Approximations in Statistics",
    authors="Daniels, H. E.",
    year="1954",
)

LEVELS = 11
"""A prime: places are (a + b j) modulo it, so that any two of the first 11 coordinates go through all pairs once."""
STEP = 0.25
"""Of the trapezoid rule in ln t."""
NOTHING = 300.0
"""Axes that are shorter than the first by a factor exp(-NOTHING) are as good as points."""
CHUNK = 16
SETTLED = 1e-13
CERTAIN = 1 - 2.0**-53
"""Chances that the saddle point takes above 1 are taken for this one, of whose complement there is a logarithm."""


def _digits() -> np.ndarray:
    """Which of the levels each of the 121 places has in each of 16 coordinates: [place, coordinate]."""
    a, b = np.divmod(np.arange(LEVELS**2), LEVELS)
    return (a[:, None] + b[:, None] * np.arange(1, 17)) % LEVELS


def _logarithms(scale: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log E exp(-scale^2 (U - z)^2) for uniform U on [-1, 1], and two derivatives in 2 ln(scale); [..., level of z]."""
    from scipy import special

    z = (np.arange(LEVELS) + 0.5) / LEVELS
    low, high = scale[..., None] * (1 - z), scale[..., None] * (1 + z)
    both = special.erf(low) + special.erf(high)
    first = (low * np.exp(-(low**2)) + high * np.exp(-(high**2))) / np.sqrt(np.pi)
    second = (low * (0.5 - low**2) * np.exp(-(low**2)) + high * (0.5 - high**2) * np.exp(-(high**2))) / np.sqrt(np.pi)
    ratio = first / both
    return np.log(np.sqrt(np.pi) * both / (4 * scale[..., None])), ratio - 0.5, second / both - ratio**2


@lru_cache(maxsize=4096)
def squared_distance(n: int, alpha: float, kappa: float, J: int) -> float:
    """The mean squared distance to the nearest of n keys.

    Args:
        n: number of keys.
        alpha: power of the index in the decay of the semi-axes.
        kappa: rate of the decay.
        J: number of coordinates.

    Example:
        >>> round(squared_distance(10_000, 1.0, 0.5, 16), 5)
        0.00431
    """
    decay = kappa * np.arange(1.0, J + 1) ** alpha - kappa
    semi = np.exp(-decay[decay <= NOTHING])
    levels, axes = _digits()[:, : len(semi)], np.arange(len(semi))
    total, start = 0.0, -20
    while True:
        log_t = STEP * np.arange(start, start + CHUNK)
        tables = _logarithms(semi * np.exp(log_t / 2)[:, None])
        value, first, second = (table[:, axes, levels].sum(axis=-1) for table in tables)
        curvature = 1 - first + second
        log_chance = 1 - first + value - np.log(2 * np.pi * curvature) / 2 - np.log1p(1 / (12 * curvature))
        alone = np.exp(n * np.log1p(-np.minimum(np.exp(log_chance), CERTAIN)))
        more = STEP * float(np.sum(np.mean(alone * curvature, axis=1) * np.exp(-log_t)))
        total, start = total + more, start + CHUNK
        if 0 < more < SETTLED * total:
            return total * float(np.exp(-2 * kappa))


def _value(n: Any, alpha: Any, kappa: Any, J: Any) -> np.ndarray:
    each = np.vectorize(lambda n, alpha, kappa, J: squared_distance(int(n), alpha, kappa, int(J)), otypes=[np.float64])
    return np.asarray(each(n, alpha, kappa, J))


def _series(semi: list[Any], log_t: Any) -> list[list[list[Any]]]:
    """The logarithms and their derivatives in ln t, which Arb's power series give; [coordinate][level]."""
    from flint import arb, arb_series, ctx

    ctx.cap = 3
    root, tables = (arb_series([log_t, 1]) / 2).exp(), []
    for axis in semi:
        scale, row = root * axis, []
        for level in range(LEVELS):
            z = (arb(level) + arb(0.5)) / LEVELS
            both = (scale * (1 - z)).erf() + (scale * (1 + z)).erf()
            value = ((both / scale) * (arb.pi().sqrt() / 4)).log()
            row.append([value[0], value[1], 2 * value[2]])
        tables.append(row)
    return tables


def _enclosure(*, digits: int, n: int, alpha: Any, kappa: Any, J: int) -> Any:
    """The same sum in balls, with derivatives from power series instead of formulas."""
    from flint import arb, ctx

    from attnlaws.theory.balls import exact

    with ctx.workprec(4 * digits + 60):
        decay = [exact(kappa) * (arb(axis) ** exact(alpha) - 1) for axis in range(1, J + 1)]
        semi = [(-one).exp() for one in decay if one <= NOTHING]
        levels, total, number = _digits()[:, : len(semi)].tolist(), arb(0), -20
        while True:
            log_t, mean = arb(number) * STEP, arb(0)
            tables = _series(semi, log_t)
            for place in levels:
                chosen = [row[level] for row, level in zip(tables, place, strict=True)]
                value, first, second = (sum((one[order] for one in chosen), arb(0)) for order in range(3))
                curvature = 1 - first + second
                log_chance = 1 - first + value - (2 * arb.pi() * curvature).log() / 2
                chance = log_chance.exp() / (1 + 1 / (12 * curvature))
                mean += arb(0) if chance >= 1 else (1 - chance) ** n * curvature
            more = mean / len(levels) * STEP * (-log_t).exp()
            total, number = total + more, number + 1
            if more > 0 and more < total * arb(10) ** -14:
                return (total + arb(0, (4 / arb(STEP) * more).upper())) * (-2 * exact(kappa)).exp()


transform = sp.Product(
    sp.Integral(sp.exp(-t * semi_axis(j) ** 2 * (u - place(j, omega)) ** 2), (u, -1, 1)) / 2, (j, 1, J)
)
inverse = sp.Integral(sp.exp(t * y) * transform / t, (t, c - sp.I * sp.oo, c + sp.I * sp.oo)) / (2 * sp.pi * sp.I)
exponent, saddle = sp.Function("K")(t, omega), sp.Function("v")(t, omega)
stirling = 1 / (1 + 1 / (12 * saddle))
chance = stirling * sp.exp(exponent) / sp.sqrt(2 * sp.pi * saddle)

LEADING = sp.exp(-2 * kappa ** (1 / (1 + alpha)) * ((1 + alpha) / alpha * sp.log(n)) ** (alpha / (1 + alpha)))
BOX = {"alpha": 1.0, "kappa": 0.5, "J": 16}

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="mean squared distance to the nearest / S_0^2",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2602.01863",
        "the noise-free case of a surrogate of its rate",
        "reconstructed",
        title="Transformers as Measure-Theoretic Associative Memory: A Statistical Perspective",
        authors="Kawata, Ryotaro and Suzuki, Taiji",
        year="2026",
        note="the paper was not read; the box, the estimator and the approximation are ours",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    sp.Integral((1 - inverse) ** n, (y, 0, sp.oo), (omega, 0, 1)),
                    "mean of a positive number by the chance to exceed y: none of n keys is nearer to the query with "
                    "coordinates s_j z_j(omega), z_j independent and uniform on [-1, 1]; the chance of one key from "
                    "the transform of its squared distance",
                ),
                Cites(
                    sp.Integral((1 - chance) ** n * saddle / t, (t, 0, sp.oo), (omega, 0, 1)),
                    SADDLE_POINT,
                    "K = t y + ln(transform) is stationary less ln t at the t that stands for y; v is its second "
                    "derivative in ln t there, and v/t is -dy/dt",
                ),
                Equals(
                    ROOT,
                    "the trapezoid rule in ln t, of step 1/4, and 121 places of the query of which any two coordinates "
                    "go through 11 levels each, in all pairs",
                ),
            ),
            value=_value,
            enclosure=_enclosure,
            accuracy=LooserAccuracy(1e-9, "a chance is raised to the power n, and sums end where they have settled"),
        ),
    ),
    claim=Equal(),
    delta=0.05,
    delta_reason="an approximation: it was seen to be 0 to 1 % off with four axes or more, 2 % with two and 3 % "
    "with one, as the places of the query miss what happens near the faces of the box",
    regime="n of 30 or more, in any number of dimensions up to 16",
    grid=Grid(
        across="n",
        series=(BOX, {**BOX, "kappa": 1.0}),
        values=(100, 1000, 10_000),
        logx=True,
        extra=({"alpha": 2.0, "kappa": 0.15, "J": 8, "n": 1000}, {"alpha": 1.0, "kappa": 0.5, "J": 2, "n": 300}),
    ),
    sabotages={
        "the leading exponential alone": LEADING,
        "keys spaced evenly along the first axis": 2 * sp.exp(-2 * kappa) / n**2,
        "all axes as long as the first": sp.exp(-2 * kappa) * n ** (-2 / J),
        "the distance, not its square": sp.sqrt(ROOT),
    },
)
