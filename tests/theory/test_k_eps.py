"""topk.k_eps against quadrature, root finding, and sorted samples at finite n."""

import numpy as np
import pytest
from mpmath import mp, mpf
from scipy import integrate, optimize, stats

from attnlaws.theory.claim import Equal
from attnlaws.theory.enclose import enclose
from attnlaws.theory.topk.k_eps import LAW
from attnlaws.theory.topk.tail_mass import LAW as TAIL_MASS

EPS, SIGMA, N = (LAW.parameter(name).symbol for name in ("eps", "sigma", "n"))


@pytest.mark.parametrize(("eps", "sigma"), [(0.1, 1.0), (0.01, 2.0), (0.5, 0.25), (0.9, 3.0)])
def test_the_definition_of_the_correction_evaluates_to_the_form(eps, sigma):
    assert isinstance(LAW.claim, Equal) and LAW.claim.correction is not None
    steps = LAW.claim.correction.steps
    balls = [enclose(step.expr, {EPS: eps, SIGMA: sigma, N: 100}, 25) for step in steps]
    assert (balls[0] - balls[-1]).contains(0)
    assert float(balls[0].rad()) < 1e-18 * abs(float(balls[0]))


@pytest.mark.parametrize(("eps", "sigma"), [(0.1, 1.0), (0.01, 2.0), (0.5, 0.25), (0.9, 3.0)])
def test_limit_by_quadrature_and_root_finding(eps, sigma):
    def mass(high):
        return integrate.quad(lambda x: np.exp(sigma * x - sigma**2 / 2) * stats.norm.pdf(x), -40, high, epsabs=1e-14)[
            0
        ]

    level = optimize.brentq(lambda x: mass(x) - eps, -12, 20, xtol=1e-13)
    assert LAW(eps=eps, sigma=sigma) == pytest.approx(stats.norm.sf(level), rel=1e-9)


@pytest.mark.parametrize(("eps", "sigma", "fraction"), [
    (0.1, 1, 0.6109), (0.01, 1, 0.9076), (0.001, 1, 0.9817), (0.1, 2.5, 0.1115), (0.01, 4, 0.0471), (0.001, 3, 0.5360),
])  # fmt: skip
def test_known_values(eps, sigma, fraction):
    assert LAW(eps=eps, sigma=sigma) == pytest.approx(fraction, abs=6e-5)


def test_the_map_is_that_of_the_tail_mass_and_its_own_inverse():
    eps = np.array([1e-9, 0.003, 0.2, 0.77])
    kept = LAW(eps=eps, sigma=1.3)
    assert LAW(eps=kept, sigma=1.3) == pytest.approx(eps, rel=1e-12)
    assert TAIL_MASS(kappa=kept, sigma=1.3) == pytest.approx(eps, rel=1e-12)


def test_the_logarithm_goes_on_where_the_fraction_ends():
    mp.dps = 40
    for eps, sigma in ((0.3, 1.0), (1e-280, 1e-3), (1 - 2**-53, 35.0)):
        quantile = mp.sqrt(2) * mp.erfinv(2 * mpf(eps) - 1) if eps > 1e-9 else mpf(stats.norm.ppf(eps))
        want = mp.log(mp.erfc((sigma + quantile) / mp.sqrt(2)) / 2)
        assert LAW(eps=eps, sigma=sigma, output="log") == pytest.approx(float(want), rel=1e-11)
    assert LAW(eps=1 - 2**-53, sigma=35.0) == 0


def kept_fractions(n, eps, sigma, runs, seed):
    """k_eps/n of sorted rows."""
    weights = np.sort(np.exp(sigma * np.random.default_rng(seed).standard_normal((runs, n), dtype=np.float32)), axis=1)
    lost = np.cumsum(weights, axis=1, dtype=np.float64)
    return 1 - (lost <= eps * lost[:, -1:]).sum(1) / n


@pytest.mark.parametrize(("n", "eps", "sigma"), [(128, 0.1, 1.0), (64, 0.3, 0.5)])
def test_sampling_sees_the_correction(n, eps, sigma):
    """100 000 rows: the correction is over 25 standard errors, what is left of it 8 % of it and 5 standard errors."""
    found = kept_fractions(n, eps, sigma, 100_000, 4)
    error = found.std() / found.size**0.5
    limit, correction = LAW(eps=eps, sigma=sigma), LAW.correction(eps=eps, sigma=sigma, n=n)
    assert abs(found.mean() - limit) > 25 * error
    assert abs(found.mean() - limit - correction) < 0.08 * correction + 5 * error


def test_a_known_finite_size():
    """k_eps at n = 4096, from the variance of the influence function and the skew of the threshold, term by term."""
    for eps, limit, corrected in ((0.1, 2502.07, 2502.89), (0.01, 3717.68, 3718.35)):
        value = 4096 * LAW(eps=eps, sigma=1.0)
        assert value == pytest.approx(limit, abs=6e-3)
        assert value + 4096 * LAW.correction(eps=eps, sigma=1.0, n=4096) == pytest.approx(corrected, abs=6e-3)


def test_correction_needs_n_and_may_be_infinite():
    with pytest.raises(ValueError, match="needs n"):
        LAW.correction(eps=0.1, sigma=1.0)
    assert LAW.correction(eps=1e-200, sigma=35.0, n=64) == np.inf
