"""Keeping the kappa n largest of n softmax weights with Gaussian scores loses Phi(-Phi^-1(kappa) - sigma) of the mass.

The scores are independent and normal with mean mu and variance sigma^2, the weights are proportional to exp(score),
and the tail mass is the probability outside the ceil(kappa n) largest. The mean mu cancels. The law is the limit of
many scores; the first correction for finite n comes from the delta method for the ratio of two sums.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.densities import gaussian_density, gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.lorenz import DELTA_METHOD, L_STATISTICS
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import Cites, Definition, Derivation, Equals
from attnlaws.theory.vocabulary import Phi, Phi_inverse

PARAMETERS = (
    Parameter("kappa", "fraction of the keys that is kept", real(above=0, below=1)),
    Parameter("sigma", "standard deviation of the scores", real(above=0, maximum=35)),
    Parameter("n", "number of keys", integer(2, 10**12), role="simulation"),
)
kappa, sigma, n = (parameter.symbol for parameter in PARAMETERS)
x, u = sp.Symbol("x", real=True), sp.Symbol("u", positive=True)

threshold = -Phi_inverse(kappa)
lost = Phi(threshold - sigma)
weight = sp.exp(sigma * x)


def mass_below(bound: sp.Expr) -> sp.Integral:
    """The weight per key carried by the scores below a bound (in standard deviations)."""
    return sp.Integral(weight * gaussian_density(x), (x, -sp.oo, bound))


def _limit() -> tuple[Definition, Cites, Equals]:
    share = mass_below(threshold) / gaussian_mean(weight, x)
    return (
        Definition(share, "share of the whole weight that lies below the upper kappa quantile (mu cancels)"),
        Cites(
            share,
            L_STATISTICS,
            "the weight lost and the whole weight of n keys, divided by n, tend to these integrals almost surely; "
            "their ratio lies in [0, 1], so its mean tends to the same share",
        ),
        Equals(lost, "complete the square in both integrals: exp(sigma^2/2) Phi(t - sigma) over exp(sigma^2/2)"),
    )


def _correction() -> Derivation:
    def capped(factor: sp.Expr) -> sp.Expr:
        """The mean of factor(X) min(w(X), w_t)."""
        kept = sp.Integral(factor * gaussian_density(x), (x, threshold, sp.oo))
        return sp.Integral(factor * weight * gaussian_density(x), (x, -sp.oo, threshold)) + w_t * kept

    w_t = sp.exp(sigma * threshold)
    mean = gaussian_mean(weight, x)
    share = mass_below(threshold) / mean
    curvature = sp.Subs(sp.Derivative(mass_below(-Phi_inverse(u)), (u, 2)), u, kappa)
    covariance = capped(weight) - mean * capped(sp.S.One)
    variance = gaussian_mean(weight**2, x) - mean**2
    bias = curvature * kappa * (1 - kappa) / (2 * mean) - covariance / mean**2 + share * variance / mean**2
    relative = sp.exp(sigma * threshold - sigma**2 / 2)
    steepness = sigma * kappa * (1 - kappa) / (2 * gaussian_density(threshold))
    spread = sp.exp(sigma**2) * (lost - Phi(threshold - 2 * sigma))
    return Derivation(
        (
            Definition(
                bias / n,
                "second order of E[T/Z] in the fluctuations of T/n and Z/n: the bias of T (the kept fraction seen from "
                "one key is Beta(k, n - k), variance kappa (1 - kappa)/(n + 1)), the covariance of T and Z (influence "
                "function min(w, w_t) of T) and the variance of Z",
            ),
            Cites(bias / n, DELTA_METHOD, "all moments of w exist, so the remainder is o(1/n)"),
            Equals(
                (relative * (steepness - 1 + lost + kappa) + spread) / n,
                "Gaussian integrals; Phi(sigma - t) = 1 - Phi(t - sigma)",
            ),
        ),
    )


LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="tail mass (probability lost)",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "section 6 (Gaussian score model)",
        "secondary",
        note="the asymptotic tail mass of the Gaussian score model, derived here; the first correction is ours",
        year="2025",
    ),
    steps=_limit(),
    claim=Equal(along="n", correction=_correction()),
    regime="many keys: n well above exp(2 sigma^2), so that no single weight dominates",
    grid=Grid(
        across="sigma",
        series=({"kappa": 0.02}, {"kappa": 0.1}, {"kappa": 0.5}),
        values=(0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0),
        ladder={
            "point": {"kappa": 0.1, "sigma": 1.0},
            "along": "n",
            "values": (64, 128, 256, 512, 1024, 2048, 4096),
        },
    ),
    sabotages={
        "the shift has the wrong sign": Phi(threshold + sigma),
        "half the shift": Phi(threshold - sigma / 2),
        "the mass kept instead of the mass lost": Phi(sigma - threshold),
        "no softmax: every key weighs the same": 1 - kappa,
    },
)
