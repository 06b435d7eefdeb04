"""Rows of Student scores: quadrature in the score, whose tails fall like a power, and in the logarithm of t.

The mean weight is infinite, so that rows of any length owe part of every mean to their few largest scores. Scores have
a lattice that is fine where weights of a row may compare, and coarse where none does; s = ln t has one that is fine
near minus the logarithm of a typical sum and spreads like a hyperbolic sine, as integrands vary with s like the tails.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from attnlaws.theory.finite_rows import given_rank
from attnlaws.theory.score_laws import GROWTH, WIDEST, Rule, panel

SPACING = 0.04
"""Of the lattice of s, before it is spread."""
BREADTH = 0.45
"""Widest panel, in units of the distance from the poles of the density."""
FORGOTTEN = 1e-10
"""What rows with larger scores than the lattice has may add to a mean."""
DEEP = 90.0
"""Scores of rank k are left out where their density is below exp(-90) of its largest value."""


class StudentRule(Rule):
    """Nodes and weights in the score, with cumulative integrals; ``density`` is that of the score."""

    def __init__(self, nu: float, n: float, k: float, sigma: float, fine: float = 1.0) -> None:
        """Lay the panels.

        Args:
            nu: degrees of freedom.
            n: number of scores.
            k: rank whose score matters.
            sigma: factor of the scores.
            fine: factor of the panels' widths.
        """
        from scipy import special, stats

        law: Any = stats.t(nu)
        self.highest, self.lowest = _highest(nu, n, sigma), float(law.isf(np.exp(-30.0 / n) / 2))
        share = (k - 0.3) / (n + 0.4)
        center = float(law.isf(share))
        width = float(np.sqrt(share * (1 - share) / n) / law.pdf(center))
        end = float(law.isf(1e-13 / n))
        ends = _panels(center, width, sigma, (-end, self.highest), -self.lowest - 45.0 / sigma, fine)
        nodes, weights, self.partial = panel()
        self.half = (ends[1:] - ends[:-1]) / 2
        self.score = ((ends[1:] + ends[:-1])[:, None] / 2 + self.half[:, None] * nodes).ravel()
        self.weights = (self.half[:, None] * weights).ravel()
        self.y = np.log(special.stdtr(nu, self.score)) - np.log(special.stdtr(nu, -self.score))
        self.density = law.pdf(self.score)


def _highest(nu: float, n: float, sigma: float) -> float:
    """Rows with a larger score lose next to nothing: the bulk is exp(-25) of it, and no second one is likely near."""
    from scipy import stats

    x = (25.0 + np.log(n)) / sigma
    while n * stats.t.sf(x, nu) * (np.exp(-25.0) + min(1.0, n * stats.t.pdf(x, nu) / sigma)) > FORGOTTEN:
        x *= 1.1
    return float(x)


def _panels(
    center: float, width: float, sigma: float, ends: tuple[float, float], coarse: float, fine: float
) -> np.ndarray:
    """The ends of panels, which grow away from the center; below ``coarse`` weights do not matter."""
    found = [center]
    for side in (-1.0, 1.0):
        x, count = center, 0
        last = ends[0] if side < 0 else ends[1]
        while side * (last - x) > 0:
            step = min(BREADTH * np.hypot(1.0, x), width * max(1.0, GROWTH ** (count - 8)))
            if x > coarse:
                step = min(step, WIDEST / sigma)
            x += side * fine * step
            found.append(x)
            count += 1
    return np.unique(np.clip(found, *ends))


def _lattice(rule: StudentRule, nu: float, n: float, sigma: float, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    """Values of s and weights of the trapezoid rule in z, s = middle + sinh z."""
    from scipy import special, stats

    shares = (np.arange(1, n + 1) - 0.3) / (n + 0.4)
    typical: Any = special.logsumexp(sigma * stats.t.isf(shares, nu))
    middle = -float(typical)
    low, high = -sigma * rule.highest - np.log(n) - 24.0, sigma * rule.lowest + 6.0
    z = np.arange(np.arcsinh(low - middle), np.arcsinh(high - middle) + spacing, spacing)
    return middle + np.sinh(z), spacing * np.cosh(z)


@lru_cache(maxsize=1024)
def log_tail_mass(n: float, k: float, nu: float, sigma: float) -> float:
    """The logarithm of the mean probability outside the k largest of n weights exp(sigma X) with Student scores X.

    Args:
        n: number of weights.
        k: how many are kept, from 1 to n - 1.
        nu: degrees of freedom.
        sigma: factor of the scores.

    Example:
        >>> bool(abs(np.exp(log_tail_mass(4.0, 1.0, 5.0, 1e-6)) - 0.75) < 1e-5)
        True
    """
    from scipy import special

    rule = StudentRule(nu, n, k, sigma)
    s, weights = _lattice(rule, nu, n, sigma, SPACING)
    total: Any = special.logsumexp(given_rank(rule, n, k, sigma, DEEP)(s) + np.log(weights))
    return float(total)


def by_binomial(n: float, k: float, nu: float, sigma: float, fine: float) -> float:
    """The mean by its other form: in the law tilted by exp(-t w) the number of scores above one of them is binomial.

    Args:
        n: number of weights.
        k: how many are kept.
        nu: degrees of freedom.
        sigma: factor of the scores.
        fine: factor of the steps of both lattices.

    Example:
        >>> bool(abs(by_binomial(4, 1, 5.0, 1e-3, 0.8) - 0.75) < 1e-3)
        True
    """
    from scipy import special

    rule = StudentRule(nu, n, k, sigma, fine)
    s, weights = _lattice(rule, nu, n, sigma, SPACING * fine)
    total, spread = 0.0, np.sqrt(k * (n - k) / n) / n
    for at, step in zip(s, weights, strict=True):
        scaled = np.exp(np.minimum(at + sigma * rule.score, 300.0))
        tilted = rule.density * np.exp(-scaled)
        psi = float(rule.weights @ tilted)
        one = tilted * scaled
        size, parts = step * n * psi ** (n - 1), rule.weights * one
        if size * parts.sum() < 1e-30:
            continue
        above = np.clip(rule.above(tilted) / psi, 0.0, 1.0)
        outside = np.where(above > k / n, 1.0, 0.0)
        # Elsewhere it is 0 or 1 but for exp(-50), or the weight is not there.
        unsure = (np.abs(above - k / n) < 15 * spread + 60 / n) & (parts > 1e-36 * parts.sum())
        outside[unsure] = special.betainc(k, n - k, above[unsure])
        total += size * float(parts @ outside)
    return total
