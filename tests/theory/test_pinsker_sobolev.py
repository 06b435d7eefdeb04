"""minimax.pinsker_sobolev against plain enumeration, convex optimization, known values, and balls."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import optimize

from attnlaws.theory.accuracy import certify
from attnlaws.theory.lattice import pinsker, stiffness, sums_between
from attnlaws.theory.lattice_balls import cut_ball
from attnlaws.theory.minimax.pinsker_sobolev import LAW
from attnlaws.theory.prove import prove


def norms(top, alpha, kappa):
    """The a_k up to a number, one multi-index after the other."""

    def squares(axis, left):
        lowest = math.pi / 2 * math.exp(kappa * axis**alpha)
        if lowest**2 > left:
            return [0.0]
        steps = [(lowest * k) ** 2 for k in range(int(math.sqrt(left) / lowest) + 1)]
        return [step + rest for step in steps if step <= left for rest in squares(axis + 1, left - step)]

    return np.sqrt(np.sort(squares(1, top**2)))


def solved(n, alpha, kappa):
    """The cutoff and the norms below it, by SciPy's root finder."""
    top = 2.0 * math.exp(kappa)
    while (np.clip(top - (a := norms(top, alpha, kappa)), 0, None) * a).sum() < n:
        top *= 1.25
    root: Any = optimize.brentq(lambda mu: (np.clip(mu - a, 0, None) * a).sum() - n, 0, top, xtol=1e-14)
    mu = float(root)
    return mu, a[a < mu]


@pytest.mark.parametrize(("n", "alpha", "kappa"), [
    (3, 1.0, 0.5), (100, 1.0, 1.0), (1e3, 1.0, 0.5), (3e4, 2.0, 0.15), (500, 0.5, 1.0), (1e6, 4.0, 5.0), (50, 0.5, 0.4),
])  # fmt: skip
def test_all_outputs_by_plain_enumeration(n, alpha, kappa):
    mu, a = solved(n, alpha, kappa)
    risk = (1 - a / mu).sum() / n
    noise = ((1 - a / mu) ** 2).sum() / n
    point = {"log_n": math.log(n), "alpha": alpha, "kappa": kappa}
    assert LAW(**point) == pytest.approx(risk, rel=1e-11)
    assert LAW(output="exponent", **point) == pytest.approx(noise / risk, rel=1e-10)
    assert LAW(output="modes", **point) == a.size


@pytest.mark.parametrize(("n", "alpha", "kappa"), [(100.0, 1.0, 1.0), (40.0, 1.0, 0.3)])
def test_no_linear_estimator_does_better(n, alpha, kappa):
    """Both sides of the minimax by optimization: the weights' worst function, and the function worst for all weights.

    A function worst for its own best weights is sought in more modes than the cutoff leaves; the problem is concave.
    """
    mu, a = solved(n, alpha, kappa)
    c = 1 - a / mu
    risk = float(LAW(log_n=math.log(n), alpha=alpha, kappa=kappa))
    worst_bias = (((1 - c[1:]) / a[1:]) ** 2).max()  # a mode beyond the cutoff has at most 1/mu^2
    assert worst_bias + (c**2).sum() / n == pytest.approx(risk, rel=1e-11)
    more = norms(1.5 * mu, alpha, kappa)[1:]

    def negative(energies):
        theta2 = energies / more**2
        return -(theta2 / (1 + n * theta2)).sum(), -1 / (1 + n * theta2) ** 2 / more**2

    found = optimize.minimize(
        negative, np.full(more.size, 1 / more.size), jac=True, bounds=[(0, 1)] * more.size, method="SLSQP",
        constraints={"type": "eq", "fun": lambda e: e.sum() - 1, "jac": np.ones_like}, options={"ftol": 1e-15},
    )  # fmt: skip
    assert 1 / n - found.fun == pytest.approx(risk, rel=1e-7)


