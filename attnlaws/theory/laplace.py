"""Sums of weights with lognormal law, through the Laplace transform of one weight.

Let w = exp(a g) for a standard normal g and psi(t) = E exp(-t w). A sum W of n independent weights has the Laplace
transform psi(t)^n, so that means of functions of W and of single weights are one-dimensional integrals over t:

    E ln W        = integral over t > 0 of (exp(-t) - psi^n) / t,
    E sum (w/W)^2 = n times the integral of t psi^(n-1) E[w^2 exp(-t w)],

and likewise where the sum contains one weight that is fixed. With t = exp(s) the integrands are smooth in s and decay
at both ends, and so are in g the means that they contain: the trapezoid rule converges geometrically in both. Powers
are taken as exp(n log1p(psi - 1)), so that n may be 10^12.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

STEP = 0.3
"""Of the rule in s, and in the logarithm of a weight: analytic in a strip of half-width pi/2, errors near exp(-27)."""
FINEST = 0.4
"""Largest step in g, where weights hardly vary."""
WIDE = 12.0
"""Spread of the logarithm of a weight above which integrands are smooth on its scale, not only on that of 1."""
REACH = 9.5
"""Standard deviations around the peak of an integrand at which a normal density has left exp(-45)."""
NEGLIGIBLE = 42.0
"""What is smaller by exp(-42) is left out."""


@dataclass(frozen=True)
class Lattice:
    """Equidistant values of s = ln t.

    Attributes:
        start: the first.
        step: their distance.
        count: how many there are.
    """

    start: float
    step: float
    count: int

    @classmethod
    def between(cls, low: float, high: float, step: float = STEP) -> Lattice:
        """A lattice that covers an interval."""
        return cls(low, step, int(np.ceil((high - low) / step)) + 1)

    @property
    def s(self) -> np.ndarray:
        """The values, float64."""
        return self.start + self.step * np.arange(self.count)

    def shifted(self, by: float) -> Lattice:
        """The same lattice elsewhere."""
        return Lattice(self.start + by, self.step, self.count)


def _means(
    kernel: Callable[[np.ndarray], np.ndarray], at: Lattice, a: float, center: float, low: float, high: float
) -> np.ndarray:
    """The mean of kernel(s + a g) for g normal around ``center``, by the rule over g in [low, high], for every s."""
    # Where s + a g stays on one lattice, the kernel is evaluated once at each of its points.
    part = int(np.ceil(at.step / STEP - 1e-9))
    step = at.step / part / a if a * FINEST > STEP else FINEST
    first, last = int(np.floor(low / step)), int(np.ceil(high / step))
    g = step * np.arange(first, last + 1)
    weight = np.exp(-((g - center) ** 2) / 2) * step / np.sqrt(2 * np.pi)
    if a * FINEST <= STEP:
        return kernel(at.s[:, None] + a * g) @ weight
    points = at.start + at.step / part * np.arange(first, last + part * (at.count - 1) + 1)
    return np.lib.stride_tricks.sliding_window_view(kernel(points), g.size)[::part] @ weight


def complement(at: Lattice, a: float) -> np.ndarray:
    """E[1 - exp(-t w)], with full relative accuracy where it is small.

    Args:
        at: values of ln t.
        a: standard deviation of the logarithm of a weight, positive.

    Example:
        >>> bool(abs(complement(Lattice(0.0, 1.0, 1), 1e-9)[0] + np.expm1(-1)) < 1e-12)
        True
    """
    # The integrand's peak lies at g <= a, and not far beyond the g at which t w passes 1.
    peak = min(a, max(0.0, (2.0 - at.start) / a))
    lost = _means(lambda v: -np.expm1(-np.exp(np.minimum(v, 700.0))), at, a, 0.0, -REACH, peak + REACH)
    return np.minimum(lost, 1 - 2**-53)


def moment(k: int, at: Lattice, a: float) -> np.ndarray:
    """The logarithm of E[(t w)^k exp(-t w)].

    Args:
        k: 1 or 2.
        at: values of ln t.
        a: standard deviation of the logarithm of a weight, positive.

    Example:
        >>> bool(abs(moment(2, Lattice(0.0, 1.0, 1), 1e-9)[0] + 1) < 1e-12)
        True
    """
    s = at.s
    low, high = (a * (k - _slope(k, end, a)) for end in (s[-1], s[0]))
    # Normal variables are centered where the integrand is largest in g and s, the latter at most ln k; the density
    # exp(-g^2/2) over theirs is exp(-tilt a g) but for a factor, and goes into the kernel.
    slope = _slope(k, min(float(s[-1]), float(np.log(k))), a)
    tilt = k - slope
    top = slope * (np.log(slope) - 1) if slope > 0 else 0.0

    def kernel(v: np.ndarray) -> np.ndarray:
        v = np.minimum(v, 700.0)
        return np.exp(slope * v - np.exp(v) - top)

    values = _means(kernel, at, a, a * tilt, low - REACH, high + REACH)
    with np.errstate(divide="ignore"):
        return np.log(values) + top + tilt * s + (a * tilt) ** 2 / 2


def _slope(k: int, s: float, a: float) -> float:
    """e^v where k v - e^v - g^2/2 is largest, v = s + a g: there v + a^2 e^v = s + k a^2, and g = a (k - e^v)."""
    from scipy import special

    total = s + k * a * a
    omega = float(special.wrightomega(total + 2 * np.log(a)))  # = a^2 e^v
    return float(np.exp(total - omega if omega < 1 else np.log(omega) - 2 * np.log(a)))


def _window(n: float, a: float) -> Lattice:
    """The s over which the transform of n weights falls from 1 to 0, up to what is negligible."""
    from scipy import special

    # Below: n E[1 - exp(-t w)] is at most n exp(q s + (q a)^2/2) for every q up to 1. Above: exp(-t w) is negligible
    # unless w is below exp(a g) for a g that all n exceed but for a negligible chance.
    log_n = np.log(n) + NEGLIGIBLE
    power = min(1.0, np.sqrt(2 * log_n) / a)
    low = -log_n / power - power * a * a / 2
    rarity = NEGLIGIBLE / n
    rarest = -special.ndtri(np.exp(-rarity)) if rarity > 1 else special.ndtri(-np.expm1(-rarity))
    high = 5.0 + max(0.0, a * rarest)
    return Lattice.between(float(low), float(high), STEP * max(1, int(a / WIDE)))


@lru_cache(maxsize=4096)
def log_sum(n: float, a: float) -> float:
    """E ln W for the sum W of n weights exp(a g).

    Args:
        n: number of weights, from 1 to 10^12.
        a: standard deviation of the logarithm of a weight, positive.

    Example:
        >>> bool(abs(log_sum(1.0, 2.0)) < 1e-9)
        True
    """
    from scipy import special

    at = _window(n, a)
    s = at.s
    # The integral of exp(-e^s) less a step at m is -m - Euler's constant; a smooth step that is far wider than the
    # rule's does as well, and does not ask for steps that resolve exp(-e^s).
    middle, width = (s[0] + s[-1]) / 2, (s[-1] - s[0]) / 18
    fall = special.ndtr((middle - s) / width) - np.exp(n * np.log1p(-complement(at, a)))
    return float(at.step * np.sum(fall) - middle - np.euler_gamma)


@lru_cache(maxsize=4096)
def participation(n: float, a: float) -> float:
    """E sum (w/W)^2 for n weights w = exp(a g) with sum W.

    Args:
        n: number of weights, from 1 to 10^12.
        a: standard deviation of the logarithm of a weight, positive.

    Example:
        >>> bool(abs(participation(1.0, 2.0) - 1) < 1e-9)
        True
    """
    at = _window(n, a)
    exponent = moment(2, at, a) + (n - 1) * np.log1p(-complement(at, a))
    return float(n * at.step * np.sum(np.exp(exponent)))


@lru_cache(maxsize=4096)
def share_of_one(n: float, a: float, b: float) -> float:
    """E 1/(1 + W) for the sum W of n weights exp(a g - b), with b >= a^2/2, so that the mean weight is at most 1.

    Args:
        n: number of weights, from 1 to 10^12.
        a: standard deviation of the logarithm of a weight, positive.
        b: how far its mean is below 0.

    Example:
        >>> bool(abs(share_of_one(3.0, 1e-9, 0.0) - 0.25) < 1e-9)
        True
    """
    at = Lattice.between(-np.log(n + 1) - NEGLIGIBLE, 5.0)  # the share is at least 1/(n + 1)
    exponent = at.s - np.exp(at.s) + n * np.log1p(-complement(at.shifted(-b), a))
    return float(at.step * np.sum(np.exp(exponent)))


@lru_cache(maxsize=4096)
def log_square_error(n: float, a: float, b: float) -> float:
    """The logarithm of E (W^2 + sum w^2)/(1 + W)^2 for n weights w = exp(a g - b) with sum W, b >= a^2/2.

    Args:
        n: number of weights, from 1 to 10^12.
        a: standard deviation of the logarithm of a weight, positive.
        b: how far its mean is below 0.

    Example:
        >>> bool(abs(np.exp(log_square_error(3.0, 1e-4, 1e-8)) - 0.75) < 1e-7)
        True
    """
    from scipy import special

    power = min(2.0, b / (a * a))  # the integrand falls at least as exp(power s)
    at = Lattice.between(-(2 * np.log(n + 1) + NEGLIGIBLE) / power, 5.0)
    weights = at.shifted(-b)
    log_psi = np.log1p(-complement(weights, a))
    terms = [np.log(2 * n) + moment(2, weights, a) + (n - 1) * log_psi]
    if n > 1:
        terms.append(np.log(n * (n - 1)) + 2 * moment(1, weights, a) + (n - 2) * log_psi)
    return float(special.logsumexp(np.concatenate(terms) - np.tile(np.exp(at.s), len(terms))) + np.log(at.step))
