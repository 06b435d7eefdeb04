"""How many of the smallest masses of a row stay within a part of their sum, in compiled code.

Rows that were sorted are scanned; what is too long to be sorted is read several times, in pieces, into histograms of
the ordered bits of the scores, each over the one bin of the last in which the sum crosses its limit
(:mod:`attnlaws.estimators.stream`). Sums and masses are those of :mod:`attnlaws.estimators.rounding`.
"""

import numpy as np
from numba import njit

from attnlaws.estimators.rounding import add, difference, exp_parts, log_above, relative_mass

__all__ = ["advance", "enclose", "gather", "histogram", "scan_rows", "survey", "tail_masses", "tail_sum"]

EMPTY, NOT_A_NUMBER = -1, -2
"""What ``scan_rows`` says of a row without a key, and of one with NaN or an infinity."""
_SIGN = np.uint64(1 << 63)
_ALL = np.uint64((1 << 64) - 1)
_ZERO = np.uint64(0)
NO_COUNTS = np.empty(0, np.int64)


@njit(error_model="numpy", nogil=True)
def advance(values, counts, reference, exponent, limit, high, low):
    """How many more masses of ascending values can be added to a sum before it exceeds a limit.

    Args:
        values: float64 [n], ascending.
        counts: int64 [n], how often each occurs; empty if once.
        reference: the score whose mass is 1.
        exponent: masses are divided by two to this power.
        limit: what the sum may be.
        high: the sum so far.
        low: its lower part.

    Returns:
        The number of masses, the index of the value of the first that does not fit (or n), and the sum with it (or 0).
    """
    taken = 0
    for i in range(values.size):
        mass = relative_mass(values[i], reference, exponent)
        count = counts[i] if counts.size else 1
        more, rest = add(high, low, count * mass)
        if more + rest > limit:
            inside, outside = 0, count
            while outside - inside > 1:
                middle = (inside + outside) >> 1
                more, rest = add(high, low, middle * mass)
                if more + rest > limit:
                    outside = middle
                else:
                    inside = middle
            more, rest = add(high, low, (inside + 1) * mass)
            return taken + inside, i, more + rest
        high, low = more, rest
        taken += count
    return taken, values.size, 0.0


@njit(error_model="numpy", nogil=True)
def scan_rows(rows, fraction, exponent, slack, first, total, least, most):
    """Of each row, how many keys can be dropped for certain, and how many at most.

    Args:
        rows: float64 [rows, n], ascending.
        fraction: [rows]; eps is fraction 2^exponent, and the fraction 0 or from 1/2 to 1.
        exponent: int64 [rows].
        slack: relative error of a sum of n masses at most.
        first: int64 [rows]; gets the index of the first key that is not -inf, or EMPTY, or NOT_A_NUMBER.
        total: float64 [rows]; gets the sum of all masses, relative to the largest.
        least: int64 [rows]; gets the number that can be dropped for certain, or -1 where all keys are equal.
        most: int64 [rows]; gets the number beyond which too much is lost for certain.
    """
    n = rows.shape[1]
    for i in range(rows.shape[0]):
        row = rows[i]
        top = row[n - 1]
        if not top < np.inf:
            first[i] = NOT_A_NUMBER
            continue
        if top == -np.inf:
            first[i] = EMPTY
            continue
        start = 0
        while row[start] == -np.inf:
            start += 1
        first[i] = start
        high, low = 0.0, 0.0
        for j in range(start, n):
            high, low = add(high, low, relative_mass(row[j], top, 0))
        total[i] = high + low
        if row[start] == top:
            least[i], most[i] = -1, -1
        elif exponent[i] > 0:
            least[i], most[i] = n - start - 1, n - start - 1
        else:
            allowed = fraction[i] * total[i]
            kept = row[start : n - 1]
            lower, upper = allowed * (1 - 3 * slack), allowed * (1 + 3 * slack)
            least[i], _, beyond = advance(kept, NO_COUNTS, top, exponent[i], lower, 0.0, 0.0)
            most[i] = least[i]
            if beyond <= upper:
                most[i] = advance(kept, NO_COUNTS, top, exponent[i], upper, 0.0, 0.0)[0]


@njit(error_model="numpy", nogil=True)
def tail_masses(rows, first, dropped, masses):
    """The sum of the masses of the keys that are dropped, relative to the largest of them; 0 where there are none."""
    for i in range(rows.shape[0]):
        high, low = 0.0, 0.0
        last = first[i] + dropped[i]
        for j in range(first[i], last):
            high, low = add(high, low, relative_mass(rows[i, j], rows[i, last - 1], 0))
        masses[i] = high + low


