"""topk.participation against two keys by mpmath, a product rule, exact limits, and balls of closed transforms."""

import mpmath
import numpy as np
import pytest
from scipy import stats

from attnlaws.theory import finite_rows, laplace, laplace_balls
from attnlaws.theory.accuracy import certify
from attnlaws.theory.prove import prove
from attnlaws.theory.score_laws import SCORES, Rule
from attnlaws.theory.topk.participation import LAW

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
    """The squared shares of two weights at a distance x of the scores are (1 + tanh^2(sigma x/2))/2."""
    ends = [0, 0.25, 0.5, 1] if scores == "uniform" else [0, 0.25, 0.5, 1, 2, 4, 9, 20, 50]
    want = mpmath.quad(lambda x: (1 + mpmath.tanh(sigma * x / 2) ** 2) / 2 * GAPS[scores](x), ends)
    assert LAW(n=2, sigma=sigma, scores=scores) == pytest.approx(float(want), rel=1e-9)


@pytest.mark.parametrize("scores", SCORES)
def test_three_keys_by_a_product_rule(scores):
    """The definition itself, over the three uniform variables behind the scores."""
    nodes, weights = np.polynomial.legendre.leggauss(160)
    edge = (1 + np.tanh(np.pi / 2 * np.sinh(3.2 * nodes))) / 2  # crowded at both ends, where scores are large
    weights = weights * 3.2 * np.pi / 4 * np.cosh(3.2 * nodes) / np.cosh(np.pi / 2 * np.sinh(3.2 * nodes)) ** 2
    w = np.exp(0.8 * LAWS[scores].ppf(np.clip(edge, 1e-300, 1 - 1e-16)))
    share = 3 * (w / (w[:, None, None] + w[:, None] + w)) ** 2
    want = np.einsum("i,j,k,ijk->", weights, weights, weights, share)
    assert LAW(n=3, sigma=0.8, scores=scores) == pytest.approx(want, rel=1e-5)


@pytest.mark.parametrize(("n", "sigma", "want"), [(512, 2.0, 0.0464), (4096, 6.12, 0.4313)])
def test_known_values_where_mean_weights_are_wrong(n, sigma, want):
    assert LAW(n=n, sigma=sigma) == pytest.approx(want, abs=6e-5)
    assert np.exp(sigma**2) / n > 2 * want


def test_a_gaussian_row_by_the_rule_of_the_others():
    for n, sigma in ((7.0, 0.3), (1e3, 2.0), (1e6, 5.0)):
        want = laplace.participation(n, sigma)
        assert finite_rows.participation("gaussian", n, sigma) == pytest.approx(want, rel=1e-10)


def test_limits_of_long_rows():
    """E w^2/(n (E w)^2) where it exists; 1 - 1/sigma for frozen exponential and Laplace rows."""
    assert LAW(n=10**6, sigma=0.2, scores="exponential") * 10**6 == pytest.approx(0.8**2 / 0.6, rel=1e-3)
    assert LAW(n=10**6, sigma=2.0, scores="uniform") * 10**6 == pytest.approx(1 / np.tanh(1), rel=1e-5)
    assert LAW(n=10**6, sigma=3.0, scores="exponential") == pytest.approx(2 / 3, rel=1e-6)
    assert LAW(n=10**6, sigma=3.0, scores="laplace") == pytest.approx(2 / 3, rel=1e-5)


def test_a_rule_integrates_cumulatively_from_both_ends():
    rule = Rule("exponential", 100.0, 2.0, center=2.0, width=0.1)
    share, near = 1 / (1 + np.exp(-rule.y)), np.abs(rule.y) < 20
    assert rule.below(rule.density)[near] == pytest.approx(share[near], rel=1e-11)
    assert rule.above(rule.density)[near] == pytest.approx(np.exp(-rule.score)[near], rel=1e-9)
    assert (rule.weights * rule.density) @ rule.score**2 == pytest.approx(2, rel=1e-13)


def test_the_rule_is_converged(monkeypatch):
    """Half the steps and narrower panels change nothing that the law promises."""
    points = [("exponential", 2.0, 8.0), ("laplace", 1e4, 2.0), ("uniform", 1e6, 6.0), ("exponential", 1e3, 0.05)]

    def values():
        finite_rows.participation.cache_clear()
        return np.array([finite_rows.participation(*point) for point in points])

    coarse = values()
    monkeypatch.setattr(finite_rows, "STEP", 0.15)
    monkeypatch.setattr("attnlaws.theory.score_laws.WIDEST", 0.8)
    monkeypatch.setattr("attnlaws.theory.score_laws.REACH", 50.0)
    fine = values()
    assert np.abs(coarse / fine - 1).max() < 1e-10
    finite_rows.participation.cache_clear()


def test_its_values_are_certified():
    for certificate in certify(LAW, algorithm_points=3):
        assert certificate.passed, certificate


def test_a_key_more_is_outside_the_balls():
    ball = laplace_balls.participation_of(9, 5, lambda t: ((-t).exp(), t * t * (-t).exp()))
    assert ball.overlaps(ball.__class__(1) / 5)
    assert not ball.overlaps(ball.__class__(1) / 6)


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "algorithm"
    assert not proof.failed
