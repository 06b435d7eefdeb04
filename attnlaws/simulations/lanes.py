"""The random streams as kernels see them: blocks of 256 calls, in Numba.

The addresses, and what a call gives, are described in :mod:`attnlaws.simulations.stream`. The functions here trust
their arguments. A function that fills lanes does so in two loops, words first and normals second, because
each is then plain element-by-element code that the compiler turns into vector instructions; a sum over lanes
inside the second loop would forbid that, so sums stay per lane until the caller folds them.
"""

import numpy as np

from attnlaws.simulations.arithmetic import pradius32, psincos32, psincos64
from attnlaws.simulations.logarithm import log_of_normal64
from attnlaws.simulations.philox import LANES, begin_lanes, philox_call, philox_lanes, tagged_lanes, whole_vectors
from attnlaws.simulations.primitives import (
    _bits_to_float32,
    _float32_to_bits,
    _fma32,
    abreast,
    aligned_stack,
    exact,
    fma32,
    fma64,
    kernel,
)
from attnlaws.simulations.shared import shared

__all__ = [
    "LANES",
    "REFINE",
    "dot_lanes32",
    "dot_lanes64",
    "fill_normals32",
    "fill_normals64",
    "normal_lanes32",
    "normal_lanes64",
    "square_lanes32",
    "square_lanes64",
]

REFINE = 0x40000000  # a call whose tag has this bit set only refines the call without it

_32 = np.uint64(32)
_REFINE = np.uint64(REFINE)
_TINY = np.uint32(256)
_LOW31 = np.uint32(0x7FFFFFFF)
_SIGN = np.uint32(0x80000000)
_31 = np.uint32(31)
_UNIT = np.float32(-(2.0**-30))
_HALF_UNIT = np.float32(-(2.0**-31))
_LAST = np.uint32(0xFFFFFFFF)
_NOT_LIFTED = np.int32(0)


@exact
def needs_refinement(words, count):
    """Whether 31 bits of a radius word of the block are below 256.

    A loop of its own: inside the words' loop it costs a fifth.
    """
    smallest = _LAST
    for i in range(count):
        smallest = min(smallest, min(np.uint32(words[0, i] & _LOW31), np.uint32(words[2, i] & _LOW31)))
    return smallest < _TINY


@exact
def uniform32(a):
    """-2u for the uniform u = (h + 1/2) 2^-31 in (0, 1] of a radius word's low 31 bits h, rounded to float32.

    31 bits, because vector units convert signed integers only.
    """
    return _fma32(np.float32(np.int32(np.uint32(a) & _LOW31)), _UNIT, _HALF_UNIT)


@exact
def refined32(a, e):
    """-2u for u = (h + (e + 1/2) 2^-32) 2^-31, with 32 more bits from the word e, where h is below 256."""
    rest = fma32(np.float32(np.uint32(e)), np.float32(-(2.0**-62)), np.float32(-(2.0**-63)))
    return fma32(np.float32(np.int32(np.uint32(a) & _LOW31)), _UNIT, rest)


@exact
def turned32(radius, b):
    """Two normals from the bits of a radius that has the first one's sign, and the angle word b."""
    sine, cosine = psincos32(b)
    second = _bits_to_float32(np.uint32(np.uint32(radius & _LOW31) ^ np.uint32(np.uint32(b) << _31)))
    return _bits_to_float32(np.uint32(radius)) * cosine, second * sine


@exact
def pair32(v, a, b):
    """Two normals (Box and Muller 1958): v is -2u, their signs are the top bit of word a and the low bit of b."""
    radius = _float32_to_bits(pradius32(v))
    sine, cosine = psincos32(b)
    first = _bits_to_float32(np.uint32(radius ^ np.uint32(np.uint32(a) & _SIGN)))
    second = _bits_to_float32(np.uint32(radius ^ np.uint32(np.uint32(b) << _31)))
    return first * cosine, second * sine


