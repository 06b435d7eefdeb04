"""retrieval.mc_breakdown against exact cases, quadrature and sampling."""

import numpy as np
import pytest
from scipy import integrate, stats

from attnlaws.theory.accuracy import certify
from attnlaws.theory.prove import prove
from attnlaws.theory.retrieval.mc_breakdown import LAW


@pytest.mark.parametrize("sigma", [0.1, 1.0, 3.0])
def test_one_sample_exactly(sigma):
    """The difference of two normal variables."""
    assert LAW(sigma=sigma, n=1) == pytest.approx(stats.norm.cdf(2 * sigma / 2**0.5), rel=1e-12)
    assert LAW(sigma=sigma, n=1, output="unseen_square") == pytest.approx(stats.norm.cdf(4 * sigma / 2**0.5), rel=1e-12)


@pytest.mark.parametrize(("sigma", "n"), [(0.5, 10), (1.0, 1000), (2.0, 10**6)])
def test_by_quadrature(sigma, n):
    """The law of the largest of n, and the share of the mean beyond it."""

    def share(y):
        density = n * np.exp((n - 1) * stats.norm.logcdf(y)) * stats.norm.pdf(y)
        return density * stats.norm.sf(y - 2 * sigma)

    want = integrate.quad(share, -6, 12, points=[0, 2, 4, 6], epsabs=0, epsrel=1e-11, limit=200)[0]
    assert LAW(sigma=sigma, n=n) == pytest.approx(want, rel=1e-9)


def test_as_many_shares_as_equal_scores():
    assert LAW(sigma=1e-9, n=99) == pytest.approx(0.01, rel=1e-6)


def test_the_thresholds():
    """The share passes one half near ln n = 2 sigma^2 and 8 sigma^2, from below the more scores are needed."""
    for output, factor in (("value", 2), ("unseen_square", 8)):
        sigma = (np.log(1e9) / factor) ** 0.5
        low, high = LAW(sigma=[0.8 * sigma, 1.25 * sigma], n=10**9, output=output)
        assert low < 0.25
        assert high > 0.75


def test_its_values_are_certified():
    for certificate in certify(LAW, algorithm_points=10):
        assert certificate.passed, certificate


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "algorithm"
    assert not proof.failed
