"""topk.gap_bound against exact tail masses: soundness on hard rows, equality, masked keys, and far tails."""

import math

import mpmath
import numpy as np
import pytest
from row_sums import DIGITS, exact_tail, exact_weights, random_rows

from attnlaws.theory.accuracy import certify
from attnlaws.theory.law import Law
from attnlaws.theory.prove import prove
from attnlaws.theory.steps import AtMost
from attnlaws.theory.topk.gap_bound import LAW, log_logistic, log_odds, logistic

ROUNDING = 1e-12
"""Of float64: scores up to 2000 are rounded to 2e-13 before the exponential is taken."""


def brute_force(logits, k):
    """The bound as it is written down, with 60 digits."""
    with mpmath.workdps(DIGITS):
        weights = exact_weights(logits)
        head, tail = k * weights[k - 1], (len(weights) - k) * weights[k]
        return tail / (head + tail)


def test_values_and_soundness_on_hard_rows():
    """No row violates, up to rounding; every output is the formula; 200 rows."""
    for row, k in random_rows("gap", 200):
        want, tail = brute_force(row, k), exact_tail(row, k)
        assert float(LAW(logits=row, k=k, output="log")) == pytest.approx(float(mpmath.log(want)), rel=ROUNDING)
        assert float(mpmath.log(tail)) <= LAW(logits=row, k=k, output="log") + ROUNDING
        assert LAW(logits=row, k=k) >= tail * (1 - ROUNDING)
        if want > 1e-290:
            assert LAW(logits=row, k=k) == pytest.approx(float(want), rel=ROUNDING)
        if want < 1e290 * tail:
            assert LAW(logits=row, k=k, output="looseness") == pytest.approx(float(want / tail), rel=2 * ROUNDING)


@pytest.mark.parametrize(("kept", "dropped", "gap"), [(1, 1, 0.0), (3, 60, 2.5), (60, 3, 0.0), (5, 5, 40.0)])
def test_two_levels_are_the_case_of_equality(kept, dropped, gap):
    row = [7.0] * kept + [7.0 - gap] * dropped
    assert LAW(logits=row, k=kept) == pytest.approx(float(exact_tail(row, kept)), rel=1e-14)
    assert LAW(logits=row, k=kept, output="looseness") == pytest.approx(1.0, rel=1e-14)
    if kept > 1 and dropped > 1:
        row[0] += 1.0
        assert LAW(logits=row, k=kept, output="looseness") > 1.01


def test_masked_keys_are_not_counted():
    """[2, 1, -1] and a thousand masked keys, k = 1: counting those would give 0.99729."""
    row = [2.0, 1.0, -1.0, *[-math.inf] * 1000]
    assert LAW(logits=row, k=1) == pytest.approx(0.42388, abs=5e-6)
    assert LAW(logits=row[:3], k=1) == LAW(logits=row, k=1)
    assert 1 / (1 + math.e / 1002) == pytest.approx(0.99729, abs=5e-6)


def test_a_bound_never_falls_to_zero_below_a_positive_tail():
    assert LAW(logits=[0.0, -800.0], k=1) > 0
    assert LAW(logits=[0.0, -800.0], k=1, output="log") == pytest.approx(-800.0, rel=1e-15)
    assert LAW(logits=[0.0, *[-1e6] * 9], k=1, output="log") == pytest.approx(math.log(9) - 1e6, rel=1e-15)
    assert LAW(logits=[1e4, 9990.0], k=1) == pytest.approx(4.53978687e-5, rel=1e-8)


def test_rows_broadcast_in_any_order():
    rows = np.random.default_rng(1).normal(size=(3, 1, 8))
    values = LAW(logits=rows, k=np.array([1, 4]))
    assert values.shape == (3, 2)
    assert values[2, 1] == LAW(logits=np.sort(rows[2, 0]), k=4)


def test_something_must_be_dropped():
    for row, k in (([0.0, 1.0], 2), ([0.0, -math.inf], 1)):
        with pytest.raises(ValueError, match=rf"^k = {k}: must be an integer >= 1 .* and < the number of logits"):
            LAW(logits=row, k=k)


def test_every_step_holds_and_is_accurate():
    assert set(prove(LAW).badges.values()) == {"checked"}
    assert all(certificate.passed for certificate in certify(LAW, points=60))


def test_a_bound_that_is_none_is_contradicted_by_the_definition():
    """The logarithm of odds as that of a probability: below the tail mass where the odds are squared."""
    logits, k = (LAW.parameter(name).symbol for name in ("logits", "k"))
    for output, wrong in (
        ("bound", logistic(2 * log_odds(logits, k) - 1)),
        ("log", log_logistic(log_odds(logits, k)) - 1),
    ):
        start = LAW.derivation(output).steps[0]
        law = Law("wrong", "Wrong.", LAW.parameters, LAW.source, LAW.claim, steps=(start, AtMost(wrong, "")))
        assert prove(law).badge == "contradicted"