@exact
def pair64(radius_word, angle):
    """Two normals (Box and Muller 1958) from two words of 64 bits; the uniform is (radius_word + 1/2) 2^-64."""
    u = fma64(np.float64(np.uint64(radius_word)), 2.0**-64, 2.0**-65)
    radius = np.sqrt(-2.0 * log_of_normal64(u, _NOT_LIFTED))
    sine, cosine = psincos64(angle)
    return radius * cosine, radius * sine


@exact
def halves64(words, i):
    """A lane's four words as two of 64 bits."""
    a, b, c, d = np.uint64(words[0, i]), np.uint64(words[1, i]), np.uint64(words[2, i]), np.uint64(words[3, i])
    return a | (b << _32), c | (d << _32)


@exact
def quad32(a, b, c, d):
    """Four normals from four words that need no refinement."""
    n0, n1 = pair32(uniform32(a), a, b)
    n2, n3 = pair32(uniform32(c), c, d)
    return n0, n1, n2, n3


@kernel
def normal_call32(k0, k1, call, tag, replicate):
    """The four normals of one call, refined where needed: the slow and complete definition of the float32 stream."""
    a, b, c, d = philox_call(k0, k1, call, tag, replicate)
    u = uniform32(a)
    v = uniform32(c)
    first, second = np.uint32(np.uint32(a) & _LOW31), np.uint32(np.uint32(c) & _LOW31)
    if min(first, second) < _TINY:
        e, _, g, _ = philox_call(k0, k1, call, np.uint64(tag) ^ _REFINE, replicate)
        if first < _TINY:
            u = refined32(a, e)
        if second < _TINY:
            v = refined32(c, g)
    n0, n1 = pair32(u, a, b)
    n2, n3 = pair32(v, c, d)
    return n0, n1, n2, n3


@kernel
def normal_call64(k0, k1, call, tag, replicate):
    """The two normals of one call."""
    a, b, c, d = philox_call(k0, k1, call, tag, replicate)
    return pair64(a | (b << _32), c | (d << _32))


@kernel
def _slow_normal_lanes32(k0, k1, call, tag, replicate, x, count):
    for i in range(count):
        x[0, i], x[1, i], x[2, i], x[3, i] = normal_call32(k0, k1, np.uint64(call) + np.uint64(i), tag, replicate)


@kernel
def _slow_dot_lanes32(k0, k1, call, tag, replicate, q, s, count):
    for i in range(count):
        n0, n1, n2, n3 = normal_call32(k0, k1, np.uint64(call) + np.uint64(i), tag, replicate)
        s[i] = fma32(q[3], n3, fma32(q[2], n2, fma32(q[1], n1, fma32(q[0], n0, s[i]))))


@exact
def kept32(i, left):
    """One for a normal that belongs to a vector with ``left`` components from this call on, zero for one beyond it."""
    return np.float32(1.0) if i < left else np.float32(0.0)


@exact
def kept64(i, left):
    """As :func:`kept32`, in float64."""
    return 1.0 if i < left else 0.0


@kernel
def _slow_square_lanes32(k0, k1, call, tag, replicate, left, s, count):
    for i in range(count):
        n0, n1, n2, n3 = normal_call32(k0, k1, np.uint64(call) + np.uint64(i), tag, replicate)
        total = fma32(kept32(1, left) * n1, n1, fma32(kept32(0, left) * n0, n0, s[i]))
        s[i] = fma32(kept32(3, left) * n3, n3, fma32(kept32(2, left) * n2, n2, total))


@shared("void(uint64, uint64, uint64, uint64, uint64, float32[:, ::1], uint32[:, ::1], int64)")
def normal_lanes32(k0, k1, call, tag, replicate, x, words, count):
    """Write the normals of calls ``call .. call + count - 1`` to ``x``.

    Args:
        k0: First key word, uint64 below 2^32.
        k1: Second key word, likewise.
        call: Index of the first call, uint64, a multiple of 256.
        tag: Stream within the replicate, uint64 below 2^32 without the bit REFINE.
        replicate: uint64 below 2^32.
        x: float32 [4, 256], written, also beyond the count up to the next multiple of 8.
        words: uint32 [4, 256], scratch.
        count: How many calls, at most 256.
    """
    aligned_stack()
    count = whole_vectors(count)
    philox_lanes(k0, k1, call, tag, replicate, words, count)
    if needs_refinement(words, count):
        _slow_normal_lanes32(k0, k1, call, tag, replicate, x, count)
        return
    for i in range(count):
        n0, n1, n2, n3 = quad32(words[0, i], words[1, i], words[2, i], words[3, i])
        x[0, i] = n0
        x[1, i] = n1
        x[2, i] = n2
        x[3, i] = n3


