"""topk.output_error against sums in high precision, at ties, in the tails and where outputs cancel."""

import math

import numpy as np
import pytest
import sympy as sp
from cut_by_hand import by_hand, instances

from attnlaws.theory.cut import dropped_part, kept_part, mean_of, variance_of
from attnlaws.theory.enclose import enclose
from attnlaws.theory.law import Law
from attnlaws.theory.ordered import COORDINATE, LENGTH, WIDTH, coordinates, every, kept, settled_sums, weight
from attnlaws.theory.prove import prove
from attnlaws.theory.steps import Equals
from attnlaws.theory.topk.output_error import LAW

LOGITS, VALUES, K = (LAW.parameter(name).symbol for name in ("logits", "values", "k"))
ROW = (1.5, 1.0, 0.0, -2.0)
VECTORS = ((1.0, 2.0), (0.0, -1.0), (3.0, 0.5), (-2.0, 0.25))


def test_values_against_sums_in_high_precision():
    for logits, values, k in instances(1, 60):
        assert LAW(logits=logits, values=values, k=k) == pytest.approx(
            float(by_hand(logits, values, k)["error"]), rel=1e-12
        )


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_definition_evaluates_to_the_form(k):
    case = LAW.derivations[0]
    point = {LOGITS: ROW, VALUES: VECTORS, K: k, LENGTH: 4, WIDTH: 2}
    want = by_hand(ROW, VECTORS, k)["error"]
    for step in case.steps:
        ball = enclose(step.expr, point, 30)
        assert float(ball.rad()) < 1e-25
        assert float(ball) == pytest.approx(float(want), rel=1e-15)


def test_every_step_is_symbolic():
    assert prove(LAW).badge == "proven"


@pytest.mark.parametrize("name", list(LAW.sabotages))
def test_a_wrong_form_is_contradicted_by_the_definition(name):
    first = LAW.derivations[0].steps[0]
    wrong = Law("wrong", "Wrong.", LAW.parameters, LAW.source, LAW.claim,
                steps=(first, Equals(LAW.sabotages[name], "")))  # fmt: skip
    assert prove(wrong).badge == "contradicted"


def test_two_keys_that_tie_at_the_boundary_give_two_outputs_with_one_tail_mass():
    """Weights e, 1, 1 and values 0, 1, -1: tau = 1/(e + 2), and the outputs are +-1/(e + 1)."""
    for values in ([[0.0], [1.0], [-1.0]], [[0.0], [-1.0], [1.0]]):
        found = LAW(logits=[1.0, 0.0, 0.0], values=values, k=2)
        assert found == pytest.approx(1 / (math.e + 1), rel=1e-15)
        # The tail mass times the distance of the means: 1/(e + 2) times 1 + 1/(e + 1).
        assert found == pytest.approx((1 + 1 / (math.e + 1)) / (math.e + 2), rel=1e-14)
    # Of the keys that tie the first are kept, so that this one is not the mirror image of the first.
    assert LAW(logits=[1.0, 0.0, 0.0], values=[[0.0], [1.0], [5.0]], k=2) == pytest.approx(
        float(by_hand([1.0, 0.0, 0.0], [[0.0], [1.0], [5.0]], 2)["error"]), rel=1e-14
    )


def test_nothing_dropped_is_no_error_and_masked_keys_are_not_there():
    assert LAW(logits=ROW, values=VECTORS, k=4) == 0
    masked = LAW(logits=[-np.inf, *ROW, -np.inf], values=[(9.0, 9.0), *VECTORS, (7.0, 7.0)], k=2)
    assert masked == LAW(logits=ROW, values=VECTORS, k=2)
    assert LAW(logits=[*ROW, -np.inf], values=[*VECTORS, (7.0, 7.0)], k=4) == 0


def test_equal_values_are_never_moved():
    assert LAW(logits=ROW, values=[(0.1, 0.7)] * 4, k=2) == 0


