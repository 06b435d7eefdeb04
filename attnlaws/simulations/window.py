"""Top-k sums of a stream of scores of which nothing is kept but those whose rank is in doubt.

The k-th largest of n normal scores lies between two levels that are known beforehand, but for a chance that can be made
as small as one likes. One pass adds up the weights below and above that window and keeps the few scores inside; they
are selected from and added up at the end. Counts say whether the k-th largest was in the window and whether there was
room. If not, they say where it must be, and passes over the same numbers with other windows follow, each half of what
is left, until there is room, at the latest when the window is one number.

A pass falls into parts, which threads share; their sums are added in the parts' order. Outside the window, weights are
added in float64 by lanes; inside they are integers (masses.py), so that it does not matter in which order the parts, or
the threads of a GPU, keep them. Nearly all scores lie below the window. Their weights are float32 numbers, within 2e-7,
and the four of a call are added up before float64 takes over: twice as many of them fit a register.
"""

import math
from statistics import NormalDist

import numpy as np

from attnlaws.simulations.arithmetic import _LOG2E_64, _ROUND32, _ROUND64
from attnlaws.simulations.lanes import LANES, normal_lanes32
from attnlaws.simulations.logarithm import _LN2_HIGH64
from attnlaws.simulations.masses import added, as_float, mass_of, weight_of
from attnlaws.simulations.primitives import (
    _bits_to_float32,
    _float32_to_bits,
    _fma32,
    _fma64,
    aligned_stack,
    exact,
    kernel,
)
from attnlaws.simulations.radix import from_ordered_bits32, ordered_bits32
from attnlaws.simulations.selection import kth_largest
from attnlaws.simulations.sums import fold

__all__ = ["decide_tail", "first_window", "part_of_tail", "window_of"]

BEYOND = 9.5
"""What no float32 normal exceeds (stream.py)."""
_BEYOND32 = np.float32(BEYOND)
_BEYOND64 = np.float64(BEYOND)
_UNIT_MASS64 = np.float64(2.0**-62)
_NOTHING32 = np.float32(0.0)
_NO_SCORE32 = np.float32(16.0)  # beyond all that there are
_EXPONENT_SHIFT32 = np.uint32(23)
_SMALLEST64 = np.float64(125.0)
_POWER = tuple(
    np.float32(v)
    for v in (1.0, 6.931471825e-01, 2.402264625e-01, 5.550328642e-02, 9.618489072e-03, 1.339993090e-03, 1.534581243e-04)
)
"""2^f for f from -1/2 to 1/2: minimax, relative error 2e-9 before rounding (the Remez exchange in 40 digits)."""
WIDTH = 8
"""Half the window, in standard deviations of the number of scores above a level."""
SPARE = 32
"""Ranks added to that, because small counts have longer tails than a normal distribution."""
FEW = 16
"""So many of 256 scores are done sooner one by one."""
SUMS = 4
"""What a part adds up: weights below and above the window, numbers of scores above and in it."""


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


def first_window(low: float, high: float) -> tuple[float, float, float, float]:
    """The plan of the first pass: a window, and the smallest and the largest number that the k-th largest may be.

    Example:
        >>> first_window(1.0, 2.0)
        (1.0, 2.0, -9.5, 9.5)
    """
    return low, high, -BEYOND, BEYOND


# --- weights --------------------------------------------------------------------------------------------------------


@exact
def _level_weight(sigma, score):
    """exp(sigma (score - 9.5)), which is at most 1; from sigma = 36.8 on, the lowest of all scores have too much."""
    return weight_of(_fma64(sigma, score, -_BEYOND64 * sigma))


@exact
def _octaves(sigma, low):
    """The power of two that is next to exp(sigma low): weights below the window are relative to it."""
    return _fma64(sigma * _LOG2E_64, low, _ROUND64) - _ROUND64


@exact
def _powers(sigma, low):
    """What :func:`_power` goes by: the factor of a score in the exponent of two, in two parts; the octaves, where a sum
    is rounded to whole ones; and the smallest score, for a weight of 2^-125, that has one of its own.
    """
    factor, octaves = sigma * _LOG2E_64, _octaves(sigma, low)
    high = np.float32(factor)
    rest = np.float32(factor - np.float64(high))
    return high, rest, np.float32(np.float64(_ROUND32) - octaves), np.float32((octaves - _SMALLEST64) / factor)


