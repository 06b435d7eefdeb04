"""minimax.shuffled_queries against exact Gauss-Hermite sums over all coefficients, and known figures."""

import itertools

import numpy as np
import pytest

from attnlaws.theory.minimax.shuffled_queries import LAW

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(6)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def gauss_mean(function, dimensions):
    """The mean of a polynomial of degree up to 11 in each of some standard normal variables, exactly."""
    total = 0.0
    for picked in itertools.product(range(NODES.size), repeat=dimensions):
        total += np.prod(WEIGHTS[list(picked)]) * function(NODES[list(picked)])
    return total


@pytest.mark.parametrize(("alpha", "flipped"), [(1.0, 0.5), (0.5, 0.1), (2.0, 1.0)])
def test_penalty_by_a_sum_over_all_coefficients(alpha, flipped):
    spectrum = np.exp(-np.array([1.0, 2.0**alpha]))

    def square(z):
        right, wrong = z[:2] ** 2 @ spectrum, -(z[2:] ** 2 @ spectrum)
        return flipped * (right - wrong) ** 2

    assert LAW(alpha=alpha, modes=2, flipped=flipped) == pytest.approx(gauss_mean(square, 4), rel=1e-12)


def test_floor_by_a_sum_over_one_coefficient():
    """What is left of Z^2 after the best quadratic in (Z + Z')/2; for a Gaussian pair the best function is one."""

    def moment(power, other):
        return gauss_mean(lambda z: z[0] ** power * ((z[0] + z[1]) / 2) ** other, 2)

    design = np.array([[moment(0, 0), moment(0, 2)], [moment(0, 2), moment(0, 4)]])
    target = np.array([moment(2, 0), moment(2, 2)])
    left = moment(4, 0) - target @ np.linalg.solve(design, target)
    assert LAW(alpha=3.0, modes=1, flipped=0.5, output="uniform") == pytest.approx(left * np.exp(-2), rel=1e-12)


@pytest.mark.parametrize(("alpha", "want"), [(1.0, 0.990), (1.22, 0.775), (2.0, 0.570)])
def test_half_of_sixteen_modes(alpha, want):
    assert LAW(alpha=alpha, modes=16, flipped=0.5) == pytest.approx(want, abs=1e-3)


def test_floor_of_a_geometric_spectrum():
    """(3/2) sum of exp(-2 j): three quarters of the target's variance, for 6 modes or for many."""
    for modes, digits in ((6, 5), (1000, 5)):
        assert round(float(LAW(alpha=1, modes=modes, flipped=1, output="uniform")), digits) == 0.23478
    series = np.exp(-2) / (1 - np.exp(-2))
    assert LAW(alpha=1, modes=1000, flipped=1, output="uniform") == pytest.approx(1.5 * series, rel=1e-14)
