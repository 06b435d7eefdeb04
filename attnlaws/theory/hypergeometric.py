"""The hypergeometric function 0F1 with its exponential taken off, to the last digits of float64.

The mean of exp(b cos) over a sphere in 2 a dimensions is 0F1(; a; b^2/4) = Gamma(a) (2/b)^(a - 1) I_(a-1)(b). Its
logarithm less b, which is what a ratio of interference to signal needs, is found in one of two ways:

* where a - 1 and b are below 30, from the power series, whose terms are all positive;
* elsewhere from Debye's uniform expansion of the Bessel function (DLMF 10.41.3). With nu = a - 1, r^2 = nu^2 + b^2
  and p = nu/r the logarithm of its sum is the sum of D_k(p)/nu^k, where D_k(p) = p^k Q_k(p^2): in powers of 1/r it
  holds for every nu, and the smaller nu is the more it is Hankel's expansion. Its terms are about (k - 1)!/(2 r)^k.
  For nu from 10 on Stirling's series of Gamma(a) is the same one at p = 1, and both are subtracted term by term, so
  that nothing cancels as b tends to 0.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

TERMS = 18
NEAR = 30.0
"""From r = 30 on 18 terms leave an error of about 17!/60^18 = 4e-18."""
STIRLING = 10.0
SERIES = 64
"""Terms of the power series: at b = 30, a = 1 the last is below 1e-17 of the sum."""


def log_scaled(a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
    """The logarithm of exp(-b) 0F1(; a; b^2/4).

    Args:
        a: from 1/2 on; any shape, broadcast with b.
        b: 0 or positive.

    Returns:
        A float64 array.

    Example:
        >>> round(float(log_scaled(0.5, 1.0)), 12)  # the logarithm of cosh(1)/e
        -0.566219169517
    """
    a, b = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(b, np.float64))
    result = np.empty(a.shape)
    near = np.hypot(a - 1, b) < NEAR
    large = ~near & (a - 1 >= STIRLING)
    rest = ~near & ~large
    for where, routine in ((near, _series), (large, _of_large_order), (rest, _of_small_order)):
        if where.any():
            result[where] = routine(a[where], b[where])
    return result


def log_scaled_ball(a: Any, b: Any) -> Any:
    """An interval that contains the logarithm of exp(-b) 0F1(; a; b^2/4), for Arb balls a > 0 and b >= 0.

    Arb's own function gives up where a and b are both large. There the series, all of whose terms are positive, is
    summed from its largest term to both sides; the ratio of neighbors decreases on the way up, and increases from its
    inverse on the way down, so that a geometric series bounds what is left out.

    Example:
        >>> from flint import arb
        >>> log_scaled_ball(arb(32), arb(64)).str(9, radius=False)
        '-39.7658522'
    """
    from flint import arb, ctx

    if not (isinstance(a, arb) and isinstance(b, arb)):
        raise ValueError("log_scaled_ball: a and b must be real balls")
    with ctx.workprec(ctx.prec + 2 * int(float(a + b + 2)).bit_length()):  # digits that the subtraction of b takes
        y = b * b / 4
        value = y.hypgeom_0f1(a).log()
        if not value.is_finite():
            top = int(float(y / (a / 2 + (a * a / 4 + y).sqrt())))
            value = top * y.log() - (arb(top) + 1).lgamma() - (a + top).lgamma() + a.lgamma()
            value += (1 + _one_side(a, y, top, 1) + _one_side(a, y, top, -1)).log()
        return value - b


def _one_side(a: Any, y: Any, top: int, step: int) -> Any:
    """The terms above the ``top``-th (step 1) or below it (step -1), over that term."""
    from flint import arb, ctx

    small = arb(2) ** -ctx.prec
    total, term, k = arb(0), arb(1), top
    while step > 0 or k > 0:
        ratio = y / ((k + 1) * (a + k)) if step > 0 else k * (a + (k - 1)) / y
        left = term * ratio / (1 - ratio)
        if ratio < 1 and left < small:
            return total + arb(0, left.upper())
        term, k = term * ratio, k + step
        total += term
    return total


def _series(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """From the sum of (b^2/4)^k/(k! (a)_k), by Horner's rule."""
    y = b * b / 4
    tail = np.ones_like(b)
    for k in range(SERIES, 1, -1):
        tail = 1 + y / (k * (a + (k - 1))) * tail
    above = y / a * tail  # the sum without its first term
    scaled = (1 + above) * np.exp(-b)
    return np.where(scaled < 0.5, np.log(scaled), np.log1p(above) - b)