def test_an_error_far_below_the_rounding_of_the_outputs_is_right():
    """The difference of the two outputs in float64 is 0 here, or rounding."""
    logits, values = np.array([0.0, -50.0]), np.array([[1.0, 1.0], [4.0, 5.0]])
    weights = np.exp(logits) / np.exp(logits).sum()
    assert np.linalg.norm(weights @ values - values[0]) == 0
    assert LAW(logits=logits, values=values, k=1) == pytest.approx(5 * math.exp(-50) / (1 + math.exp(-50)), rel=1e-13)
    assert LAW(logits=[0.0, -660.0], values=values, k=1) == pytest.approx(5 * math.exp(-660), rel=1e-12)


def test_an_offset_of_all_values_changes_nothing():
    """The offset is 2^40 and the values have few digits, so that the shifted ones are exact."""
    for logits, _, k in instances(3, 20, spreads=(0.3, 1.0)):
        values = np.random.default_rng(len(logits)).integers(-9, 9, (len(logits), 3)) / 8
        shifted = LAW(logits=logits, values=values + 2.0**40, k=k)
        assert shifted == pytest.approx(LAW(logits=logits, values=values, k=k), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("scale", [2.0**-600, 2.0**300])
def test_the_error_scales_with_the_values_beyond_the_range_of_their_squares(scale):
    values = np.array(VECTORS)
    assert LAW(logits=ROW, values=scale * values, k=2) == scale * LAW(logits=ROW, values=values, k=2)


def test_rows_and_values_broadcast():
    rng = np.random.default_rng(1)
    logits, values = rng.normal(size=(3, 1, 8)), rng.normal(size=(2, 8, 4))
    found = LAW(logits=logits, values=values, k=np.array([1, 4]))
    assert found.shape == (3, 2)
    assert found[2, 1] == LAW(logits=logits[2, 0], values=values[1], k=4)


def test_the_number_of_values_is_that_of_the_logits():
    with pytest.raises(
        ValueError, match=r"^values = 3 vectors: must be .*one for each of the logits \(logits has 4\)$"
    ):
        LAW(logits=ROW, values=VECTORS[:3], k=2)


# --- sums over vectors, settled -------------------------------------------------------------------------------------


def test_the_law_of_total_variance_settles():
    whole, head, tail = (variance_of(LOGITS, VALUES, part) for part in (every, kept_part(K), dropped_part(K)))
    share = kept(weight(LOGITS), K) / every(weight(LOGITS))
    between = coordinates(
        lambda c: (mean_of(LOGITS, VALUES, c, dropped_part(K)) - mean_of(LOGITS, VALUES, c, kept_part(K))) ** 2
    )
    parts = share * head + (1 - share) * tail + share * (1 - share) * between
    assert sp.cancel(settled_sums(whole - parts)) == 0
    assert sp.cancel(settled_sums(whole - share * head - (1 - share) * tail)) != 0


def test_a_sum_that_is_no_moment_is_left_alone():
    for term in (
        lambda i: weight(LOGITS)(i) * sp.exp(VALUES[i, COORDINATE]),
        lambda i: weight(LOGITS)(i) * VALUES[i, 1] * VALUES[i, 2],
        lambda i: weight(LOGITS)(i) * i,
        lambda i: VALUES[i, COORDINATE],
    ):
        assert settled_sums(kept(term, K)) == kept(term, K)


def test_moments_of_different_order_or_part_are_different():
    c = COORDINATE
    total = every(weight(LOGITS)) + kept(weight(LOGITS), K)
    found = {
        settled_sums(part(lambda i, m=m: weight(LOGITS)(i) * VALUES[i, c] ** m) / total)
        for part in (every, kept_part(K), dropped_part(K))
        for m in (0, 1, 2)
    }
    assert len(found) == 9 and not any(moment.has(sp.Sum) for moment in found)


def test_coordinates_are_counted():
    assert settled_sums(coordinates(lambda _: sp.Integer(3))) == 3 * WIDTH
