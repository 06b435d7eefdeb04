"""Capacity: the typical sum of weights, its limits, and the numbers of other routes."""

import math

import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy import integrate, special

from attnlaws.theory import laplace, quenched
from attnlaws.theory.accuracy import certify
from attnlaws.theory.prove import prove
from attnlaws.theory.retrieval.annealed_capacity import LAW as ANNEALED
from attnlaws.theory.retrieval.capacity import LAW


def cosine_density(x, d):
    return (1 - x * x) ** ((d - 3) / 2)


@pytest.mark.parametrize(("d", "b"), [(3, 2.0), (5, 3.0), (9, 0.7)])
def test_two_weights_on_a_sphere_by_a_double_integral(d, b):
    mass, _ = integrate.quad(cosine_density, -1, 1, args=(d,))
    twice, _ = integrate.dblquad(
        lambda y, x: np.logaddexp(b * x, b * y) * cosine_density(x, d) * cosine_density(y, d), -1, 1, -1, 1
    )
    assert quenched.log_sum(math.log(2), b, d) == pytest.approx(twice / mass**2, rel=1e-7)


def test_many_weights_on_a_sphere_by_simulation():
    """400 sums of 5000 weights; false alarm 1 in 10^5; an error of 0.03 in the mean logarithm is seen."""
    d, b, m = 12, 12.0, 5000
    rng = np.random.default_rng(4)
    z, rest = rng.standard_normal((400, m)), rng.chisquare(d - 1, (400, m))
    logs = special.logsumexp(b * z / np.sqrt(z * z + rest), axis=1)
    error = logs.std(ddof=1) / 20
    assert error < 0.007
    assert abs(logs.mean() - quenched.log_sum(math.log(m), b, d)) < 4.42 * error


@pytest.mark.parametrize("d", [2, 3, 8, 40])
@pytest.mark.parametrize("tau", [1.0, 4.0])
def test_the_mean_logarithm_is_below_the_logarithm_of_the_mean(d, tau):
    """Jensen; and where the sum is close to its mean, by little: the mean is a Bessel function."""
    b = 2 * d / tau
    log_mean = float(mpmath.log(mpmath.hyp0f1(mpmath.mpf(d) / 2, mpmath.mpf(b) ** 2 / 4)))
    for log_m in (0.5, 3.0, 0.9 * d + 2):
        assert quenched.log_sum(log_m, b, d) < log_m + log_mean
    assert quenched.log_sum(2.0 * d + 20, b, d) == pytest.approx(2.0 * d + 20 + log_mean, abs=1e-6)


@pytest.mark.parametrize(("tau", "d"), [(0.5, 16), (1.0, 16), (3.0, 16), (8.0, 24), (2.0, 100)])
def test_at_capacity_the_typical_gaussian_sum_is_one(tau, d):
    rate = float(LAW(tau=tau, d_k=d))
    assert laplace.log_sum(math.exp(rate * d), 2 * math.sqrt(d) / tau) == pytest.approx(2 * d / tau, rel=1e-9)


@pytest.mark.parametrize(("tau", "d"), [(0.5, 16), (1.0, 16), (3.0, 16), (8.0, 24), (2.0, 100)])
def test_at_capacity_the_typical_sum_on_a_sphere_is_one(tau, d):
    rate = float(LAW(tau=tau, d_k=d, keys="sphere"))
    assert quenched.log_sum(rate * d, 2 * d / tau, d) == pytest.approx(2 * d / tau, rel=1e-9)


@pytest.mark.parametrize("tau", [0.5, 1.0, 1.7, 2.0, 2.6, 4.0, 30.0])
def test_the_limits_maximize_the_exponent_of_the_scores_that_exist(tau):
    """By a search over scores, with no formula: bisect the rate at which the largest exponent reaches 2/tau."""
    x = np.linspace(0, 0.999999, 400_001)
    wide = np.linspace(0, 3, 600_001)
    for keys, score, entropy in (("gaussian", wide, -(wide**2) / 2), ("sphere", x, np.log1p(-x * x) / 2)):
        low, high = 0.0, 6.0
        for _ in range(50):
            rate = (low + high) / 2
            there = rate + entropy >= 0
            reached = there.any() and (2 * score / tau + rate + entropy)[there].max() >= 2 / tau
            low, high = (low, rate) if reached else (rate, high)
        assert float(LAW(tau=tau, keys=keys)) == pytest.approx(rate, abs=2e-5)