@exact
def _power(score, powers):
    """exp(sigma score) / 2^octaves as float32, within 2e-7, for a score of at most ``low``."""
    factor, rest, whole, smallest = powers
    score = score if score > smallest else smallest
    shifted = _fma32(score, factor, whole)
    f = _fma32(score, rest, _fma32(score, factor, -np.float32(shifted - whole)))
    p = _fma32(f, _POWER[6], _POWER[5])
    p = _fma32(f, p, _POWER[4])
    p = _fma32(f, p, _POWER[3])
    p = _fma32(f, p, _POWER[2])
    p = _fma32(f, p, _POWER[1])
    p = _fma32(f, p, _POWER[0])
    # The low bits of `shifted` are the power of two, as in masses.py.
    return _bits_to_float32(np.uint32(_float32_to_bits(p) + np.uint32(_float32_to_bits(shifted) << _EXPONENT_SHIFT32)))


@exact
def _power_below(score, low, powers):
    return _power(score, powers) if score < low else _NOTHING32


# --- passes ---------------------------------------------------------------------------------------------------------


@kernel
def _weights_below(x, low, powers, weights):
    """The weights of each lane's four scores, added up where they are below ``low``; gives the number of those."""
    aligned_stack()
    below = np.int32(0)
    for i in range(LANES):
        pair = np.float32(_power_below(x[0, i], low, powers) + _power_below(x[1, i], low, powers))
        other = np.float32(_power_below(x[2, i], low, powers) + _power_below(x[3, i], low, powers))
        weights[i] = np.float32(pair + other)
        # A sum that is not cast back is one of 64 bits, and half as many fit a register.
        below = np.int32(below + np.int32(x[0, i] < low) + np.int32(x[1, i] < low))
        below = np.int32(below + np.int32(x[2, i] < low) + np.int32(x[3, i] < low))
    return below


@exact
def _count(x, low, high):
    """How many scores of a row are from ``low`` to ``high``."""
    number = np.int32(0)
    for i in range(LANES):
        number = np.int32(number + np.int32((x[i] >= low) & (x[i] <= high)))
    return number


@kernel
def _add_above(x, high, sigma, over):
    """Add the weights of a row's scores above ``high``, lane by lane."""
    aligned_stack()
    for i in range(LANES):
        weight = _level_weight(sigma, np.float64(x[i]))
        over[i] += weight if (x[i] > high) & (x[i] < _NO_SCORE32) else 0.0


@kernel
def _one_by_one(x, low, high, sigma, over, add, kept, filled):
    """Keep a row's scores from ``low`` to ``high``, as far as there is room, and if asked to, add the weights of those
    above; gives how many are kept then.
    """
    for i in range(LANES):
        if x[i] >= low:
            if x[i] <= high:
                if filled < kept.size:
                    kept[filled] = x[i]
                filled += 1
            elif add and x[i] < _NO_SCORE32:
                over[i] += _level_weight(sigma, np.float64(x[i]))
    return filled


