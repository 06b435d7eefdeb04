"""The mean logarithm of a sum of weights of scores on a sphere, for numbers of weights far beyond any computer.

As in :mod:`attnlaws.theory.laplace`, but a weight is w = exp(b x) with x the cosine of two random directions in d
dimensions: E ln W is the integral over s = ln t of exp(-t) - psi^m, psi(t) = E exp(-t w). With x = tanh(v) the density
of v is proportional to sech(v)^(d - 1), and the trapezoid rule converges geometrically in v and in s.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

STEP = 0.3
"""Of the rule in s, and of b x between two nodes: analytic in a strip of half-width pi/2, errors near exp(-27)."""
NEGLIGIBLE = 42.0
"""What is smaller by exp(-42) is left out."""


LINEAR, ONE = -36.0, 5.0
"""Below the first of these exponents 1 - exp(-e^v) is e^v, above the second it is 1."""


class _Directions:
    """The rule in v for one dimension and steepness, with the sums that stand for its two ends."""

    def __init__(self, d: int, b: float, log_m: float) -> None:
        from scipy import special

        reach = np.log(2.0) + (NEGLIGIBLE + 3.0 + log_m) / (d - 1)
        step = min(STEP / b, 0.05 / np.sqrt(d))
        v = np.linspace(-reach, reach, int(np.ceil(2 * reach / step)) | 1)
        logs = -(d - 1) * np.logaddexp(v, -v)
        self.y = b * np.tanh(v)
        self.logs = logs - special.logsumexp(logs)
        self.below = np.append(-np.inf, np.logaddexp.accumulate(self.logs + self.y))
        self.above = np.append(np.logaddexp.accumulate(self.logs[::-1])[::-1], -np.inf)

    def log_complement(self, s: float) -> float:
        """The logarithm of E[1 - exp(-t w)]."""
        first, last = np.searchsorted(self.y, (LINEAR - s, ONE - s))
        between = self.logs[first:last] + np.log(-np.expm1(-np.exp(s + self.y[first:last])))
        ends = np.logaddexp(self.below[first] + s, self.above[last])
        return float(np.logaddexp(np.logaddexp.reduce(between, initial=-np.inf), ends))


def log_sum(log_m: float, b: float, d: int) -> float:
    """E ln W for the sum W of m weights exp(b x), x the cosine of random directions in d dimensions.

    Args:
        log_m: natural logarithm of the number of weights, at least 0.
        b: how steep weights are, positive.
        d: dimension, at least 2.

    Example:
        >>> bool(abs(log_sum(0.0, 3.0, 5)) < 1e-9)
        True
    """
    from scipy import special

    rule = _directions(d, b, float(np.ceil(log_m)))
    often = np.flatnonzero(rule.above + log_m > np.log(3 * NEGLIGIBLE))
    low, high = -NEGLIGIBLE - log_m - rule.below[-1], ONE - (rule.y[often[-1]] if often.size else -b)
    s = low + STEP * np.arange(int(np.ceil((high - low) / STEP)) + 1)
    log_lost = np.array([rule.log_complement(at) for at in s])
    power = np.exp(-np.exp(np.minimum(log_m + _log_minus_log1m(log_lost), 7.0)))
    # As in attnlaws.theory.laplace: a smooth step in the place of exp(-t), whose integral is known.
    middle, width = (s[0] + s[-1]) / 2, (s[-1] - s[0]) / 18
    return float(STEP * np.sum(special.ndtr((middle - s) / width) - power) - middle - np.euler_gamma)


_directions = lru_cache(maxsize=64)(_Directions)


def _log_minus_log1m(log_x: np.ndarray) -> np.ndarray:
    """The logarithm of -ln(1 - x), for x up to 1 - 2^-53."""
    x = np.exp(np.clip(log_x, LINEAR, -(2.0**-53)))
    return np.where(log_x < LINEAR, log_x, np.log(-np.log1p(-x)))
