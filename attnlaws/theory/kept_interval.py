"""A proven interval for the number of keys that lose a share eps of n softmax weights with Gaussian scores.

With D = (1 - eps) T - eps H, T the weight outside the K largest and H theirs, k_eps > K is D > 0. Given the score x of
rank K the other weights are independent, n - K below x and K - 1 above it, so for every theta > 0

    P(D > 0 | x) <= E[exp(theta (1 - eps) w); X < x]^(n-K) exp(-theta eps w(x)) E[exp(-theta eps w); X > x]^(K-1),

the means being conditional. For the other side, D <= 0, theta changes its sign and all scores are taken to lie below a
level c, under which they are independent again; that one does not costs 1 - Phi(c)^n. Two inequalities make finite sums
of this. Scores x of rank K are put into cells, and every factor, monotone in x, is taken at the end of the cell where
it is larger. And both exponentials are convex in w, so that the mean over a cell of scores is at most that of the chord
between its ends, whose weight and probability are normal distribution functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

CELLS = 800
"""Cells of the score of rank K: fifty to a standard deviation and more lose a few hundredths in the exponent."""
CUT = 1e-5
"""Part of the allowed chance at which those cells end on either side; what lies outside is counted in full."""
STEP = 0.04
"""Cells of other scores, in standard deviations."""
REACH = 9.0
RATIO = 1.1
"""Between neighboring values of theta; the best one would gain a quarter of a percent of the exponent at most."""
LEVELS = (0.05, 0.2, 0.5, 0.65)
"""Parts of the allowed chance that scores above the level c may take."""
ROUNDING = 5e-7
"""Relative error granted to float64: logarithms of means are good to about 1e-13, and are multiplied by n <= 1e5."""


@dataclass(frozen=True)
class Bound:
    """A bound on one tail, with all that is needed to check it.

    Attributes:
        chance: the bound.
        n: number of keys.
        rank: K, the number of keys that is exceeded, or is not.
        eps: share that may be lost.
        sigma: standard deviation of the scores.
        exceeds: it is about k_eps > K; otherwise about k_eps <= K.
        level: all scores are taken to lie below it (infinite where k_eps > K).
        nodes: ends of the cells of scores, increasing.
        first: index of the node where the cells of the score of rank K begin; there are ``len(theta)`` of them.
        theta: for each cell.
    """

    chance: float
    n: int
    rank: int
    eps: float
    sigma: float
    exceeds: bool
    level: float
    nodes: np.ndarray
    first: int
    theta: np.ndarray


def _between(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Probability of a normal variable between two values, from the side on which nothing cancels."""
    from scipy import special

    right = low > 0
    a, b = np.where(right, -high, low), np.where(right, -low, high)
    return special.ndtr(b) - special.ndtr(a)


