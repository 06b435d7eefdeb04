"""With Gaussian scores the gap bound certifies a loss of eps at 1 - eps of the keys at best, whatever their spread.

The scores are independent and normal with mean mu, which cancels, and variance sigma^2. A bound on the tail mass of the
k largest certifies a loss of eps where it is at most eps; the law is the limit, for many keys, of the smallest k/n at
which it does so. Between neighbors in the bulk the gaps are of order 1/n, so what is left of ``topk.gap_bound`` is the
number of keys dropped over all of them: sigma does not matter. ``topk.head_bound`` sees how heavy the kept keys are,
and needs less; the tail mass itself needs least (``topk.k_eps``).

Outputs: ``head``, the fraction Phi(-t) for the head bound, with t the root of
Phi(t) exp(sigma t - sigma^2/2) = eps/(1 - eps) Phi(sigma - t); ``gap``, that for the gap bound, 1 - eps. The first
correction for finite n is that of the head bound. For the gap bound the difference from n (1 - eps) is of the order of
one key: the first of about sigma eps (1 - eps)/phi(Phi^-1(eps)) gaps that happens to be wide enough. That a gap among
the few largest scores certifies is left aside; its probability falls with n, but slowly where sigma is above 5 or so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.balls import exact, newton
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_density
from attnlaws.theory.enclose import enclose
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.lorenz import DELTA_METHOD, L_STATISTICS
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Equals, Solves, Using
from attnlaws.theory.vocabulary import Phi, Phi_inverse, log_Phi

PARAMETERS = (
    Parameter("eps", "share of the softmax mass that a bound certifies to be lost at most", real(above=0, below=1)),
    Parameter("sigma", "standard deviation of the scores", real(above=0, maximum=35)),
    Parameter("n", "number of keys", integer(2, 10**12), role="simulation"),
)
eps, sigma, n = (parameter.symbol for parameter in PARAMETERS)
x, fraction = sp.Symbol("x", real=True), sp.Symbol("f", positive=True)
cut = -Phi_inverse(fraction)


def _weight(bound: Any, power: int = 1) -> sp.Integral:
    """The weight per key of the scores above a bound, relative to the weight at the bound; or of a power of it."""
    return sp.Integral(sp.exp(power * sigma * (x - bound)) * gaussian_density(x), (x, bound, sp.oo))


def _closed(bound: Any, power: int = 1) -> sp.Expr:
    """The same after completing the square."""
    return sp.exp(power**2 * sigma**2 / 2 - power * sigma * bound) * Phi(power * sigma - bound)


def threshold(eps: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """The score t, in standard deviations, at which the head bound is eps: bisection, then Newton's method.

    Example:
        >>> from scipy.special import ndtr
        >>> round(float(ndtr(-threshold(np.array(0.1), np.array(2.0)))), 4)
        0.4332
    """
    from scipy import special

    def excess(t: np.ndarray) -> np.ndarray:
        return special.log_ndtr(t) + sigma * t - sigma**2 / 2 - special.log_ndtr(sigma - t) - special.logit(eps)

    low, high = np.full(np.shape(excess(sigma)), -60.0), np.full(np.shape(excess(sigma)), 60.0)
    for _ in range(60):
        middle = (low + high) / 2
        below = excess(middle) < 0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    t = (low + high) / 2
    for _ in range(2):
        t = t - excess(t) / (_ratio(t) + sigma + _ratio(sigma - t))
    return t


def _ratio(t: np.ndarray) -> np.ndarray:
    """The normal density over the distribution function."""
    from scipy import special

    return np.exp(-(t**2) / 2 - special.log_ndtr(t)) / np.sqrt(2 * np.pi)


def _fraction(eps: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    from scipy import special

    return special.ndtr(-threshold(eps, sigma))


def _enclosure(*, digits: int, eps: Any, sigma: Any) -> Any:
    """An Arb ball around the fraction, by an interval Newton step for t."""
    from flint import arb, ctx

    guess = float(threshold(np.asarray(float(eps)), np.asarray(float(sigma))))
    with ctx.workprec(int(3.33 * digits) + 160):
        spread, share = exact(sigma), exact(eps)
        level = (share / (1 - share)).log() + spread**2 / 2

        def log_cdf(t: Any) -> Any:
            return enclose(log_Phi(x), {x: t}, digits + 20)

        def slope(t: Any) -> Any:
            return (-t * t / 2 - log_cdf(t)).exp() / (2 * arb.pi()).sqrt()

        root = newton(
            lambda t: log_cdf(t) + spread * t - log_cdf(spread - t) - level,
            lambda t: slope(t) + spread + slope(spread - t),
            guess,
        )
        return log_cdf(-root).exp()


def _head() -> Derivation:
    dropped = sp.Integral(gaussian_density(x), (x, -sp.oo, cut))
    bound = dropped / (_weight(cut) + dropped)
    return Derivation(
        (
            Definition(
                bound,
                "all keys below the upper quantile of a fraction f, as heavy as a key at it, over that and the weight "
                "above it (mu cancels)",
            ),
            Cites(
                bound,
                L_STATISTICS,
                "the weight of the head, and that of rank k + 1, tend to these almost surely and for every f; the "
                "bound falls with k in every row, so the fraction at which it reaches eps tends to where this is eps",
            ),
            Equals(
                Phi(cut) / (_closed(cut) + Phi(cut)),
                "complete the square",
                by=Using((_weight(cut), _closed(cut)), (dropped, Phi(cut))),
            ),
            Solves(fraction, eps, ROOT, "one root, since the bound falls with the fraction; found numerically"),
        ),
        value=_fraction,
        enclosure=_enclosure,
        accuracy=LooserAccuracy(1e-11, "a root t of up to 40 in size, known to 1e-14, and the normal tail beyond it"),
        output="head",
    )


def _gap() -> Derivation:
    lost = sp.Integral(gaussian_density(x), (x, -sp.oo, cut))
    whole = sp.Integral(gaussian_density(x), (x, -sp.oo, sp.oo))
    return Derivation(
        (
            Definition(
                lost / whole,
                "both scores at the cut tend to the upper quantile of a fraction f, and their difference to 0: what "
                "is left of the bound is the share of the keys below",
            ),
            Cites(
                lost / whole,
                L_STATISTICS,
                "order statistics of the bulk tend to quantiles, uniformly in f between any two fractions inside "
                "(0, 1), so no fraction that is lower certifies eps in the limit",
            ),
            Equals(1 - fraction, "the quantile is the inverse of the distribution function"),
            Solves(fraction, eps, 1 - eps, "linear in f"),
        ),
        output="gap",
    )


def _bias(head: Any, head2: Any, t: Any) -> Any:
    """The bias of the fraction times n, at threshold t, in units of the weight there.

    Args:
        head: weight per key of the scores above t.
        head2: the same of its square.
        t: the threshold.
    """
    kept, lost, density = Phi(-t), Phi(t), gaussian_density(t)
    odds = lost / head
    slope = -sigma / density  # of the weight in the fraction
    curvature = sigma * (sigma + t) / density**2
    drift = odds - lost * slope  # minus the derivative of the difference, but for the weight that changes sides
    drift_slope = (1 + odds) * slope - lost * curvature
    fall = 1 + drift
    bend = lost * curvature - (2 + odds) * slope
    mean = lost**2 * slope + curvature * kept * lost**2 / 2 - odds * slope * kept * lost / 2
    variance = drift**2 * kept * lost - 2 * drift * odds * lost * head + odds**2 * (head2 - head**2)
    growth = (
        2 * drift * drift_slope * kept * lost
        + drift**2 * (lost - kept)
        - 2 * odds * (drift_slope * lost * head - drift * head + drift * lost)
        + odds**2 * (1 - 2 * head)
    )
    return sp.Rational(1, 2) + mean / fall + bend * variance / (2 * fall**3) + growth / (2 * fall**2)


def _correction() -> Derivation:
    t = ROOT
    integrals = [(_weight(t, power), _closed(t, power)) for power in (1, 2)]
    start = done = _bias(integrals[0][0], integrals[1][0], t) / n
    for integral, closed in integrals:
        done = done.subs(integral, closed)
    return Derivation(
        (
            Definition(
                start,
                "the mean number of k at which D_k = (n - k) w_(k+1) - odds H_k is positive, since D falls with k: a "
                "sum over k of probabilities, half a term more than its integral. D/n is normal to the order needed; "
                "what adds to the root is its mean of order 1/n, the bend of its limit and the growth of its "
                "variance. The weight at rank k + 1 sees a Beta(k + 1, n - k) variable, the head's sum a Beta(k, n - "
                "k) one",
            ),
            Cites(start, DELTA_METHOD, "all moments of the weights exist, so the remainder is o(1/n)"),
            Equals(
                done,
                "complete the square in both integrals",
                by=Using(*integrals),
            ),
        ),
        value=lambda eps, sigma, **_: threshold(eps, sigma),
        enclosure=lambda **_: None,
    )


LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="smallest fraction of the keys at which a bound certifies eps",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "Theorem 4.5 in the Gaussian score model of section 6",
        "reconstructed",
        note="the bound was read in a transcription by others; how many keys it takes under Gaussian scores, the root "
        "for the head bound and its first correction are derived here",
        year="2025",
    ),
    derivations=(_head(), _gap()),
    claim=Equal(along="n", correction=_correction()),
    regime="many keys, n well above exp(2 sigma^2), so that no single weight dominates the head",
    grid=Grid(
        across="sigma",
        series=({"eps": 0.1},),
        values=(1.0, 1.25, 1.5),
        extra=({"eps": 0.01, "sigma": 1.5},),
    ),
    sabotages={
        "the head bound needs no more than the tail mass": {"head": Phi(-sigma - Phi_inverse(eps))},
        "the head bound is no better than that of the gap": {"head": 1 - eps},
        "the gap bound sees the spread": {"gap": Phi(-sigma - Phi_inverse(eps))},
        "the gap bound certifies at the share that is lost": {"gap": eps},
    },
)
