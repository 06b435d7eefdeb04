"""Softmax tails by another route: exact integers, one key after another, from the smallest to the largest."""

import math
from fractions import Fraction

import mpmath

UNIT = 1100  # weights are whole multiples of 2^-1100


def whole_weight(gap: float) -> int:
    """exp(gap) as a whole multiple of 2^-UNIT; gaps from -700 to 0."""
    mantissa, exponent = math.frexp(math.exp(gap))
    return int(mantissa * 2**53) << (exponent - 53 + UNIT)


def running_tails(row) -> list[int]:
    """Sums of the 0, 1, ... n smallest weights of a row (masked logits left out), in exact integers."""
    kept = sorted(float(logit) for logit in row if logit != -math.inf)
    sums = [0]
    for logit in kept:
        sums.append(sums[-1] + whole_weight(logit - kept[-1]))
    return sums


def tail(sums: list[int], k: int) -> Fraction:
    """Tail mass of the top k."""
    return Fraction(sums[len(sums) - 1 - k], sums[-1])


def smallest_k(sums: list[int], eps: float) -> tuple[int, float]:
    """k_eps by trying k = 1, 2, ..., and how close the decision was: the least |tail / eps - 1| on its way."""
    numerator, denominator = Fraction(eps).as_integer_ratio()
    limit = numerator * sums[-1]
    n = len(sums) - 1
    for k in range(1, n + 1):
        if sums[n - k] * denominator <= limit:
            near = min(abs(sums[n - j] * denominator / limit - 1) for j in (max(k - 1, 1), k))
            return k, near
    raise AssertionError("the empty tail is below every eps")


def precise_tail(row, k: int) -> mpmath.mpf:
    """Tail mass of the top k with 50 digits, exponentials included."""
    with mpmath.workdps(50):
        weights = sorted((mpmath.exp(mpmath.mpf(float(logit))) for logit in row), reverse=True)
        return mpmath.fsum(weights[k:]) / mpmath.fsum(weights)