@pytest.mark.parametrize(("log10_n", "risk"), [
    (2, 2.174e-2), (4, 1.32e-3), (6, 1.56e-4), (9, 1.20e-5), (12, 1.42e-6),
])  # fmt: skip
def test_known_risks(log10_n, risk):
    """Of another enumeration, to the digits that it gave; the first is a sum over 6 modes."""
    assert LAW(log_n=log10_n * math.log(10), alpha=1, kappa=1) == pytest.approx(risk, rel=4e-3)


@pytest.mark.parametrize(("log10_n", "slope", "dimension", "modes"), [
    (3, 0.481, 2.16, 38), (6, 0.315, 4.35, 4351), (9, 0.251, 5.97, 7.9e5), (12, 0.212, 7.45, 2.0e8),
])  # fmt: skip
def test_known_slopes(log10_n, slope, dimension, modes):
    """Of another enumeration; the last, of 2e8 modes, is beyond the law's domain and tried on its routine."""
    cut = pinsker(log10_n * math.log(10), 1.0, 0.5)
    assert cut.exponent == pytest.approx(slope, abs=5.1e-4)
    assert 2 / cut.exponent - 2 == pytest.approx(dimension, abs=6e-3)
    assert cut.sums.count == pytest.approx(modes, rel=1e-12 if modes < 1e5 else 0.03)


@pytest.mark.parametrize(("alpha", "kappa", "constant"), [(1.0, 0.5, 2.037), (2.0, 0.15, 1.271)])
def test_the_constant_is_still_away_from_its_limit(alpha, kappa, constant):
    """-ln R/(ln n)^p at n = 1e12 by a saddlepoint that is good to 1 or 2 % in R; the limits are 2 and 1.3925."""
    log_n = 12 * math.log(10)
    found = -math.log(pinsker(log_n, alpha, kappa).risk) / log_n ** (alpha / (1 + alpha))
    assert found == pytest.approx(constant, abs=0.02 / log_n ** (alpha / (1 + alpha)))


@pytest.mark.parametrize("log_n", [3.0, 8.0, 13.0])
def test_the_exponent_is_the_slope(log_n):
    """Central differences: their error is of the order of the step's square, 1e-8."""

    def risk(x):
        return math.log(LAW(log_n=x, alpha=1.0, kappa=0.5))

    slope = (risk(log_n - 1e-4) - risk(log_n + 1e-4)) / 2e-4
    assert LAW(output="exponent", log_n=log_n, alpha=1.0, kappa=0.5) == pytest.approx(slope, abs=1e-6)


def test_sums_between_two_limits():
    a = norms(11.0, 0.7, 0.4)
    part = a[a > 6.0]
    sums = sums_between(6.0**2, 11.0**2, 0.7, 0.4)
    assert sums == pytest.approx((part.size, part.sum(), (part**2).sum()), rel=1e-13)
    assert sums_between(-1.0, 1.0, 0.7, 0.4) == (1, 0, 0)
    assert stiffness(1.0, 0.7, 0.4) == []


def test_balls_are_narrow_and_hold_no_other_value():
    ball = cut_ball(9.5, 1.0, 0.5)
    risk = float(LAW(log_n=9.5, alpha=1.0, kappa=0.5))
    assert ball.risk.contains(risk)
    assert not ball.risk.contains(risk * (1 + 1e-9))
    assert ball.count.contains(int(LAW(log_n=9.5, alpha=1.0, kappa=0.5, output="modes")))


@pytest.mark.parametrize(("given", "name"), [
    ({"log_n": 0.9}, "log_n"), ({"alpha": 0.4}, "alpha"), ({"kappa": 0.0}, "kappa"),
    ({"log_n": 27.0, "kappa": 0.3}, "kappa"),
])  # fmt: skip
def test_what_lies_outside_is_refused(given, name):
    with pytest.raises(ValueError, match=f"^{name} = "):
        LAW(**{"log_n": 5.0, "alpha": 1.0, "kappa": 1.0, **given})


def test_its_values_are_certified():
    for certificate in certify(LAW, algorithm_points=4):
        assert certificate.passed, certificate


@pytest.mark.slow
def test_its_values_are_certified_everywhere():
    assert all(certificate.passed for certificate in certify(LAW))


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "algorithm"
    assert not proof.failed
