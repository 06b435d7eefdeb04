"""minimax.fano against a table, its pieces, and codes that are found."""

import itertools

import numpy as np
import pytest

from attnlaws.theory import tents
from attnlaws.theory.minimax.fano import LAW, fano
from attnlaws.theory.minimax.tent_bayes import LAW as BAYES

TEN = float(np.log(10))


@pytest.mark.parametrize(("decades", "bound"), [(2, 2.79e-5), (4, 7.49e-6), (6, 1.385e-6), (9, 1.215e-7)])
def test_a_table_of_another_search(decades, bound):
    """alpha = kappa = 1; over edges 1/32 apart in ln(edge) and three ways of rounding, by another program."""
    assert LAW(log_n=decades * TEN, alpha=1.0, kappa=1.0) == pytest.approx(bound, rel=2e-3)


def test_what_is_lost_beside_the_bayes_risk():
    """25 to 250, as far as tables go; less and less of it with n."""
    log_n = np.array([2, 4, 6, 9, 12]) * TEN
    lost = BAYES(log_n=log_n, alpha=1.0, kappa=1.0) / LAW(log_n=log_n, alpha=1.0, kappa=1.0)
    assert lost.max() < 252 and lost.min() > 20 and (np.diff(lost) < 0).all()


def test_the_inequality_at_one_partition():
    """7 by 3 cells at n = 100 in plain numbers: K = 2^(21/8) patterns of divergence 2 n v at most."""
    n, widths = 100.0, 2 * np.exp(-np.array([1.0, 2.0])) / np.array([7.0, 3.0])
    t = (np.arange(20_000) + 0.5) / 20_000 * widths.min() / 2
    square = float((2 * t * (1 - 2 * t / widths[0]) * (1 - 2 * t / widths[1])).mean() * widths.min() / 2)
    patterns = 2 ** (21 / 8)
    want = square / 8 * (1 - (2 * n * square + np.log(2)) / np.log(patterns))
    assert tents.best(fano, 2 * TEN, 1.0, 1.0).log_counts == pytest.approx(np.log([7.0, 3.0]), rel=1e-12)
    assert LAW(log_n=2 * TEN, alpha=1.0, kappa=1.0) == pytest.approx(want, rel=1e-6)


@pytest.mark.parametrize("length", [8, 9, 12, 16])
def test_there_are_so_many_patterns(length):
    """A greedy code of differences length/8 or more has 2^(length/8) words, as Varshamov and Gilbert have it."""
    code: list[tuple[int, ...]] = []
    for word in itertools.product((0, 1), repeat=length):
        if all(sum(a != b for a, b in zip(word, other, strict=True)) >= length / 8 for other in code):
            code.append(word)
        if len(code) >= 2 ** (length / 8):
            return
    raise AssertionError(f"only {len(code)} words")


def test_it_says_something_everywhere():
    rng = np.random.default_rng(0)
    log_n, alpha, kappa = rng.uniform(0.1, 60, 30), rng.uniform(0.5, 4, 30), 10 ** rng.uniform(-1, 1, 30)
    assert (LAW(log_n=log_n, alpha=alpha, kappa=kappa) > 0).all()
