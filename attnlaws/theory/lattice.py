"""Cosine modes of a box below a cutoff: sums over lattice points in an ellipsoid, and Pinsker's risk from them.

The box has semi-axes s_j = exp(-kappa j^alpha), j = 1, 2, ...; the cosine mode with frequencies k_j has the squared
gradient norm a_k^2 = sum_j (pi k_j/(2 s_j))^2. Of all functions with mean squared gradient at most 1, seen in white
noise of variance 1/n, Pinsker's weights (1 - a_k/mu)_+ have the least worst risk of all linear estimators, where the
cutoff mu solves sum_k a_k (mu - a_k)_+ = n; see Tsybakov, Introduction to Nonparametric Estimation, section 3.2.
"""

# ruff: noqa: N801  (the class is a function, named as formulas write it)
from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from attnlaws.theory.stable import Stable

HALF_TURN2 = (math.pi / 2) ** 2
SLICE = 1 << 15
"""Points that are summed at once: they stay in the processor's cache."""
LARGEST_STEP = 0.3
"""How far the logarithm of a cutoff may move in a step: points beyond the solution are counted for nothing."""


class Sums(NamedTuple):
    """Sums over modes.

    Attributes:
        count: how many there are.
        first: the sum of a_k.
        second: the sum of a_k^2.
    """

    count: float
    first: float
    second: float


class Cut(NamedTuple):
    """Pinsker's solution.

    Attributes:
        size: the effective sample size n.
        cutoff: mu; modes with a_k >= mu are left out.
        sums: over the modes below it, the constant one included.
    """

    size: float
    cutoff: float
    sums: Sums

    @property
    def risk(self) -> float:
        """The mean squared error."""
        return (self.sums.count - self.sums.first / self.cutoff) / self.size

    @property
    def exponent(self) -> float:
        """-d ln risk/d ln n, which is the share of the noise in the risk: the bias makes up 1/mu^2 of it."""
        return 1 - 1 / (self.cutoff**2 * self.risk)


def stiffness(limit: float, alpha: float, kappa: float) -> list[float]:
    """The a_k^2 of the first mode of each axis, (pi/(2 s_j))^2, up to a limit; they increase.

    Example:
        >>> [round(value, 3) for value in stiffness(400.0, 1.0, 1.0)]
        [18.232, 134.716]
    """
    found: list[float] = []
    while (value := HALF_TURN2 * math.exp(2 * kappa * (len(found) + 1) ** alpha)) <= limit:
        found.append(value)
    return found


def _others(limit: float, axes: list[float]) -> np.ndarray:
    """The a_k^2 up to a limit of the modes that are constant along the first axis, sorted."""
    found = np.zeros(1)
    for axis in reversed(axes[1:]):
        rises = [axis * k * k for k in range(1, math.isqrt(int(limit / axis)) + 1)]
        parts = [found[: np.searchsorted(found, limit - rise, "right")] + rise for rise in rises]
        found = np.sort(np.concatenate([found, *parts]))
    return found


def sums_between(low: float, high: float, alpha: float, kappa: float) -> Sums:
    """The sums over the modes with low < a_k^2 <= high.

    Every point counts by itself: along the first axis, which is the longest, runs of sorted sums over the others move
    up by a constant.

    Example:
        >>> sums_between(-1.0, 200.0, 1.0, 1.0).count
        6.0
    """
    axes = stiffness(high, alpha, kappa)
    others = _others(high, axes)
    rises = axes[0] * np.arange(math.isqrt(int(high / axes[0])) + 1.0) ** 2 if axes else np.zeros(1)
    begins, ends = (np.searchsorted(others, limit - rises, "right") for limit in (low, high))
    first = second = 0.0
    room = np.empty(SLICE)
    for rise, begin, end in zip(rises, begins, ends, strict=True):
        for start in range(begin, end, SLICE):
            part = others[start : min(end, start + SLICE)]
            squares = np.add(part, rise, out=room[: part.size])
            second += float(squares.sum())
            first += float(np.sqrt(squares, out=squares).sum())
    return Sums(float((ends - begins).sum()), first, second)


