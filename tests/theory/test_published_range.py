"""minimax.published_range against least squares of other libraries, and fits carried out."""

import numpy as np
import pytest
from scipy import optimize, stats

from attnlaws.simulations.minimax.published_range import NOISE
from attnlaws.theory.minimax.published_range import LAW

PUBLISHED = {"low": 4.0, "high": 64.0, "points": 5}


def columns(p, low, high, points):
    """ln n, N^p, and the slope in p with C scaled to the average slope 1/2."""
    n = np.log(np.geomspace(low, high, points))
    c = 0.5 * (n[-1] - n[0]) / (n[-1] ** p - n[0] ** p)
    return n, n**p, c * n**p * np.log(n)


@pytest.mark.parametrize(("p", "share", "ratio"), [(1 / 3, 0.989, 5.63), (1 / 2, 0.994, 5.66), (2 / 3, 0.997, 5.71)])
def test_known_values_of_the_published_range(p, share, ratio):
    assert LAW(p=p, **PUBLISHED) == pytest.approx(ratio, abs=0.006)
    assert LAW(output="r_squared", p=p, **PUBLISHED) == pytest.approx(share, abs=6e-4)


@pytest.mark.parametrize(("low", "high", "points", "ratio"), [(1e2, 1e6, 17, 1.17), (1e2, 1e9, 29, 0.40)])
def test_known_values_of_wider_ranges(low, high, points, ratio):
    assert LAW(p=0.5, low=low, high=high, points=points) == pytest.approx(ratio, abs=0.006)


@pytest.mark.parametrize(("p", "low", "high", "points"), [(0.2, 2, 8, 4), (0.5, 4, 64, 5), (0.9, 10, 1e9, 40)])
def test_the_inverse_information(p, low, high, points):
    """By the inverse of the whole matrix; and the correlation by SciPy."""
    n, power, tangent = columns(p, low, high, points)
    design = np.stack([np.ones_like(n), power, tangent], axis=1)
    want = np.sqrt(np.linalg.inv(design.T @ design)[2, 2])
    assert LAW(p=p, low=low, high=high, points=points) == pytest.approx(want, rel=1e-7)
    share = stats.linregress(n, power).rvalue ** 2  # type: ignore[attr-defined]
    assert LAW(output="r_squared", p=p, low=low, high=high, points=points) == pytest.approx(share, rel=1e-10)


def test_fits_by_another_library_spread_as_much():
    """2000 fits by SciPy: their spread is known to 1.6 %, so 5 standard errors see 8 %; a false alarm: 6e-7."""
    n, power, _ = columns(0.5, 4, 64, 5)
    c = 0.5 * (n[-1] - n[0]) / (power[-1] - power[0])
    rng = np.random.default_rng(0)
    found = [
        optimize.curve_fit(lambda n, a, c, p: a - c * n**p, n, risks, p0=(0.0, c, 0.5))[0][2]
        for risks in NOISE * rng.standard_normal((2000, 5)) - c * power
    ]
    assert np.std(found) / NOISE == pytest.approx(LAW(p=0.5, **PUBLISHED), rel=5 / np.sqrt(4000))


def test_a_power_law_stands_in():
    """The best power law is within 0.03 to 0.07 of ln R everywhere from 4 to 64."""
    for p, most in ((1 / 3, 0.07), (1 / 2, 0.05), (2 / 3, 0.035)):
        n, power, _ = columns(p, 4, 64, 5)
        c = 0.5 * (n[-1] - n[0]) / (power[-1] - power[0])
        assert 0.03 < c * np.abs(power - np.polyval(np.polyfit(n, power, 1), n)).max() < most


def test_a_range_is_a_factor_of_two():
    with pytest.raises(ValueError, match="factor of two"):
        LAW(p=0.5, low=10.0, high=20.0, points=5)
