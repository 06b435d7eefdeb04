"""minimax.spectrum_map against eigenvalues that are listed one by one."""

import itertools
import math

import numpy as np
import pytest

from attnlaws.simulations.minimax.spectrum_map import in_ball, up_to_degree
from attnlaws.theory.minimax.spectrum_map import LAW
from attnlaws.theory.prove import prove


@pytest.mark.parametrize(("d", "radius"), [(1, 7), (2, 6), (3, 5), (4, 4)])
def test_points_are_counted_right(d, radius):
    points = itertools.product(range(-radius, radius + 1), repeat=d)
    assert in_ball(radius, d) == sum(sum(k * k for k in point) <= radius**2 for point in points)


@pytest.mark.parametrize(("d", "degree"), [(1, 5), (2, 4), (3, 6)])
def test_vectors_are_counted_right(d, degree):
    assert up_to_degree(degree, d) == sum(sum(k) <= degree for k in itertools.product(range(degree + 1), repeat=d))


@pytest.mark.parametrize("d", [1, 2, 3])
def test_sorted_eigenvalues_of_the_heat_kernel(d):
    """-ln of the j-th is c j^alpha up to a relative 2 sqrt(d)/r, which moving a rank by a shell amounts to."""
    reach, t = {1: 300, 2: 40, 3: 16}[d], 0.3
    axis = np.arange(-reach, reach + 1.0) ** 2
    squares = axis if d == 1 else axis[:, None] + axis
    squares = squares if d < 3 else squares[..., None] + axis
    ordered = np.sort(squares[squares <= reach**2].ravel())
    j = np.arange(1.0, ordered.size + 1)
    alpha = LAW(dimension=d)
    expected = LAW(dimension=d, decay=t, output="c") * j**alpha
    last = j > j.size / 8
    assert np.all(np.abs(t * ordered / expected - 1)[last] < 2 * math.sqrt(d) / np.sqrt(ordered[last]))


def test_constants_that_are_known():
    assert LAW(dimension=[1, 2, 3], decay=2.0, output="c") == pytest.approx(
        [2 / 4, 2 / math.pi, 2 / (4 * math.pi / 3) ** (2 / 3)], rel=1e-14
    )
    assert LAW(dimension=[1, 2, 3], kernel="gaussian", output="c") == pytest.approx(
        [1, math.sqrt(2), 6 ** (1 / 3)], rel=1e-14
    )
    assert LAW(dimension=[1, 2, 6], output="p") == pytest.approx([2 / 3, 1 / 2, 1 / 4], rel=1e-15)
    assert LAW(dimension=[1, 2, 5], kernel="gaussian", output="p") == pytest.approx([1 / 2, 1 / 3, 1 / 6], rel=1e-15)


@pytest.mark.parametrize("d", [1, 2, 4])
def test_degrees_approach_the_constant_from_below_by_half_a_degree_for_each_dimension(d):
    """(m + (d + 1)/2)^d/d! vectors up to O(1/m^2), so that the constant is off by a relative -(d + 1)/(2 m)."""
    for m in (200, 400):
        found = m / up_to_degree(m, d) ** (1 / d)
        gap = found / LAW(dimension=d, kernel="gaussian", output="c") - 1 + (d + 1) / (2 * m)
        assert abs(gap) < ((d + 1) / m) ** 2


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "cited"
    assert not proof.failed
    assert proof.badges["alpha, kernel=heat"] == "proven"