@lru_cache(maxsize=1024)
def pinsker(log_n: float, alpha: float, kappa: float) -> Cut:
    """Solve for Pinsker's cutoff.

    The size is a convex function of the cutoff, linear between modes: Newton's method from above ends at the solution
    in a few steps, and exactly. Each step adds or takes away the modes between two cutoffs, so that all of them
    together cost as much as one sum.

    Args:
        log_n: logarithm of the effective sample size.
        alpha: power of the index in the logarithm of the semi-axes.
        kappa: their rate of decay.

    Example:
        >>> cut = pinsker(math.log(100.0), 1.0, 1.0)
        >>> round(cut.risk, 5)
        0.02174
    """
    size = math.exp(log_n)
    cutoff = 1.0001 * math.sqrt(HALF_TURN2 * math.exp(2 * kappa))
    sums = sums_between(-1.0, cutoff**2, alpha, kappa)
    while True:
        held = cutoff * sums.first - sums.second
        far = held < 0.9 * size
        new = (size + sums.second) / sums.first
        if far:
            step = min(LARGEST_STEP, math.log(size / held) * held / (cutoff * sums.first))
            new = min(new, cutoff * math.exp(step))
        between = sums_between(*sorted((cutoff**2, new**2)), alpha, kappa)
        sign = 1 if new > cutoff else -1
        sums = Sums(*(total + sign * part for total, part in zip(sums, between, strict=True)))
        settled = not far and (not between.count or abs(new - cutoff) < 1e-14 * cutoff)
        cutoff = new
        if settled:
            return Cut(size, cutoff, sums)


def over_points(of: Callable[[Cut], float]) -> Callable[..., np.ndarray]:
    """A function of Pinsker's solution as a function of arrays of ``log_n``, ``alpha`` and ``kappa``."""
    each = np.vectorize(lambda *point: of(pinsker(*map(float, point))), otypes=[np.float64])
    return lambda log_n, alpha, kappa: np.asarray(each(log_n, alpha, kappa))


def leading_constant(alpha: Any, kappa: Any) -> Any:
    """C of the limit -ln risk ~ C (ln n)^p, p = alpha/(1 + alpha): 2 kappa^(1 - p) p^(-p).

    Example:
        >>> leading_constant(sp.Integer(1), sp.Rational(1, 2))
        2
    """
    p = alpha / (1 + alpha)
    return 2 * kappa ** (1 - p) * p ** (-p)


def leading_dimension(log_n: Any, alpha: Any, kappa: Any) -> Any:
    """The number of axes that the limit resolves, the D at which u = C (ln n)^p/2 is kappa D^alpha."""
    p = alpha / (1 + alpha)
    return (leading_constant(alpha, kappa) * log_n**p / (2 * kappa)) ** (1 / alpha)


def least_kappa(log_n: Any, alpha: Any, log_modes: float) -> Any:
    """The decay below which there are, by the leading terms, more than exp(log_modes) modes.

    There are about n times the risk of them, n exp(-C (ln n)^p).
    """
    p = alpha / (1 + alpha)
    excess = sp.Max(log_n - log_modes, 0)
    return (excess * p**p / (2 * log_n**p)) ** (1 + alpha)


class pinsker_risk(Stable):
    """Pinsker's risk on the box, as a function of the logarithm of the sample size, alpha and kappa.

    Example:
        >>> float(pinsker_risk.routine()(np.log(100.0), 1.0, 1.0).round(5))
        0.02174
    """

    latex_name = r"R_{\mathrm{P}}"

    @classmethod
    def routine(cls) -> Callable[..., Any]:
        """The function of float64 arrays."""
        return over_points(lambda cut: cut.risk)

    @staticmethod
    def ball(log_n: Any, alpha: Any, kappa: Any) -> Any:
        """An Arb ball."""
        from attnlaws.theory.lattice_balls import cut_ball

        return cut_ball(log_n, alpha, kappa).risk

    def standard(self) -> Any:
        """Nothing more elementary stands for it."""
        return self
