"""topk.tail_mass against quadrature, sampling, and the exact mean at finite n."""

import numpy as np
import pytest
from scipy import integrate, special, stats

from attnlaws.theory.enclose import enclose
from attnlaws.theory.topk.tail_mass import LAW

KAPPA, SIGMA, N = (LAW.parameter(name).symbol for name in ("kappa", "sigma", "n"))


@pytest.mark.parametrize(("kappa", "sigma"), [(0.1, 1.0), (0.5, 0.25), (0.02, 2.0), (0.9, 3.0)])
def test_definitions_evaluate_to_the_form(kappa, sigma):
    assert LAW.claim.correction is not None
    for case in (LAW.derivations[0], LAW.claim.correction):
        balls = [enclose(step.expr, {KAPPA: kappa, SIGMA: sigma, N: 100}, 25) for step in case.steps]
        assert (balls[0] - balls[-1]).contains(0)
        assert float(balls[0].rad()) < 1e-20 * abs(float(balls[0]))


@pytest.mark.parametrize(("kappa", "sigma"), [(0.1, 1.0), (0.5, 0.25), (0.02, 2.0)])
def test_limit_by_quadrature(kappa, sigma):
    threshold = stats.norm.isf(kappa)

    def mass(low, high):
        return integrate.quad(lambda x: np.exp(sigma * x) * stats.norm.pdf(x), low, high, epsabs=1e-14)[0]

    assert LAW(kappa=kappa, sigma=sigma) == pytest.approx(mass(-40, threshold) / mass(-40, 40), rel=1e-10)


def exact_mean(n, k, sigma):
    """E tau_k at finite n: one over the whole weight is an integral of its exponential, the rank is binomial."""
    x = np.linspace(-11, 11, 4001)
    density, weight = stats.norm.pdf(x), np.exp(sigma * x)
    log_rate = np.linspace(-np.log(n) - sigma**2 / 2 - 24, 12 - np.log(n), 700)
    inner = []
    for rate in np.exp(log_rate):
        tilted = density * np.exp(-rate * weight)
        below = integrate.cumulative_simpson(tilted, x=x, initial=0.0)
        above = np.clip((below[-1] - below) / below[-1], 0.0, 1.0)
        kept_out = special.betainc(k, n - k, above)
        lost = min(-integrate.simpson(density * np.expm1(-rate * weight), x=x), 1 - 1e-12)
        inner.append(rate * np.exp((n - 1) * np.log1p(-lost)) * integrate.simpson(tilted * weight * kept_out, x=x))
    return n * integrate.simpson(np.array(inner), x=log_rate)


@pytest.mark.parametrize(("kappa", "sigma"), [(0.1, 1.0), (0.5, 0.5)])
def test_correction_is_the_slope_of_the_exact_mean(kappa, sigma):
    limit = LAW(kappa=kappa, sigma=sigma)
    want = LAW.correction(kappa=kappa, sigma=sigma, n=2) * 2
    sizes = (100, 200, 400)
    scaled = [n * (exact_mean(n, round(kappa * n), sigma) - limit) for n in sizes]
    gaps = [value - want for value in scaled]
    assert abs(gaps[-1]) < 0.05 * abs(want)
    assert gaps[0] / gaps[1] == pytest.approx(2, rel=0.25) and gaps[1] / gaps[2] == pytest.approx(2, rel=0.25)
    assert 2 * scaled[2] - scaled[1] == pytest.approx(want, rel=0.005)


def test_known_value():
    kappa = 410 / 4096
    limit = LAW(kappa=kappa, sigma=1.0)
    assert limit == pytest.approx(0.610643, abs=5e-7)
    assert limit + LAW.correction(kappa=kappa, sigma=1.0, n=4096) == pytest.approx(0.610874, abs=5e-7)


def test_sampling_sees_the_correction():
    rng = np.random.default_rng(4)
    n, k, sigma, runs = 64, 8, 1.0, 200_000
    weights = np.sort(np.exp(sigma * rng.standard_normal((runs, n), dtype=np.float32)), axis=1)
    lost = weights[:, : n - k].sum(1) / weights.sum(1)
    error = lost.std() / runs**0.5
    limit, correction = LAW(kappa=k / n, sigma=sigma), LAW.correction(kappa=k / n, sigma=sigma, n=n)
    assert abs(lost.mean() - limit) > 10 * error
    assert abs(lost.mean() - limit - correction) < 0.15 * abs(correction)


def test_correction_is_scarce_input_proof():
    with pytest.raises(ValueError, match="needs n"):
        LAW.correction(kappa=0.1, sigma=1.0)
    assert LAW.correction(kappa=[0.1, 0.2], sigma=1.0, n=64).shape == (2,)
    assert LAW.correction(kappa=0.1, sigma=35.0, n=64) == np.inf


def test_shape_of_the_law():
    kappa = np.linspace(0.01, 0.99, 50)
    tau = LAW(kappa=kappa, sigma=1.3)
    assert np.all(np.diff(tau) < 0)
    assert LAW(kappa=tau, sigma=1.3) == pytest.approx(kappa, rel=1e-12)  # the map is its own inverse
