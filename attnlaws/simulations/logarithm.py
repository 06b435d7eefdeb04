"""The logarithm, and with it the radius of a pair of normals: a part of :mod:`.arithmetic`, by its rules."""

import numpy as np

from attnlaws.simulations.primitives import (
    _bits_to_float32,
    _bits_to_float64,
    _float32_to_bits,
    _float64_to_bits,
    _fma32,
    _fma64,
    exact,
)

# Logarithm ------------------------------------------------------------------------------------------------------
# x = 2^e m with m in [2/3, 4/3); subtracting the bits of 2/3 first makes the exponent field the wanted e.

_TWO_THIRDS_BITS32 = np.uint32(0x3F2AAAAB)
_MANTISSA32 = np.uint32(0x007FFFFF)
_LN2_32 = np.float32(0.6931471805599453)
_ONE32 = np.float32(1.0)
# log(1 + f) = f + f^2 (-1/2 + f (L0 + L1 f + ...)) for |f| <= 1/3. Minimax in the error relative to f; that of the
# logarithm is below 6.5e-9, a ninth of half an ulp.
_L0 = np.float32(3.33332241e-01)
_L1 = np.float32(-2.49996886e-01)
_L2 = np.float32(2.00100437e-01)
_L3 = np.float32(-1.66854665e-01)
_L4 = np.float32(1.40109271e-01)
_L5 = np.float32(-1.21151134e-01)
_L6 = np.float32(1.39624164e-01)
_L7 = np.float32(-1.31917149e-01)
_MINUS_HALF32 = np.float32(-0.5)


_SMALLEST_NORMAL32 = np.float32(2.0**-126)
_LIFT32 = np.float32(2.0**24)
_LIFTED32 = np.int32(24)
_UNLIFTED = np.int32(0)
_INFINITY_BITS32 = np.uint32(0x7F800000)
_NAN_BITS32 = np.uint32(0x7FC00000)


@exact
def plog32(x):
    """Natural logarithm of a float32: -inf at zero, NaN below it and of NaN.

    Args:
        x: float32 scalar.

    Returns:
        The logarithm as float32, within 0.96 units in the last place (measured: every value in [1/2, 2), and
        3.5e7 others).

    >>> plog32(1.0), round(float(plog32(2.0)), 7), plog32(0.0)
    (0.0, 0.6931472, -inf)
    """
    x = np.float32(x)
    tiny = x < _SMALLEST_NORMAL32
    y = log_of_normal32(x * _LIFT32 if tiny else x, _LIFTED32 if tiny else _UNLIFTED)
    infinity = _bits_to_float32(_INFINITY_BITS32)
    special = -infinity if x == 0 else _bits_to_float32(_NAN_BITS32)
    return (y if x < infinity else x) if x > 0 else (x if x != x else special)


@exact
def log_of_normal32(x, lifted):
    """The logarithm of x 2^-lifted for a positive, normal, finite float32; of anything else a meaningless number."""
    shifted = np.uint32(_float32_to_bits(np.float32(x)) - _TWO_THIRDS_BITS32)
    e = np.float32(np.int32(np.int32(np.int32(shifted) >> np.int32(23)) - lifted))
    f = np.float32(_bits_to_float32(np.uint32((shifted & _MANTISSA32) + _TWO_THIRDS_BITS32)) - _ONE32)
    z = f * f
    # Estrin's order: as many operations as Horner's, and half the waiting.
    p = _fma32(z, _fma32(f, _L7, _L6), _fma32(f, _L5, _L4))
    p = _fma32(z, p, _fma32(f, _L3, _L2))
    p = _fma32(z, p, _fma32(f, _L1, _L0))
    p = _fma32(f, p, _MINUS_HALF32)
    return _fma32(e, _LN2_32, _fma32(z, p, f))


_ROOT_HALF_BITS64 = np.uint64(0x3FE6A09E667F3BCD)
_MANTISSA64 = np.uint64(0x000FFFFFFFFFFFFF)
_LN2_HIGH64 = np.float64(0.6931471805599453)
_LN2_LOW64 = np.float64(2.3190468138462996e-17)
_ATANH = tuple(np.float64(2 / (2 * k + 1)) for k in range(11))


_SMALLEST_NORMAL64 = np.float64(2.0**-1022)
_LIFT64 = np.float64(2.0**54)
_LIFTED64 = np.int32(54)
_INFINITY_BITS64 = np.uint64(0x7FF0000000000000)
_NAN_BITS64 = np.uint64(0x7FF8000000000000)