@pytest.mark.parametrize("keys", ["gaussian", "sphere"])
@pytest.mark.parametrize("tau", [0.75, 1.5, 3.0, 6.0])
def test_finite_dimensions_approach_the_limit(keys, tau):
    """As ln(d)/d where the sum is frozen, faster elsewhere."""
    away = [abs(float(LAW(tau=tau, keys=keys, d_k=d) - LAW(tau=tau, keys=keys))) for d in (8, 32, 128)]
    assert away[0] > away[1] > away[2]
    assert away[2] < 1.5 * math.log(128) / 128
    frozen = keys == "gaussian" and tau < 2
    assert (away[2] > 0.2 * math.log(128) / 128) == frozen


def test_the_formula_for_the_mean_is_right_above_two_and_wrong_below():
    above, below = np.array([2.0, 3.0, 8.0, 100.0]), np.array([0.5, 1.0, 1.9])
    np.testing.assert_allclose(ANNEALED(tau=above), LAW(tau=above), rtol=1e-12)
    assert (LAW(tau=below) == 0.5).all()
    assert (ANNEALED(tau=below) < 0.5).all() and ANNEALED(tau=1.0) == 0 and ANNEALED(tau=0.5) == -4


def test_a_median_and_a_mean_logarithm_differ_by_little():
    """Medians of 4000 simulated stopping numbers at d = 16 were 10.00, 9.83 and 9.31 at tau = 0.5, 1 and 1.5."""
    found = 16 * LAW(tau=[0.5, 1.0, 1.5], d_k=16)
    assert np.abs(found - [10.00, 9.83, 9.31]).max() < 0.3


def test_derivations_hold():
    proof = prove(LAW)
    assert not proof.failed
    assert proof.badges == {
        "keys=gaussian, d_k=none": "cited",
        "keys=sphere, d_k=none": "cited",
        "keys=gaussian": "algorithm",
        "keys=sphere": "algorithm",
    }
    assert prove(ANNEALED).badge == "proven"


@pytest.mark.parametrize(
    ("keys", "d", "tau"),
    [
        ("gaussian", 4, 1.5),
        ("gaussian", 2, 900.0),
        ("gaussian", 16, 0.5),
        ("gaussian", 200, 30.0),
        ("sphere", 4, 1.5),
        ("sphere", 16, 4.0),
        ("sphere", 200, 30.0),
        pytest.param("sphere", 8, 0.5, marks=pytest.mark.slow),
    ],
)
def test_finite_values_are_certified(keys, d, tau):
    """To the 1e-9 that is declared; steep weights on a sphere take the enclosure minutes, so points are few."""
    case = next(case for case in LAW.derivations if case.when == {"keys": keys})
    ball = case.enclosure(11, tau=tau, d_k=d)
    assert ball.is_finite() and ball.rel_accuracy_bits() > 28
    assert abs(float(LAW(tau=tau, d_k=d, keys=keys)) / float(ball) - 1) < case.accuracy.bound


def test_limits_are_accurate():
    limits = [case for case in certify(LAW, algorithm_points=0) if "none" in case.case]
    assert len(limits) == 2 and all(certificate.passed for certificate in limits), limits
    assert all(certificate.passed for certificate in certify(ANNEALED))


def test_the_definition_of_the_mean_is_the_integral_it_says():
    d, tau = sp.Symbol("d", positive=True), ANNEALED.parameter("tau").symbol
    value = ANNEALED.steps[0].expr.subs({d: 5, tau: sp.Rational(7, 2)}).evalf(20)
    assert abs(float(value) - float(ANNEALED(tau=3.5))) < 1e-15


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tau": 0.4}, "tau = 0.4: must be a real number"),
        ({"tau": 1, "d_k": 1}, "d_k = 1: must be an integer"),
        ({"tau": 1, "keys": "cube"}, "keys = 'cube': must be one of gaussian, sphere"),
    ],
)
def test_what_is_outside_is_named(given, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        LAW(**given)
