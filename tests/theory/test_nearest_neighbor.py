"""minimax.nearest_neighbor against one dimension by quadrature, searched neighbors, and slopes over half a decade."""

import itertools
import math

import numpy as np
import pytest
from scipy import integrate, spatial

from attnlaws.simulations.minimax.nearest_neighbor import EXPERIMENT
from attnlaws.simulations.simulate import make_task
from attnlaws.theory.minimax.nearest_neighbor import LAW

BOX = {"alpha": 1.0, "kappa": 0.5, "J": 16}
HALF_DECADES = [100, 316, 1000, 3162, 10_000, 31_623, 100_000, 316_228, 1_000_000]
SLOPES = [0.410, 0.379, 0.330, 0.342, 0.294, 0.272, 0.276, 0.254]
"""Measured once with other random numbers, from some thousand queries at each n: good to 0.02."""


def simulated(replicates, seed, **point):
    """Mean and standard error from the kernel."""
    task = make_task(LAW, EXPERIMENT, LAW.validate(**point), seed, "literal")
    values = task.values(0, replicates)[:, 0]
    return values.mean(), values.std() / math.sqrt(replicates)


def slopes(values, sizes):
    return -np.diff(np.log(values)) / np.diff(np.log(sizes))


@pytest.mark.parametrize(
    ("n", "mean", "error"), [(100, 0.02293, 2.6e-4), (10_000, 0.004272, 2.6e-5), (1_000_000, 0.001213, 6.6e-6)]
)
def test_what_was_measured_with_other_random_numbers(n, mean, error):
    """Three standard errors and the 1 % that the approximation may be off."""
    assert float(LAW(n=n, **BOX)) == pytest.approx(mean, abs=3 * error + 0.01 * mean)


def test_half_decade_slopes():
    assert slopes(LAW(n=HALF_DECADES, **BOX), HALF_DECADES) == pytest.approx(SLOPES, abs=0.025)


@pytest.mark.parametrize("n", [30, 100, 1000])
def test_one_dimension_by_quadrature(n):
    """The chance that an interval around the query, cut off at the ends, holds no key.

    The 11 places of the query miss what happens within 1/n of the ends, 3/n of the whole at most, but that is 3 % only.
    """
    parts = [0.0, 1 / n, 10 / n, 0.5]
    exact = 2 * sum(
        integrate.dblquad(
            lambda r, x: 2 * r * (1 - (min(x + r, 1.0) - max(x - r, 0.0))) ** n, low, high, 0.0, min(1.0, 40 / n)
        )[0]
        for low, high in itertools.pairwise(parts)
    )
    law = float(LAW(n=n, alpha=1.0, kappa=0.3, J=1))
    assert law == pytest.approx(exact * (2 * math.exp(-0.3)) ** 2, rel=0.035)


@pytest.mark.parametrize(
    ("n", "alpha", "kappa", "coordinates"), [(200, 1.0, 0.4, 3), (500, 0.5, 0.3, 6), (2000, 2.0, 0.1, 5)]
)
def test_neighbors_found_by_a_tree(n, alpha, kappa, coordinates):
    """40 sets of keys, 200 queries in each: errors of about 1 %; granted are five of them and 1.5 %."""
    rng = np.random.default_rng(11)
    semi = np.exp(-kappa * np.arange(1.0, coordinates + 1) ** alpha)
    means = []
    for _ in range(40):
        keys, queries = (rng.uniform(-semi, semi, (count, coordinates)) for count in (n, 200))
        distance, _ = spatial.KDTree(keys).query(queries)
        means.append(np.mean(distance**2))
    mean, error = float(np.mean(means)), float(np.std(means)) / math.sqrt(40)
    assert error < 0.015 * mean
    law = float(LAW(n=n, alpha=alpha, kappa=kappa, J=coordinates))
    assert law == pytest.approx(mean, abs=5 * error + 0.015 * mean)


def test_simulated_slopes_up_to_ten_thousand():
    """2000 queries at each n: a slope is good to 0.012; false alarm of four at five standard errors 2e-6."""
    sizes = HALF_DECADES[:5]
    found = [simulated(2000, 5, n=n, **BOX) for n in sizes]
    errors = [math.hypot(a[1] / a[0], b[1] / b[0]) / math.log(math.sqrt(10)) for a, b in itertools.pairwise(found)]
    assert max(errors) < 0.016
    gaps = np.abs(slopes([mean for mean, _ in found], sizes) - slopes(LAW(n=sizes, **BOX), sizes))
    assert np.all(gaps < 5 * np.array(errors) + 0.005)


@pytest.mark.slow
def test_simulated_slopes_up_to_a_million():
    """As above with 1500 queries, all eight; and ten million keys, granted 5 standard errors and 1 %."""
    found = [simulated(1500, 6, n=n, **BOX) for n in HALF_DECADES]
    errors = [math.hypot(a[1] / a[0], b[1] / b[0]) / math.log(math.sqrt(10)) for a, b in itertools.pairwise(found)]
    assert max(errors) < 0.018
    measured = slopes([mean for mean, _ in found], HALF_DECADES)
    assert np.all(np.abs(measured - slopes(LAW(n=HALF_DECADES, **BOX), HALF_DECADES)) < 5 * np.array(errors) + 0.005)
    assert measured == pytest.approx(SLOPES, abs=0.07)
    mean, error = simulated(64, 7, n=10**7, **BOX)
    assert float(LAW(n=10**7, **BOX)) == pytest.approx(mean, abs=5 * error + 0.01 * mean)


def test_a_slope_is_two_over_the_axes_that_matter():
    """On a cube every axis does; a slope between n = 1e6 and 1e9 of 2/J, but for what the faces of the cube add."""
    for coordinates in (1, 2, 4):
        values = LAW(n=[10**6, 10**9], alpha=0.25, kappa=0.01, J=coordinates)
        assert slopes(values, [10**6, 10**9])[0] == pytest.approx(2 / coordinates, rel=0.02)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="J = 17: must be an integer >= 1 and <= 16"):
        LAW(n=100, alpha=1.0, kappa=0.5, J=17)
    with pytest.raises(ValueError, match="n = 10: must be an integer >= 30"):
        LAW(n=10, **BOX)
