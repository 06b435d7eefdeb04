"""The law of the number of keys that lose a share eps of n softmax weights with Gaussian scores, by a contour integral.

More than k keys are needed where D = (1 - eps) T - eps H > 0, T the weight outside the k largest and H that of the k
largest. Given the score x of rank k, D is a sum of n - 1 independent terms and of -eps w(x), with E exp(c D) finite for
every c > 0, because what is added is at most (1 - eps) w(x). So

    P(D > 0) = (1/pi) int_0^oo Re[E exp((c + i o) D)/(c + i o)] do,    averaged over x,

for any c > 0. At the c that makes E exp(c D)/c smallest nothing cancels, however small the probability is.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from attnlaws.theory.score_laws import ORDER, Rule, log_share

FINER = 2.0
"""Panels are so many times narrower than for means: head weights oscillate in them."""
FIRST, GROWTH, LAST = 0.7, 1.25, 10.0
"""Length of the first panel of the line over c, how much longer each next one is, and of the longest: the integrand
turns by that angle in it, since the mean of D under the factor exp(c D) is 1/c."""
FADED = 1e-12
"""The contour ends where the integrand has fallen to this part of where it starts."""
LONGEST = 200
SURE = 33.0
"""Scores of rank k that are rarer than exp(-33) are left out; without an end E exp(c D) would be infinite."""


class _Rank:
    """The transform E exp(theta D), averaged over the score of rank k; logarithms of its parts given that score."""

    def __init__(self, n: float, k: float, eps: float, sigma: float) -> None:
        from scipy import special

        width = np.sqrt((n + 1) / (k * (n - k + 1)))
        self.rule = rule = Rule("gaussian", n, FINER * sigma, np.log((n - k + 1) / k), width)
        self.n, self.k, self.eps, self.sigma = n, k, eps, sigma
        self.rank = (n - k + 1) * log_share(rule.y) + k * log_share(-rule.y) - special.betaln(k, n - k + 1)
        self.near = self.rank > self.rank.max() - SURE
        self.outside = np.log(rule.weights[self.near]) + self.rank[self.near]
        # Weights relative to that of the highest score that rank k may have, which nothing below exceeds.
        self.weight = np.exp(sigma * (rule.score - rule.score[self.near][-1]))
        self.share = np.exp(log_share(rule.y))[self.near], np.exp(log_share(-rule.y))[self.near]

    def log_terms(self, theta: np.ndarray) -> np.ndarray:
        """The logarithm of the transform given x, with the density of x and the rule's weights, [theta, x]."""
        near, weight, density = self.near, self.weight, self.rule.density
        up = np.where(weight <= 1.0, weight, 0.0) * (1 - self.eps)
        below = self.rule.below(np.exp(theta[:, None] * up) * density)[:, near] / self.share[0]
        above = self.rule.above(np.exp(-theta[:, None] * self.eps * weight) * density)[:, near] / self.share[1]
        if not np.iscomplexobj(theta):
            below, above = np.maximum(below, 0.0), np.maximum(above, 0.0)
        with np.errstate(divide="ignore"):
            parts = (self.n - self.k) * np.log(below), (self.k - 1) * np.log(above) if self.k > 1 else 0.0
        return self.outside + parts[0] + parts[1] - theta[:, None] * self.eps * weight[near]

    def line(self) -> tuple[float, float]:
        """The c at which E exp(c D)/c is smallest, about, and the logarithm of that value."""
        from scipy import special

        def log_size(c: np.ndarray) -> np.ndarray:
            return special.logsumexp(self.log_terms(c), axis=1) - np.log(c)

        c = np.exp(np.arange(-12.0, 6.4, 0.8)) / (1 - self.eps)
        c = c[np.argmin(log_size(c))] * np.exp(np.linspace(-0.8, 0.8, 9))
        sizes = log_size(c)
        return float(c[np.argmin(sizes)]), float(sizes.min())


