"""minimax.pinsker_exponential against the minimization that it solves, and the rule against whole ellipsoids."""

import math

import numpy as np
import pytest
from scipy import optimize

from attnlaws.simulations.minimax import pinsker_exponential as simulated
from attnlaws.theory import pinsker
from attnlaws.theory.enclose import enclose
from attnlaws.theory.minimax import pinsker_exponential as claimed
from attnlaws.theory.minimax.pinsker_exponential import LAW
from attnlaws.theory.prove import prove

POINTS = [(0.0, 1.0, 1.0), (3.0, 2.0, 0.25), (6.9, 1.0, 0.5), (11.5, 0.5, 1.0), (20.0, 1.5, 0.7), (200.0, 4.0, 4.0)]


def axes_of(alpha, kappa, count=80):
    exponents = kappa * np.arange(1.0, count + 1) ** alpha
    return np.exp(exponents[exponents < 300])


def largest_risk(c, axes, n):
    """Of the rule c y over the ellipsoid: a quadratic function of theta has its maximum on one axis."""
    return float((c**2).sum() / n + ((1 - c) ** 2 / axes**2).max())


@pytest.mark.parametrize(("log_n", "alpha", "kappa"), POINTS)
def test_it_is_the_smallest_largest_risk(log_n, alpha, kappa):
    """The bias t leaves the weights (1 - t a_j)_+, so that a search in t finds the best of all linear rules."""
    axes, n = axes_of(alpha, kappa), math.exp(log_n)

    def risk(log_t):
        t = math.exp(log_t)
        return n * (t**2 + (np.maximum(1 - t * axes, 0) ** 2).sum() / n)

    found = optimize.minimize_scalar(
        risk, bounds=(-log_n / 2 - 9, 0.0 - math.log(axes[0])), method="bounded", options={"xatol": 1e-9}
    )
    assert LAW(log_n=log_n, alpha=alpha, kappa=kappa) == pytest.approx(float(found.fun), rel=1e-8)  # type: ignore


@pytest.mark.parametrize(("log_n", "alpha", "kappa"), POINTS)
def test_the_rule_reaches_it_everywhere_on_the_surface_and_never_exceeds_it(log_n, alpha, kappa):
    axes, n, rng = axes_of(alpha, kappa), math.exp(log_n), np.random.default_rng(5)
    active, log_mu, total = claimed.rule(log_n, alpha, kappa)
    c = np.maximum(1 - axes / math.exp(log_mu), 0)
    assert (c > 0).sum() == active
    assert n * largest_risk(c, axes, n) == pytest.approx(total, rel=1e-12)
    for used in (1, active, axes.size):
        theta = np.where(np.arange(axes.size) < used, rng.standard_normal(axes.size), 0) / axes
        theta /= math.sqrt(((axes * theta) ** 2).sum())
        risk = n * ((c**2).sum() / n + ((1 - c) ** 2 * theta**2).sum())
        assert risk == pytest.approx(total, rel=1e-12) if used <= active else risk < total
    for _ in range(20):  # other rules do worse
        other = np.clip(c + 0.05 * rng.standard_normal(axes.size) * (c > 0), 0, 1)
        assert n * largest_risk(other, axes, n) > total * (1 - 1e-12)


@pytest.mark.parametrize(
    ("n", "risk"), [(1e3, 4.56261e-3), (1e5, 9.03005e-5)]
)  # computed once on another machine, with another program
def test_known_risks(n, risk):
    assert LAW(log_n=math.log(n), alpha=1, kappa=0.5) / n == pytest.approx(risk, rel=2e-6)


def test_the_leading_term_is_approached_slowly():
    decades = np.array([3, 6, 12, 30, 100])
    point = {"log_n": decades * math.log(10), "alpha": 1, "kappa": 0.5}
    ratio = LAW(**point) / LAW(output="leading", **point)
    assert ratio == pytest.approx([0.66, 0.82, 0.91, 0.96, 0.99], abs=0.005)


def test_whole_arrays_and_domains():
    table = LAW(log_n=np.array([[1.0], [5.0]]), alpha=np.array([0.5, 1.0, 2.0]), kappa=0.5)
    assert table.shape == (2, 3)
    assert table[1, 2] == LAW(log_n=5.0, alpha=2.0, kappa=0.5)
    with pytest.raises(ValueError, match="log_n = 251"):
        LAW(log_n=251, alpha=1, kappa=1)


@pytest.mark.parametrize(("log_n", "alpha", "kappa"), POINTS)
def test_the_simulation_finds_the_same_rule_by_itself(log_n, alpha, kappa):
    active, log_mu = simulated.weights(log_n, kappa, alpha)
    assert active == claimed.rule(log_n, alpha, kappa)[0]
    assert log_mu == pytest.approx(claimed.rule(log_n, alpha, kappa)[1], abs=1e-10)


def test_a_wrong_number_of_coordinates_is_not_confirmed():
    from flint import arb, ctx

    active, log_mu, total = pinsker.solve(8.0, lambda j: 0.5 * j)
    with ctx.workprec(150):
        found = [pinsker.enclosed(8, active + off, log_mu, lambda j: arb(j) / 2) for off in (-1, 0, 1)]
        assert [len(ratios) for ratios in found] == [0, active, 0]
        assert abs(active - float(sum(found[1], arb(0)).mid()) - total) < 1e-12
        assert found[1][0].rad() < 1e-15
        assert not pinsker.enclosed(8, active, log_mu + 0.1, lambda j: arb(j) / 2)


@pytest.mark.parametrize("above", [1e-9, 1.0, 10.0])
def test_a_coordinate_that_has_only_just_come_in_is_confirmed(above):
    """Coordinate 3 counts from ln n = ln a_2 + ln a_3 on, where mu is a_3 but for a factor of 1 + exp(-130)."""
    log_n = 2.0 * (2**4 + 3**4) + above
    assert claimed.rule(log_n, 4.0, 2.0)[0] == 3
    assert abs(float(claimed.enclosure(11, log_n, 4.0, 2.0).mid()) - 2) < 1e-11


def test_the_mean_over_the_noise_by_quadrature():
    """The summand of the definition, at one coordinate, against numbers worked out by hand."""
    loss, weight = claimed.squared_error(claimed.x)
    assert float(enclose(loss, {claimed.x: 2, claimed.mu: 8}, 20)) == pytest.approx(0.75, rel=1e-15)
    assert float(weight.subs({claimed.x: 2, claimed.mu: 8})) == 0.75


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badges == {"": "algorithm", "leading": "cited"}
    assert [result.status for result in proof.results][:2] == ["definition", "symbolic"]
    assert not proof.failed
