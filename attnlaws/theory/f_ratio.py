"""The law of (A/B)(C/D) for independent chi-square variables A, B, C, D: distribution function and median.

A has m degrees of freedom and B has d; C and D have v each, or are left out (v = None). With L = ln(A/B) and
R = ln(C/D), whose densities decay exponentially and are analytic in a strip of half-width pi, the distribution function
is the convolution of one density with the other distribution function; the trapezoid rule converges geometrically.
"""

from __future__ import annotations

from typing import Any

import numpy as np

NODES = 768
REACH = 44.0  # a density is integrated to exp(-44) of its peak


def log_ratio_cdf(t: np.ndarray, m: Any, d: Any) -> np.ndarray:
    """P(ln(A/B) <= t) for chi-square A and B with m and d degrees of freedom, accurate on both sides."""
    from scipy import special

    low, high = special.expit(t), special.expit(-t)
    left = special.betainc(m / 2, d / 2, np.minimum(low, 0.5))
    right = 1.0 - special.betainc(d / 2, m / 2, np.minimum(high, 0.5))
    return np.where(low <= 0.5, left, right)


def _log_density(t: np.ndarray, m: Any, d: Any) -> np.ndarray:
    """The logarithm of the density of ln(A/B), less its value at the peak ln(m/d).

    It is (m/2) s - ((m+d)/2) ln((d + m e^s)/(m+d)) at distance s from the peak, written so that the larger number of
    degrees of freedom does not cancel.
    """
    if m < d:
        return _log_density(-t, d, m)
    s = t - np.log(m / d)
    return -(d / 2) * s - ((m + d) / 2) * np.log1p(d / (m + d) * np.expm1(-s))


def _reach(m: float, d: float) -> tuple[float, float]:
    """Where the density of ln(A/B) has fallen to exp(-REACH) of its peak, on both sides."""
    ends = []
    for side in (-1.0, 1.0):
        step = np.sqrt(2 * REACH * (2 / m + 2 / d))
        while _log_density(np.asarray(np.log(m / d) + side * step), m, d) > -REACH:
            step *= 1.25
        ends.append(np.log(m / d) + side * step)
    return ends[0], ends[1]


class _Convolution:
    """The distribution function of L + R for one set of degrees of freedom, and its derivative."""

    def __init__(self, m: float, d: float, v: float) -> None:
        narrow, self.wide = ((m, d), (v, v)) if 1 / m + 1 / d <= 2 / v else ((v, v), (m, d))
        low, high = _reach(*narrow)
        self.nodes = np.linspace(low, high, NODES)
        weights = np.exp(_log_density(self.nodes, *narrow))
        self.weights = weights / weights.sum()  # a trapezoid rule too, and at least as accurate

    def cdf(self, t: float) -> float:
        return float(self.weights @ log_ratio_cdf(t - self.nodes, *self.wide))


def cdf(y: Any, m: Any, d: Any, v: Any = None) -> np.ndarray:
    """P((A/B)(C/D) <= y).

    Args:
        y: values, an array of any shape.
        m: degrees of freedom of A, a scalar; likewise d of B.
        d: see m.
        v: degrees of freedom of C and of D, or None to leave them out.

    Returns:
        Probabilities, float64, in the shape of ``y``.

    Example:
        >>> float(cdf(1.0, 7, 7, 3))
        0.5
    """
    with np.errstate(divide="ignore"):
        t = np.log(np.maximum(np.asarray(y, dtype=np.float64), 0.0))
    if v is None:
        return log_ratio_cdf(t, m, d)
    law = _Convolution(float(m), float(d), float(v))
    return np.array([law.cdf(value) for value in t.ravel()]).reshape(t.shape)


def _median(m: float, d: float, v: float) -> float:
    from scipy import optimize

    law = _Convolution(m, d, v)
    low, high = np.log(m / d) - 1.0, np.log(m / d) + 1.0
    while law.cdf(low) > 0.5:
        low -= 2.0
    while law.cdf(high) < 0.5:
        high += 2.0
    root: Any = optimize.brentq(lambda t: law.cdf(t) - 0.5, low, high, xtol=1e-15, rtol=np.float64(1e-14))
    return float(np.exp(root))


def median(m: np.ndarray, d: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The median of (A/B)(C/D), element by element, to a relative 1e-9.

    Args:
        m: degrees of freedom of A, float64; d of B, v of C and D, all of one shape.
        d: see m.
        v: see m.

    Example:
        >>> round(float(median(40.0, 21.0, 2.0)), 2)
        1.95
    """
    return np.asarray(np.vectorize(_median, otypes=[np.float64])(m, d, v))


def median_enclosure(m: int, d: int, v: int, digits: int = 12) -> Any:
    """An interval around the median of (A/B)(C/D), by a route that shares nothing with ``median``.

    The distribution function is the Mellin-Barnes integral of the moments of the ratio, which are gamma functions:
    P(L + R <= t) = (1/(2 pi i)) times the integral of exp(s t) E[exp(-s (L + R))]/s over Re s = c > 0, computed by
    Arb's rigorous integration; the end is cut as in ``attnlaws.theory.balls``. The median from ``median`` is taken
    as a guess, and the ball returned is one at whose ends the distribution function is proven to be below and above
    one half.

    Args:
        m: degrees of freedom of A, of B (d), and of C and D (v).
        d: see m.
        v: see m.
        digits: the relative radius is 10^-digits.

    Returns:
        An Arb ball, not finite if the proof fails.

    Example:
        >>> median_enclosure(8, 8, 2, 9).contains(1)
        True
    """
    from flint import arb, ctx

    guess = float(median(*(np.asarray(float(number)) for number in (m, d, v))))
    with ctx.workprec(int(3.33 * digits) + 50 + 2 * int(max(m, d, v)).bit_length()):
        center, margin = arb(guess), arb(10) ** -digits
        below = _mellin_cdf((center * (1 - margin)).log(), m, d, v)
        above = _mellin_cdf((center * (1 + margin)).log(), m, d, v)
        return center * (1 + arb(0, margin.upper())) if below < 0.5 and above > 0.5 else arb("nan")


def _mellin_cdf(t: Any, m: int, d: int, v: int) -> Any:
    """P(ln of the ratio <= t) as an Arb ball."""
    from flint import acb, arb

    from attnlaws.theory.balls import integrate

    def exponent(s: Any) -> Any:
        """The exponent t s + ln E exp(-s X), for X = ln(A/B) + ln(C/D).

        With many degrees of freedom its terms nearly cancel, which balls do not see: mean value form over a region.
        """
        center = s.mid() if min(m, d, v) > 1000 and s.rel_accuracy_bits() < 30 else s
        value = sum(((k + sign * center).lgamma() - k.lgamma() for k, sign in terms), center * t)
        if center is s:
            return value
        slope = sum((sign * (k + sign * s).digamma() for k, sign in terms), acb(t))
        return value + slope * (s - center)

    terms = [(acb(m) / 2, -1), (acb(d) / 2, 1), (acb(v) / 2, -1), (acb(v) / 2, 1)]
    # The moments exist for Re s below every k with a minus sign; a contour at the width of the law is well conditioned.
    width = (2 / arb(m) + 2 / arb(d) + 4 / arb(v)).sqrt()
    c = (1 / width).min(arb(min(m, v)) / 4).mid()

    def integrand(omega: Any, analytic: bool) -> Any:
        s = c + acb(0, 1) * omega
        return exponent(s).exp() / s

    return (integrate(integrand, arb(0), None) / arb.pi()).real
