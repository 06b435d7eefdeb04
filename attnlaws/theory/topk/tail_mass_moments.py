"""The tail mass of n softmax weights with Gaussian scores varies by V/n around its mean, which is off its limit by B/n.

The tail mass is the probability outside the kappa n largest weights, and ``topk.tail_mass`` its limit tau = Phi(t -
sigma) for many keys, t = -Phi^-1(kappa). The law is V, the limit of n times its variance: that of its influence
function, the change that one more score makes. The output ``bias`` is B, the limit of n (mean - tau), the correction of
``topk.tail_mass`` times n.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_density
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.lorenz import DELTA_METHOD
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import Cites, Definition, Derivation, Equals, Using
from attnlaws.theory.topk.tail_mass import LAW as TAIL_MASS
from attnlaws.theory.topk.tail_mass import kappa, lost, sigma, threshold
from attnlaws.theory.vocabulary import Phi

PARAMETERS = (
    Parameter("kappa", "fraction of the keys that is kept", real(above=0, below=1)),
    Parameter("sigma", "standard deviation of the scores", real(minimum=0.1, maximum=8)),
    Parameter("n", "number of keys", integer(2, 10**12), role="simulation"),
)
x = sp.Symbol("x", real=True)
relative = sp.exp(sigma * threshold - sigma**2 / 2)
"""The weight at the threshold over the mean weight."""
DIFFERENCE = LooserAccuracy(
    1e-7, "a difference that is smaller than its terms by the square of sigma over the threshold"
)


def _part(low: sp.Expr, high: sp.Expr, power: int) -> sp.Integral:
    """The integral of a power of r = w/M, the weight over the mean weight, from low to high."""
    return sp.Integral(sp.exp(power * (sigma * x - sigma**2 / 2)) * gaussian_density(x), (x, low, high))


def _variance() -> Derivation:
    below, above, whole = (-sp.oo, threshold), (threshold, sp.oo), (-sp.oo, sp.oo)
    mean_square = _part(*below, 2) + relative**2 * _part(*above, 0)
    mean_product = _part(*below, 2) + relative * _part(*above, 1)
    variance = mean_square - 2 * lost * mean_product + lost**2 * _part(*whole, 2) - (relative * _part(*above, 0)) ** 2
    stays = Phi(sigma - threshold)  # 1 - tau
    spread = sp.exp(sigma**2) * (stays**2 * Phi(threshold - 2 * sigma) + lost**2 * Phi(2 * sigma - threshold))
    integrals = (
        (_part(*below, 2), sp.exp(sigma**2) * Phi(threshold - 2 * sigma)),
        (_part(*above, 1), stays),
        (_part(*above, 0), kappa),
        (_part(*whole, 2), sp.exp(sigma**2)),
    )
    return Derivation(
        (
            Definition(
                variance,
                "variance of the influence function min(r, r_t) - tau r of T/Z, r a weight over the mean weight and "
                "r_t that of the threshold t: of the weight T that is lost it is min(r, r_t), of the whole weight Z "
                "it is r, and its mean is r_t times the share of the scores above t",
            ),
            Cites(variance, DELTA_METHOD, "all moments of the weights exist"),
            Equals(
                spread + relative**2 * kappa * (1 - kappa) - 2 * relative * lost * stays,
                "four Gaussian integrals; tau and 1 - tau add up to 1",
                by=Using(*integrals),
            ),
        ),
        accuracy=DIFFERENCE,
    )


def _bias() -> Derivation:
    """The correction of the tail mass, freed of the number of keys."""
    correction = TAIL_MASS.claim.correction  # type: ignore[union-attr]
    assert correction is not None
    n = TAIL_MASS.parameter("n").symbol
    steps = tuple(replace(step, expr=step.expr * n) for step in correction.steps)
    return Derivation(steps, accuracy=DIFFERENCE, output="bias")


LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="n times the variance of the tail mass",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "section 6 (Gaussian score model)",
        "reconstructed",
        note="the paper is known to give the limit; variance and bias at finite n are derived here",
        year="2025",
    ),
    derivations=(_variance(), _bias()),
    claim=Equal(),
    delta=0.05,
    delta_reason="limits, simulated at few hundred keys, where their own corrections, of order 1/n, are below 3 %",
    regime="many keys: n well above exp(4 sigma^2), so that the squares of weights average out too",
    grid=Grid(
        across="sigma",
        series=({"kappa": 0.125, "n": 256}, {"kappa": 0.5, "n": 256}),
        values=(0.2, 0.4, 0.6),
    ),
    sabotages={
        "the sum of all weights is given": sp.exp(sigma**2) * Phi(threshold - 2 * sigma)
        + relative**2 * kappa * (1 - kappa)
        - lost**2
        - 2 * relative * lost * kappa,
        "a binomial number of keys is lost": lost * (1 - lost),
        "the rank's level is given": sp.exp(sigma**2)
        * ((1 - lost) ** 2 * Phi(threshold - 2 * sigma) + lost**2 * Phi(2 * sigma - threshold)),
        "the bias of the sum of weights alone": {
            "bias": sp.exp(sigma**2) * (lost - Phi(threshold - 2 * sigma)),
        },
        "no bias of the weight lost": {
            "bias": relative * (lost + kappa - 1) + sp.exp(sigma**2) * (lost - Phi(threshold - 2 * sigma)),
        },
    },
)
