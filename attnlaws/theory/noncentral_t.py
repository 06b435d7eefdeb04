"""The survival function of the noncentral t distribution, far into both tails.

With Z normal, X chi-square with d degrees of freedom and T = (Z + c)/sqrt(X/d), P(T > a) is the mean of
Phi(c - a sqrt(X/d)). In v = ln(X/d)/2 the logarithm of the integrand is concave and analytic, so the trapezoid rule
around its peak converges geometrically.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

NODES = 400
REACH = 44.0
"""The integrand is left out where it is below exp(-44) of its peak."""
HALVINGS = 60


def _log_density(v: np.ndarray, d: np.ndarray) -> np.ndarray:
    """The logarithm of the density of v, less its value at the peak 0."""
    return d * (v - np.expm1(2 * v) / 2)


def _bisect(function: Callable[[np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Where a function turns from positive to negative; low and high are where it is positive and where it is not."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = function(middle) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return (low + high) / 2


def _log_integral(log_term: Callable[[np.ndarray], np.ndarray], slope: Callable[..., np.ndarray], d: Any) -> Any:
    """The logarithm of the integral over v of the exponential of a concave function."""
    far = 1000.0 + np.zeros_like(d)
    peak = _bisect(slope, -far, np.full_like(d, 2.0))
    top = log_term(peak)
    left, right = (_bisect(lambda v: log_term(v) - top + REACH, peak, end) for end in (-far, np.full_like(d, 5.0)))
    nodes = np.linspace(left, right, NODES)
    step = (right - left) / (NODES - 1)
    return top + np.log(step * np.sum(np.exp(log_term(nodes) - top), axis=0))


def survival(a: Any, d: Any, c: Any) -> np.ndarray:
    """P(T > a) for noncentral t.

    Args:
        a: positive, an array of any shape.
        d: degrees of freedom, at least 1, of the same shape.
        c: noncentrality, of the same shape.

    Returns:
        Probabilities, good to a relative 1e-11 down to 1e-290.

    Example:
        >>> bool(abs(survival(1e-9, 3.0, 0.0) - 0.5) < 1e-8)
        True
    """
    from scipy import special

    a, d, c = (np.asarray(value, np.float64) for value in (a, d, c))

    def log_phi_slope(x: np.ndarray) -> np.ndarray:
        return np.exp(-x * x / 2 - special.log_ndtr(x)) / np.sqrt(2 * np.pi)

    def log_term(v: np.ndarray) -> np.ndarray:
        return _log_density(v, d) + special.log_ndtr(c - a * np.exp(v))

    def slope(v: np.ndarray) -> np.ndarray:
        return -d * np.expm1(2 * v) - a * np.exp(v) * log_phi_slope(c - a * np.exp(v))

    with np.errstate(over="ignore", invalid="ignore"):
        whole = _log_integral(lambda v: _log_density(v, d), lambda v: -d * np.expm1(2 * v), d)
        return np.exp(_log_integral(log_term, slope, d) - whole)


def chi_mean(function: Callable[[np.ndarray], np.ndarray], d: float) -> float:
    """The mean of function(sqrt(X/d)) for chi-square X with d degrees of freedom, by the same rule.

    Args:
        function: of an array, smooth.
        d: degrees of freedom, at least 1.

    Example:
        >>> round(chi_mean(lambda r: r**2, 7.0), 12)
        1.0
    """
    ends = (
        _bisect(lambda v: _log_density(v, np.asarray(d)) + REACH, np.asarray(0.0), np.asarray(far))
        for far in (-1e3, 5.0)
    )
    low, high = (float(end) for end in ends)
    nodes = np.linspace(low, high, NODES)
    weights = np.exp(_log_density(nodes, np.asarray(d)))
    return float(weights @ function(np.exp(nodes)) / weights.sum())
