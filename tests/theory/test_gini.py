"""topk.gini against quadrature of its definition, the curve of tail masses, and rows that are sorted."""

import mpmath
import numpy as np
import pytest
from scipy import integrate, stats

from attnlaws import registry
from attnlaws.theory.prove import prove
from attnlaws.theory.topk.gini import LAW
from attnlaws.theory.topk.tail_mass import LAW as TAIL_MASS


@pytest.mark.parametrize("sigma", [0.1, 1.0, 2.5])
def test_mean_difference_by_a_double_integral(sigma):
    """Over both weights themselves: twice the integral of F (1 - F) is their mean difference."""

    def gap(x):
        return 2 * mpmath.ncdf(x) * mpmath.ncdf(-x) * sigma * mpmath.exp(sigma * x)

    want = mpmath.quad(gap, [-12, -3, 0, 3, 8, 16]) / (2 * mpmath.exp(sigma**2 / 2))
    assert LAW(sigma=sigma) == pytest.approx(float(want), rel=1e-12)


@pytest.mark.parametrize("sigma", [0.1, 1.0, 2.5])
def test_area_is_that_under_the_curve_of_tail_masses(sigma):
    want = integrate.quad(lambda kappa: TAIL_MASS(kappa=kappa, sigma=sigma), 0, 1, epsabs=1e-12)[0]
    area = LAW(sigma=sigma, output="area")
    assert area == pytest.approx(want, abs=1e-9)
    assert LAW(sigma=sigma) == pytest.approx(1 - 2 * area, abs=1e-15)


@pytest.mark.parametrize(("sigma", "seed"), [(0.5, 1), (1.0, 2), (1.5, 3)])
def test_sorted_rows_come_near_both(sigma, seed):
    """Rows of n = 4096: the trapezoid under a row's tail masses is (1 - Gini)/2 exactly, and its mean is the law up to
    exp(sigma^2)/n. False alarm: 3 checks at 5 standard errors, 2e-6. Visible: 2 % of the area."""
    rng = np.random.default_rng(seed)
    n, runs = 4096, 400
    weights = -np.sort(-np.exp(sigma * rng.standard_normal((runs, n))), axis=1)
    lost = 1 - np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
    area = (lost.sum(axis=1) + 0.5) / n
    rank = 2 * np.arange(n, 0, -1) - n - 1
    gini = (weights * rank).sum(axis=1) / (n * weights.sum(axis=1))
    assert area == pytest.approx((1 - gini) / 2, rel=1e-9)
    want, error = LAW(sigma=sigma, output="area"), area.std() / runs**0.5
    assert abs(area.mean() - want) < 5 * error + np.exp(sigma**2) / n * want
    assert 5 * error + np.exp(sigma**2) / n * want < 0.02 * want


def test_both_ends():
    assert LAW(sigma=1e-200) == pytest.approx(1e-200 / np.sqrt(np.pi), rel=1e-14)
    assert LAW(sigma=35.0) == 1.0
    assert LAW(sigma=35.0, output="area") == pytest.approx(stats.norm.sf(35 / np.sqrt(2)), rel=1e-12)


def test_a_literal_pair_of_steep_weights_is_not_relied_on():
    experiment = registry.experiment("topk.gini")
    assert "beyond all that were drawn" in experiment.reliable(mode="literal", sigma=3.0, n=256)
    assert not experiment.reliable(mode="tilted", sigma=3.0, n=256)


def test_what_is_proved():
    assert prove(LAW).badge == "proven"