@kernel
def part_of_tail(k0, k1, replicate, first, last, plan, sums, kept, filled, sigma):
    """One pass over the normals first .. last - 1 at tag 0: add up the weights outside a window, keep what is inside.

    Args:
        k0: First key word, uint64 below 2^32.
        k1: Second key word, likewise.
        replicate: uint64 below 2^32.
        first: a multiple of 1024.
        last: where the part ends.
        plan: the window's levels, and whatever else.
        sums: float64 [4], written.
        kept: float64, for the scores from ``low`` to ``high``, as far as there is room.
        filled: how many are there.
        sigma: at most 36.

    Returns:
        How many scores are in the window with those that were there, room or not.
    """
    low, high = np.float32(plan[0]), np.float32(plan[1])
    powers = _powers(sigma, np.float64(low))
    words, x = np.empty((4, LANES), np.uint32), np.empty((4, LANES), np.float32)
    weights = np.empty(LANES, np.float32)
    under, over = np.zeros(LANES), np.zeros(LANES)
    above, before = 0, filled
    for start in range(first, last, 4 * LANES):
        calls = min(LANES, (last - start + 3) // 4)
        normal_lanes32(k0, k1, np.uint64(start // 4), np.uint64(0), replicate, x, words, calls)
        for j in range(last - start, 4 * LANES):
            x[j % 4, j // 4] = _NO_SCORE32
        below = _weights_below(x, low, powers, weights)
        for i in range(LANES):
            under[i] += np.float64(weights[i])
        if below == 4 * LANES:
            continue
        for row in range(4):
            inside, others = _count(x[row], low, high), _count(x[row], low, _BEYOND32)
            above += others - inside
            many = others > FEW
            if many:
                _add_above(x[row], high, sigma, over)
            if inside or (others and not many):
                filled = _one_by_one(x[row], low, high, sigma, over, not many, kept, filled)
    sums[0], sums[1], sums[2], sums[3] = fold(under), fold(over), above, filled - before
    return filled


# --- what a pass has found ------------------------------------------------------------------------------------------


@kernel
def decide_tail(plan, sums, kept, out, k, sigma):
    """Write the share of the weights outside the k largest, or the plan of another pass.

    Args:
        plan: the pass's window, and the smallest and the largest number that the k-th largest may be.
        sums: float64 [part, 4], in the order of the parts.
        kept: float64, the scores in the window, in any order; not all of them if there was no room. Left reordered.
        out: float64 [1], written if the k-th largest was found.
        k: rank, from 1.
        sigma: at most 36.

    Returns:
        Whether it was found.
    """
    under, over, above, inside = 0.0, 0.0, 0, 0
    for part in range(sums.shape[0]):
        under += sums[part, 0]
        over += sums[part, 1]
        above += np.int64(sums[part, 2])
        inside += np.int64(sums[part, 3])
    first, last = np.int64(ordered_bits32(plan[2])), np.int64(ordered_bits32(plan[3]))
    bottom, top = np.int64(ordered_bits32(plan[0])), np.int64(ordered_bits32(plan[1]))
    if above >= k:
        first = top + 1
        top = last
    elif above + inside < k:
        last = bottom - 1
        top = last
    elif inside > kept.size and bottom < top:
        first, last = bottom, top
        top = (first + last) >> 1
    else:
        out[0] = _share(under, over, kept[: inside if bottom < top else 1], k - above, inside, plan[0], sigma)
        return True
    plan[0], plan[1] = from_ordered_bits32(np.uint32(first)), from_ordered_bits32(np.uint32(top))
    plan[2], plan[3] = from_ordered_bits32(np.uint32(first)), from_ordered_bits32(np.uint32(last))
    return False


@kernel
def _share(under, over, kept, rank, inside, low, sigma):
    """The share of the weights below the score of a rank in the window, where ``kept`` are all of the scores in it or,
    if they are equal, one.
    """
    threshold = kth_largest(kept, rank if kept.size == inside else 1)
    largest = kept[0]
    for i in range(kept.size):
        largest = kept[i] if kept[i] > largest else largest
    zero = np.uint64(0)
    less, less_high, more, more_high, smaller, larger = zero, zero, zero, zero, 0, 0
    for i in range(kept.size):
        mass = mass_of(weight_of(sigma * (kept[i] - largest)))
        if kept[i] < threshold:
            less, less_high = added(less, less_high, mass, zero)
            smaller += 1
        elif kept[i] > threshold:
            more, more_high = added(more, more_high, mass, zero)
            larger += 1
    # Of the scores equal to the threshold so many are kept that they are k in all.
    tied = np.float64(mass_of(weight_of(sigma * (threshold - largest))))
    taken = np.float64(rank - larger)
    left = np.float64(inside - smaller - larger) - taken
    unit = _level_weight(sigma, largest) * _UNIT_MASS64
    below = weight_of(_fma64(_octaves(sigma, low), _LN2_HIGH64, -_BEYOND64 * sigma))
    tail = _fma64(unit, _fma64(left, tied, as_float(less, less_high)), under * below)
    head = _fma64(unit, _fma64(taken, tied, as_float(more, more_high)), over)
    return tail / (tail + head)