class _Row:
    """Scores of which K - 1 lie above one of rank K and n - K below it, all below a level, on cells."""

    def __init__(self, n: int, rank: int, eps: float, sigma: float, exceeds: bool, level: float, cut: float) -> None:
        from scipy import special

        self.n, self.rank, self.eps, self.sigma, self.level = n, rank, eps, sigma, level
        self.sign = 1.0 if exceeds else -1.0
        inside, beyond = special.ndtr(level), special.ndtr(-level)
        low = special.ndtri(inside * special.betaincinv(n - rank + 1, rank, cut))
        high = -special.ndtri(beyond + inside * special.betaincinv(rank, n - rank + 1, cut))
        fine = np.linspace(low, high, CELLS + 1)
        end = max(REACH, high + 1) if np.isinf(level) else level
        under = np.arange(min(-REACH, low - 1), low - STEP / 2, STEP)
        over = np.linspace(high, end, 2 + int(max(end - high, 0.0) / STEP))[1:]
        self.nodes, self.first = np.concatenate([under, fine, over]), under.size
        self.near = slice(self.first, self.first + CELLS + 1)
        # Weights relative to one in the middle; cells are those that end at each node, the first from -infinity on.
        edges = np.concatenate([[-np.inf], self.nodes])
        self.weight = np.exp(sigma * (self.nodes - (low + high) / 2))
        lower = np.concatenate([[0.0], self.weight[:-1]])
        self.chance = _between(edges[:-1], edges[1:])
        mass = np.exp(sigma**2 / 2 - sigma * (low + high) / 2) * _between(edges[:-1] - sigma, edges[1:] - sigma)
        self.upper_part = np.clip((mass - lower * self.chance) / (self.weight - lower), 0.0, self.chance)
        x = self.nodes[self.near]
        self.below = special.ndtr(x)
        self.above = _between(x, np.full_like(x, level))
        self.beyond = special.ndtr(-end) if np.isinf(level) else 0.0
        left = special.betainc(n - rank + 1, rank, self.below / inside)
        right = special.betainc(rank, n - rank + 1, self.above / inside)
        self.cells = np.where(left[1:] < 0.5, np.diff(left), -np.diff(right))
        self.outside = left[0] + right[-1]

    def _means(self, rate: np.ndarray) -> np.ndarray:
        """Bounds on E[exp(rate w); cell] for every cell, [theta, cell]; all terms are positive, so nothing cancels."""
        grown = np.exp(rate[:, None] * self.weight)
        before = np.concatenate([np.ones((rate.size, 1)), grown[:, :-1]], axis=1)
        return before * (self.chance - self.upper_part) + grown * self.upper_part

    def exponents(self, theta: np.ndarray) -> np.ndarray:
        """The logarithm of the bound in each cell of the score of rank K, [theta, cell]."""
        sign, near = self.sign, self.near
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            below = np.cumsum(self._means(sign * theta * (1 - self.eps)), axis=1)[:, near]
            parts = self._means(-sign * theta * self.eps)
            beyond = self.beyond * np.exp(-sign * theta * self.eps * self.weight[-1]) if self.beyond else 0 * theta
            parts = np.concatenate([parts, beyond[:, None]], axis=1)
            above = np.cumsum(parts[:, ::-1], axis=1)[:, ::-1][:, near.start + 1 : near.stop + 1]
            small = (self.n - self.rank) * np.log(below / self.below)
            large = (self.rank - 1) * np.log(above / self.above) if self.rank > 1 else np.zeros_like(small)
            large = large - sign * theta[:, None] * self.eps * self.weight[near]
            total = small[:, 1:] + large[:, :-1] if sign > 0 else small[:, :-1] + large[:, 1:]
        return np.where(np.isnan(total), np.inf, total)

    def bound(self) -> tuple[float, np.ndarray]:
        """The bound, and theta for each cell."""
        theta = np.exp(np.arange(-9.0, 5.0, 0.5))
        middle = self.exponents(theta)[:, CELLS // 2]
        theta = theta[np.argmin(middle)] * RATIO ** np.arange(-18.0, 25.0)
        exponents = self.exponents(theta)
        best = np.argmin(exponents, axis=0)
        least = np.minimum(exponents[best, np.arange(CELLS)], 0.0)
        return self.outside + float(self.cells @ np.exp(least)), theta[best]


def tail(n: int, rank: int, eps: float, sigma: float, exceeds: bool, allowed: float) -> Bound:
    """A bound on P(k_eps > K), or on P(k_eps <= K), for K from 1 to n - 1.

    Args:
        n: number of keys.
        rank: K.
        eps: share of the softmax mass that may be lost.
        sigma: standard deviation of the scores.
        exceeds: which of the two.
        allowed: what the bound is going to be held against; it decides where cells end, not what is true.

    Example:
        >>> bool(0.49322 < tail(32, 20, 0.1, 1.0, True, 0.05).chance <= 1.0)
        True
    """
    from scipy import special

    found = None
    for part in (None,) if exceeds else LEVELS:
        level = np.inf if part is None else float(-special.ndtri(-np.expm1(np.log1p(-part * allowed) / n)))
        row = _Row(n, rank, eps, sigma, exceeds, level, CUT * allowed)
        given, theta = row.bound()
        inside = 1.0 if part is None else 1.0 - part * allowed
        chance = (given * inside + (1.0 - inside)) * (1 + ROUNDING)
        if found is None or chance < found.chance:
            found = Bound(chance, n, rank, eps, sigma, exceeds, level, row.nodes, row.first, theta)
    assert found is not None
    return found


@lru_cache(maxsize=1024)
def interval(n: int, eps: float, sigma: float, confidence: float) -> tuple[int, int, Bound | None, Bound | None]:
    """Ends L and U, and the bounds on P(k_eps < L) and P(k_eps > U): None where that cannot be.

    Args:
        n: number of keys, up to 1e5.
        eps: share of the softmax mass that may be lost.
        sigma: standard deviation of the scores.
        confidence: the chance that L <= k_eps <= U is at least this; half of the rest is allowed on either side.

    Example:
        >>> interval(512, 0.1, 1.0, 0.95)[:2]
        (294, 331)
    """
    from scipy import special

    allowed, spread = (1 - confidence) / 2, max(1, int(n**0.5 / 2))
    center = round(n * float(special.ndtr(-sigma - special.ndtri(eps))))
    seen: dict[tuple[int, bool], Bound] = {}

    def allows(rank: int, exceeds: bool) -> bool:
        seen[rank, exceeds] = tail(n, rank, eps, sigma, exceeds, allowed)
        return seen[rank, exceeds].chance <= allowed

    upper = _first(lambda rank: allows(rank, True), 0, n, center + spread, spread)
    # The other end lies about as far from the limit, and each bound on its side takes four times as long.
    near = n - (2 * center - upper)
    lower = n + 1 - _first(lambda back: allows(n - back, False), n - upper, n, near, 1)
    return lower, upper, seen.get((lower - 1, False)), seen.get((upper, True))


def _first(enough: Callable[[int], bool], low: int, high: int, guess: int, step: int) -> int:
    """The first number above ``low`` that is enough, where ``high`` is: in growing steps from a guess, then halving.

    Example:
        >>> _first(lambda number: number >= 7, 0, 100, 9, 1)
        7
    """
    bounds = low, high
    while high - low > 1:
        at = min(max(guess, low + 1), high - 1)
        low, high = (low, at) if enough(at) else (at, high)
        around = bounds[0] < low and high < bounds[1]
        guess = (low + high) // 2 if around else high - step if high < bounds[1] else low + step
        step *= 2
    return high


def certified(bounds: Iterable[Bound | None]) -> float:
    """The sum of bounds."""
    return float(sum(bound.chance for bound in bounds if bound))