def _of_large_order(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Debye's expansion less Stirling's; every part but the corrections is negative, and these are small.

    With z = b/nu and s = sqrt(1 + z^2) the leading part nu (s - 1 - ln((1 + s)/2) - z) - ln(s)/2 is written so that
    nothing cancels for small z.
    """
    nu = a - 1
    z = b / nu
    s = np.hypot(1.0, z)
    above = z * (z / (1 + s))  # s - 1
    leading = -nu * ((above + z) / (s + z) + np.log1p(above / 2)) - np.log1p(above) / 2
    p, p2 = 1 / s, 1 / (s * s)
    total = np.zeros_like(b)
    # D_k(p) - D_k(1) = (p - 1) times a polynomial in p, which is evaluated as even part + p odd part.
    for k in range(TERMS, 0, -1):
        even, odd = (_horner(part, p2) for part in _slopes()[k - 1])
        total = (total + even + p * odd) / nu
    return leading - above / s * total


def _of_small_order(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Debye's expansion in powers of 1/r, with Gamma(a) itself; b is at least 28."""
    from scipy.special import gammaln

    nu = a - 1
    r = np.hypot(nu, b)
    p2 = (nu / r) ** 2
    total = np.zeros_like(b)
    for k in range(TERMS, 0, -1):
        total = (total + _horner(_tables()[k - 1], p2)) / r
    return gammaln(a) + nu * (nu / (r + b)) - nu * np.log((nu + r) / 2) - np.log(2 * np.pi * r) / 2 + total


def _horner(coefficients: tuple[float, ...], x: np.ndarray) -> np.ndarray:
    """A polynomial, its coefficients from the constant on."""
    total = np.zeros_like(x)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total


@lru_cache
def exponents(terms: int) -> tuple[tuple[Fraction, ...], ...]:
    """The polynomials Q_1, Q_2, ... in p^2, coefficients from the constant on: D_k(p) = p^k Q_k(p^2).

    The sum U(p) = sum of U_k(p)/nu^k obeys nu U' = ((p^2 (1 - p^2) U')' + (1 - 5 p^2) U/4)/2, which follows from DLMF
    10.41.9; with U = exp(D) it is a recurrence for the derivatives of D_k. These are p^(k - 1) T_k(p^2)/8^k, and the
    T_k have integer coefficients.

    Example:
        >>> [str(c) for c in exponents(1)[0]]
        ['1/8', '-5/24']
    """
    slopes = [[1, -5]]
    for k in range(1, terms):
        last, inner = slopes[-1], [0] * (k + 1)  # the sum of products, without the factor 1 - p^2
        for i in range(1, k):
            for j, x in enumerate(slopes[i - 1]):
                for m, y in enumerate(slopes[k - i - 1]):
                    inner[j + m] += x * y
        slopes.append([4 * c for c in _plus(_falling(inner), _derived(_falling(last), k + 1))])
    return tuple(
        tuple(Fraction(c, 8**k * (k + 2 * j)) for j, c in enumerate(slope)) for k, slope in enumerate(slopes, 1)
    )


def _falling(polynomial: list[int]) -> list[int]:
    """Times 1 - x."""
    return [x - y for x, y in zip([*polynomial, 0], [0, *polynomial], strict=True)]


def _derived(polynomial: list[int], power: int) -> list[int]:
    """The coefficients of the derivative of p^power times a polynomial in p^2, over p^(power - 1)."""
    return [(power + 2 * j) * c for j, c in enumerate(polynomial)]


def _plus(left: list[int], right: list[int]) -> list[int]:
    return [x + y for x, y in zip(left, right, strict=True)]


@lru_cache
def _tables() -> tuple[tuple[float, ...], ...]:
    """The coefficients of Q_k in float64."""
    return tuple(tuple(map(float, q)) for q in exponents(TERMS))


@lru_cache
def _slopes() -> tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]:
    """(D_k(p) - D_k(1))/(p - 1): the coefficient of p^i is the sum of those of D_k beyond it; even and odd powers."""
    found = []
    for k, q in enumerate(exponents(TERMS), 1):
        beyond = [sum((c for j, c in enumerate(q) if k + 2 * j > i), Fraction(0)) for i in range(3 * k)]
        found.append((tuple(map(float, beyond[::2])), tuple(map(float, beyond[1::2]))))
    return tuple(found)
