"""topk.multi_gap_bound against sums written out, and its two ends: the head bound and the tail mass."""

import math

import mpmath
import pytest
from row_sums import DIGITS, exact_tail, exact_weights, random_rows

from attnlaws.theory.accuracy import certify
from attnlaws.theory.prove import prove
from attnlaws.theory.topk.head_bound import LAW as HEAD
from attnlaws.theory.topk.multi_gap_bound import LAW, ranks

ROUNDING = 1e-12
"""Of float64: scores up to 2000 are rounded to 2e-13 before the exponential is taken."""


def brute_force(logits, k, factor):
    """The bound as it is written down, with 60 digits."""
    with mpmath.workdps(DIGITS):
        weights, here, tail = exact_weights(logits), k, mpmath.mpf(0)
        while here < len(weights):
            following = min(len(weights), max(here + 1, int(mpmath.floor(mpmath.mpf(factor) * here))))
            tail += (following - here) * weights[here]
            here = following
        return tail / (mpmath.fsum(weights[:k]) + tail)


@pytest.mark.parametrize("factor", [1.01, 1.25, 2.0, 7.3])
def test_values_between_the_tail_mass_and_the_head_bound(factor):
    """No row violates, up to rounding; 60 rows a ratio, masked keys and ties among them."""
    for row, k in random_rows(f"stairs {factor}", 60):
        want, tail = brute_force(row, k, factor), exact_tail(row, k)
        log = LAW(logits=row, k=k, ratio=factor, output="log")
        assert float(log) == pytest.approx(float(mpmath.log(want)), rel=ROUNDING)
        assert float(mpmath.log(tail)) - ROUNDING <= log <= HEAD(logits=row, k=k, output="log") + ROUNDING
        if want > 1e-290:
            assert LAW(logits=row, k=k, ratio=factor) == pytest.approx(float(want), rel=ROUNDING)


def test_it_ends_in_the_tail_mass_and_in_the_head_bound():
    for row, k in random_rows("ends", 40):
        finest = LAW(logits=row, k=k, ratio=1 + 1e-9, output="log")
        assert float(finest) == pytest.approx(float(mpmath.log(exact_tail(row, k))), rel=ROUNDING)
        coarsest = LAW(logits=row, k=k, ratio=1e6, output="log")
        assert coarsest == pytest.approx(HEAD(logits=row, k=k, output="log"), rel=ROUNDING)


def test_equality_where_each_stair_is_flat():
    """Ranks 2, 4, 8, 12 at ratio 2: levels of those lengths make every stair exact."""
    row = [4.0, 3.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, -3.0, -3.0, -3.0, -3.0]
    assert ranks(12, 2, 2.0) == (2, 4, 8, 12)
    assert LAW(logits=row, k=2, ratio=2.0) == pytest.approx(float(exact_tail(row, 2)), rel=1e-14)


def test_ranks_are_those_of_the_exact_ratio():
    """1.9 in float64 is below 1.9, so ten times it is below 19, although the rounded product is 19."""
    assert 1.9 * 10 == 19.0
    assert ranks(100, 10, 1.9)[1] == 18
    assert ranks(10**9, 1, 1.25)[-1] == 10**9 and len(ranks(10**9, 1, 1.25)) < math.log(10**9) / math.log(1.25) + 5


def test_every_step_holds_and_is_accurate():
    assert set(prove(LAW).badges.values()) == {"checked"}
    assert all(certificate.passed for certificate in certify(LAW, points=60))
