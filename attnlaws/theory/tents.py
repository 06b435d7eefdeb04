"""Tents on the cells of a box: the prior of random signs behind lower bounds on a minimax risk.

The box has semi-axes s_j = exp(-kappa j^alpha). Each axis is cut into m_j equal parts, w_j = 2 s_j/m_j wide; axes with
m_j = 1 are left alone. On every one of the M = prod m_j cells stands a tent, the distance to the nearest face of the
cell. A sum of tents with any signs is 1-Lipschitz. In white noise of n_eff its cells are M independent channels of one
bit each, with the signal-to-noise ratio gamma = n_eff v/M, where v is the mean square of a tent.

Which cells is a matter of choice, as each choice gives a bound. Those tried here have edges of about h = 2 exp(-u), m_j
being 2 s_j/h rounded down, to the nearest, or up, with u from the volumetric balance ln n = 2 u + sum_j (u - kappa
j^alpha)_+ at n = n_eff exp(-g), for every g that is a multiple of 1/16. Cells that are so coarse or so fine that they
cannot be the best are left out. One tent over the whole first axis is always tried, and sixteen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

MOST_AXES = 1000
"""Axes that may be cut; a domain ends where the balance has more."""
STEP = 1 / 16
LOWEST, HIGHEST = -12.0, 3.5
HOPELESS = 60.0
"""ln gamma from which on nothing is left of any bound."""
"""ln gamma (D + 2) at the finest cells tried with D axes cut, and ln gamma at the coarsest."""
WHOLE = 36.0
"""ln m from which on m is not rounded: float64 does not tell whole numbers apart there."""
NEGLIGIBLE = 50.0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)
NODES, WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2
FREQUENCIES = np.arange(0.0, 46.0, 0.125)


@dataclass(frozen=True)
class Tents:
    """Tents on the cells of one partition.

    Attributes:
        log_counts: ln m_j of the axes that are cut, the longest first (0 for a single cell on the first axis).
        log_widths: ln w_j of the same axes.
        log_power: ln v, v the mean square of a tent.
        log_signal: ln gamma, the signal-to-noise ratio of a cell.
    """

    log_counts: np.ndarray
    log_widths: np.ndarray
    log_power: float
    log_signal: float

    @property
    def log_cells(self) -> float:
        """The logarithm of M, the number of cells."""
        return float(self.log_counts.sum())


def log_power(log_widths: np.ndarray) -> float:
    """The logarithm of the mean square of the distance to the nearest face, in a cell of these widths.

    The chance that the distance exceeds t is prod_j (1 - 2 t/w_j). With 64 nodes the polynomial is integrated exactly
    in up to 126 dimensions; in more it falls so fast that what is beyond exp(-50) is left out.

    Args:
        log_widths: ln w_j.

    Example:
        >>> round(float(np.exp(log_power(np.log([3.0, 3.0])))), 12)  # w^2/(2 (D + 1) (D + 2))
        0.375
    """
    shortest = float(log_widths.min())
    slopes = np.exp(shortest - log_widths)
    reach = min(1.0, NEGLIGIBLE / float(slopes.sum()))
    y = reach * NODES
    above = np.exp(np.log1p(-np.outer(y, slopes)).sum(axis=1))
    return 2 * shortest + float(np.log(reach * (WEIGHTS * y * above).sum() / 2))


def log_mmse(signal: Any) -> np.ndarray:
    """The logarithm of the least mean square error for a random sign seen in Gaussian noise.

    It is the integral over s of exp(-signal (1 + s^2)/2)/cosh(pi s/2), to which the trapezoid rule converges
    exponentially: the integrand is analytic for |Im s| < 1.

    Args:
        signal: signal-to-noise ratio, at least 0.

    Example:
        >>> np.exp(log_mmse([0.3, 1.0, 3.0])).round(5).tolist()
        [0.76318, 0.4496, 0.12432]
    """
    gamma = np.asarray(signal, np.float64)[..., None]
    scale = np.sqrt(1 + gamma)
    s = FREQUENCIES / scale
    f = np.exp(-gamma * s * s / 2 - np.pi * s / 2) / (1 + np.exp(-np.pi * s))
    total = 2 * f.sum(axis=-1) - f[..., 0]
    return -gamma[..., 0] / 2 + np.log(0.125 * total / scale[..., 0])


class Balance:
    """The volumetric balance of a box, as in ``box.balance``, for hundreds of sample sizes one after the other.

    Args:
        log_n: ln of the largest effective sample size that it will be asked for.
        alpha: power of j in the semi-axes' logarithms.
        kappa: their scale.

    Example:
        >>> round(Balance(20.0, 1.0, 0.5)(13.8), 4)
        3.0375
    """

    def __init__(self, log_n: float, alpha: float, kappa: float) -> None:
        size = 16
        while True:
            self.heights = kappa * np.arange(1, size + 1.0) ** alpha
            self.sums = np.concatenate([[0.0], np.cumsum(self.heights)])
            self.thresholds = (2 + np.arange(1, size + 1)) * self.heights - self.sums[1:]
            if self.thresholds[-1] > log_n:
                return
            size *= 2

    def __call__(self, log_n: float) -> float:
        """The level u at one sample size; axes open at thresholds, and u is linear in between."""
        axes = int(np.searchsorted(self.thresholds, log_n, side="right"))
        return float((log_n + self.sums[axes]) / (2 + axes))


def _tents(log_n: float, heights: np.ndarray, counts: np.ndarray) -> Tents:
    widths = np.log(2.0) - heights[: counts.size] - counts
    power = log_power(widths)
    return Tents(counts, widths, power, log_n + power - float(counts.sum()))


@lru_cache(maxsize=64)
def partitions(log_n: float, alpha: float, kappa: float) -> tuple[Tents, ...]:
    """The tents that are tried.

    Args:
        log_n: ln of the effective sample size.
        alpha: power of j in the semi-axes' logarithms.
        kappa: their scale.

    Example:
        >>> len(partitions(9.2, 1.0, 1.0)) > 20
        True
    """
    balance = Balance(log_n + 10, alpha, kappa)
    tried: dict[bytes, Tents] = {}

    def tents(step: int, rounded: Callable[[Any], Any]) -> Tents:
        u = balance(log_n - step * STEP)
        x = u - balance.heights[: int(np.searchsorted(balance.heights, u))]
        whole = np.log(np.maximum(rounded(np.exp(np.minimum(x, WHOLE))), 1.0))
        counts = np.where(x < WHOLE, whole, x)
        return cells(counts[: np.count_nonzero(counts > 0.5)] if whole.any() else np.zeros(1))  # longer axes come first

    def cells(counts: np.ndarray) -> Tents:
        key = counts.tobytes()
        if key not in tried:  # most steps end at cells that another step has given
            tried[key] = _tents(log_n, balance.heights, counts)
        return tried[key]

    def first(rounded: Callable[[Any], Any], enough: Callable[[Tents], bool]) -> int:
        """The smallest step at which the cells are coarse enough: the signal grows with the step."""
        low, high = -int(10 / STEP), 1
        while not enough(tents(low, rounded)):
            if enough(tents(low + high, rounded)):
                break
            low, high = low + high, 2 * high
        else:
            return low
        high += low
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if enough(tents(middle, rounded)) else (middle, high)
        return high

    for parts in (1, 16):
        cells(np.log(np.array([float(parts)])))
    for rounded in (np.floor, np.rint, np.ceil):
        begin = first(rounded, lambda t: t.log_signal + np.log(t.log_counts.size + 2) > LOWEST or t.log_cells == 0)
        end = first(rounded, lambda t: t.log_signal > HIGHEST or t.log_cells == 0)
        for step in range(begin, end + 1):
            tents(step, rounded)
    return tuple(tried.values())


Bound = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""The logarithm of a lower bound, from ln v, gamma and M of many partitions."""


