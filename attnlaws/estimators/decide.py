"""What float64 cannot decide: the comparison of a tail with its part of the sum, in as many digits as it takes.

With eps strictly between 0 and 1 and rational, as every floating-point number is, the two sides are equal only if all
logits are: exponentials of different rational numbers are linearly independent over the rationals (Lindemann and
Weierstrass), so in the difference the count of every logit would have to cancel. Equal logits are counted; for all
others the difference has a sign that enough digits show.
"""

from fractions import Fraction

import numpy as np
from flint import arb, ctx

FIRST_BITS, LAST_BITS = 128, 1 << 14
DISTINCT = 1 << 18
"""So many different logits of a row are weighed with many digits."""


def dropped_of_equal(eps: float, keys: int) -> int:
    """How many of equal keys may be dropped, at least one being kept.

    Example:
        >>> dropped_of_equal(0.1, 10), dropped_of_equal(0.25, 8), dropped_of_equal(0.3, 10)
        (1, 2, 2)
    """
    return min(keys - 1, int(Fraction(eps) * keys))


def dropped_of_distinct(values: np.ndarray, counts: np.ndarray, eps: float, least: int, most: int) -> int | None:
    """How many of the smallest keys can be dropped, where it is known but for a few.

    Args:
        values: float64 [n], the different logits, ascending; at least two.
        counts: int64 [n], how often each occurs.
        eps: the part of the whole mass that may be lost.
        least: a number that can be dropped for certain.
        most: a number that is not too small.

    Returns:
        The number, or None if 16384 bits do not decide.

    Example:
        >>> dropped_of_distinct(np.array([-1e-300, 0.0]), np.array([1, 1]), 0.5, 0, 1)
        1
    """
    bits = FIRST_BITS
    while least < most and bits <= LAST_BITS:
        with ctx.workprec(bits):
            least, most = _narrowed(values, counts, eps, least, most)
        bits *= 2
    return least if least == most else None


def _narrowed(values: np.ndarray, counts: np.ndarray, eps: float, least: int, most: int) -> tuple[int, int]:
    """The same, as far as the present precision goes."""
    ends = np.cumsum(counts)
    while least < most:
        middle = (least + most + 1) // 2
        cut = int(np.searchsorted(ends, middle))  # the score up to which keys are dropped, some of them perhaps not
        sign = _excess(values, counts, eps, cut, middle - int(ends[cut] - counts[cut]))
        if sign < 0:
            least = middle
        elif sign > 0:
            most = middle - 1
        else:
            break
    return least, most


def _excess(values: np.ndarray, counts: np.ndarray, eps: float, cut: int, tied: int) -> int:
    """Whether the tail exceeds its part of the sum (1) or is less (-1); 0 if that is not seen.

    What the scores at the cut contribute is collected before anything is rounded, so that what cancels among them
    leaves nothing behind: masses below, however small, may be all there is.
    """
    share = tied - Fraction(eps) * int(counts[cut])
    dropped, kept, partly = arb(1) - arb(eps), -arb(eps), arb(share.numerator) / share.denominator
    total, reference = arb(0), arb(float(values[-1]))
    for index, (score, count) in enumerate(zip(values.tolist(), counts.tolist(), strict=True)):
        factor = partly if index == cut else (dropped if index < cut else kept) * count
        total += factor * (arb(score) - reference).exp()
    return 1 if total > 0 else -1 if total < 0 else 0
