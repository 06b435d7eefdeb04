"""Means over softmax rows of any length and many laws of the scores, through integrals over 1/Z = int exp(-t Z) dt.

With t = exp(s) integrands are smooth in s and decay at both ends: the trapezoid rule converges geometrically. Given s,
weights are independent, each with the factor exp(-t w), and what is left are integrals over one score, or over the
score of rank k with those below and above it, by the rules of :mod:`attnlaws.theory.score_laws`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from attnlaws.theory.score_laws import REACH, Rule, log_share

STEP = 0.3
"""Of the rule in s: integrands are analytic in a strip of half-width pi/2, errors near exp(-32)."""
DEEP = 34.0
"""An integrand is left out where it is below exp(-34) of its largest value."""


def _over_s(log_integrand: Callable[[np.ndarray], np.ndarray], low: float, high: float) -> float:
    """The logarithm of the integral over s of a function given by its logarithm; rough looks find where it is."""
    from scipy import special

    rough = np.arange(low, high, 1.0)
    seen = log_integrand(rough)
    inside = np.flatnonzero(seen > seen.max() - DEEP)
    s = np.arange(float(rough[inside[0]]) - 1.0, float(rough[inside[-1]]) + 1.0, STEP)
    return float(special.logsumexp(log_integrand(s)) + np.log(STEP))


def _ends(rule: Rule, n: float, sigma: float) -> tuple[float, float]:
    """Below, t Z is negligible whatever is drawn; above, exp(-t w) is, for every weight."""
    return float(-sigma * rule.score[-1] - np.log(n) - REACH / 2), float(-sigma * rule.score[0] + 5.0)


@lru_cache(maxsize=4096)
def participation(scores: str, n: float, sigma: float) -> float:
    """E sum (w/Z)^2 for n weights w = exp(sigma Q) with sum Z.

    Args:
        scores: name of the law of Q.
        n: number of weights, from 2 to 10^6.
        sigma: factor of the scores, positive.

    Example:
        >>> bool(abs(participation("uniform", 4.0, 1e-9) - 0.25) < 1e-9)
        True
    """
    rule = Rule(scores, n, sigma)
    weights, logs = rule.weights * rule.density, sigma * rule.score

    def log_integrand(s: np.ndarray) -> np.ndarray:
        scaled = np.exp(np.minimum(s[:, None] + logs, 300.0))
        faded = np.exp(-scaled)
        lost = np.minimum(-np.expm1(-scaled) @ weights, 1 - 2**-53)
        with np.errstate(divide="ignore"):
            return (n - 1) * np.log1p(-lost) + np.log((scaled**2 * faded) @ weights)

    return float(np.exp(np.log(n) + _over_s(log_integrand, *_ends(rule, n, sigma))))


@lru_cache(maxsize=4096)
def log_tail_mass(scores: str, n: float, k: float, sigma: float) -> float:
    """The logarithm of the mean probability outside the k largest of n weights exp(sigma Q).

    Given the score of rank k, the n - k below it are independent, and so are the k - 1 above.

    Args:
        scores: name of the law of Q.
        n: number of weights, from 2 to 10^6.
        k: how many are kept, from 1 to n - 1.
        sigma: factor of the scores, positive.

    Example:
        >>> bool(abs(np.exp(log_tail_mass("uniform", 4.0, 1.0, 1e-9)) - 0.75) < 1e-8)
        True
    """
    rule = Rule(scores, n, sigma, np.log((n - k + 1) / k), np.sqrt((n + 1) / (k * (n - k + 1))))
    return _over_s(given_rank(rule, n, k, sigma), *_ends(rule, n, sigma))


def given_rank(
    rule: Rule, n: float, k: float, sigma: float, reach: float = REACH
) -> Callable[[np.ndarray], np.ndarray]:
    """The logarithm of the mean tail mass's integrand in s, as a function of an array of s.

    Args:
        rule: quadrature over a score, from its lower end.
        n: number of weights.
        k: how many are kept.
        sigma: factor of the scores.
        reach: scores of rank k are left out where their density is below exp(-reach) of its largest value.
    """
    from scipy import special

    logs, density = sigma * rule.score, rule.density
    rank = (n - k + 1) * log_share(rule.y) + k * log_share(-rule.y)
    near = rank > rank.max() - reach
    start = special.gammaln(n + 1) - special.gammaln(k) - special.gammaln(n - k)
    outside = start + np.log(density[near]) + np.log(rule.weights[near])

    def some(s: np.ndarray) -> np.ndarray:
        scaled = np.exp(np.minimum(s[:, None] + logs, 300.0))
        faded = np.exp(-scaled) * density
        with np.errstate(divide="ignore"):
            one = np.log(np.maximum(rule.below(scaled * faded)[:, near], 0.0))
            below = special.xlogy(n - k - 1, np.maximum(rule.below(faded)[:, near], 0.0))
            above = special.xlogy(k - 1, np.maximum(rule.above(faded)[:, near], 0.0))
        return np.asarray(special.logsumexp(outside + one + below + above - scaled[:, near], axis=1))

    def log_integrand(s: np.ndarray) -> np.ndarray:
        return np.concatenate([some(part) for part in np.array_split(s, 1 + s.size * logs.size // 400_000)])

    return log_integrand
