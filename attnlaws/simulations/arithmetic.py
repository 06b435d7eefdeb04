"""Exact arithmetic for kernels: elementary functions whose bits do not depend on the machine.

A kernel may use ``+ - * /``, square root, fused multiply-add, integer operations, conversions between integers and
floats, bit casts, and the functions of this file, which are built from nothing else. IEEE 754 defines the result of
each of those operations to the last bit, and every function below performs them in one written order, so Numba on
any processor and a CUDA kernel that repeats the same lines with ``__fmaf_rn``, ``__fmul_rn``, ... give equal bits.
That is also why nothing here may call the C library or be compiled with ``fastmath``: both may reorder or replace.

An a*b + c is always written as an explicit ``fma``: a compiler that is free to fuse makes a different choice
on each machine.

Coefficients are those of the Taylor (float64, and the exponential) or atanh series, which need no explanation. The
float32 logarithm, and the radius, sine and cosine that decide the speed of the random streams, use minimax polynomials
of lower degree, computed by the Remez exchange in 40-digit arithmetic and then rounded to float32;
``tests/simulations/test_arithmetic.py`` measures their errors anew.
"""

import numpy as np

from attnlaws.simulations.logarithm import _ONE32, plog32, plog64, pradius32
from attnlaws.simulations.primitives import (
    _bits_to_float32,
    _bits_to_float64,
    _float32_to_bits,
    _float64_to_bits,
    _fma32,
    _fma64,
    bits_to_float32,
    bits_to_float64,
    exact,
    float32_to_bits,
    float64_to_bits,
    fma32,
    fma64,
)

__all__ = [
    "bits_to_float32",
    "bits_to_float64",
    "float32_to_bits",
    "float64_to_bits",
    "fma32",
    "fma64",
    "pexp32",
    "pexp64",
    "plog32",
    "plog64",
    "pradius32",
    "psincos32",
    "psincos64",
]

# Sine and cosine ------------------------------------------------------------------------------------------------
# float32: a quarter turn, which two random signs make a whole one. float64: a whole turn; the nearest multiple of a
# quarter turn is removed from the word exactly, and what is left is at most an eighth of a turn.

_RADIANS32 = np.float32(np.pi / 2**33)
# With x = _RADIANS32 * word, which is off by the relative error of that constant, the angle from the middle of the
# quarter: sin / sqrt(2) = x (S0 + S1 x^2 + ...), cos / sqrt(2) = C0 + C1 x^2 + ..., fitted to the right angle.
# Minimax absolute errors: sine 9e-10, cosine 2e-8.
_S0 = np.float32(7.07106769e-01)
_S1 = np.float32(-1.17850907e-01)
_S2 = np.float32(5.89131936e-03)
_S3 = np.float32(-1.37617928e-04)
_C0 = np.float32(7.07106769e-01)
_C1 = np.float32(-3.53552371e-01)
_C2 = np.float32(2.94545479e-02)
_C3 = np.float32(-9.60668665e-04)


@exact
def psincos32(word):
    """Sine and cosine of the angle pi/4 + (pi/2) word / 2^32 in the first quadrant, with the word read as signed.

    With y the angle less pi/4, they are (cos y + sin y) / sqrt(2) and (cos y - sin y) / sqrt(2): no case
    distinction, and short polynomials.

    Args:
        word: uint32 scalar; 2^31, the most negative, stands for the angle 0.

    Returns:
        (sine, cosine) as float32, within 2.4 * 2^-24 (measured: 1.7e7 words).

    >>> [round(float(v), 6) for v in psincos32(0)]
    [0.707107, 0.707107]
    """
    x = np.float32(np.int32(np.uint32(word))) * _RADIANS32
    z = x * x
    p = _fma32(z, _S3, _S2)
    p = _fma32(z, p, _S1)
    sine = x * _fma32(z, p, _S0)
    p = _fma32(z, _C3, _C2)
    p = _fma32(z, p, _C1)
    cosine = _fma32(z, p, _C0)
    return np.float32(cosine + sine), np.float32(cosine - sine)


