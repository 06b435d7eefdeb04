"""topk.best_cut against all cuts, against SciPy's trees, and at sets that can be looked over."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from scipy.sparse.csgraph import minimum_spanning_tree

from attnlaws.theory.prove import prove
from attnlaws.theory.topk.best_cut import LAW, largest_connecting


def least_across(values):
    """The least distance across a cut, from all subsets that hold the first vector."""
    others = range(1, len(values))
    sides = [(0, *chosen) for size in range(len(values) - 1) for chosen in combinations(others, size)]
    return min(
        max(np.linalg.norm(values[i] - values[j]) for i in side for j in others if j not in side) for side in sides
    )


@pytest.mark.parametrize("count", [2, 3, 6, 8])
@pytest.mark.parametrize("d_v", [1, 2, 5])
def test_it_is_the_least_of_all_cuts(count, d_v):
    rng = np.random.default_rng([count, d_v])
    sets = rng.normal(size=(4, count, d_v))
    want = [least_across(values) for values in sets]
    assert LAW(values=sets) == pytest.approx(want, rel=1e-14)
    for name, wrong in LAW.claims_sabotaged().items():
        if count > 3 or "half" in name:
            assert abs(wrong(values=sets) / want - 1).max() > 0.1, name


@pytest.mark.parametrize("count", [10, 60])
def test_it_is_the_smallest_edge_of_a_tree_found_by_another_program(count):
    """Lengths subtracted from one that is larger than all: the least total of those is the largest of these."""
    values = np.random.default_rng(count).normal(size=(count, 3))
    distance = np.linalg.norm(values[:, None] - values, axis=-1)
    large = 2 * distance.max()
    tree = minimum_spanning_tree(np.where(np.eye(count, dtype=bool), 0.0, large - distance))
    assert tree.nnz == count - 1
    assert LAW(values=values) == pytest.approx(large - tree.data.max(), rel=1e-13)


def test_sets_that_can_be_looked_over():
    # 0, 1 and 10 on a line: 0 with 1 has 10 across, 0 alone 10, and 1 alone 9.
    assert LAW(values=[[0.0], [1.0], [10.0]]) == 9
    # A square: a corner alone sees the diagonal, two neighbors see both, and two opposite corners see the sides only.
    assert LAW(values=[[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]]) == 1
    assert LAW(values=[[3.0, 4.0], [0.0, 0.0]]) == 5
    assert LAW(values=[[1.0, 2.0]] * 5) == 0
    # Vectors that agree need not be on one side: the others are as far from both.
    assert LAW(values=[[0.0], [0.0], [7.0]]) == 7


def test_an_offset_and_a_scale_keep_all_digits():
    values = np.random.default_rng(4).integers(-99, 99, (7, 3)) / 4
    for scale in (2.0**-500, 2.0**290):
        assert LAW(values=scale * values) == scale * LAW(values=values)
    assert LAW(values=values + 2.0**30) == LAW(values=values)


def test_the_enclosure_by_pairs_in_exact_fractions():
    for seed in range(6):
        values = np.random.default_rng(seed).integers(-64, 64, (6, 2)) / 8
        ball = largest_connecting(digits=11, values=tuple(tuple(map(Fraction, v)) for v in values.tolist()))
        assert float(ball.rad()) < 1e-18
        assert float(ball) == pytest.approx(least_across(values), rel=1e-15)


def test_the_badge_says_that_it_is_an_algorithm():
    assert prove(LAW).badge == "algorithm"


def test_one_vector_has_no_cut():
    with pytest.raises(ValueError, match=r"^values = 1 vectors: must be sets of vectors .*at least 2 in each"):
        LAW(values=[[1.0, 2.0]])