def bayes(log_power: np.ndarray, signal: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """The logarithm of the Bayes risk v mmse(gamma)."""
    return log_power + log_mmse(signal)


def best(bound: Bound, log_n: float, alpha: float, kappa: float) -> Tents:
    """The tents whose bound is the largest.

    Args:
        bound: the bound.
        log_n: ln of the effective sample size.
        alpha: power of j in the semi-axes' logarithms.
        kappa: their scale.

    Example:
        >>> best(bayes, float(np.log(1e4)), 1.0, 1.0).log_counts.size  # 6 by 2 cells
        2
    """
    return _best(bound, float(log_n), float(alpha), float(kappa))


@lru_cache(maxsize=256)
def _best(bound: Bound, log_n: float, alpha: float, kappa: float) -> Tents:
    tried = partitions(log_n, alpha, kappa)
    return tried[int(np.argmax(_bounds(bound, tried)))]


def _bounds(bound: Bound, tried: Sequence[Tents]) -> np.ndarray:
    power, signal, cells = (
        np.array([getattr(t, f"log_{what}") for t in tried]) for what in ("power", "signal", "cells")
    )
    with np.errstate(over="ignore"):
        return bound(power, np.exp(np.minimum(signal, HOPELESS)), np.exp(cells))


def log_bound(bound: Bound, log_n: Any, alpha: Any, kappa: Any) -> np.ndarray:
    """The logarithm of the bound for its best tents, by broadcasting."""

    def one(log_n: float, alpha: float, kappa: float) -> float:
        return float(_bounds(bound, [best(bound, log_n, alpha, kappa)])[0])

    return np.asarray(np.vectorize(one, otypes=[np.float64])(log_n, alpha, kappa))


# --- the same in balls ----------------------------------------------------------------------------------------------


def balls(tents: Tents, log_n: Any, alpha: Any, kappa: Any) -> tuple[Any, Any, Any]:
    """Logarithms of v, gamma and M of a partition in Arb balls, v from the integral of the polynomial, coefficient by
    coefficient. Call it with enough precision for those: two bits for each axis, and a hundred.

    Args:
        tents: the partition; only its counts, which are whole numbers, are taken from it.
        log_n: ln of the effective sample size.
        alpha: power of j in the semi-axes' logarithms.
        kappa: their scale.
    """
    from flint import arb, arb_poly

    from attnlaws.theory.balls import exact

    log_widths: list[Any] = []
    log_cells: Any = arb(0)
    for j, log_count in enumerate(tents.log_counts, 1):
        whole = log_count < WHOLE - 1e-9
        count: Any = arb(round(float(np.exp(log_count)))).log() if whole else arb(float(log_count))
        log_cells += count
        log_widths.append(arb(2).log() - exact(kappa) * arb(j) ** exact(alpha) - count)
    shortest = min(log_widths, key=lambda ball: float(ball.mid()))
    factors = [arb_poly([1, -(shortest - width).exp()]) for width in log_widths]
    while len(factors) > 1:
        pairs = zip(factors[::2], factors[1::2], strict=False)
        factors = [a * b for a, b in pairs] + ([factors[-1]] if len(factors) % 2 else [])
    moment: Any = sum((c / (k + 2) for k, c in enumerate(factors[0].coeffs())), arb(0))
    # The nearest whole number to a count beyond float64 is exp(-36) away; ln v grows with each ln w_j, by 2 in all.
    unknown = arb(0, 2 * np.exp(-WHOLE))
    power, log_cells = 2 * shortest + (moment / 2).log() + unknown, log_cells + tents.log_counts.size * unknown
    return power, exact(log_n) + power - log_cells, log_cells


def routine(bound: Bound, of: Callable[[Any], Any]) -> Callable[..., np.ndarray]:
    """A law's ``value``: a function of the logarithm of a bound, at its best tents."""
    return lambda log_n, alpha, kappa: np.asarray(of(log_bound(bound, log_n, alpha, kappa)))


def enclosure(bound: Bound, of: Callable[..., Any]) -> Callable[..., Any]:
    """A law's ``enclosure``: ``of(ln v, ln gamma, ln M)`` in balls, at the tents that are best for a bound."""

    def enclosed(digits: int, log_n: Any, alpha: Any, kappa: Any) -> Any:
        from flint import ctx

        tents = best(bound, float(log_n), float(alpha), float(kappa))
        with ctx.workprec(200 + 2 * tents.log_counts.size):
            return of(*balls(tents, log_n, alpha, kappa))

    return enclosed


def most_axes(alpha: Any, kappa: Any) -> sp.Expr:
    """The logarithm of the sample size from which on the balance cuts more than a thousand axes, were j continuous."""
    return kappa * MOST_AXES**alpha * (2 + MOST_AXES * alpha / (1 + alpha))