_QUARTER_SHIFT64 = np.uint64(62)
_EIGHTH64 = np.uint64(1 << 61)
_SIGN64 = np.uint64(1 << 63)
_U1_64 = np.uint64(1)
_HALF_WORD64 = np.int64(1 << 31)
_RADIANS_HIGH64 = np.float64(2 * np.pi * 2.0**-32)
_RADIANS_REST64 = np.float64(2.4492935982947064e-16 * 2.0**-32)
_RADIANS_LOW64 = np.float64(2 * np.pi * 2.0**-64)
_FACTORIAL = tuple(np.float64(v) for v in np.cumprod(np.concatenate(([1.0], np.arange(1.0, 18.0)))))
_SIN = tuple(np.float64((-1) ** k / _FACTORIAL[2 * k + 1]) for k in range(9))
_COS = tuple(np.float64((-1) ** k / _FACTORIAL[2 * k]) for k in range(9))


@exact
def psincos64(word):
    """Sine and cosine of the angle 2 pi word / 2^64 by their Taylor series up to x^17 and x^16, |x| <= pi/4.

    Args:
        word: uint64 scalar.

    Returns:
        (sine, cosine) as float64, within 1.6 units in the last place (measured against Arb, 100 000 words).

    >>> psincos64(0), psincos64(1 << 62)
    ((0.0, 1.0), (1.0, -0.0))
    """
    w = np.uint64(word)
    q = np.uint64(np.uint64(w + _EIGHTH64) >> _QUARTER_SHIFT64)
    r = np.int64(np.uint64(w - np.uint64(q << _QUARTER_SHIFT64)))
    # r = 2^32 high + low with low signed: both parts are exact in float64, and x is rounded about once.
    high = np.float64(np.int32(np.int64(r + _HALF_WORD64) >> np.int64(32)))
    low = np.float64(np.int32(r))
    x = _fma64(high, _RADIANS_HIGH64, _fma64(high, _RADIANS_REST64, low * _RADIANS_LOW64))
    z = x * x
    z2 = z * z
    z4 = z2 * z2
    p = _fma64(z2, _fma64(z, _SIN[4], _SIN[3]), _fma64(z, _SIN[2], _SIN[1]))
    p = _fma64(z4, _fma64(z2, _fma64(z, _SIN[8], _SIN[7]), _fma64(z, _SIN[6], _SIN[5])), p)
    sine = _float64_to_bits(_fma64(x * z, p, x))
    p = _fma64(z2, _fma64(z, _COS[4], _COS[3]), _fma64(z, _COS[2], _COS[1]))
    p = _fma64(z4, _fma64(z2, _fma64(z, _COS[8], _COS[7]), _fma64(z, _COS[6], _COS[5])), p)
    cosine = _float64_to_bits(_fma64(z, p, 1.0))
    odd = (q & _U1_64) != 0
    s = np.uint64((cosine if odd else sine) ^ (np.uint64(q << _QUARTER_SHIFT64) & _SIGN64))
    c = np.uint64((sine if odd else cosine) ^ (np.uint64(np.uint64(q + _U1_64) << _QUARTER_SHIFT64) & _SIGN64))
    return _bits_to_float64(s), _bits_to_float64(c)


# Exponential ----------------------------------------------------------------------------------------------------
# x = k ln 2 + r with |r| <= ln(2)/2. Adding 1.5 * 2^23 (2^52) rounds to an integer and leaves k in the low bits.

_LOG2E_32 = np.float32(1.4426950408889634)
_ROUND32 = np.float32(1.5 * 2**23)
_ROUND_BITS32 = np.uint32(0x4B400000)
_LN2_TOP32 = np.float32(0.693145751953125)  # 15 leading bits, so that k times it is exact
_LN2_REST32 = np.float32(1.4286067653e-06)
_EXP_MAX32 = np.float32(89.0)  # beyond these the result is +inf, and 0, whatever x is
_EXP_MIN32 = np.float32(-104.0)
_BIAS32 = np.int32(127)
_E32 = tuple(np.float32(1 / v) for v in _FACTORIAL[:8])


@exact
def _scale32(y, k):
    """Return y 2^k for -200 < k < 200 in two steps: only the last can round (to a subnormal) or overflow."""
    half = np.int32(k >> np.int32(1))
    first = _bits_to_float32(np.uint32(np.uint32(half + _BIAS32) << np.uint32(23)))
    second = _bits_to_float32(np.uint32(np.uint32(np.int32(k - half) + _BIAS32) << np.uint32(23)))
    return np.float32(y * first) * second