@lru_cache(maxsize=4096)
def log_exceeds(n: float, k: float, eps: float, sigma: float) -> float:
    """The logarithm of the probability that more than k keys are needed.

    Args:
        n: number of keys, from 32 to 1000: with a few the integrand fades too slowly (at 2 it is 3e-5 off).
        k: number of keys, from 1 to n - 1.
        eps: share of the softmax mass that may be lost.
        sigma: standard deviation of the scores.

    Example:
        >>> round(float(np.exp(log_exceeds(32.0, 20.0, 0.1, 1.0))), 4)
        0.4932
    """
    law = _Rank(n, k, eps, sigma)
    at, size = law.line()
    nodes, weights = np.polynomial.legendre.leggauss(ORDER)
    total, largest, start, length = 0.0, 0.0, 0.0, FIRST
    for _ in range(LONGEST):
        theta = at * (1 + 1j * (start + length * (1 + nodes) / 2))
        values = np.exp(law.log_terms(theta) - size).sum(axis=1) / theta
        total += float(values.real @ weights) * at * length / 2
        largest = max(largest, float(np.abs(values).max()))
        if np.abs(values).max() * length < FADED * largest:
            break
        start, length = start + length, min(GROWTH * length, LAST)
    return size + float(np.log(total / np.pi))


def second_log_exceeds(n: int, k: int, eps: float, sigma: float, fine: float = 1.0) -> float:
    """The same by another rule: Simpson's in the scores, a line further to the left, equal steps along it.

    Args:
        n: number of keys.
        k: number of keys that is exceeded.
        eps: share of the softmax mass that may be lost.
        sigma: standard deviation of the scores.
        fine: factor of every step.

    Example:
        >>> bool(abs(second_log_exceeds(32, 20, 0.1, 1.0) / log_exceeds(32.0, 20.0, 0.1, 1.0) - 1) < 1e-6)
        True
    """
    from scipy import integrate, special, stats

    rank = stats.beta(n - k + 1, k)
    low, high = stats.norm.ppf(rank.ppf(1e-15)), stats.norm.isf(stats.beta(k, n - k + 1).ppf(1e-15))
    ends = min(-9.5, low - 1), low, high, max(9.5, high + 1)
    steps = 0.02 * fine, (high - low) / 400 * fine, 0.004 / sigma * fine
    parts = [np.linspace(a, b, 2 * int((b - a) / h / 2) + 3) for a, b, h in zip(ends, ends[1:], steps, strict=False)]
    x = np.concatenate([parts[0], parts[1][1:], parts[2][1:]])
    near = slice(parts[0].size - 1, parts[0].size + parts[1].size - 1)
    density, weight = stats.norm.pdf(x), np.exp(sigma * (x - high))
    inside = x[near]
    log_rank = (
        special.gammaln(n + 1) - special.gammaln(k) - special.gammaln(n - k + 1) - inside**2 / 2 - np.log(2 * np.pi) / 2
    )
    up = np.where(x <= high, weight, 0.0) * (1 - eps)

    def transform(theta: complex) -> tuple[float, complex]:
        """A logarithm and a factor."""
        below = _running(np.exp(theta * up) * density, x)[near]
        above = _running((np.exp(-theta * eps * weight) * density)[::-1], -x[::-1])[::-1][near]
        with np.errstate(divide="ignore"):
            logs = (n - k) * np.log(below + 0j) + (k - 1 and (k - 1) * np.log(above + 0j))
        logs = logs + log_rank - theta * eps * weight[near]
        top = float(logs.real.max())
        return top, complex(integrate.simpson(np.exp(logs - top), x=inside))

    law = _Rank(float(n), float(k), eps, sigma)
    c = 0.7 * law.line()[0] * float(np.exp(sigma * (high - law.rule.score[law.near][-1])))
    start, total, largest, step = transform(complex(c))[0], 0.0, 0.0, 0.3 * fine
    for turn in range(20_000):
        theta = c * (1 + 1j * step * turn)
        top, factor = transform(theta)
        value = np.exp(top - start) * factor / theta
        total += float(value.real) * step * c * (1.0 if turn else 0.5)
        largest = max(largest, abs(value))
        if abs(value) * max(turn, 1) < FADED * largest:
            break
    return start + float(np.log(total / np.pi))


def _running(values: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Integrals from the first node to each; SciPy's routine takes real values only."""
    from scipy import integrate

    real = integrate.cumulative_simpson(np.real(values), x=x, initial=0.0)
    return real + 1j * integrate.cumulative_simpson(np.imag(values), x=x, initial=0.0)
