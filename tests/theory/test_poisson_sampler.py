"""topk.poisson_sampler against whole rows, drawn and sorted."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from attnlaws.simulations.simulate import make_task
from attnlaws.simulations.topk.poisson_sampler import EXPERIMENT
from attnlaws.theory.accuracy import certify
from attnlaws.theory.prove import prove
from attnlaws.theory.topk.poisson_sampler import LAW

ROWS = 4000


def sampled(**point):
    """Outputs of the sampler, float64 [replicate, (participation, keys)]."""
    task = make_task(LAW, EXPERIMENT, LAW.validate(**point), 0, "literal")
    return task.values(0, ROWS)


def whole(n, sigma, eps):
    """The same of whole rows."""
    scores = np.sort(np.random.default_rng(12).standard_normal((ROWS, n), dtype=np.float32), axis=1)
    weights = np.exp(sigma * (scores - scores[:, -1:]).astype(np.float64))
    lost = np.cumsum(weights, axis=1)
    keys = n - (lost <= eps * lost[:, -1:]).sum(axis=1)
    return np.stack([(weights**2).sum(axis=1) / lost[:, -1] ** 2, keys], axis=1)


def distance(one, other):
    """The Kolmogorov-Smirnov statistic of two samples."""
    test: Any = stats.ks_2samp(one, other)
    return test.statistic


@pytest.mark.parametrize(("sigma", "eps"), [(4.0, 0.1), (6.0, 0.03)])
def test_keys_and_shares_have_the_law_of_whole_rows(sigma, eps):
    """n = 2048: two-sample Kolmogorov-Smirnov at 1e-6, visible distance 0.06; means within 5 standard errors, 5 %."""
    ours, rows = sampled(n=2048, sigma=sigma, eps=eps, drawn=200), whole(2048, sigma, eps)
    for column in (0, 1):
        one, other = ours[:, column], rows[:, column]
        assert distance(one, other) < np.sqrt(-np.log(1e-6 / 2) / ROWS)
        error = np.hypot(one.std(), other.std()) / np.sqrt(ROWS)
        assert abs(one.mean() - other.mean()) < 5 * error
    assert abs(np.median(ours[:, 1]) - np.median(rows[:, 1])) <= 1


def test_another_level_is_seen():
    """A wrong sampler, of rows twice as long, is told apart by the same statistic where they are hardly frozen."""
    ours, rows = sampled(n=4096, sigma=3.3, eps=0.1, drawn=400)[:, 1], whole(2048, 3.3, 0.1)[:, 1]
    assert distance(ours, rows) > np.sqrt(-np.log(1e-6 / 2) / ROWS)


def test_too_few_scores_are_told():
    """Where the mass is in the bulk the count is one more than the scores drawn."""
    found = sampled(n=10**9, sigma=1.0, eps=0.1)[:, 1]
    assert found.min() > 30
    assert found.mean() == pytest.approx(65, abs=1)
    with pytest.raises(ValueError, match="at most a tenth"):
        sampled(n=1000, sigma=1.0, drawn=200)


def test_its_values_are_certified():
    for certificate in certify(LAW, algorithm_points=2):
        assert certificate.passed, certificate


@pytest.mark.slow
def test_its_values_are_certified_everywhere():
    for certificate in certify(LAW):
        assert certificate.passed, certificate


def test_what_is_proved():
    proof = prove(LAW)
    assert not proof.failed
    assert proof.badge == "algorithm"