@exact
def pexp32(x):
    """Exponential of a float32: Taylor series to r^7; subnormal results are kept, +inf above 88.72, 0 below -103.98.

    Args:
        x: float32 scalar. Not-a-number stays not-a-number.

    Returns:
        The exponential as float32, within 1.03 units in the last place, subnormal results too (measured: 3.3e7
        values).

    >>> pexp32(0.0), pexp32(1000.0), pexp32(-1000.0)
    (1.0, inf, 0.0)
    """
    x = np.float32(x)
    x = _EXP_MAX32 if x > _EXP_MAX32 else x
    x = _EXP_MIN32 if x < _EXP_MIN32 else x
    shifted = _fma32(x, _LOG2E_32, _ROUND32)
    k = np.int32(np.uint32(_float32_to_bits(shifted) - _ROUND_BITS32))
    whole = np.float32(shifted - _ROUND32)
    r = _fma32(whole, -_LN2_REST32, _fma32(whole, -_LN2_TOP32, x))
    p = _fma32(r, _E32[7], _E32[6])
    p = _fma32(r, p, _E32[5])
    p = _fma32(r, p, _E32[4])
    p = _fma32(r, p, _E32[3])
    p = _fma32(r, p, _E32[2])
    return _scale32(np.float32(_ONE32 + _fma32(r * r, p, r)), k)


_LOG2E_64 = np.float64(1.4426950408889634)
_ROUND64 = np.float64(1.5 * 2**52)
_ROUND_BITS64 = np.uint64(0x4338000000000000)
_LN2_TOP64 = np.float64(0.6931471803691238)  # 32 leading bits, so that k times it is exact
_LN2_REST64 = np.float64(1.9082149292705877e-10)
_EXP_MAX64 = np.float64(710.0)
_EXP_MIN64 = np.float64(-746.0)
_BIAS64 = np.int64(1023)
_E64 = tuple(np.float64(1 / v) for v in _FACTORIAL[:14])


@exact
def _scale64(y, k):
    """Return y 2^k for -2000 < k < 2000 in two steps: only the last can round (to a subnormal) or overflow."""
    half = np.int64(k >> np.int64(1))
    first = _bits_to_float64(np.uint64(np.uint64(half + _BIAS64) << np.uint64(52)))
    second = _bits_to_float64(np.uint64(np.uint64(np.int64(k - half) + _BIAS64) << np.uint64(52)))
    return y * first * second


@exact
def pexp64(x):
    """Exponential of a float64: Taylor series to r^13; subnormal results are kept, +inf above 709.78, 0 below -745.13.

    Args:
        x: float64 scalar. Not-a-number stays not-a-number.

    Returns:
        The exponential as float64, within 1.01 units in the last place, subnormal results too (measured against Arb,
        100 000 values).

    >>> pexp64(0.0), pexp64(1000.0), pexp64(-1000.0)
    (1.0, inf, 0.0)
    """
    x = np.float64(x)
    x = _EXP_MAX64 if x > _EXP_MAX64 else x
    x = _EXP_MIN64 if x < _EXP_MIN64 else x
    shifted = _fma64(x, _LOG2E_64, _ROUND64)
    k = np.int64(np.uint64(_float64_to_bits(shifted) - _ROUND_BITS64))
    whole = shifted - _ROUND64
    r = _fma64(whole, -_LN2_REST64, _fma64(whole, -_LN2_TOP64, x))
    p = _fma64(r, _E64[13], _E64[12])
    p = _fma64(r, p, _E64[11])
    p = _fma64(r, p, _E64[10])
    p = _fma64(r, p, _E64[9])
    p = _fma64(r, p, _E64[8])
    p = _fma64(r, p, _E64[7])
    p = _fma64(r, p, _E64[6])
    p = _fma64(r, p, _E64[5])
    p = _fma64(r, p, _E64[4])
    p = _fma64(r, p, _E64[3])
    p = _fma64(r, p, _E64[2])
    return _scale64(1.0 + _fma64(r * r, p, r), k)
