"""Selection from a stream of normals of which none is kept, without a guess where to look.

The numbers are drawn again for every digit of the answer. A pass takes a histogram of one digit of the scores, read as
integers in the same order, among those that agree with the answer in the digits before; the next digit is where a share
of the mass falls, or of the number where all masses are equal. Counts and masses are integers, so that no order of the
additions is to be kept.
"""

import numpy as np

from attnlaws.simulations.lanes import LANES, normal_lanes32
from attnlaws.simulations.masses import added, allowed_of, at_most, mass_of, weight_of
from attnlaws.simulations.primitives import _bits_to_float32, _float32_to_bits, exact, kernel

__all__ = ["drawn_row", "from_ordered_bits32", "kept_of_stream", "ordered_bits32"]

_SIGN_BIT32 = np.uint32(0x80000000)
_ALL_BITS32 = np.uint32(0xFFFFFFFF)
_LAST_BIT32 = np.uint32(31)
_DIGIT_BITS = 11


@exact
def ordered_bits32(x):
    """The bits of a float32 as an integer that is larger where the number is."""
    bits = _float32_to_bits(np.float32(x))
    return np.uint32(bits ^ (_ALL_BITS32 if bits & _SIGN_BIT32 else _SIGN_BIT32))


@exact
def from_ordered_bits32(bits):
    """The float32 whose ordered bits these are."""
    bits = np.uint32(bits)
    return _bits_to_float32(np.uint32(bits ^ (_SIGN_BIT32 if bits & _SIGN_BIT32 else _ALL_BITS32)))


@exact
def drawn_row(n, start, row):
    """How many scores of the superblock of 1024 from ``start`` are element ``row`` of their call."""
    return min(LANES, (n - start - row + 3) // 4)


@kernel
def _largest(k0, k1, replicate, n):
    """The largest of the normals 0 .. n - 1 at tag 0, float32."""
    words = np.empty((4, LANES), np.uint32)
    x = np.empty((4, LANES), np.float32)
    lanes = np.full(LANES, -np.float32(np.inf))
    for start in range(0, n, 4 * LANES):
        calls = min(LANES, (n - start + 3) // 4)
        normal_lanes32(k0, k1, np.uint64(start // 4), np.uint64(0), replicate, x, words, calls)
        for row in range(4):
            for i in range(drawn_row(n, start, row)):
                lanes[i] = x[row, i] if x[row, i] > lanes[i] else lanes[i]
    value = lanes[0]
    for i in range(LANES):
        value = lanes[i] if lanes[i] > value else value
    return value


@kernel
def _agreeing(x, n, start, known, unknown, found):
    """Collect the scores of a superblock whose bits above the lowest ``unknown`` ones are those of ``known``."""
    count = 0
    wanted, shift = np.uint64(known), np.uint64(unknown)
    for row in range(4):
        for i in range(drawn_row(n, start, row)):
            found[count] = x[row, i]
            count += ((np.uint64(ordered_bits32(x[row, i])) ^ wanted) >> shift) == np.uint64(0)
    return count


@kernel
def _masses(k0, k1, replicate, n, sigma, largest, known, unknown, shift, counts, low, high):
    """One pass: add the scores that agree, and their masses relative to the largest score's, to the histograms of
    their next digit.
    """
    words = np.empty((4, LANES), np.uint32)
    x = np.empty((4, LANES), np.float32)
    found = np.empty(4 * LANES + 1, np.float32)
    weights = np.empty(4 * LANES)
    right, last = np.uint32(shift), np.uint32(counts.size - 1)
    for start in range(0, n, 4 * LANES):
        calls = min(LANES, (n - start + 3) // 4)
        normal_lanes32(k0, k1, np.uint64(start // 4), np.uint64(0), replicate, x, words, calls)
        count = _agreeing(x, n, start, known, unknown, found)
        for i in range(count):
            weights[i] = weight_of(sigma * (np.float64(found[i]) - largest))
        for i in range(count):
            digit = (ordered_bits32(found[i]) >> right) & last
            counts[digit] += 1
            low[digit], high[digit] = added(low[digit], high[digit], mass_of(weights[i]), np.uint64(0))


@kernel
def kept_of_stream(k0, k1, replicate, n, sigma, eps):
    """How many of the largest weights exp(sigma score) it takes to lose at most the part eps of their sum, and the
    smallest score among them (float64).

    With sigma = 0 that is the score of the rank after the part eps of them. Four passes over the normals 0 .. n - 1 at
    tag 0: for the largest, and for each of three digits of the largest score that is not lost as a whole. Masses are
    those of :mod:`attnlaws.simulations.masses`: the number is exact for an eps that differs from the given one by less
    than n 2^-62 + 1e-15, and for weights within 3e-10 of their value.
    """
    largest = np.float64(_largest(k0, k1, replicate, n))
    counts = np.empty(1 << _DIGIT_BITS, np.int64)
    low, high = np.empty(counts.size, np.uint64), np.empty(counts.size, np.uint64)
    known, unknown, lost = np.uint64(0), 32, 0
    zero = np.uint64(0)
    below, below_high, bound, bound_high = zero, zero, zero, zero
    while unknown > 0:
        shift = max(0, unknown - _DIGIT_BITS)
        digits = 1 << (unknown - shift)
        counts[:digits] = 0
        low[:digits] = zero
        high[:digits] = zero
        _masses(k0, k1, replicate, n, sigma, largest, known, unknown, shift, counts[:digits], low, high)
        if unknown == 32:
            for digit in range(digits):
                bound, bound_high = added(bound, bound_high, low[digit], high[digit])
            bound, bound_high = allowed_of(bound, bound_high, eps)
        digit = 0
        more, more_high = added(below, below_high, low[0], high[0])
        while at_most(more, more_high, bound, bound_high):
            below, below_high = more, more_high
            lost += counts[digit]
            digit += 1
            more, more_high = added(below, below_high, low[digit], high[digit])
        known |= np.uint64(digit) << np.uint64(shift)
        unknown = shift
    # The scores that are left are equal, and as many of them are lost as may be.
    score = np.float64(from_ordered_bits32(np.uint32(known)))
    mass = mass_of(weight_of(sigma * (score - largest)))
    below, below_high = added(below, below_high, mass, zero)
    while at_most(below, below_high, bound, bound_high):
        lost += 1
        below, below_high = added(below, below_high, mass, zero)
    return n - lost, score
