"""topk.k_eps_beyond_freezing: the rule is that of topk.k_eps, and sorted rows need more keys than it says."""

import numpy as np
import pytest
from scipy import stats

from attnlaws.theory.claim import Outcome
from attnlaws.theory.prove import prove
from attnlaws.theory.topk.k_eps import LAW as K_EPS
from attnlaws.theory.topk.k_eps_beyond_freezing import LAW


def test_it_is_the_rule_and_is_replaced():
    assert LAW.form == K_EPS.form
    assert LAW.expected is Outcome.REFUTED
    assert LAW.replaced_by == "topk.blom"
    assert LAW(eps=0.1, sigma=3.2) == pytest.approx(stats.norm.sf(3.2 + stats.norm.ppf(0.1)), rel=1e-12)
    assert not prove(LAW).failed


def test_every_point_lies_beyond_nine_tenths_of_the_transition():
    assert LAW.grid is not None
    for point in LAW.grid.points():
        assert point["sigma"] >= 0.9 * np.sqrt(2 * np.log(point["n"]))


@pytest.mark.parametrize(("n", "sigma", "eps", "factor"), [(512, 3.18, 0.1, 1.92), (4096, 3.67, 0.1, 2.12)])
def test_by_how_much_it_is_too_small(n, sigma, eps, factor):
    """Factors of an independent simulation at 0.9 sqrt(2 ln n), to 5 %: 3000 rows, standard errors of 1.4 % or less."""
    scores = np.sort(np.random.default_rng(7).standard_normal((3000, n), dtype=np.float32), axis=1)
    lost = np.cumsum(np.exp(sigma * (scores - scores[:, -1:])), axis=1, dtype=np.float64)
    mean = float(np.mean(n - (lost <= eps * lost[:, -1:]).sum(1)))
    assert mean / (n * LAW(eps=eps, sigma=sigma)) == pytest.approx(factor, rel=0.05)


def test_soon_it_promises_less_than_one_key():
    assert 512 * LAW(eps=0.1, sigma=5.0) < 0.1
    assert 512 * LAW(eps=0.01, sigma=6.5) < 0.1
