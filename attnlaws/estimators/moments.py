"""Means and spreads of value vectors under softmax masses, in compiled code with bounds of every rounding.

A sum of products of masses and values of either sign errs by at most ``slack`` times the sum of their sizes; a mean is
the quotient of two such sums, so it errs by at most 3 slack times the mean of the sizes. Products too small for float64
are below ``TINY`` together; values are scaled beforehand so that the largest is about 1.
"""

import numpy as np
from numba import njit

from attnlaws.estimators.rounding import add, difference, exp_parts, relative_mass

__all__ = ["TINY", "farthest", "farthest_block", "mean_of", "mean_square", "odds_parts", "relative_masses"]

TINY = 2.0**-400
"""What is added to margins: more than all that underflow can take away."""


@njit(error_model="numpy", nogil=True)
def relative_masses(scores, chosen, masses):
    """Masses of the chosen keys relative to the largest of them, 0 for the others; their largest score and sum.

    Args:
        scores: float64 [n].
        chosen: bool [n].
        masses: float64 [n]; gets the masses.
    """
    reference, high, low = -np.inf, 0.0, 0.0
    for i in range(scores.size):
        if chosen[i]:
            reference = max(reference, scores[i])
    for i in range(scores.size):
        masses[i] = relative_mass(scores[i], reference, 0) if chosen[i] else 0.0
        high, low = add(high, low, masses[i])
    return reference, high + low


@njit(error_model="numpy", nogil=True)
def odds_parts(below, above):
    """exp(below - above) as y 2^k; the power is 9999 or -9999 where it is beyond all float64."""
    d, r = difference(below, above)
    if d > 1500.0:
        return 1.0, 9999
    if not d > -1500.0:
        return 1.0, -9999
    return exp_parts(d, r)


@njit(error_model="numpy", nogil=True)
def mean_of(values, masses, total, slack, mean, margin):
    """The mean of vectors under masses, and what each of its components may be off by.

    Args:
        values: float64 [n, d], of size at most 1 or so.
        masses: float64 [n].
        total: their sum.
        slack: relative error of a sum of n masses at most.
        mean: float64 [d]; gets the mean.
        margin: float64 [d]; gets the bounds.
    """
    for c in range(values.shape[1]):
        high, low, size, rest = 0.0, 0.0, 0.0, 0.0
        for i in range(values.shape[0]):
            product = masses[i] * values[i, c]
            high, low = add(high, low, product)
            size, rest = add(size, rest, abs(product))
        mean[c] = (high + low) / total
        margin[c] = 4 * slack * ((size + rest) / total) + TINY


@njit(error_model="numpy", nogil=True)
def mean_square(values, masses, total, center, margin):
    """The mean squared distance, under masses, from a center that is known up to a margin."""
    high, low = 0.0, 0.0
    for i in range(values.shape[0]):
        if masses[i] > 0:
            square = 0.0
            for c in range(center.size):
                square += (abs(values[i, c] - center[c]) + margin[c]) ** 2
            high, low = add(high, low, masses[i] * square)
    return (high + low) / total


@njit(error_model="numpy", nogil=True)
def farthest(values, chosen, center, margin):
    """The largest squared distance of the chosen vectors from a center that is known up to a margin."""
    largest = 0.0
    for i in range(values.shape[0]):
        if chosen[i]:
            square = 0.0
            for c in range(center.size):
                square += (abs(values[i, c] - center[c]) + margin[c]) ** 2
            largest = max(largest, square)
    return largest


@njit(error_model="numpy", nogil=True)
def farthest_block(values, seen, tail, block, center, margin):
    """The largest distance from a center of what balls around blocks of keys can hold, of blocks that meet the tail.

    Args:
        values: float64 [n, d].
        seen: bool [n], keys that are not masked: a ball holds the values of these.
        tail: bool [n].
        block: keys of a block.
        center: float64 [d].
        margin: float64 [d], what the center may be off by.
    """
    n, d = values.shape
    middle, largest = np.empty(d), 0.0
    for start in range(0, n, block):
        stop = min(start + block, n)
        if not tail[start:stop].any():
            continue
        middle[:] = 0.0
        count = 0
        for i in range(start, stop):
            if seen[i]:
                middle += values[i]
                count += 1
        middle /= count
        radius, distance = 0.0, 0.0
        for i in range(start, stop):
            if seen[i]:
                square = 0.0
                for c in range(d):
                    square += (values[i, c] - middle[c]) ** 2
                radius = max(radius, square)
        for c in range(d):
            distance += (abs(middle[c] - center[c]) + margin[c]) ** 2
        largest = max(largest, np.sqrt(distance) + np.sqrt(radius))
    return largest
