"""Sums in one fixed order: the same bits whatever threads, batches or vector units do the work."""

import numpy as np
from numba import njit

from attnlaws.simulations.primitives import fma64, kernel

LANES = 256


@kernel
def fold(lanes):
    """Add up 256 float64 lanes by halving, in place: a tree of depth eight."""
    return fold_first(lanes, LANES)


@kernel
def fold_first(lanes, reach):
    """As :func:`fold` where all lanes from ``reach`` on, a power of two, are zeros: those branches change no bit.

    The one number that adding a zero changes is minus zero, which no sum is that starts from zero.
    """
    width = reach >> 1
    while width:
        for i in range(width):
            lanes[i] += lanes[i + width]
        width >>= 1
    return lanes[0]


@kernel
def dot64(left, right):
    """Inner product in float64, from first to last with one rounding a term."""
    total = 0.0
    for i in range(left.size):
        total = fma64(np.float64(left[i]), np.float64(right[i]), total)
    return total


@njit(cache=True, nogil=True, error_model="numpy")  # calls nothing, so its own file is all that its cache must watch
def monomial_sums(values, exponents, sums):
    """Sum products of powers of the outputs over the replicates of a block.

    Args:
        values: outputs, float64 [replicate, output].
        exponents: int64 [monomial, output].
        sums: result, float64 [monomial].
    """
    for m in range(exponents.shape[0]):
        total = 0.0
        for r in range(values.shape[0]):
            term = 1.0
            for o in range(exponents.shape[1]):
                for _ in range(exponents[m, o]):
                    term *= values[r, o]
            total += term
        sums[m] = total
