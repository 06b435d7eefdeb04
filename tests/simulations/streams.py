"""What the tests of the random streams share: lanes, words and addresses by hand."""

import mpmath
import numpy as np
import pytest
from numba import njit

from attnlaws.simulations import lanes, philox, stream
from attnlaws.simulations.stream import LANES, REFINE, philox4x32

WIDTH = {np.float32: 4, np.float64: 2}
VECTOR = 8
"""Lanes are written by so many at a time."""
FILL = {np.float32: stream.fill_normals32, np.float64: stream.fill_normals64}
NORMAL_LANES = {np.float32: stream.normal_lanes32, np.float64: stream.normal_lanes64}
DOT_LANES = {np.float32: stream.dot_lanes32, np.float64: stream.dot_lanes64}
SQUARE_LANES = {np.float32: stream.square_lanes32, np.float64: stream.square_lanes64}
CALL = {np.float32: lanes.normal_call32, np.float64: lanes.normal_call64}
both = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def u64(*values):
    return tuple(np.uint64(v) for v in values)


@njit
def _philox_lanes(k0, k1, call, tag, replicate, words, count):
    philox.philox_lanes(k0, k1, call, tag, replicate, words, count)


def lane_scratch():
    """For products and squares: what rounds are begun with, and words."""
    return np.empty((2, LANES), np.uint64), np.empty((4, LANES), np.uint32)


def lane_words(k0, k1, call, tag, replicate):
    words = np.empty((4, LANES), np.uint32)
    _philox_lanes(*u64(k0, k1, call, tag, replicate), words, LANES)
    return words


def lane_normals(dtype, k0, k1, call, tag, replicate, count=LANES):
    x = np.full((WIDTH[dtype], LANES), np.nan, dtype)
    NORMAL_LANES[dtype](*u64(k0, k1, call, tag, replicate), x, np.empty((4, LANES), np.uint32), count)
    return x


def items(dtype, count, key=(1, 2), replicate=0, tag=0):
    out = np.empty(count, dtype)
    FILL[dtype](*u64(*key, replicate, tag), out)
    return out


def counter_of(call, tag, replicate):
    return [call & 0xFFFFFFFF, call >> 32, tag, replicate]


def exact_normals(dtype, key, call, tag, replicate):
    """Radius (twice for float32) and normals of a call by mpmath, straight from the documentation."""
    a, b, c, d = philox4x32(counter_of(call, tag, replicate), key).tolist()
    if dtype is np.float64:
        pairs = [(mpmath.mpf(2 * (a | b << 32) + 1) / 2**65, mpmath.mpf(c | d << 32) / 2**64, 1, 1)]
    else:
        extra = philox4x32(counter_of(call, tag ^ REFINE, replicate), key).tolist()
        pairs = []
        for word, more, angle in ((a, extra[0], b), (c, extra[2], d)):
            h = word % 2**31
            u = mpmath.mpf(2 * h + 1) / 2**32
            if h < 256:
                u = mpmath.mpf(h) / 2**31 + mpmath.mpf(2 * more + 1) / 2**64
            quarter = mpmath.mpf((angle + 2**31) % 2**32) / 2**32
            pairs.append((u, quarter / 4, -1 if word >> 31 else 1, -1 if angle % 2 else 1))
    for u, turn, first, second in pairs:
        radius = mpmath.sqrt(-2 * mpmath.log(u))
        yield radius, first * radius * mpmath.cospi(2 * turn)
        yield radius, second * radius * mpmath.sinpi(2 * turn)


def tolerance(dtype, radius):
    """Bound on a normal's error, with e = 2^-p half an ulp of 1 (p = 24 or 53).

    The uniform is rounded twice, so r^2 = -2 ln u errs by 4 e and r by min(2 e / r, 2 sqrt(e)). float64: the logarithm
    errs by one ulp of itself, hence r by e r, plus e r for the root; sine and cosine err by 1.5 e each, the last
    product by e. float32: root and logarithm together err by 1.8 e r (measured), sine and cosine by 2.4 e. Rounded up
    for the second order.
    """
    e = float(np.finfo(dtype).eps) / 2
    return 1.01 * (min(2 * e / radius, 2 * e**0.5) + (5.2 if dtype is np.float32 else 4.5) * e * radius)
