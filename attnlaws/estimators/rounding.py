"""Compiled arithmetic with proven error bounds: what a certificate is allowed to rest on.

Only ``+ - * /`` and comparisons of float64 are used, whose rounding IEEE 754 defines; no function of the C library,
whose errors are measured at best, and no fused operations. u is 2^-53 throughout.

**Exponential** (:func:`exp_parts`). Let d + r be the exact argument, |d| <= 1500, |r| <= 2^-43, and k the integer next
to d / ln 2, so that |rho| <= 0.3466 for rho = d + r - k ln 2. ln 2 is HIGH + LOW. HIGH has 32 bits, so k HIGH is exact,
and d - k HIGH is a multiple of 2^-54 below 0.35, so it is exact too. k LOW is at most 4.2e-7; adding what is left
rounds by at most 0.35 u. The Taylor polynomial of degree 13 is cut at 0.3466^14 / 14! < 4e-18, and Horner's rule errs
by at most sum_j gamma_(2j+2) |rho|^j / j! < 3.9 u (less for the first coefficients, which are exact), relative to at
least exp(-0.3466) > 0.7. Together less than 6 u; ``EXP_ERROR`` is 8 u. The tests redo the sum with Arb, and measure.

**Sums** (:func:`add`). A sum of n non-negative numbers is kept as high + low, where low gathers what each addition to
high rounded off. high + low is off by at most u + (n u)^2 in relative terms, whatever the order.
"""

import numpy as np
from numba import njit

__all__ = ["EXP_ERROR", "add", "exp_parts", "log_above", "relative_mass"]

EXP_ERROR = 2.0**-50
"""Relative error of :func:`exp_parts` at most."""
LOWEST, HIGHEST = -900, 100
"""Powers of two between which masses are told apart: what is less counts as 2^-900, what is more as 2^100."""

_INVERSE_LN2 = 1.4426950408889634
_LN2_HIGH = 0.6931471803691238  # 32 leading bits
_LN2_LOW = 1.9082149292705877e-10
_FARTHEST = 1500.0
_POWERS = np.ldexp(1.0, np.arange(LOWEST, HIGHEST + 1))
_TERMS = tuple(float(1 / v) for v in np.cumprod(np.concatenate(([1.0], np.arange(1.0, 14.0)))))
_A2, _A3, _A4, _A5, _A6, _A7, _A8, _A9, _A10, _A11, _A12, _A13 = _TERMS[2:]


@njit(error_model="numpy", nogil=True)
def exp_parts(d, r):
    """Exponential of d + r as y 2^k with y from 0.7 to 1.42, within ``EXP_ERROR`` of its value.

    Args:
        d: from -1500 to 1500.
        r: what the computation of d rounded off, at most 2^-43 in size.

    Example:
        >>> exp_parts(0.0, 0.0), exp_parts(-1400.0, 0.0)[1]
        ((1.0, 0), -2020)
    """
    whole = np.floor(d * _INVERSE_LN2 + 0.5)
    x = (d - whole * _LN2_HIGH) + (r - whole * _LN2_LOW)
    p = _A13 * x + _A12
    p = p * x + _A11
    p = p * x + _A10
    p = p * x + _A9
    p = p * x + _A8
    p = p * x + _A7
    p = p * x + _A6
    p = p * x + _A5
    p = p * x + _A4
    p = p * x + _A3
    p = p * x + _A2
    p = p * x + 1.0
    return p * x + 1.0, np.int64(whole)


@njit(error_model="numpy", nogil=True)
def difference(a, b):
    """The rounded difference a - b and what was rounded off; the second is of no use where the first is infinite.

    Example:
        >>> difference(1.0, 2.0**-80)
        (1.0, -8.271806125530277e-25)
    """
    d = a - b
    t = d - a
    return d, (a - (d - t)) - (b + t)


@njit(error_model="numpy", nogil=True)
def relative_mass(score, reference, exponent):
    """The exponential of score - reference, divided by 2^exponent; below 2^-900 and above 2^100 those limits, about.

    Args:
        score: at most the reference.
        reference: the score whose mass is 1.
        exponent: from -1100 to 1.

    Example:
        >>> relative_mass(3.0, 3.0, 0), relative_mass(-9e300, 3.0, 0) == 2.0**-900
        (1.0, True)
    """
    d, r = difference(score, reference)
    if not d > -_FARTHEST:
        return _POWERS[0]
    y, k = exp_parts(d, r)
    return y * _POWERS[min(max(k - exponent, LOWEST), HIGHEST) - LOWEST]


@njit(error_model="numpy", nogil=True)
def add(high, low, x):
    """A sum of two parts and a number more; what the addition rounds off goes to the lower part.

    Example:
        >>> add(1.0, 0.0, 2.0**-70)
        (1.0, 8.470329472543003e-22)
    """
    total = high + x
    t = total - high
    return total, low + ((high - (total - t)) + (x - t))


@njit(error_model="numpy", nogil=True)
def log_above(x):
    """A number at or above the logarithm of x, by a few units in the last place of max(1, |log x|).

    The library's logarithm is a guess, which counts only when its exponential is proven to be at least x.

    Args:
        x: from 2^-900 to 2^100.

    Example:
        >>> 0 < log_above(2.0) - 0.6931471805599453 < 2e-15
        True
    """
    guess = np.log(x)
    step = 2.0**-52 * max(1.0, abs(guess))
    while True:
        guess += step
        y, k = exp_parts(guess, 0.0)
        if y * (1 - EXP_ERROR) * _POWERS[min(max(k, LOWEST), HIGHEST) - LOWEST] >= x:
            return guess
        step *= 2
