"""topk.blom against rows that are spelt out, quadrature, and sorted samples."""

import numpy as np
import pytest
from mpmath import mp
from scipy import integrate, special, stats

from attnlaws.theory.accuracy import certify
from attnlaws.theory.enclose import enclose
from attnlaws.theory.prove import prove
from attnlaws.theory.topk import blom
from attnlaws.theory.topk.blom import LAW


@pytest.mark.parametrize(("n", "sigma", "eps", "keys"), [
    (4096, 0.9, 0.1, 74), (4096, 1.25, 0.01, 89), (32768, 0.9, 0.01, 1836),
])  # fmt: skip
def test_known_numbers_of_keys(n, sigma, eps, keys):
    """Of an independent computation; sigma in units of sqrt(2 ln n)."""
    assert n * LAW(n=n, sigma=sigma * np.sqrt(2 * np.log(n)), eps=eps) == pytest.approx(keys, rel=1e-12)


@pytest.mark.parametrize(("n", "sigma", "eps"), [(2, 1.0, 0.2), (9, 2.0, 0.1), (30, 0.3, 0.01), (57, 6.0, 1e-6)])
def test_a_row_spelt_out_in_mpmath(n, sigma, eps):
    mp.dps = 40
    positions = [(mp.mpf(i) - mp.mpf(3) / 8) / (n + mp.mpf(1) / 4) for i in range(1, n + 1)]
    weights = [mp.exp(-sigma * mp.sqrt(2) * mp.erfinv(2 * p - 1)) for p in positions]
    share = mp.mpf(eps) * mp.fsum(weights)
    keys = next(k for k in range(1, n + 1) if mp.fsum(weights[k:]) <= share)
    assert n * LAW(n=n, sigma=sigma, eps=eps) == pytest.approx(keys, rel=1e-12)


@pytest.mark.parametrize(("n", "i"), [(5, 1), (50, 1), (50, 10), (2000, 1)])
def test_the_scores_are_near_the_means_that_they_stand_for(n, i):
    """Within 0.03 standard deviations of a score: the mean of an order statistic by quadrature."""
    log_ways = special.gammaln(n + 1) - special.gammaln(i) - special.gammaln(n - i + 1)

    def integrand(x):
        return x * np.exp(
            log_ways + (i - 1) * stats.norm.logsf(x) + (n - i) * stats.norm.logcdf(x) + stats.norm.logpdf(x)
        )

    mean = integrate.quad(integrand, -8, 9, points=[0, 2, 4], limit=200)[0]
    score = float(-stats.norm.ppf((i - 0.375) / (n + 0.25)))
    assert score == pytest.approx(mean, abs=0.03)
    assert float(enclose(blom.BLOM_SCORE, {blom.n: n, blom.i: i})) == pytest.approx(score, abs=1e-12)


def median(n, sigma, eps, rows, seed):
    """The sample median of k_eps over sorted rows."""
    scores = np.sort(np.random.default_rng(seed).standard_normal((rows, n), dtype=np.float32), axis=1)
    lost = np.cumsum(np.exp(sigma * (scores - scores[:, -1:])), axis=1, dtype=np.float64)
    return float(np.median(n - (lost <= eps * lost[:, -1:]).sum(1)))


def test_where_it_fails_it_is_too_large():
    """At the transition with a large share it counts 40 keys, where the median is 37.5: 16 000 other rows gave that to
    0.3. The median of 4000 has a standard error of 0.5, so that 39 or more would be a chance of 1 in 500."""
    n, eps = 4096, 0.1
    sigma = np.sqrt(2 * np.log(n))
    assert n * LAW(n=n, sigma=sigma, eps=eps) == pytest.approx(40, rel=1e-12)
    assert median(n, sigma, eps, 4000, 5) < 39


def test_deep_in_the_frozen_phase_it_is_right_to_a_key():
    """n = 512, sigma = 5.3, eps = 0.01: 20 keys; the sample median has a standard error of 0.2."""
    assert abs(median(512, 5.3, 0.01, 8000, 6) - 512 * LAW(n=512, sigma=5.3, eps=0.01)) <= 1


def test_its_values_are_certified():
    (certificate,) = certify(LAW, algorithm_points=10)
    assert certificate.passed, certificate


@pytest.mark.slow
def test_its_values_are_certified_everywhere():
    assert all(certificate.passed for certificate in certify(LAW))


def test_a_count_that_is_off_by_one_is_outside_the_balls():
    case = LAW.derivation()
    assert case.enclosure is not None
    ball = case.enclosure(digits=11, n=300, sigma=2, eps=0.1) * 300
    assert ball.contains(blom.kept(300, 2.0, 0.1))
    assert not ball.contains(blom.kept(300, 2.0, 0.1) + 1)


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "algorithm"
    assert not proof.failed
