"""minimax.assouad against a table, the Bayes risk, and tests carried out."""

import numpy as np
import pytest
from scipy import stats

from attnlaws.theory import tents
from attnlaws.theory.minimax.assouad import LAW
from attnlaws.theory.minimax.tent_bayes import LAW as BAYES

TEN = float(np.log(10))


@pytest.mark.parametrize(("decades", "bound"), [(2, 2.55e-3), (4, 1.54e-4), (6, 1.65e-5), (9, 1.13e-6)])
def test_a_table_of_another_search(decades, bound):
    """alpha = kappa = 1; over 1500 edges and three ways of rounding, computed elsewhere, in three digits."""
    assert LAW(log_n=decades * TEN, alpha=1.0, kappa=1.0) == pytest.approx(bound, rel=4e-3)


def test_it_loses_a_factor_of_less_than_three():
    log_n = np.array([0.5, 2.0, 7.0, 15.0, 40.0, 300.0])
    lost = np.exp(
        BAYES(output="log", log_n=log_n, alpha=1.0, kappa=1.0) - LAW(output="log", log_n=log_n, alpha=1, kappa=1)
    )
    assert ((lost > 2) & (lost < 3)).all()


def test_it_is_that_of_its_tents():
    """Cut by cut, for one partition: 2 by 1 cells at n = 100, of which the square is one dimension's w^2/12."""
    chosen = tents.best(tents.bayes, 2 * TEN, 1.0, 1.0)
    assert np.exp(chosen.log_counts).round().tolist() == [2.0]
    square = (2 * np.exp(-1) / 2) ** 2 / 12
    want = square * stats.norm.sf(np.sqrt(100 * square / 2))
    assert LAW(log_n=2 * TEN, alpha=1.0, kappa=1.0) == pytest.approx(want, rel=1e-12)


def test_twice_the_bound_would_still_hold():
    """2 Phi(-sqrt(gamma)) is below the mean square error at every signal, by up to half of it; three times is not."""
    signal = np.geomspace(1e-4, 30, 60)
    ratio = 2 * stats.norm.sf(np.sqrt(signal)) / np.exp(tents.log_mmse(signal))
    assert ((ratio < 1) & (ratio > 0.5)).all() and (1.5 * ratio).max() > 1
