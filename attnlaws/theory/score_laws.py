"""Laws of one score for sums over rows of any length: quantiles, and quadrature in the logarithm of the odds.

A score is sigma Q(y), where F/(1 - F) = exp(y) and F is uniform: y has the density F (1 - F). Gaussian, exponential,
Laplace, uniform and logistic scores differ in Q alone. A rule has panels that are narrow around one place and grow away
from it, with Gauss-Legendre nodes; cumulative integrals come from the interpolating polynomial of each panel.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

SCORES = ("gaussian", "exponential", "laplace", "uniform")
ORDER = 12
"""Nodes of a panel."""
WIDEST = 1.2
"""Widest panel, in y and in the logarithm of a weight."""
GROWTH = 1.5
REACH = 42.0
"""Scores beyond odds of exp(-42)/n are left out."""


def log_share(y: np.ndarray) -> np.ndarray:
    """The logarithm of F = 1/(1 + exp(-y))."""
    return -np.logaddexp(0.0, -y)


def _gaussian(y: np.ndarray) -> np.ndarray:
    from scipy import special

    return np.sign(y) * -special.ndtri_exp(log_share(-np.abs(y)))


QUANTILES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "gaussian": _gaussian,
    "exponential": lambda y: np.logaddexp(0.0, y),
    "laplace": lambda y: -np.sign(y) * (log_share(-np.abs(y)) + np.log(2.0)),
    "uniform": lambda y: np.exp(log_share(y)),
}
"""Quantiles at odds exp(y): of standard normal scores, Exp(1), Laplace scores of scale 1, and scores in (0, 1)."""


class Rule:
    """Nodes and weights in y, with cumulative integrals.

    Attributes:
        y: nodes, [panels * ORDER].
        score: their quantiles Q.
        density: of y at the nodes.
    """

    def __init__(self, scores: str, n: float, sigma: float, center: float = 0.0, width: float = 1.0) -> None:
        """Lay the panels.

        Args:
            scores: name of the law of a score.
            n: number of scores.
            sigma: factor of the scores.
            center: where panels are narrowest.
            width: how narrow they are there.
        """
        widest = WIDEST / max(1.0, sigma)
        end = REACH + np.log(n)
        steps, at = [0.0], 0.0
        while at < 2 * end + abs(center):
            at += min(widest, width * max(1.0, GROWTH ** (len(steps) - 8)))
            steps.append(at)
        ends = center + np.array([-step for step in steps[:0:-1]] + steps)
        ends = np.unique(np.clip(np.append(ends, 0.0), -end, end))
        nodes, weights, partial = panel()
        self.half = (ends[1:] - ends[:-1]) / 2
        self.y = ((ends[1:] + ends[:-1])[:, None] / 2 + self.half[:, None] * nodes).ravel()
        self.weights = (self.half[:, None] * weights).ravel()
        self.partial = partial
        self.density = np.exp(log_share(self.y) + log_share(-self.y))
        self.score = QUANTILES[scores](self.y)

    def below(self, values: np.ndarray) -> np.ndarray:
        """The integrals of values[..., node] from the lower end to each node; their rounding may be negative."""
        panels = values.reshape(*values.shape[:-1], self.half.size, ORDER)
        inside = (panels @ self.partial.T) * self.half[:, None]
        whole = (panels * self.weights.reshape(-1, ORDER)).sum(axis=-1)
        before = np.cumsum(whole, axis=-1) - whole
        return (before[..., None] + inside).reshape(values.shape)

    def above(self, values: np.ndarray) -> np.ndarray:
        """The integrals from each node to the upper end, which do not come from a difference."""
        panels = values.reshape(*values.shape[:-1], self.half.size, ORDER)
        inside = (panels @ self.partial[::-1, ::-1].T) * self.half[:, None]
        whole = (panels * self.weights.reshape(-1, ORDER)).sum(axis=-1)
        after = np.cumsum(whole[..., ::-1], axis=-1)[..., ::-1] - whole
        return (after[..., None] + inside).reshape(values.shape)


@lru_cache(maxsize=1)
def panel() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes and weights on (-1, 1), and the matrix that gives the integrals from -1 to each node."""
    nodes, weights = np.polynomial.legendre.leggauss(ORDER)
    # The interpolating polynomial in Legendre polynomials, whose integrals are (P_(m+1) - P_(m-1))/(2 m + 1).
    values = np.polynomial.legendre.legvander(nodes, ORDER)
    degree = np.arange(ORDER)
    coefficients = (2 * degree[:, None] + 1) / 2 * values[:, :ORDER].T * weights
    integrals = np.empty((ORDER, ORDER))
    integrals[:, 0] = nodes + 1
    integrals[:, 1:] = (values[:, 2:] - values[:, : ORDER - 1]) / (2 * degree[1:] + 1)
    return nodes, weights, integrals @ coefficients
