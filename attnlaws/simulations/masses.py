"""Weights of scores, and sums of weights as integers of 128 bits, which are the same in any order.

A weight exp(x), x <= 0, relative to the largest one, becomes the integer part of 2^62 exp(x). A sum of n of them is a
multiple of 2^-62 that is too small by less than n 2^-62 of the largest weight, and so of the sum, which holds that one:
2^-22 for n = 2^40, 2^-32 for n = 2^30. Two words of 64 bits hold 2^66 such integers. What is added to the upper word is
the number of times that the lower one ran over, which does not depend on the order of the additions.
"""

import numpy as np

from attnlaws.simulations.arithmetic import _E64, _LOG2E_64, _ROUND64
from attnlaws.simulations.logarithm import _LN2_HIGH64
from attnlaws.simulations.primitives import _bits_to_float64, _float64_to_bits, _fma64, exact

__all__ = ["UNIT_BITS", "added", "allowed_of", "as_float", "at_most", "mass_of", "weight_of"]

UNIT_BITS = 62
_FLOOR64 = np.float64(-700.0)
_EXPONENT_SHIFT64 = np.uint64(52)
_UNITS64 = np.float64(2.0**62)
_WORD64 = np.float64(2.0**64)
_PER_WORD64 = np.float64(2.0**-64)
_U0_64 = np.uint64(0)
_ONE64 = np.uint64(1)


@exact
def weight_of(x):
    """Exponential of a float64 from -700 to 0, within 3e-10 of its value; below -700 that of -700.

    A third of the operations of ``pexp64``: the Taylor series ends at r^8, and no result is subnormal or infinite.
    Scores of the float32 stream carry larger errors themselves.

    >>> weight_of(0.0), abs(weight_of(-1.0) * np.e - 1) < 3e-10
    (1.0, True)
    """
    x = np.float64(x)
    x = _FLOOR64 if x < _FLOOR64 else x
    shifted = _fma64(x, _LOG2E_64, _ROUND64)
    r = _fma64(shifted - _ROUND64, -_LN2_HIGH64, x)
    p = _fma64(r, _E64[8], _E64[7])
    p = _fma64(r, p, _E64[6])
    p = _fma64(r, p, _E64[5])
    p = _fma64(r, p, _E64[4])
    p = _fma64(r, p, _E64[3])
    p = _fma64(r, p, _E64[2])
    p = _fma64(r, p, _E64[1])
    p = _fma64(r, p, _E64[0])
    # The low bits of `shifted` are the power of two, in two's complement; what is above them is shifted out.
    return _bits_to_float64(np.uint64(_float64_to_bits(p) + np.uint64(_float64_to_bits(shifted) << _EXPONENT_SHIFT64)))


@exact
def mass_of(weight):
    """The integer part of 2^62 times a weight of at most 1, as uint64."""
    return np.uint64(np.int64(weight * _UNITS64))


@exact
def added(low, high, more_low, more_high):
    """The sum of two masses, each of a lower and an upper word (uint64)."""
    total = np.uint64(low + more_low)
    return total, np.uint64(high + more_high + (_ONE64 if total < low else _U0_64))


@exact
def at_most(low, high, bound_low, bound_high):
    """Whether a mass is at most another one."""
    return high < bound_high or (high == bound_high and low <= bound_low)


@exact
def as_float(low, high):
    """A mass as float64, rounded twice."""
    return _fma64(np.float64(np.uint64(high)), _WORD64, np.float64(np.uint64(low)))


@exact
def allowed_of(low, high, eps):
    """The mass that may be dropped: the part eps of a mass, and less than all of it."""
    part = np.float64(eps) * as_float(low, high)
    upper = np.uint64(part * _PER_WORD64)
    lower = np.uint64(_fma64(-np.float64(upper), _WORD64, part))
    if at_most(low, high, lower, upper):
        upper = np.uint64(high - (_ONE64 if low == _U0_64 else _U0_64))
        lower = np.uint64(low - _ONE64)
    return lower, upper
