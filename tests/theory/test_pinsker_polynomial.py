"""minimax.pinsker_polynomial against the minimization that it solves, and its limit against the way to it."""

import math

import numpy as np
import pytest
from mpmath import mp
from scipy import optimize

from attnlaws.simulations.minimax import pinsker_exponential as simulated
from attnlaws.theory.minimax import pinsker_polynomial as claimed
from attnlaws.theory.minimax.pinsker_polynomial import LAW
from attnlaws.theory.prove import prove


@pytest.mark.parametrize(("log_n", "m"), [(0.0, 1.0), (3.0, 1.5), (8.0, 1.0), (12.0, 3.0), (20.0, 8.0)])
def test_it_is_the_smallest_largest_risk(log_n, m):
    axes, n = np.arange(1.0, 2000.0) ** m, math.exp(log_n)

    def risk(log_t):
        t = math.exp(log_t)
        return n * (t**2 + (np.maximum(1 - t * axes, 0) ** 2).sum() / n)

    found = optimize.minimize_scalar(risk, bounds=(-log_n / 2 - 5, 0.0), method="bounded", options={"xatol": 1e-9})
    scaled = float(found.fun) * n ** (-1 / (2 * m + 1))  # type: ignore
    assert LAW(log_n=log_n, m=m) == pytest.approx(scaled, rel=1e-8)


@pytest.mark.parametrize(
    ("m", "limit", "risks"),
    [(1, 0.908560, (0.859472, 0.903569, 0.908510)), (2, 0.997519, (0.871989, 0.965977, 0.995528))],
)
def test_known_values_on_the_way_to_the_limit(m, limit, risks):
    """At n = 1e3, 1e6, 1e12; computed once with another program."""
    assert LAW(m=m) == pytest.approx(limit, abs=5e-7)
    assert LAW(log_n=np.log([1e3, 1e6, 1e12]), m=m) == pytest.approx(risks, abs=2e-6)


@pytest.mark.parametrize("m", [1, 2.5, 6])
def test_the_constant_by_quadrature(m):
    kept = mp.quad(lambda x: 1 - x**m, [0, 1])
    radius = mp.quad(lambda x: x**m * (1 - x**m), [0, 1])
    assert LAW(m=m) == pytest.approx(float(kept / radius ** (mp.mpf(1) / (2 * m + 1))), rel=1e-13)


@pytest.mark.parametrize(("m", "sizes"), [(1, (40, 640)), (2, (40, 640)), (5, (10, 20))])
def test_the_limit_is_approached_from_half_a_coordinate_below(m, sizes):
    """P_m (1 - (m+1)/(2 m K)) leaves a third of 1/K^2 for m = 1, where the sums are polynomials, and less beyond."""
    for size in sizes:
        n = size ** (2 * m + 1) * m / ((m + 1) * (2 * m + 1))
        rest = LAW(log_n=math.log(n), m=m) / LAW(m=m) - 1 + (m + 1) / (2 * m * size)
        assert abs(rest) < 0.335 / size**2


def test_the_simulation_finds_the_same_rule_by_itself():
    for log_n, m in ((3.0, 1.0), (9.0, 2.0), (12.0, 4.0)):
        active, log_mu = simulated.weights(log_n, m, 0.0)
        assert (active, pytest.approx(log_mu, abs=1e-10)) == claimed.rule(log_n, m)[:2]


def test_the_limit_cannot_be_simulated():
    from attnlaws.simulations.minimax.pinsker_polynomial import literal

    with pytest.raises(ValueError, match="log_n = None"):
        literal(log_n=None, m=1)


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badges == {"log_n=none": "cited", "": "algorithm"}
    assert not proof.failed
