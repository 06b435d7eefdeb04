"""topk.scores_student against nested quadrature for two keys, known values, sampling, and its own other form."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from attnlaws.simulations.topk.scores_student import EXPERIMENT, rows
from attnlaws.theory import student_rows
from attnlaws.theory.accuracy import certify
from attnlaws.theory.prove import prove
from attnlaws.theory.topk.scores_student import LAW, second_value
from attnlaws.theory.topk.tail_mass_finite import LAW as LIGHT


@pytest.mark.parametrize(("nu", "sigma"), [(3.0, 0.5), (3.0, 2.0), (7.5, 1.0)])
def test_two_keys_by_their_gap(nu, sigma):
    """The smaller of two weights at a distance g of the scores has the share 1/(1 + exp(sigma g))."""
    law: Any = stats.t(nu)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    ends = np.array([0.0, 4.0, 45.0 / sigma])
    half = np.diff(ends)[:, None] / 2
    gap, weight = (ends[:-1, None] + half * (nodes + 1)).ravel(), (half * weights).ravel()
    u = np.arange(-9, 9, 0.005)
    middle = np.sinh(u)
    near = law.pdf(middle - gap[:, None] / 2) * law.pdf(middle + gap[:, None] / 2) @ (0.005 * np.cosh(u))
    want = weight @ (2 * near / (1 + np.exp(sigma * gap)))
    assert LAW(n=2, k=1, nu=nu, sigma=sigma) == pytest.approx(want, rel=1e-9)


@pytest.mark.parametrize(("k", "want"), [(1, 0.81756), (16, 0.64655), (256, 0.28190)])
def test_known_values_of_1024_keys(k, want):
    assert LAW(n=1024, k=k, nu=5.0, sigma=0.8) == pytest.approx(want, abs=5e-6)


@pytest.mark.parametrize(("nu", "sigma", "seed"), [(3.0, 2.0, 1), (4.5, 0.3, 2)])
def test_sampling(nu, sigma, seed):
    """False alarm: 6 checks at 5 standard errors, 3e-6. Visible: 5 standard errors, below 5 %."""
    n, runs = 40, 40_000
    x: Any = stats.t.rvs(nu, size=(runs, n), random_state=np.random.default_rng(seed))
    weights = -np.sort(-np.exp(sigma * (x - x.max(axis=1, keepdims=True))), axis=1)
    for k in (1, 5, 20):
        lost = weights[:, k:].sum(axis=1) / weights.sum(axis=1)
        want, error = LAW(n=n, k=k, nu=nu, sigma=sigma), lost.std() / runs**0.5
        assert abs(lost.mean() - want) < 5 * error
        assert 5 * error < 0.05 * want


@pytest.mark.parametrize(
    ("n", "k", "nu", "sigma"), [(300, 20, 3.0, 2.0), (9, 8, 3.0, 1.0), (5000, 1, 6.0, 1.5), (1000, 999, 30.0, 2.0)]
)
def test_both_forms_agree(n, k, nu, sigma):
    """Conditional on the score of rank k, or on the number of scores above one of them."""
    value, error = second_value(n, k, nu, sigma)
    assert error < 3e-7 * value
    assert LAW(n=n, k=k, nu=nu, sigma=sigma) == pytest.approx(value, rel=3e-7)


def test_the_rule_is_converged(monkeypatch):
    """A finer lattice and narrower panels, and rows with larger scores: no change that matters."""
    points = [(1e4, 1.0, 3.0, 2.0), (30.0, 29.0, 3.0, 2.0), (1e4, 3e3, 4.0, 0.05)]

    def values():
        student_rows.log_tail_mass.cache_clear()
        return np.array([student_rows.log_tail_mass(*point) for point in points])

    coarse = values()
    monkeypatch.setattr(student_rows, "SPACING", 0.03)
    monkeypatch.setattr(student_rows, "BREADTH", 0.3)
    monkeypatch.setattr(student_rows, "FORGOTTEN", 1e-12)
    assert np.abs(coarse - values()).max() < 2e-7
    student_rows.log_tail_mass.cache_clear()


def test_many_degrees_of_freedom_are_nearly_gaussian_scores():
    """What is left is of the order 1/nu; it is halved where nu doubles, to within a tenth."""
    gap = [LAW(n=64, k=4, nu=nu, sigma=1.0) - LIGHT(n=64, k=4, sigma=1.0) for nu in (50.0, 100.0)]
    assert abs(gap[0]) < 0.02
    assert gap[0] / gap[1] == pytest.approx(2, rel=0.1)


def test_nearly_equal_weights_lose_what_is_not_kept():
    k = np.array([1, 7, 99, 999])
    assert LAW(n=1000, k=k, nu=100.0, sigma=0.05) == pytest.approx(1 - k / 1000, rel=0.2)


def test_longer_rows_lose_less_at_the_same_share():
    lost = LAW(n=np.array([32, 256, 2048]), k=np.array([1, 8, 64]), nu=3.0, sigma=2.0)
    assert (np.diff(lost) < 0).all()
    assert lost[2] < lost[0] / 50


def test_what_is_refused():
    with pytest.raises(ValueError, match="k = 8: must be an integer < n = 8"):
        LAW(n=8, k=8, nu=3.0, sigma=1.0)
    with pytest.raises(ValueError, match=r"nu = 3\.5: must be a whole number"):
        rows(n=8, k=2, nu=3.5, sigma=1.0)
    with pytest.raises(ValueError, match="something must be dropped"):
        rows(n=8, k=8, nu=3.0, sigma=1.0)
    assert not EXPERIMENT.reliable(n=8, k=2, nu=3.0, sigma=1.0)


def test_steps_and_accuracy():
    assert prove(LAW).badge == "algorithm"
    for certificate in certify(LAW, algorithm_points=2):
        assert certificate.passed, certificate
