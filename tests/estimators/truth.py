"""Tail masses with 200 bits, and the formulas that are usually written for them."""

import math
from collections import Counter
from fractions import Fraction

import mpmath
import numpy as np

BITS = 200


def tails(row):
    """Sums of the 0, 1, ... n smallest masses of a row (-inf left out), relative to the largest: mpf with 200 bits."""
    kept = sorted(float(score) for score in row if score != -math.inf)
    top = mpmath.mpf(kept[-1])
    sums, known = [mpmath.mpf(0)], {}
    with mpmath.workprec(BITS):
        for score in kept:
            if score not in known:
                known[score] = mpmath.exp(mpmath.fsub(score, top, exact=True))
            sums.append(sums[-1] + known[score])
    return sums


def excess(row, dropped, eps):
    """The tail less its share: whether too much is lost when so many are dropped, as -1, 0 or 1; 1400 bits decide it.

    The masses of equal scores are collected first, so that what cancels among them leaves nothing behind. Scores that
    differ by 1e-300 need a thousand bits.
    """
    kept = sorted(float(score) for score in row if score != -math.inf)
    counts, lost = Counter(kept), Counter(kept[:dropped])
    terms = []
    with mpmath.workprec(7 * BITS):
        for score, count in counts.items():
            share = lost[score] - Fraction(eps) * count
            if share:
                mass = mpmath.exp(mpmath.fsub(score, kept[-1], exact=True))
                terms.append(mass * share.numerator / share.denominator)
        if not terms:
            return 0
        total, size = mpmath.fsum(terms), mpmath.fsum(terms, absolute=True)
        assert abs(total) > size * mpmath.mpf(2) ** -1350
    return 1 if total > 0 else -1


def smallest_k(row, sums, eps):
    """The smallest k whose tail is at most eps of the whole."""
    n = len(sums) - 1
    if eps >= 1:
        return 1
    with mpmath.workprec(BITS):
        allowed = mpmath.mpf(float(eps)) * sums[n]
        low, high = 0, n - 1
        while low < high:
            middle = (low + high + 1) // 2
            clear = abs(sums[middle] - allowed) > allowed * mpmath.mpf(2) ** -150
            fits = sums[middle] < allowed if clear else excess(row, middle, eps) <= 0
            low, high = (middle, high) if fits else (low, middle - 1)
    return n - low


def naive_masses(rows, k, dtype):
    """The tail mass of the k largest by three formulas, computed in a dtype: [rows] each.

    One minus the running sum of the head; one minus the exponential of a difference of two logarithms of sums; and the
    plain sum of the smallest probabilities.
    """
    ordered = -np.sort(-rows.astype(dtype), axis=-1)
    each = np.arange(len(rows))
    with np.errstate(all="ignore"):
        weights = np.exp(ordered - ordered[:, :1])
        shares = weights / weights.sum(-1, keepdims=True, dtype=dtype)
        running = np.cumsum(shares, axis=-1, dtype=dtype)
        log_sums = ordered[:, 0, None] + np.log(np.cumsum(weights, axis=-1, dtype=dtype))
        places = np.arange(rows.shape[1])
        plain = np.where(places >= k[:, None], shares, 0).sum(-1, dtype=dtype)
        return {
            "1 - head": 1 - running[each, k - 1],
            "difference of logarithms": 1 - np.exp(log_sums[each, k - 1] - log_sums[:, -1]),
            "plain sum": plain,
        }


def naive_k(rows, eps, dtype):
    """The first k whose running sum reaches 1 - eps, as top-p samplers have it: [rows]."""
    ordered = -np.sort(-rows.astype(dtype), axis=-1)
    with np.errstate(all="ignore"):
        weights = np.exp(ordered - ordered[:, :1])
        running = np.cumsum(weights / weights.sum(-1, keepdims=True, dtype=dtype), axis=-1, dtype=dtype)
    return np.argmax(running >= (1 - eps.astype(dtype))[:, None], axis=-1) + 1
