"""topk.k_eps_moments against quadrature in two scores, known values, and the maximum that its derivation rests on."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from attnlaws import registry
from attnlaws.theory.accuracy import certify
from attnlaws.theory.enclose import enclose
from attnlaws.theory.prove import prove
from attnlaws.theory.topk.k_eps import LAW as K_EPS
from attnlaws.theory.topk.k_eps_moments import LAW

EPS, SIGMA = (LAW.parameter(name).symbol for name in ("eps", "sigma"))


@pytest.mark.parametrize(("eps", "sigma"), [(0.1, 1.0), (0.3, 0.5), (0.01, 2.0)])
def test_definitions_evaluate_to_the_form(eps, sigma):
    case = LAW.derivation(correlation=None)
    balls = [enclose(step.expr, {EPS: eps, SIGMA: sigma}, 25) for step in case.steps]
    assert (balls[0] - balls[-1]).contains(0)
    assert float(balls[0].rad()) < 1e-18 * abs(float(balls[0]))


def covariance(function, rho):
    """Of one function at two standard normal variables, by a lattice in two independent ones."""
    u = np.arange(-8, 8.01, 0.02)
    density = stats.norm.pdf(u) * 0.02
    inner = function(rho * u[:, None] + math.sqrt(1 - rho**2) * u) @ density
    return density * function(u) @ inner - (density @ function(u)) ** 2


@pytest.mark.parametrize(("eps", "sigma", "phi"), [(0.1, 1.0, 0.5), (0.3, 0.5, 0.3)])
def test_correlated_scores_by_covariances(eps, sigma, phi):
    """The variance itself, from covariances of g; the kink leaves the lattice with errors near 5e-4."""
    threshold = sigma + stats.norm.ppf(eps)

    def g(x):
        return np.minimum(np.exp(sigma * (x - threshold)), 1) - eps * np.exp(sigma * (x - threshold))

    want = LAW(eps=eps, sigma=sigma) + 2 * sum(covariance(g, phi**h) for h in range(1, 16))
    assert LAW(eps=eps, sigma=sigma, correlation=phi) == pytest.approx(want, rel=1e-3)


@pytest.mark.parametrize(("eps", "sigma", "phi", "n", "spread", "alone"), [
    (0.1, 1.0, 0.8, 4096, 39.5, 19.3), (0.05, 1.5, 0.9, 8192, 144.5, 52.3),
])  # fmt: skip
def test_known_spreads_of_correlated_rows(eps, sigma, phi, n, spread, alone):
    """Values of a Hermite series computed elsewhere, to the digits it printed."""
    assert math.sqrt(n * LAW(eps=eps, sigma=sigma, correlation=phi)) == pytest.approx(spread, abs=0.06)
    assert math.sqrt(n * LAW(eps=eps, sigma=sigma)) == pytest.approx(alone, abs=0.06)


def test_known_values():
    assert LAW(eps=0.1, sigma=1.0) == pytest.approx(0.09106, abs=5e-6)
    assert LAW(eps=0.01, sigma=1.0) == pytest.approx(0.01655, abs=5e-6)
    mean = 4096 * K_EPS(eps=0.1, sigma=1.0) + LAW(eps=0.1, sigma=1.0, output="bias")
    assert mean == pytest.approx(2502.89, abs=0.006)


@pytest.mark.parametrize("output", LAW.outputs)
def test_no_correlation_is_the_closed_form(output):
    point = {"eps": np.array([0.01, 0.3, 0.9]), "sigma": np.array([2.0, 0.5, 0.2])}
    alone = LAW(**point, output=output)
    assert LAW(**point, correlation=0.0, output=output) == pytest.approx(alone, rel=1e-9)
    assert np.all(LAW(**point, correlation=0.3, output=output) > alone)


@pytest.mark.parametrize("eps", [0.02, 0.1, 0.6])
def test_the_number_of_keys_is_a_maximum_rounded_up(eps):
    """What the definitions rest on, on rows of 40 keys: a concave function's maximum is at one of the weights."""
    rng = np.random.default_rng(7)
    for _ in range(50):
        weights = np.sort(np.exp(1.5 * rng.standard_normal(40)))
        lost = np.cumsum(weights)
        count = 40 - np.searchsorted(lost, eps * lost[-1], side="right")
        sums = [(np.minimum(weights / u, 1) - eps * weights / u).sum() for u in weights]
        assert count == math.ceil(max(sums) - 1e-12)


def test_correlation_is_a_number_below_one():
    with pytest.raises(ValueError, match="correlation"):
        LAW(eps=0.1, sigma=1.0, correlation=1.0)
    with pytest.raises(ValueError, match="correlation"):
        LAW(eps=0.1, sigma=1.0, correlation=-0.5)


def test_a_row_of_few_independent_keys_is_not_relied_on():
    reliable = registry.experiment("topk.k_eps_moments").reliable
    assert not reliable(n=256, sigma=1.0, correlation=None)
    assert "28.4 independent keys" in reliable(n=256, sigma=1.0, correlation=0.8)


def test_its_values_are_certified():
    for certificate in certify(LAW, points=60, algorithm_points=8):
        assert certificate.passed, certificate


def test_what_is_proved():
    """All but the bias of independent scores, whose steps are those of topk.k_eps, proved where that law is tested."""
    cases = tuple(case for case in LAW.derivations if case.label != "bias, correlation=none")
    proof = prove(dataclasses.replace(LAW, steps=(), derivations=cases))
    assert set(proof.badges.values()) == {"cited", "algorithm"}
    assert not proof.failed
