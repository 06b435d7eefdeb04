"""topk.gap_bound_rate against quantile rows, numbers found by other programs, and rows simulated in NumPy."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from attnlaws.theory.accuracy import certify
from attnlaws.theory.prove import prove
from attnlaws.theory.topk.gap_bound import LAW as GAP
from attnlaws.theory.topk.gap_bound_rate import LAW, threshold
from attnlaws.theory.topk.head_bound import LAW as HEAD
from attnlaws.theory.topk.k_eps import LAW as K_EPS


@pytest.mark.parametrize(
    ("sigma", "eps", "fraction"),
    [(1, 0.1, 0.7052), (2, 0.1, 0.4332), (2, 0.01, 0.7365), (2.5, 0.01, 0.5914), (3, 0.1, 0.2012), (3, 0.01, 0.4369)],
)
def test_numbers_of_another_program(sigma, eps, fraction):
    assert LAW(eps=eps, sigma=sigma) == pytest.approx(fraction, abs=5e-5)
    assert LAW(eps=eps, sigma=sigma, output="gap") == 1 - eps


@pytest.mark.parametrize(("sigma", "eps"), [(0.3, 0.5), (1.0, 0.01), (2.0, 0.1), (4.0, 0.9), (6.0, 0.3)])
def test_the_bound_by_quadrature_is_eps_at_the_fraction(sigma, eps):
    """SciPy's distributions and quadrature; weights relative to that at the cut."""
    cut = stats.norm.isf(float(LAW(eps=eps, sigma=sigma)))
    head, _ = integrate.quad(lambda x: math.exp(sigma * (x - cut)) * stats.norm.pdf(x), cut, cut + 40, epsabs=0)
    assert stats.norm.cdf(cut) / (head + stats.norm.cdf(cut)) == pytest.approx(eps, rel=1e-9)


def test_the_tail_mass_needs_least_and_the_gap_most():
    eps, sigma = np.array([0.001, 0.1, 0.5])[:, None], np.array([0.1, 1.0, 3.0, 10.0])
    least, head, gap = K_EPS(eps=eps, sigma=sigma), LAW(eps=eps, sigma=sigma), LAW(eps=eps, sigma=sigma, output="gap")
    assert ((least < head) & (head < gap)).all()


def test_the_laws_of_single_rows_lead_to_the_fractions():
    """On a row of 4000 quantiles, both bounds pass eps within three keys of the fraction."""
    n, sigma, eps = 4000, 1.5, 0.1
    row = sigma * stats.norm.ppf((np.arange(n) + 0.5) / n)
    for law, output in ((HEAD, "head"), (GAP, "gap")):
        middle = round(n * float(LAW(eps=eps, sigma=sigma, output=output)))
        assert law(logits=row, k=middle - 3) > eps > law(logits=row, k=middle + 3)


def simulated(sigma, eps, n, rows, seed):
    """The number of keys for both bounds in rows of NumPy's normals."""
    weights = np.exp(np.sort(sigma * np.random.default_rng(seed).normal(size=(rows, n)), axis=1)[:, ::-1])
    k = np.arange(1, n)
    tail, odds = (n - k) * weights[:, 1:], eps / (1 - eps)
    head = tail <= odds * np.cumsum(weights, axis=1)[:, :-1]
    return head.argmax(axis=1) + 1, (tail <= odds * k * weights[:, :-1]).argmax(axis=1) + 1


@pytest.mark.parametrize(("sigma", "eps"), [(0.5, 0.1), (1.0, 0.01)])
def test_the_first_correction_is_the_bias(sigma, eps):
    """False alarm: 2 checks at 5 standard errors, 1e-6 in all. Visible: a bias off by 0.09 keys, a fifth of it."""
    n, rows = 256, 20_000
    head, _ = simulated(sigma, eps, n, rows, 11)
    bias, error = head.mean() - n * float(LAW(eps=eps, sigma=sigma)), head.std() / math.sqrt(rows)
    assert 5 * error < 0.09
    assert abs(bias - n * LAW.correction(eps=eps, sigma=sigma, n=n)) < 5 * error


def test_the_gap_bound_is_off_by_a_key_or_so():
    """The mean number of keys lies within two of n (1 - eps), at every spread; its standard error is below 0.05."""
    for sigma in (0.5, 1.0, 2.0):
        _, gap = simulated(sigma, 0.1, 500, 2_000, 12)
        assert gap.std() < 0.05 * math.sqrt(2_000)
        assert abs(gap.mean() - 450) < 2


def test_far_out():
    assert 0 < LAW(eps=1 - 2.0**-53, sigma=35.0) < 1e-70
    assert LAW(eps=1e-290, sigma=0.5) == 1.0
    assert threshold(np.array(0.5), np.array(1e-9)) == pytest.approx(0.0, abs=1e-8)


def test_steps_and_accuracy():
    assert prove(LAW).badges == {"head": "algorithm", "gap": "cited", "correction": "cited"}
    assert all(certificate.passed for certificate in certify(LAW, points=60))