@exact
def plog64(x):
    """Natural logarithm of a float64: -inf at zero, NaN below it and of NaN.

    Args:
        x: float64 scalar.

    Returns:
        The logarithm as float64, within 0.9 units in the last place (measured against Arb, 150 000 values).

    >>> plog64(1.0), plog64(0.5), plog64(0.0)
    (0.0, -0.6931471805599453, -inf)
    """
    x = np.float64(x)
    tiny = x < _SMALLEST_NORMAL64
    y = log_of_normal64(x * _LIFT64 if tiny else x, _LIFTED64 if tiny else _UNLIFTED)
    infinity = _bits_to_float64(_INFINITY_BITS64)
    special = -infinity if x == 0 else _bits_to_float64(_NAN_BITS64)
    return (y if x < infinity else x) if x > 0 else (x if x != x else special)


@exact
def log_of_normal64(x, lifted):
    """The logarithm of x 2^-lifted for a positive, normal, finite float64; of anything else a meaningless number.

    x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)); with s = f/(2 + f), log(1 + f) = 2 atanh(s)
    = 2s + 2 s^3/3 + ... + 2 s^21/21, cut where the rest is below 1e-18 of the sum.
    """
    shifted = np.uint64(_float64_to_bits(np.float64(x)) - _ROOT_HALF_BITS64)
    e = np.float64(np.int32(np.int32(np.int64(shifted) >> np.int64(52)) - lifted))
    f = _bits_to_float64(np.uint64((shifted & _MANTISSA64) + _ROOT_HALF_BITS64)) - 1.0
    s = f / (2.0 + f)
    z = s * s
    z2 = z * z
    z4 = z2 * z2
    low = _fma64(z2, _fma64(z, _ATANH[4], _ATANH[3]), _fma64(z, _ATANH[2], _ATANH[1]))
    high = _fma64(z2, _fma64(z, _ATANH[8], _ATANH[7]), _fma64(z, _ATANH[6], _ATANH[5]))
    p = _fma64(z4, _fma64(z4, _fma64(z, _ATANH[10], _ATANH[9]), high), low)
    # 2s = f - s f, so 2s + s z p = f - s (f - z p): f is exact, and what is added to it is small.
    small = _fma64(-s, _fma64(-z, p, f), e * _LN2_LOW64)
    return _fma64(e, _LN2_HIGH64, f + small)


# Radius of Box and Muller -------------------------------------------------------------------------------------------
# Like the logarithm, but the factor -2 is in the argument and the coefficients, and the root is taken.

_MINUS_FOUR_THIRDS_BITS32 = np.uint32(0xBFAAAAAB)
_EXPONENT32 = np.uint32(0xFF800000)
_TWO32 = np.float32(2.0)
_MINUS_2LN2_32 = np.float32(-2 * 0.6931471805599453 * 2.0**-23)
# -2 log(1 - g/2) = g + g^2 (R0 + R1 g + ...) for |g| <= 2/3. Minimax in the error relative to g: 3.4e-8.
_R0 = np.float32(2.49999568e-01)
_R1 = np.float32(8.33333135e-02)
_R2 = np.float32(3.12619843e-02)
_R3 = np.float32(1.25017967e-02)
_R4 = np.float32(5.11921896e-03)
_R5 = np.float32(2.20990974e-03)
_R6 = np.float32(1.21702615e-03)
_R7 = np.float32(5.17888227e-04)


@exact
def pradius32(v):
    """The length sqrt(-2 ln u) of a pair of normals, from v = -2u, which saves an operation.

    Args:
        v: float32 scalar in [-2, -2^-125]; others give a meaningless number.

    Returns:
        The root as float32, within 1.13 units in the last place (measured: every u in [1/2, 1], and 5.6e6
        others).

    >>> pradius32(-2.0), round(float(pradius32(-1.0)), 6)
    (0.0, 1.17741)
    """
    bits = np.uint32(_float32_to_bits(np.float32(v)))
    # 2^23 e: what has to be taken from the bits to bring v into (-8/3, -4/3].
    e = np.uint32(np.uint32(bits - _MINUS_FOUR_THIRDS_BITS32) & _EXPONENT32)
    g = np.float32(_bits_to_float32(np.uint32(bits - e)) + _TWO32)
    z = g * g
    p = _fma32(z, _fma32(g, _R7, _R6), _fma32(g, _R5, _R4))
    p = _fma32(z, p, _fma32(g, _R3, _R2))
    p = _fma32(z, p, _fma32(g, _R1, _R0))
    return np.sqrt(_fma32(np.float32(np.int32(e)), _MINUS_2LN2_32, _fma32(z, p, g)))
