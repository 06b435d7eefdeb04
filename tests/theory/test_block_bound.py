"""topk.block_bound against sums written out block by block, for rows in any order."""

import math

import mpmath
import numpy as np
import pytest
from row_sums import DIGITS, random_rows

from attnlaws.theory.accuracy import certify
from attnlaws.theory.prove import prove
from attnlaws.theory.topk.block_bound import LAW
from attnlaws.theory.topk.head_bound import LAW as HEAD

ROUNDING = 1e-12


def brute_force(row, k, size):
    """Both bounds, and what they bound, with 60 digits."""
    with mpmath.workdps(DIGITS):
        blocks = [[s for s in row[start : start + size] if np.isfinite(s)] for start in range(0, len(row), size)]
        blocks = sorted((block for block in blocks if block), key=max, reverse=True)
        top = max(max(block) for block in blocks)
        weights = [[mpmath.exp(mpmath.mpf(s) - mpmath.mpf(top)) for s in block] for block in blocks]
        kept, dropped = weights[: max(1, k // size)], weights[max(1, k // size) :]
        mass = sum((mpmath.fsum(block) for block in kept), mpmath.mpf(0))
        outside = sum((mpmath.fsum(block) for block in dropped), mpmath.mpf(0))
        most = sum((len(block) * max(block) for block in dropped), mpmath.mpf(0))
        least = sum((max(block) for block in kept), mpmath.mpf(0))
        return {"bound": most / (least + most), "scored": most / (mass + most)}, outside / (mass + outside)


def test_values_and_soundness_on_hard_rows():
    """No row violates, up to rounding; 200 rows, masked keys and ties among them."""
    for index, (row, k) in enumerate(random_rows("blocks", 200)):
        size = 1 + index % (sum(map(math.isfinite, row)) - 1)
        want, outside = brute_force(row, k, size)
        for output, value in want.items():
            found = float(LAW(logits=row, k=k, size=size, output=output))
            assert found >= outside * (1 - ROUNDING) and found > 0
            if value > 1e-290:
                assert found == pytest.approx(float(value), rel=ROUNDING)
        assert LAW(logits=row, k=k, size=size) >= LAW(logits=row, k=k, size=size, output="scored") * (1 - ROUNDING)


def test_blocks_of_one_key_are_the_tail_mass_itself():
    row = [0.5, -1.0, 2.0, 0.0, -3.0]
    weights = sorted(map(math.exp, row), reverse=True)
    assert LAW(logits=row, k=2, size=1) == pytest.approx(sum(weights[2:]) / sum(weights), rel=1e-14)


def test_a_single_dropped_block_of_a_row_in_order_is_the_head_bound():
    row = np.sort(np.random.default_rng(3).normal(size=8))[::-1]
    assert LAW(logits=row, k=4, size=4, output="scored") == pytest.approx(HEAD(logits=row, k=4), rel=1e-13)


def test_a_key_hidden_in_a_dropped_block_is_covered():
    """Blocks (5, 0), (4.9, 4.9): the first is kept, though the second is heavier."""
    row = [5.0, 0.0, 4.9, 4.9]
    outside = 2 * math.exp(4.9) / (math.exp(5) + 1 + 2 * math.exp(4.9))
    assert LAW(logits=row, k=2, size=2, output="scored") == pytest.approx(outside, rel=1e-14)


def test_far_tails_and_too_large_blocks():
    assert LAW(logits=[0.0, -800.0, -900.0], k=1, size=1) > 0
    with pytest.raises(ValueError, match=r"^size = 3: must be an integer .* < the number of logits"):
        LAW(logits=[0.0, 1.0, 2.0], k=1, size=3)


def test_rows_broadcast():
    rows = np.random.default_rng(1).normal(size=(3, 1, 8))
    values = LAW(logits=rows, k=np.array([2, 5]), size=np.array([2, 1]))
    assert values.shape == (3, 2)
    assert values[2, 1] == LAW(logits=rows[2, 0], k=5, size=1)


def test_every_step_holds_and_is_accurate():
    assert set(prove(LAW).badges.values()) == {"checked"}
    assert all(certificate.passed for certificate in certify(LAW, points=60))
