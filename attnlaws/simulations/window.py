"""Top-k sums of a stream of scores of which nothing is kept but those whose rank is in doubt.

The k-th largest of n normal scores lies between two levels that are known beforehand, but for a chance that can be made
as small as one likes. One pass adds up the weights below and above that window and keeps the few scores inside; they
are selected from and added up at the end. Counts say whether the k-th largest was in the window and whether there was
room. If not, they say where it must be, and passes over the same numbers with other windows follow, each half of what
is left, until there is room, at the latest when the window is one number.

Outside the window, weights are added in float64 by lanes; inside they are integers (masses.py), so that it does not
matter in which order the threads of a GPU keep them.
"""

import math
from statistics import NormalDist

import numpy as np

from attnlaws.simulations.lanes import LANES, normal_lanes32
from attnlaws.simulations.masses import added, as_float, mass_of, weight_of
from attnlaws.simulations.primitives import _fma64, exact, kernel
from attnlaws.simulations.radix import drawn_row, from_ordered_bits32, ordered_bits32
from attnlaws.simulations.selection import kth_largest
from attnlaws.simulations.sums import fold

__all__ = ["tail_of_stream", "window_of"]

BEYOND = 9.5
"""What no float32 normal exceeds (stream.py)."""
_BEYOND32 = np.float32(BEYOND)
_BEYOND64 = np.float64(BEYOND)
_UNIT_MASS64 = np.float64(2.0**-62)
WIDTH = 8
"""Half the window, in standard deviations of the number of scores above a level."""
SPARE = 32
"""Ranks added to that, because small counts have longer tails than a normal distribution."""


def window_of(n: int, k: int) -> dict[str, float | int]:
    """Two levels between which the k-th largest of n standard normals lies, and room for the scores between them.

    The number of scores above a level is binomial. The levels are those above which k - w and k + w are expected, with
    w = 8 sqrt(k (1 - k/n)) + 32, rounded to float32: by Chernoff's bound the k-th largest misses the window, or the
    scores inside miss the room for them, with a chance below 1e-12.

    Returns:
        ``low`` and ``high``, 9.5 where there is no such rank, and ``room``, at most n.

    Example:
        >>> window = window_of(2**30, 2**20)
        >>> round(window["low"], 4), round(window["high"], 4), window["room"]
        (3.095, 3.0996, 17498)
    """
    width = WIDTH * math.sqrt(k * (1 - k / n)) + SPARE
    low, high = min(k + width, n), max(k - width, 0.0)
    room = low - high
    return {
        "low": float(np.float32(-NormalDist().inv_cdf(low / n))) if low < n else -BEYOND,
        "high": float(np.float32(-NormalDist().inv_cdf(high / n))) if high > 0 else BEYOND,
        "room": min(n, math.ceil(room + WIDTH * math.sqrt(room) + SPARE)),
    }


@exact
def _level_weight(sigma, score):
    """exp(sigma (score - 9.5)), which is at most 1; from sigma = 36.8 on, the lowest of all scores have too much."""
    return weight_of(_fma64(sigma, score, -_BEYOND64 * sigma))


@kernel
def _pass(k0, k1, replicate, n, sigma, low, high, kept, sums):
    """Add up the weights below ``low`` and above ``high``, keep the scores from low to high, as far as there is room.

    Returns:
        The number of scores above, and from low to high.
    """
    above, inside = 0, 0
    words = np.empty((4, LANES), np.uint32)
    x = np.empty((4, LANES), np.float32)
    under, over = np.zeros(LANES), np.zeros(LANES)
    low32, high32 = np.float32(low), np.float32(high)
    low64, high64 = np.float64(low32), np.float64(high32)
    for start in range(0, n, 4 * LANES):
        calls = min(LANES, (n - start + 3) // 4)
        normal_lanes32(k0, k1, np.uint64(start // 4), np.uint64(0), replicate, x, words, calls)
        for row in range(4):
            count = drawn_row(n, start, row)
            larger, smaller = np.int32(0), np.int32(0)
            for i in range(count):  # a sum that is not cast back is one of 64 bits, and half as many fit a register
                larger = np.int32(larger + np.int32(x[row, i] > high32))
                smaller = np.int32(smaller + np.int32(x[row, i] < low32))
            above += larger
            if smaller == count:  # as nearly always where few are kept: nothing is to be compared, or added to zero
                for i in range(count):
                    under[i] += _level_weight(sigma, np.float64(x[row, i]))
                continue
            for i in range(count):
                score = np.float64(x[row, i])
                weight = _level_weight(sigma, score)
                under[i] += weight if score < low64 else 0.0
                over[i] += weight if score > high64 else 0.0
            if larger + smaller < count:
                for i in range(count):
                    if low32 <= x[row, i] <= high32:
                        if inside < kept.size:
                            kept[inside] = x[row, i]
                        inside += 1
    sums[0] = fold(under)
    sums[1] = fold(over)
    return above, inside


@kernel
def tail_of_stream(k0, k1, replicate, kept, n, k, sigma, low, high):
    """The share of the weights exp(sigma score) that lies outside the k largest of the normals 0 .. n - 1 at tag 0.

    Args:
        k0: First key word, uint64 below 2^32.
        k1: Second key word, likewise.
        replicate: uint64 below 2^32.
        kept: float64 [at least 1], scratch for the scores in the window.
        n: number of scores.
        k: rank, from 1 to n.
        sigma: at most 36.
        low: lower level of the window, a float32 value.
        high: upper level, likewise.
    """
    sums = np.empty(2)
    # The k-th largest is one of the numbers with the ordered bits first .. last.
    first, last = np.int64(ordered_bits32(-_BEYOND32)), np.int64(ordered_bits32(_BEYOND32))
    while True:
        above, inside = _pass(k0, k1, replicate, n, sigma, low, high, kept, sums)
        bottom, top = np.int64(ordered_bits32(low)), np.int64(ordered_bits32(high))
        if above >= k:
            first = top + 1
            top = last
        elif above + inside < k:
            last = bottom - 1
            top = last
        elif inside > kept.size and low < high:
            first, last = bottom, top
            top = (first + last) >> 1
        else:
            break
        low, high = from_ordered_bits32(np.uint32(first)), from_ordered_bits32(np.uint32(top))
    stored = inside if low < high else 1
    threshold = kth_largest(kept[:stored], k - above)
    largest = kept[0]
    for i in range(stored):
        largest = kept[i] if kept[i] > largest else largest
    zero = np.uint64(0)
    less, less_high, more, more_high, smaller, larger = zero, zero, zero, zero, 0, 0
    for i in range(stored):
        mass = mass_of(weight_of(sigma * (kept[i] - largest)))
        if kept[i] < threshold:
            less, less_high = added(less, less_high, mass, zero)
            smaller += 1
        elif kept[i] > threshold:
            more, more_high = added(more, more_high, mass, zero)
            larger += 1
    # Of the scores equal to the threshold so many are kept that they are k in all.
    tied = np.float64(mass_of(weight_of(sigma * (threshold - largest))))
    taken = np.float64(k - above - larger)
    left = np.float64(inside - smaller - larger) - taken
    unit = _level_weight(sigma, largest) * _UNIT_MASS64
    tail = _fma64(unit, _fma64(left, tied, as_float(less, less_high)), sums[0])
    head = _fma64(unit, _fma64(taken, tied, as_float(more, more_high)), sums[1])
    return tail / (tail + head)