@njit(error_model="numpy", nogil=True)
def enclose(reference, top, mass, total, slack, parts, powers, gap, rest, above):
    """What a tail mass is composed of, for each row.

    Args:
        reference: float64 [rows], the largest score of the tail.
        top: [rows], the largest of all.
        mass: [rows], the sum of the tail's masses relative to its largest, or 0 if there is no tail.
        total: [rows], the sum of all masses, relative to the largest.
        slack: [rows], relative error of the two sums at most.
        parts: [rows]; gets exp(reference - top) mass / total without its power of two.
        powers: int64 [rows]; gets that power.
        gap: [rows]; gets reference - top.
        rest: [rows]; gets what was rounded off in it.
        above: [rows]; gets an upper bound of log(mass / total).
    """
    for i in range(reference.size):
        parts[i], powers[i], gap[i], rest[i], above[i] = 0.0, 0, -np.inf, 0.0, 0.0
        if mass[i] > 0:
            share = mass[i] / total[i]
            gap[i], r = difference(reference[i], top[i])
            above[i] = log_above(share * (1 + 3 * slack[i]))
            if gap[i] > -np.inf:
                rest[i] = r
            if gap[i] > -1500.0:
                y, powers[i] = exp_parts(gap[i], r)
                parts[i] = y * share


@njit(error_model="numpy", nogil=True)
def survey(scores):
    """The number of keys that are not masked, the smallest and the largest, and the index of a bad one, or -1."""
    keys, least, most, bad = 0, np.inf, -np.inf, -1
    for i in range(scores.size):
        score = scores[i]
        if not score < np.inf:
            bad = i if bad < 0 else bad
        elif score > -np.inf:
            keys += 1
            least = min(least, score)
            most = max(most, score)
    return keys, least, most, bad


@njit(error_model="numpy", nogil=True)
def ordered(bits):
    """Bits of a float64 as an integer that is larger where the number is."""
    return np.uint64(bits ^ (_ALL if bits & _SIGN else _SIGN))


@njit(error_model="numpy", nogil=True)
def histogram(scores, bits, reference, exponent, base, last, shift, counts, high, low):
    """Add the scores whose ordered bits go from base to last, and their masses, to the bins that they fall into.

    Args:
        scores: float64 [n]; -inf is left out.
        bits: the same as uint64.
        reference: the score whose mass is 1.
        exponent: masses are divided by two to this power.
        base: uint64, where the first bin begins.
        last: uint64, where the last one ends.
        shift: uint64, the number of bits that a bin is wide.
        counts: int64 [bins].
        high: float64 [bins].
        low: float64 [bins], the lower parts of the sums.
    """
    for i in range(scores.size):
        if scores[i] > -np.inf:
            key = ordered(bits[i])
            if base <= key <= last:
                bin = np.int64(np.uint64(key - base) >> shift)
                counts[bin] += 1
                mass = relative_mass(scores[i], reference, exponent)
                high[bin], low[bin] = add(high[bin], low[bin], mass)


@njit(error_model="numpy", nogil=True)
def total_mass(scores, reference, high, low):
    """The sum of the masses, added to one that there is."""
    for i in range(scores.size):
        if scores[i] > -np.inf:
            high, low = add(high, low, relative_mass(scores[i], reference, 0))
    return high, low


@njit(error_model="numpy", nogil=True)
def crossed(counts, highs, lows, limit, high, low):
    """The first bin that takes a sum above a limit (or their number), the sum before it, and the count before it."""
    before = 0
    for bin in range(counts.size):
        more, rest = add(high, low, highs[bin])
        rest += lows[bin]
        if more + rest > limit:
            return bin, high, low, before
        high, low = more, rest
        before += counts[bin]
    return counts.size, high, low, before


@njit(error_model="numpy", nogil=True)
def gather(scores, bits, base, last, found, count):
    """Append the scores whose ordered bits go from base to last to those found; give how many there are now."""
    for i in range(scores.size):
        if scores[i] > -np.inf:
            key = ordered(bits[i])
            if base <= key <= last:
                found[count] = scores[i]
                count += 1
    return count


@njit(error_model="numpy", nogil=True)
def below(scores, bound, largest):
    """The largest score under a bound, or the one that is known already."""
    for i in range(scores.size):
        if scores[i] < bound:
            largest = max(largest, scores[i])
    return largest


@njit(error_model="numpy", nogil=True)
def tail_sum(scores, bound, reference, high, low):
    """The sum of the masses of the scores under a bound, relative to a reference, added to one that there is."""
    for i in range(scores.size):
        if -np.inf < scores[i] < bound:
            high, low = add(high, low, relative_mass(scores[i], reference, 0))
    return high, low
