"""Dropping the share eps of a softmax row with Gaussian scores moves the mean of independent values by more than eps.

The scores are independent and normal with variance sigma^2, the values independent of them and of each other, with
mean zero and equal variance. The smallest weights are dropped as long as they add up to at most the share eps of the
sum. The law is the limit, for many keys, of the root mean square distance of the two outputs over the root mean square
output, with its first correction for finite n; the dimension and the scale of the values drop out. Only squares of
weights count, of which fewer are lost than of the weights, but enough: the loss is always more than eps, and for nearly
equal weights it is the root of eps/(1 - eps).
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.cut import hypotenuse
from attnlaws.theory.densities import gaussian_density
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.lorenz import DELTA_METHOD, L_STATISTICS
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import Cites, Definition, Derivation, Equals, Using
from attnlaws.theory.vocabulary import Phi, Phi_inverse, log_Phi

PARAMETERS = (
    Parameter("eps", "share of the softmax mass that is lost", real(above=0, below=1)),
    Parameter("sigma", "standard deviation of the scores", real(above=0, maximum=35)),
    Parameter("n", "number of keys", integer(2, 10**9), role="simulation"),
)
eps, sigma, n = (parameter.symbol for parameter in PARAMETERS)
x = sp.Symbol("x", real=True)

quantile = Phi_inverse(eps)
threshold = sigma + quantile
ratio = eps / (1 - eps)
BELOW, WHOLE = (-sp.oo, threshold), (-sp.oo, sp.oo)


def _moment(power: int, between: tuple[sp.Expr, sp.Expr]) -> sp.Integral:
    """Mean of a power of a weight, relative to the mean weight, over the scores between two levels."""
    weight = sp.exp(sigma * x - sigma**2 / 2)
    return sp.Integral(weight**power * gaussian_density(x), (x, *between))


def _closed(power: int, between: tuple[sp.Expr, sp.Expr]) -> sp.Expr:
    growth = sp.exp(power * (power - 1) * sigma**2 / 2)
    return growth * (Phi(threshold - power * sigma) if between == BELOW else 1)


def _lemma(power: int, between: tuple[sp.Expr, sp.Expr]) -> tuple[sp.Expr, sp.Expr]:
    return _moment(power, between), _closed(power, between)


FORM = hypotenuse(sp.exp(log_Phi(quantile - sigma) / 2), ratio * sp.exp(log_Phi(sigma - quantile) / 2))


def _limit() -> tuple[Definition, Cites, Equals]:
    lost, mass_lost = _moment(2, BELOW), _moment(1, BELOW)
    square, mass = _moment(2, WHOLE), _moment(1, WHOLE)
    share = sp.sqrt((lost + (mass_lost / (mass - mass_lost)) ** 2 * (square - lost)) / square)
    return (
        Definition(
            share,
            "root of the sum of (P - Q)^2 over that of P^2, both times the variance of the values: P is lost below the "
            "level under which the share eps of the weight lies, and above it enlarged by the mass lost over that kept",
        ),
        Cites(share, L_STATISTICS, "the level of n keys tends to that one, and n times either sum to its mean"),
        Equals(
            FORM,
            "complete the square in each integral",
            by=Using(*(_lemma(power, between) for power in (2, 1) for between in (BELOW, WHOLE))),
        ),
    )


def _correction() -> Derivation:
    lost, square, cube = _moment(2, BELOW), _moment(2, WHOLE), _moment(3, WHOLE)
    level = sp.exp(sigma * threshold - sigma**2 / 2)
    whole = (1 - ratio**2) * lost + ratio**2 * square
    covariance = (
        (1 - ratio**2) * (_moment(3, BELOW) - level * (lost - eps * square)) + ratio**2 * cube - whole
    ) - whole / square * (cube - square)
    variance = (1 - 2 * eps) * lost + eps**2 * square
    curvature = sigma * variance / (2 * gaussian_density(threshold)) - level**2 / 2
    rounding = ratio * level * (square - lost) / (1 - eps) ** 2
    bias = ((1 - ratio**2) * curvature - 2 * covariance - rounding) / square
    lemmas = ((2, BELOW), (3, BELOW), (2, WHOLE), (3, WHOLE))
    closed = bias.subs({_moment(p, b): _closed(p, b) for p, b in lemmas})
    return Derivation(
        (
            Definition(
                bias / (2 * FORM * n),
                "second order in the fluctuations of four means over the keys, weights in units of their mean: of the "
                "weights, of their squares, of both below the level t. With y_t the weight there and G the mean of "
                "y (1[x < t] - eps), the squares lost are those below t, less y_t G, plus sigma G^2/(2 phi(t)), at the "
                "level that loses eps of this row; a whole number of keys loses half a weight y_t less",
            ),
            Cites(bias / (2 * FORM * n), DELTA_METHOD, "all moments of the weights exist, so the remainder is o(1/n)"),
            Equals(
                closed / (2 * FORM * n),
                "four Gaussian integrals",
                by=Using(*(_lemma(p, b) for p, b in lemmas)),
            ),
        ),
    )


LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="root mean square error over root mean square output",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "section 6 (Gaussian score model), carried to the output",
        "reconstructed",
        note="the score model is the paper's; the output error of independent values and its first correction are ours",
        year="2025",
    ),
    derivations=(
        Derivation(
            _limit(),
            accuracy=LooserAccuracy(
                2e-12,
                "a logarithm of down to -1300 is rounded, and so is the quantile, before the exponential is taken",
            ),
        ),
    ),
    claim=Equal(along="n", correction=_correction()),
    regime="n above exp(4 sigma^2), so that no single weight decides the sum of the squares, and many keys lost",
    grid=Grid(
        across="sigma",
        series=({"eps": 0.03}, {"eps": 0.1}, {"eps": 0.3}),
        values=(0.25, 0.5, 0.75),
        ladder={"point": {"eps": 0.1, "sigma": 0.75}, "along": "n", "values": (32, 128, 512)},
    ),
    sabotages={
        "the share lost is the relative error": eps,
        "only what is dropped": sp.exp(log_Phi(quantile - sigma) / 2),
        "only what is enlarged": ratio * sp.exp(log_Phi(sigma - quantile) / 2),
        "the squares are cut where the weights are": hypotenuse(sp.sqrt(eps), ratio * sp.sqrt(1 - eps)),
        "the mean square without its root": FORM**2,
    },
)
