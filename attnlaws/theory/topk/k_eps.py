"""Losing at most a share eps of n softmax weights with Gaussian scores takes Phi(-sigma - Phi^-1(eps)) n of the keys.

The scores are independent and normal with mean mu and variance sigma^2, the weights are proportional to exp(score), and
k_eps is the smallest number of keys, taken from the largest weight down, whose weights are all of the sum but a part of
at most eps. The mean mu cancels. The law is the limit of k_eps/n for many scores, with its first correction for finite
n. The map from eps to the fraction is that of ``topk.tail_mass`` from the fraction to the tail mass: it is its own
inverse.

The output ``log`` is the natural logarithm, for fractions below the range of float64.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_density, gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.lorenz import DELTA_METHOD, L_STATISTICS
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import Cites, Definition, Derivation, Equals, Solves, Using
from attnlaws.theory.vocabulary import Phi, Phi_inverse, log_Phi

PARAMETERS = (
    Parameter("eps", "share of the softmax mass that may be lost", real(above=0, below=1)),
    Parameter("sigma", "standard deviation of the scores", real(above=0, maximum=35)),
    Parameter("n", "number of keys", integer(2, 10**12), role="simulation"),
)
eps, sigma, n = (parameter.symbol for parameter in PARAMETERS)
x, fraction = sp.Symbol("x", real=True), sp.Symbol("f", positive=True)

quantile = Phi_inverse(eps)
threshold = sigma + quantile
kept = Phi(-threshold)
weight = sp.exp(sigma * x)


def _mass_below(bound: sp.Expr) -> sp.Integral:
    """The weight per key carried by the scores below a bound (in standard deviations)."""
    return sp.Integral(weight * gaussian_density(x), (x, -sp.oo, bound))


def _limit() -> tuple[Definition, Cites, Equals, Solves]:
    share = _mass_below(-Phi_inverse(fraction)) / gaussian_mean(weight, x)
    return (
        Definition(share, "share of the whole weight that lies below the upper quantile of a fraction f (mu cancels)"),
        Cites(
            share,
            L_STATISTICS,
            "the share that f n keys lose tends to this, almost surely and for every f; both decrease in f, so the "
            "fraction at which eps is lost tends to where this is eps; it lies in [0, 1], so its mean does too",
        ),
        Equals(
            Phi(-Phi_inverse(fraction) - sigma),
            "complete the square in both integrals: exp(sigma^2/2) Phi(t - sigma) over exp(sigma^2/2)",
        ),
        Solves(fraction, eps, kept, "the fraction that loses eps"),
    )


def _logarithm() -> Derivation:
    return Derivation(
        (
            Definition(
                sp.log(sp.Integral(gaussian_density(x), (x, threshold, sp.oo))),
                "logarithm of the share of the keys above the level below which the share eps of the weight lies",
            ),
            Equals(log_Phi(-threshold), "the normal distribution is symmetric"),
        ),
        accuracy=LooserAccuracy(
            5e-12, "where nearly all keys are kept, the quantile's rounding is multiplied by its square, up to 1330"
        ),
        output="log",
    )


def _correction() -> Derivation:
    def on(low: sp.Expr, high: sp.Expr, power: int) -> sp.Integral:
        """The integral of a power of r = w/w_t from low to high."""
        return sp.Integral(sp.exp(power * sigma * (x - threshold)) * gaussian_density(x), (x, low, high))

    below, above, whole = (-sp.oo, threshold), (threshold, sp.oo), (-sp.oo, sp.oo)
    mean = on(*below, 1) + on(*above, 0) - eps * on(*whole, 1)
    mean_square = (on(*below, 2) + on(*above, 0)) - 2 * eps * (on(*below, 2) + on(*above, 1)) + eps**2 * on(*whole, 2)
    covariance = on(*above, 0) - eps * on(*above, 1) - on(*above, 0) * mean
    variance = mean_square - mean**2
    curvature = sp.Subs(sp.Derivative(_mass_below(-Phi_inverse(fraction)), (fraction, 2)), fraction, kept)
    steepness = curvature / sp.exp(sigma * threshold)
    bias = sp.Rational(1, 2) + steepness * (kept * (1 - kept) / 2 - covariance + variance / 2)
    drift, square = sp.exp(-sigma * quantile - sigma**2 / 2), sp.exp(-2 * sigma * quantile)
    integrals = (
        (on(*below, 2), square * Phi(quantile - sigma)),
        (on(*below, 1), drift * eps),
        (on(*above, 1), drift * (1 - eps)),
        (on(*above, 0), kept),
        (on(*whole, 2), square),
        (on(*whole, 1), drift),
        (curvature, sigma * sp.exp(sigma * threshold) / gaussian_density(threshold)),
    )
    nearest = (1 - eps) ** 2 * Phi(quantile - sigma) + eps**2 * Phi(sigma - quantile)
    return Derivation(
        (
            Definition(
                bias / n,
                "second order of the root k of T_k - eps Z = 0 in the fluctuations of its left side and of the weight "
                "at rank k. In units of that weight, the left side has the influence function g = min(r, 1) - eps r, "
                "r = w/w_t; it is biased because the kept fraction seen from one key is Beta(k, n - k); the weight at "
                "the rank varies with the number of scores above t; the variance of g comes with half the slope of "
                "the weights. A whole number of keys is half a key more in the mean",
            ),
            Cites(bias / n, DELTA_METHOD, "all moments of w exist, so the remainder is o(1/n)"),
            Equals(
                (1 + sigma * sp.sqrt(2 * sp.pi) * sp.exp((sigma - quantile) ** 2 / 2) * nearest) / (2 * n),
                "seven Gaussian integrals; all that is not a variance of r cancels",
                by=Using(*integrals),
            ),
        ),
    )


LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="fraction of the keys kept, k_eps/n",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "Theorem 6.4 (Gaussian score model)",
        "secondary",
        note="the rule for k_eps/n was read in a transcription by others; it is derived here, and the first "
        "correction and its closed form are ours",
        year="2025",
    ),
    derivations=(Derivation(_limit()), _logarithm()),
    claim=Equal(along="n", correction=_correction()),
    regime="many keys: n well above exp(2 sigma^2), so that no single weight dominates, and many keys lost",
    grid=Grid(
        across="sigma",
        series=({"eps": 0.01}, {"eps": 0.1}, {"eps": 0.3}),
        values=(0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75),
        ladder={
            "point": {"eps": 0.1, "sigma": 1.0},
            "along": "n",
            "values": (32, 64, 128, 256, 512, 1024, 2048),
        },
    ),
    sabotages={
        "the shift has the wrong sign": Phi(sigma - quantile),
        "half the shift": Phi(-sigma / 2 - quantile),
        "the fraction kept and the mass kept are the same": 1 - eps,
        "the share kept instead of the share lost": Phi(quantile - sigma),
    },
)
