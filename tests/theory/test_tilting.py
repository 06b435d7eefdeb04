"""minimax.tilting against quadrature, the exact means of finitely many tokens, and the law of a single Gaussian."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from attnlaws.simulations.minimax.tilting import EXPERIMENT, read_by_all
from attnlaws.theory.minimax.tilting import LAW
from attnlaws.theory.minimax.token_covariance import LAW as ONE
from attnlaws.theory.prove import prove

POINTS: tuple[dict[str, Any], ...] = (
    {"beta": 0.8, "share": 0.3, "first": 1.0, "second": -0.4, "width_first": 0.6, "width_second": 0.9},
    {"beta": 0.5, "share": 0.7, "first": 0.5, "second": 1.5, "width_first": 0.8, "width_second": 0.3},
)
SIZES = np.array([100, 200, 400])


def lattice(point):
    """Places, and the probability of each, of both parts apart; the rule's errors are far below 1e-12."""
    place = np.linspace(-12, 14, 5201)
    step = place[1] - place[0]
    parts = (
        point["share"] * stats.norm.pdf(place, point["first"], point["width_first"]) * step,
        (1 - point["share"]) * stats.norm.pdf(place, point["second"], point["width_second"]) * step,
    )
    return place, parts


@pytest.mark.parametrize("point", POINTS)
def test_limits_by_quadrature(point):
    place, parts = lattice(point)
    weight = np.exp(point["beta"] * place)
    both = parts[0] + parts[1]
    mean = weight @ both
    output = (weight * place) @ both / mean
    assert LAW(**point) == pytest.approx(output, rel=1e-12)
    assert LAW(**point, output="weight") == pytest.approx(weight @ parts[0] / mean, rel=1e-12)
    spread = (weight * (place - output)) ** 2 @ both / mean**2
    assert LAW(**point, output="variance") == pytest.approx(spread, rel=1e-11)


def exact_means(point, tokens):
    """Mean output, mean weight of the first part, and T times the variance of the output, for T tokens.

    One over a sum of weights is the integral of its exponential; one over its square has one more factor t.
    """
    place, parts = lattice(point)
    both = parts[0] + parts[1]
    log_t = np.arange(-np.log(tokens) - 36.0, 6.0, 0.1)
    scaled = np.exp(np.minimum(log_t[:, None] + point["beta"] * place, 300.0))
    faded = np.exp(-scaled)
    transform = 1 - np.minimum(-np.expm1(-scaled) @ both, 1 - 1e-16)
    first, one = (scaled * place * faded) @ both, (scaled * faded) @ parts[0]
    second = (scaled * place) ** 2 * faded @ both
    rest = transform ** (tokens - 1)
    mean = tokens * np.sum(first * rest) * 0.1
    square = tokens * np.sum(second * rest) * 0.1
    square += tokens * (tokens - 1) * np.sum(first**2 * transform ** (tokens - 2)) * 0.1
    return mean, tokens * np.sum(one * rest) * 0.1, tokens * (square - mean**2)


@pytest.mark.parametrize("point", POINTS)
def test_corrections_are_the_slopes_of_the_exact_means(point):
    found = np.array([exact_means(point, int(size)) for size in SIZES])
    for column, output in enumerate(LAW.outputs):
        scaled = SIZES * (found[:, column] - LAW(**point, output=output))
        want = LAW.correction(**point, tokens=2, output=output) * 2
        steps = np.diff(scaled)
        assert steps[0] / steps[1] == pytest.approx(2, rel=0.2)
        assert (scaled[0] - 6 * scaled[1] + 8 * scaled[2]) / 3 == pytest.approx(want, rel=0.005)


@pytest.mark.parametrize("s", [0.2, 0.9])
def test_two_equal_parts_are_one_gaussian(s):
    point: dict[str, Any] = {
        "beta": s,
        "share": 0.4,
        "first": 0.0,
        "second": 0.0,
        "width_first": 1.0,
        "width_second": 1.0,
    }
    assert LAW(**point) == pytest.approx(s, rel=1e-13)
    assert LAW(**point, output="weight") == pytest.approx(0.4, rel=1e-13)
    assert LAW(**point, output="variance") == pytest.approx(ONE(s=s), rel=1e-12)
    assert LAW.correction(**point, tokens=64) * 64 == pytest.approx(ONE(s=s, output="bias"), rel=1e-12)
    assert LAW.correction(**point, tokens=64, output="variance") == pytest.approx(ONE.correction(s=s, tokens=64))


def test_narrow_parts_are_tags():
    """Parts of one place each: the weights of a softmax over two scores."""
    point: dict[str, Any] = {
        "beta": 3.0,
        "share": 0.5,
        "first": 1.0,
        "second": -1.0,
        "width_first": 0.05,
        "width_second": 0.05,
    }
    assert LAW(**point, output="weight") == pytest.approx(1 / (1 + np.exp(-6.0)), rel=1e-12)


def test_what_the_simulation_takes_away_is_of_the_law():
    for point in POINTS:
        assert read_by_all(**point)[1] == pytest.approx(LAW(**point), rel=1e-12)
    assert "a quarter of ln T" in EXPERIMENT.reliable(tokens=100, **POINTS[0] | {"beta": 1.2})
    assert not EXPERIMENT.reliable(tokens=100, **POINTS[0])


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "cited"
    assert [result.status for result in proof.results] == ["definition", "cited", "symbolic"] * 6
