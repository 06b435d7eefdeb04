"""topk.tail_mass_finite against two and three keys, an exact sum, known values, its limit, and sampling."""

import mpmath
import numpy as np
import pytest
from scipy import stats

from attnlaws.theory import finite_rows
from attnlaws.theory.accuracy import certify
from attnlaws.theory.prove import prove
from attnlaws.theory.score_laws import SCORES
from attnlaws.theory.topk.tail_mass import LAW as LIMIT
from attnlaws.theory.topk.tail_mass_finite import LAW, second_value

GAPS = {
    "gaussian": lambda x: mpmath.npdf(x / mpmath.sqrt(2)) * mpmath.sqrt(2),
    "exponential": lambda x: mpmath.exp(-x),
    "laplace": lambda x: mpmath.exp(-x) * (1 + x) / 2,
    "uniform": lambda x: 2 * (1 - x),
}
"""The density of the distance of two scores."""
LAWS = {"gaussian": stats.norm, "exponential": stats.expon, "laplace": stats.laplace, "uniform": stats.uniform}


@pytest.mark.parametrize("scores", SCORES)
@pytest.mark.parametrize("sigma", [0.3, 1.0, 5.0])
def test_two_keys_by_their_gap(scores, sigma):
    """The smaller of two weights at a distance x of the scores has the share 1/(1 + exp(sigma x))."""
    ends = [0, 0.25, 0.5, 1] if scores == "uniform" else [0, 0.25, 0.5, 1, 2, 4, 9, 20, 50]
    want = mpmath.quad(lambda x: GAPS[scores](x) / (1 + mpmath.exp(sigma * x)), ends)
    assert LAW(n=2, k=1, sigma=sigma, scores=scores) == pytest.approx(float(want), rel=1e-8)


@pytest.mark.parametrize("k", [1, 2])
def test_three_exponential_scores_by_their_gaps(k):
    """Gaps of three sorted exponential scores are independent with means 1/2 and 1 (Renyi), counted from the middle."""

    nodes, weights = np.polynomial.legendre.leggauss(60)
    top, weight = 12.5 * (1 + nodes), 12.5 * weights * np.exp(-12.5 * (1 + nodes))
    middle, half = top / 2, weight  # with mean 1/2: the density 2 exp(-2 y) dy is exp(-x) dx at x = 2 y
    low, high = np.exp(-1.5 * (top[:, None] + middle)), np.exp(-1.5 * top[:, None])
    lost = (low + high if k == 1 else low) / (low + high + 1)
    assert LAW(n=3, k=k, sigma=1.5, scores="exponential") == pytest.approx(weight @ lost @ half, rel=1e-8)


@pytest.mark.parametrize(("k", "sigma", "want"), [
    (4, 2, 0.69934), (64, 2, 0.20998), (4, 3, 0.43094), (64, 3, 0.05103), (4, 4, 0.25409), (64, 4, 0.010648),
    (4, 6, 0.09842), (64, 6, 4.678e-4),
])  # fmt: skip
def test_known_values_of_512_keys(k, sigma, want):
    """To the digits printed; frozen rows are among them, where the limit is 600 times too small."""
    assert LAW(n=512, k=k, sigma=sigma) == pytest.approx(want, rel=1e-4)
    assert LIMIT(kappa=k / 512, sigma=sigma) < want * (0.95 if sigma < 6 else 0.002)


@pytest.mark.parametrize("scores", SCORES)
def test_equal_weights_lose_what_is_not_kept(scores):
    k = np.array([1, 7, 99, 999])
    assert LAW(n=1000, k=k, sigma=1e-12, scores=scores) == pytest.approx(1 - k / 1000, rel=1e-8)


def test_long_rows_come_near_the_limit_with_its_correction():
    for kappa, sigma in ((0.1, 1.0), (0.5, 0.5)):
        n = 10**5
        gap = LAW(n=n, k=round(kappa * n), sigma=sigma) - LIMIT(kappa=kappa, sigma=sigma)
        assert gap == pytest.approx(LIMIT.correction(kappa=kappa, sigma=sigma, n=n), rel=2e-3)


@pytest.mark.parametrize(
    ("scores", "sigma", "seed"), [("exponential", 2.0, 1), ("laplace", 1.0, 2), ("uniform", 4.0, 3)]
)
def test_sampling(scores, sigma, seed):
    """False alarm: 9 checks at 5 standard errors, 5e-6. Visible: 5 standard errors, below 5 %."""
    n, runs = 40, 40_000
    x = LAWS[scores].rvs(size=(runs, n), random_state=np.random.default_rng(seed))
    weights = -np.sort(-np.exp(sigma * (x - x.max(axis=1, keepdims=True))), axis=1)
    for k in (1, 5, 20):
        lost = weights[:, k:].sum(axis=1) / weights.sum(axis=1)
        want, error = LAW(n=n, k=k, sigma=sigma, scores=scores), lost.std() / runs**0.5
        assert abs(lost.mean() - want) < 5 * error
        assert 5 * error < 0.05 * want


@pytest.mark.parametrize(("scores", "n", "k", "sigma"), [
    ("gaussian", 300, 20, 4.0), ("exponential", 50, 3, 2.5), ("laplace", 30, 15, 0.7), ("uniform", 5, 4, 6.0),
])  # fmt: skip
def test_both_forms_agree(scores, n, k, sigma):
    """Conditional on the score of rank k, or on the number of scores above one of them."""
    value, error = second_value(scores, n, k, sigma)
    assert error < 1e-6 * value
    assert LAW(n=n, k=k, sigma=sigma, scores=scores) == pytest.approx(value, rel=3e-7)


def test_the_rule_is_converged(monkeypatch):
    points = [("gaussian", 1e6, 3e5, 1.0), ("exponential", 1e4, 10.0, 6.0), ("laplace", 7.0, 3.0, 2.0)]

    def values():
        finite_rows.log_tail_mass.cache_clear()
        return np.array([finite_rows.log_tail_mass(*point) for point in points])

    coarse = values()
    monkeypatch.setattr(finite_rows, "STEP", 0.2)
    monkeypatch.setattr("attnlaws.theory.score_laws.WIDEST", 0.8)
    assert np.abs(coarse - values()).max() < 1e-7
    finite_rows.log_tail_mass.cache_clear()


def test_something_must_be_dropped():
    with pytest.raises(ValueError, match="k = 8: must be an integer < n = 8"):
        LAW(n=8, k=8, sigma=1.0)


@pytest.mark.slow
def test_its_values_are_certified():
    for certificate in certify(LAW, algorithm_points=1):
        assert certificate.passed, certificate


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "algorithm"
    assert not proof.failed
