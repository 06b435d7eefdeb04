"""topk.tail_mass_moments against quadrature, a numerical derivative of the law of large numbers, and sampling."""

import dataclasses

import mpmath
import numpy as np
import pytest
from scipy import special

from attnlaws.theory.accuracy import certify
from attnlaws.theory.enclose import enclose
from attnlaws.theory.prove import prove
from attnlaws.theory.topk.tail_mass import LAW as TAIL_MASS
from attnlaws.theory.topk.tail_mass_moments import LAW

KAPPA, SIGMA = (LAW.parameter(name).symbol for name in ("kappa", "sigma"))


@pytest.mark.parametrize(("kappa", "sigma"), [(0.1, 1.0), (0.5, 0.25), (0.02, 2.0), (0.9, 3.0)])
def test_definitions_evaluate_to_the_form(kappa, sigma):
    for case in LAW.derivations:
        balls = [enclose(step.expr, {KAPPA: kappa, SIGMA: sigma}, 25) for step in case.steps]
        assert (balls[0] - balls[-1]).contains(0)
        assert float(balls[0].rad()) < 1e-18 * abs(float(balls[0]))


@mpmath.workdps(35)
@pytest.mark.parametrize(("kappa", "sigma"), [(0.1, 1.0), (0.02, 2.0)])
def test_variance_of_the_derivative_of_the_functional(kappa, sigma):
    """The influence function by what a law contaminated at x does to its own tail mass, squared and averaged."""
    threshold = mpmath.findroot(lambda x: mpmath.ncdf(-x) - kappa, float(special.ndtri(1 - kappa)))
    share = mpmath.mpf(10) ** -15

    def lost(x, c):
        """Tail mass of the law (1 - c) N(0, 1) + c at x, by Newton's iteration for the level."""
        level = threshold
        for _ in range(2):
            above = (1 - c) * mpmath.ncdf(-level) + c * (x > threshold)
            level += (above - kappa) / ((1 - c) * mpmath.npdf(level))
        mean = mpmath.exp(sigma**2 / 2)
        inside = (1 - c) * mean * mpmath.ncdf(level - sigma) + c * mpmath.exp(sigma * x) * (x < threshold)
        return inside / ((1 - c) * mean + c * mpmath.exp(sigma * x))

    def influence(x):
        return (lost(x, share) - lost(x, -share)) / (2 * share)

    pieces = sorted({-9.0, -2.0, threshold, threshold + 3, 9.0 + 2 * sigma})
    want = mpmath.quad(lambda x: influence(x) ** 2 * mpmath.npdf(x), pieces, maxdegree=5)
    assert LAW(kappa=kappa, sigma=sigma) == pytest.approx(float(want), rel=1e-5)


def test_known_values():
    kappa = 410 / 4096
    assert LAW(kappa=kappa, sigma=1.0) == pytest.approx(0.26277, abs=5e-6)
    assert LAW(kappa=kappa, sigma=1.0, output="bias") / 4096 == pytest.approx(0.610874 - 0.610643, abs=1e-6)


def test_the_bias_is_the_correction_of_the_tail_mass():
    point = {"kappa": 0.3, "sigma": 0.8}
    assert LAW(**point, output="bias") == pytest.approx(100 * TAIL_MASS.correction(**point, n=100), rel=1e-12)


def test_sampling_sees_both():
    """n = 64 keys, where the next order is 10 %. False alarm: 2 checks at 5 standard errors beyond it, below 1e-6."""
    rng = np.random.default_rng(11)
    n, k, sigma, runs = 64, 16, 0.5, 200_000
    weights = np.sort(np.exp(sigma * rng.standard_normal((runs, n), dtype=np.float32)), axis=1)
    lost = weights[:, : n - k].sum(1, dtype=np.float64) / weights.sum(1, dtype=np.float64)
    point = {"kappa": k / n, "sigma": sigma}
    variance, bias = LAW(**point), LAW(**point, output="bias")
    assert abs(n * lost.var() / variance - 1) < 0.1 + 5 * np.sqrt(2 / runs)
    gap = n * (lost.mean() - TAIL_MASS(**point))
    assert abs(gap - bias) < 0.1 * bias + 5 * n * lost.std() / runs**0.5
    assert gap > 10 * n * lost.std() / runs**0.5


def test_its_values_are_certified():
    for certificate in certify(LAW, points=100):
        assert certificate.passed, certificate


def test_what_is_proved():
    """The variance; the bias has the steps of topk.tail_mass, which are proved where that law is tested."""
    proof = prove(dataclasses.replace(LAW, steps=(), derivations=LAW.derivations[:1]))
    assert proof.badge == "cited"
    assert not proof.failed
