"""Roundings that are granted, so that a bound computed in float64 is a bound on the real number.

One assumption is made about the library: that exp and log are right to a relative 2^-42, about two thousand units in
the last place. Everything else is IEEE arithmetic: a product or sum is off by at most u = 2^-53 of itself, and an inner
product of length d, added in any order, by at most gamma_d = d u / (1 - d u) of the sum of the sizes of its terms.
"""

import math

import numpy as np

U = 2.0**-53
LIBRARY = 2.0**-40
"""What an exponential or logarithm is granted, twice and more what is assumed of it."""
TINY = 1e-150
"""What a norm is granted for squares that underflow; its square is in reach of float64."""


def gamma(count: int) -> float:
    """The bound on the relative error of count roundings in a row.

    Example:
        >>> gamma(3) > 3 * 2.0**-53
        True
    """
    return 1.001 * count * U


def norms_up(rows: np.ndarray) -> np.ndarray:
    """Upper bounds of the norms of rows [..., d] that were each rounded once.

    Example:
        >>> float(norms_up(np.array([3.0, 4.0]))) > 5.0
        True
    """
    return np.sqrt((rows * rows).sum(axis=-1)) * (1 + gamma(rows.shape[-1] + 8)) + TINY


def largest_eigenvalue_up(rows: np.ndarray) -> float:
    """An upper bound of the largest eigenvalue of the mean of the outer squares of rows [m, d].

    For a positive matrix of trace 1 the eigenvalue is at most the square root of that of the square; so the traces of
    repeated squares bound it from above, within a few percent, and nothing is asked of an eigensolver. A square of a
    matrix of size m that has trace 1 is off by gamma_m in norm, which is a part m^2 gamma_m of its eigenvalue or less.

    Example:
        >>> bound = largest_eigenvalue_up(np.array([[3.0, 0.0], [0.0, 1.0]]))
        >>> 4.5 < bound < 4.51
        True
    """
    count, width = rows.shape
    gram = rows @ rows.T if count < width else rows.T @ rows
    trace = float(np.trace(gram))
    if trace == 0.0:
        return TINY
    size = len(gram)
    square, bound = gram / trace, trace / count
    for step in range(1, 7):
        square = square @ square
        total = float(np.trace(square))
        bound *= total ** (0.5**step)
        square = square / total
    return bound * (1 + 4 * size * size * gamma(size + width + 8)) + TINY


def tail_bound(log_bounds: np.ndarray, logits: np.ndarray, error: float) -> float:
    """An upper bound of the softmax mass of what was not scored.

    Args:
        log_bounds: logarithms of upper bounds of the masses of all that was not scored.
        logits: computed logits of what was.
        error: how far a computed logit may be from the real one.

    Returns:
        At least R / (R + H) for the real masses R and H; 1 where nothing is known.

    Example:
        >>> bound = tail_bound(np.log([1.0]), np.log([3.0]), 0.0)
        >>> 0.25 < bound < 0.2500001
        True
    """
    if not len(log_bounds):
        return 0.0
    if not len(logits):
        return 1.0
    top = float(logits.max())
    granted = LIBRARY + gamma(len(logits) + len(log_bounds) + 16)
    with np.errstate(over="ignore", under="ignore"):
        tail = float(np.exp(log_bounds - top).sum()) * (
            1 + granted + 2 * U * float(np.abs(log_bounds).max() + abs(top))
        )
        head = float(np.exp(logits - top).sum()) * (1 - granted - 2 * U * float(np.abs(logits).max() + abs(top)))
    tail += len(log_bounds) * 1e-300
    head *= math.exp(-error)
    if not (math.isfinite(tail) and head > 0):
        return 1.0
    return min(1.0, tail / (tail + head) * (1 + 8 * U))
