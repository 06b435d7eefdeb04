"""topk.head_bound against exact sums, its place between the gap bound and the tail mass, and equality."""

import math

import mpmath
import pytest
from row_sums import DIGITS, exact_tail, exact_weights, random_rows

from attnlaws.theory.accuracy import certify
from attnlaws.theory.prove import prove
from attnlaws.theory.topk.gap_bound import LAW as GAP
from attnlaws.theory.topk.head_bound import LAW

ROUNDING = 1e-12
"""Of float64: scores up to 2000 are rounded to 2e-13 before the exponential is taken."""


def brute_force(logits, k):
    """The bound as it is written down, with 60 digits."""
    with mpmath.workdps(DIGITS):
        weights = exact_weights(logits)
        tail = (len(weights) - k) * weights[k]
        return tail / (mpmath.fsum(weights[:k]) + tail)


def test_values_between_the_tail_mass_and_the_gap_bound():
    """No row violates, up to rounding; 200 rows, masked keys and ties among them."""
    for row, k in random_rows("head", 200):
        want, tail = brute_force(row, k), exact_tail(row, k)
        log = LAW(logits=row, k=k, output="log")
        assert float(log) == pytest.approx(float(mpmath.log(want)), rel=ROUNDING)
        assert float(mpmath.log(tail)) - ROUNDING <= log <= GAP(logits=row, k=k, output="log") + ROUNDING
        if want > 1e-290:
            assert LAW(logits=row, k=k) == pytest.approx(float(want), rel=ROUNDING)
        if want < 1e290 * tail:
            assert LAW(logits=row, k=k, output="looseness") == pytest.approx(float(want / tail), rel=2 * ROUNDING)


def test_equality_where_all_dropped_scores_are_equal():
    row = [3.0, 1.5, 0.25, *[-2.0] * 40]
    assert LAW(logits=row, k=3) == pytest.approx(float(exact_tail(row, 3)), rel=1e-14)
    assert GAP(logits=row, k=3) > 1.5 * LAW(logits=row, k=3)


def test_the_smaller_the_head_needs_to_be_the_later():
    """The bound falls with every further key, unlike that of the gap: once it certifies, more keys do too."""
    row, _ = next(iter(random_rows("falling", 1)))
    values = [float(LAW(logits=row, k=k, output="log")) for k in range(1, sum(map(math.isfinite, row)))]
    assert values == sorted(values, reverse=True)


def test_far_tails():
    assert LAW(logits=[0.0, -800.0], k=1) > 0
    assert LAW(logits=[0.0, -800.0, -900.0], k=1, output="log") == pytest.approx(math.log(2) - 800, rel=1e-15)
    assert LAW(logits=[1e5, 1e5, 1e5 - 500], k=2, output="log") == pytest.approx(-500 - math.log(2), rel=1e-15)


def test_every_step_holds_and_is_accurate():
    assert set(prove(LAW).badges.values()) == {"checked"}
    assert all(certificate.passed for certificate in certify(LAW, points=60))
