"""topk.k_lower_bounds against exact counts: sound on hard rows, the values as written down, equality."""

import math

import mpmath
import numpy as np
import pytest
from row_sums import DIGITS, exact_weights, random_rows

from attnlaws.theory.accuracy import certify
from attnlaws.theory.claim import Bound
from attnlaws.theory.law import Law
from attnlaws.theory.prove import prove
from attnlaws.theory.steps import AtLeast
from attnlaws.theory.topk.k_lower_bounds import LAW

ROUNDING = 1e-11


def exact_count(logits, eps):
    """The number of keys that it takes, from sums with 60 digits."""
    with mpmath.workdps(DIGITS):
        weights = exact_weights(logits)
        total, lost, kept = mpmath.fsum(weights), mpmath.mpf(0), len(weights)
        while kept > 1 and lost + weights[kept - 1] <= mpmath.mpf(eps) * total:
            kept -= 1
            lost += weights[kept]
        return kept


def brute_force(logits, eps):
    """The three bounds as they are written down, with 60 digits."""
    with mpmath.workdps(DIGITS):
        weights, e = exact_weights(logits), mpmath.mpf(eps)
        n, total = len(weights), mpmath.fsum(exact_weights(logits))
        p = [w / total for w in weights]
        toss = -e * mpmath.log(e) - (1 - e) * mpmath.log(1 - e)
        return {
            "range": n * (1 - e) / (1 - e + e * weights[0] / weights[-1]),
            "participation": (1 - e) ** 2 / mpmath.fsum(x * x for x in p),
            "fano": mpmath.exp((-mpmath.fsum(x * mpmath.log(x) for x in p) - toss - e * mpmath.log(n)) / (1 - e)),
        }


@pytest.mark.parametrize("eps", [1e-6, 0.01, 0.1, 0.5, 0.95])
def test_values_and_soundness_on_hard_rows(eps):
    """No row violates, up to rounding; 60 rows a share, masked keys and ties among them."""
    for row, _ in random_rows(f"keys {eps}", 60):
        count = exact_count(row, eps)
        for output, want in brute_force(row, eps).items():
            value = float(LAW(logits=row, eps=eps, output=output))
            assert value <= count * (1 + ROUNDING)
            if want > 1e-290:
                assert value == pytest.approx(float(want), rel=ROUNDING)


def test_equal_scores_are_the_case_of_equality():
    """Eight equal scores and a quarter lost: six keys; ten and a tenth: nine."""
    for n, eps, keys in ((8, 0.25, 6), (10, 0.1, 9)):
        assert LAW(logits=[3.0] * n, eps=eps) == pytest.approx(keys, rel=1e-14)
        assert LAW(logits=[3.0] * n, eps=eps, output="participation") == pytest.approx(n * (1 - eps) ** 2, rel=1e-14)


def test_few_equal_scores_and_nothing_else():
    """With m equal weights and the others far below, Cauchy's bound and the entropy see m where the range sees 0."""
    row = [0.0] * 5 + [-300.0] * 95
    assert LAW(logits=row, eps=1e-9, output="participation") == pytest.approx(5.0, rel=1e-8)
    assert LAW(logits=row, eps=1e-9, output="fano") == pytest.approx(5.0, rel=1e-6)
    assert LAW(logits=row, eps=1e-9) < 1e-100


def test_what_the_entropy_leaves_falls_with_the_share_that_is_lost():
    """The step from the true loss to eps: (S - h(t) - t ln n)/(1 - t) has no slope above 0, for any row."""
    lost = np.linspace(0.001, 0.99, 400)
    for row, _ in random_rows("falling", 30):
        values = LAW(logits=np.array(row), eps=lost, output="fano")
        assert (np.diff(np.log(np.maximum(values, 1e-300))) <= 1e-9).all()


def test_every_step_holds_and_is_accurate():
    assert set(prove(LAW).badges.values()) == {"checked"}
    assert all(certificate.passed for certificate in certify(LAW, points=60))


def test_a_bound_that_is_none_is_contradicted_by_the_definition():
    case, eps = LAW.derivation("participation"), LAW.parameter("eps").symbol
    steps = (case.steps[0], AtLeast(case.form / (1 - eps) ** 2, ""))
    assert prove(Law("wrong", "Wrong.", LAW.parameters, LAW.source, Bound("lower", True), steps=steps)).badge == (
        "contradicted"
    )
    assert math.isfinite(LAW(logits=[0.0, -1e4], eps=0.5))