@shared(
    "void(uint64, uint64, uint64, uint64, uint64, float32[::1], float32[::1], uint64[:, ::1], uint32[:, ::1], int64)"
)
def dot_lanes32(k0, k1, call, tag, replicate, q, s, begun, words, count):
    """Add to ``s[i]`` the product of ``q`` and the normals of call ``call + i`` at as many tags as it takes, in order.

    One fused step per normal.

    Args:
        k0: First key word, uint64 below 2^32.
        k1: Second key word, likewise.
        call: Index of the first call, uint64, a multiple of 256.
        tag: The first one, uint64 below 2^32; none has the bit REFINE.
        replicate: uint64 below 2^32.
        q: float32, a multiple of 4 in length.
        s: float32 [256], updated, also beyond the count up to the next multiple of 8.
        begun: uint64 [2, 256], scratch.
        words: uint32 [4, 256], scratch.
        count: How many calls, at most 256.
    """
    aligned_stack()
    count = whole_vectors(count)
    begin_lanes(k1, call, replicate, begun, count)
    for t in range(0, q.size, 4):
        at = tag + np.uint64(t // 4)
        tagged_lanes(k0, k1, call, at, begun, words, count)
        if needs_refinement(words, count):
            _slow_dot_lanes32(k0, k1, call, at, replicate, q[t : t + 4], s, count)
        else:
            _add_dots32(q[t : t + 4], s, words, count)


@exact
def _add_dots32(q, s, words, count):
    q0, q1, q2, q3 = q[0], q[1], q[2], q[3]
    # Radii first, in the place of their words: one loop for all has too many constants for the registers.
    for row in range(0, 4, 2):
        for i in range(count):
            a = words[row, i]
            radius = _float32_to_bits(pradius32(uniform32(a)))
            words[row, i] = np.uint32(radius ^ np.uint32(a & _SIGN))
        abreast(2)
    for i in range(count):
        n0, n1 = turned32(words[0, i], words[1, i])
        n2, n3 = turned32(words[2, i], words[3, i])
        s[i] = fma32(q3, n3, fma32(q2, n2, fma32(q1, n1, fma32(q0, n0, s[i]))))


@shared("void(uint64, uint64, uint64, uint64, uint64, int64, float32[::1], uint64[:, ::1], uint32[:, ::1], int64)")
def square_lanes32(k0, k1, call, tag, replicate, length, s, begun, words, count):
    """Add to ``s[i]`` the squares of the first ``length`` normals of call ``call + i``, four at a tag, in order.

    One fused step per normal. One beyond the length is multiplied by zero, which leaves the sum's bits alone. The other
    arguments are those of :func:`dot_lanes32`.
    """
    aligned_stack()
    count = whole_vectors(count)
    begin_lanes(k1, call, replicate, begun, count)
    for t in range(0, length, 4):
        at = tag + np.uint64(t // 4)
        tagged_lanes(k0, k1, call, at, begun, words, count)
        if needs_refinement(words, count):
            _slow_square_lanes32(k0, k1, call, at, replicate, length - t, s, count)
        else:
            _add_squares32(length - t, s, words, count)


@exact
def _add_squares32(left, s, words, count):
    keep0, keep1, keep2, keep3 = kept32(0, left), kept32(1, left), kept32(2, left), kept32(3, left)
    for i in range(count):
        n0, n1, n2, n3 = quad32(words[0, i], words[1, i], words[2, i], words[3, i])
        total = fma32(keep1 * n1, n1, fma32(keep0 * n0, n0, s[i]))
        s[i] = fma32(keep3 * n3, n3, fma32(keep2 * n2, n2, total))


@shared("void(uint64, uint64, uint64, uint64, uint64, float64[:, ::1], uint32[:, ::1], int64)")
def normal_lanes64(k0, k1, call, tag, replicate, x, words, count):
    """Write normals of calls ``call .. call + count - 1`` to ``x`` (float64 [2, 256]); as :func:`normal_lanes32`."""
    aligned_stack()
    count = whole_vectors(count)
    philox_lanes(k0, k1, call, tag, replicate, words, count)
    for i in range(count):
        n0, n1 = pair64(*halves64(words, i))
        x[0, i] = n0
        x[1, i] = n1


@shared(
    "void(uint64, uint64, uint64, uint64, uint64, float64[::1], float64[::1], uint64[:, ::1], uint32[:, ::1], int64)"
)
def dot_lanes64(k0, k1, call, tag, replicate, q, s, begun, words, count):
    """Add products with ``q``, of even length, to ``s`` (float64), two normals at a tag; as :func:`dot_lanes32`."""
    aligned_stack()
    count = whole_vectors(count)
    begin_lanes(k1, call, replicate, begun, count)
    for t in range(0, q.size, 2):
        tagged_lanes(k0, k1, call, tag + np.uint64(t // 2), begun, words, count)
        q0, q1 = q[t], q[t + 1]
        for i in range(count):
            n0, n1 = pair64(*halves64(words, i))
            s[i] = fma64(q1, n1, fma64(q0, n0, s[i]))


@shared("void(uint64, uint64, uint64, uint64, uint64, int64, float64[::1], uint64[:, ::1], uint32[:, ::1], int64)")
def square_lanes64(k0, k1, call, tag, replicate, length, s, begun, words, count):
    """Add squares to ``s`` (float64), two normals at a tag; as :func:`square_lanes32`."""
    aligned_stack()
    count = whole_vectors(count)
    begin_lanes(k1, call, replicate, begun, count)
    for t in range(0, length, 2):
        tagged_lanes(k0, k1, call, tag + np.uint64(t // 2), begun, words, count)
        keep0, keep1 = kept64(0, length - t), kept64(1, length - t)
        for i in range(count):
            n0, n1 = pair64(*halves64(words, i))
            s[i] = fma64(keep1 * n1, n1, fma64(keep0 * n0, n0, s[i]))


@shared("void(uint64, uint64, uint64, uint64, float32[::1])")
def fill_normals32(k0, k1, replicate, tag, out):
    """Fill a float32 array: element j is normal j % 4 of call j // 4."""
    fill_through32(k0, k1, replicate, tag, out, np.empty((4, LANES), np.float32), np.empty((4, LANES), np.uint32))


@shared("void(uint64, uint64, uint64, uint64, float32[::1], float32[:, ::1], uint32[:, ::1])")
def fill_through32(k0, k1, replicate, tag, out, x, words):
    """The same, through scratch that a caller with many short arrays has once: float32 and uint32 [4, 256]."""
    for start in range(0, out.size, 4 * LANES):
        count = min(4 * LANES, out.size - start)
        normal_lanes32(k0, k1, np.uint64(start // 4), tag, replicate, x, words, (count + 3) // 4)
        for j in range(count):
            out[start + j] = x[j % 4, j // 4]


@shared("void(uint64, uint64, uint64, uint64, float64[::1])")
def fill_normals64(k0, k1, replicate, tag, out):
    """Fill a float64 array: element j is normal j % 2 of call j // 2."""
    fill_through64(k0, k1, replicate, tag, out, np.empty((2, LANES), np.float64), np.empty((4, LANES), np.uint32))


@shared("void(uint64, uint64, uint64, uint64, float64[::1], float64[:, ::1], uint32[:, ::1])")
def fill_through64(k0, k1, replicate, tag, out, x, words):
    """The same, through scratch that a caller with many short arrays has once: float64 [2, 256] and uint32 [4, 256]."""
    for start in range(0, out.size, 2 * LANES):
        count = min(2 * LANES, out.size - start)
        normal_lanes64(k0, k1, np.uint64(start // 2), tag, replicate, x, words, (count + 1) // 2)
        for j in range(count):
            out[start + j] = x[j % 2, j // 2]
