"""minimax.polynomial_spectrum: powers and constants by counting modes and cells, and by quadrature."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import integrate, optimize

from attnlaws.simulations.minimax import polynomial_spectrum as exact
from attnlaws.theory import power_axes
from attnlaws.theory.minimax.polynomial_spectrum import LAW
from attnlaws.theory.prove import prove


def modes_below(mu: float, b: float) -> np.ndarray:
    """The norms of all modes below mu, axis by axis: every squared norm so far with every mode of the next axis."""
    squares = np.zeros(1)
    for axis in range(1, 10_000):
        step = (math.pi / 2) ** 2 * axis**b
        if step > mu * mu:
            return np.sqrt(squares)
        each = step * np.arange(int(mu / math.sqrt(step)) + 1.0) ** 2
        squares = (squares[:, None] + each).ravel()
        squares = squares[squares < mu * mu]
    raise AssertionError("too many axes")


@pytest.mark.parametrize(("b", "mu", "off"), [(2.0, 28.0, 0.03), (3.0, 60.0, 0.03)])
def test_the_risk_of_all_modes_one_by_one(b, mu, off):
    """Tens of thousands of modes: the inversion is exact, and the saddle point off by less than what is stated."""
    norms = modes_below(mu, b)
    assert 1e4 < len(norms) < 1e7
    log_n = math.log((norms * (mu - norms)).sum())
    risk = (1 - norms / mu).sum() / math.exp(log_n)
    slope = log_n * ((1 - norms / mu) ** 2).sum() / (1 - norms / mu).sum()
    found, log_risk = exact.pinsker(log_n, b)
    assert math.exp(log_risk) == pytest.approx(risk, rel=1e-3)
    assert found == pytest.approx(slope, rel=3e-3)
    exponent, log_saddle = power_axes.saddle_risk(log_n, b)
    assert math.exp(log_saddle) == pytest.approx(risk, rel=off)
    assert exponent == pytest.approx(slope, rel=0.02)


def test_the_sobolev_exponent_falls_to_b_plus_one():
    """Numbers of an independent evaluation: 3.05 at b = 2, ln n = 200; 4.10 at b = 3; and b + 1 far out."""
    assert LAW(notion="sobolev", b=2.0, log_n=200.0) == pytest.approx(3.05, abs=0.005)
    assert power_axes.saddle_risk(6000.0, 2.0)[0] == pytest.approx(3.0033, abs=0.001)
    assert power_axes.saddle_risk(200.0, 3.0)[0] == pytest.approx(4.10, abs=0.01)
    assert power_axes.saddle_risk(6e4, 3.0)[0] == pytest.approx(4.0, abs=0.002)


def test_the_sobolev_constant_is_approached():
    """At ln n = 6000 the risk is within half a percent of it, one percent at b = 3; a quadrature gives its integral."""
    start = 0.03
    for b, integral, off in ((2.0, 1.24829, 5e-3), (3.0, 1.65212, 1e-2)):

        def height(x: float, b: float = b) -> float:
            return math.log(sum(math.exp(-(x**b) * k * k) for k in range(int(7 / x ** (b / 2)) + 2)))

        direct = sum(integrate.quad(height, *ends, epsrel=1e-9)[0] for ends in ((start, 0.3), (0.3, 1), (1, 6)))
        near_zero = start * (b / 2 - b / 2 * math.log(start) + 0.5 * math.log(math.pi) - math.log(2))
        near_zero += start ** (b / 2 + 1) / (b / 2 + 1) / math.sqrt(math.pi)
        assert direct + near_zero == pytest.approx(integral, abs=2e-5)
        want = (2 / math.pi) ** 2 * (integral / b) ** b * (1 + b) ** (1 + b)
        assert LAW(notion="sobolev", b=b, output="constant") == pytest.approx(want, rel=1e-4)
        _, log_risk = power_axes.saddle_risk(6000.0, b)
        assert math.exp(log_risk) * 6000.0 ** (b + 1) == pytest.approx(want, rel=off)


@pytest.mark.parametrize("b", [1.5, 2.0, 3.0])
def test_the_volumetric_balance_without_steps(b):
    """ln n = 2 u + (b/2) exp(2 u/b) on an ellipsoid, at sizes where the noise is all that is left."""

    def level(log_n: float) -> float:
        most = b / 2 * math.log(2 * log_n / b)
        found: Any = optimize.brentq(lambda u: 2 * u + b / 2 * math.exp(2 * u / b) - log_n, 0, most, xtol=1e-14)
        return found

    log_n = 1e9
    slope = 2 * (level(log_n * 1.1) - level(log_n)) / math.log(1.1)
    assert LAW(notion="volumetric", b=b) == pytest.approx(slope, rel=1e-6)
    assert LAW(notion="volumetric", b=b, output="constant") == pytest.approx(
        math.exp(-2 * level(log_n) + b * math.log(log_n)), rel=1e-6
    )


def test_the_codebook_of_one_bit_and_many():
    """With the first D axes told apart down to axis D + 1, ln n and distortion are sums."""
    b, number = 2.0, 30
    j = np.arange(1.0, number + 2)
    water = (number + 1.0) ** -b
    log_n = 0.5 * float(np.log(j**-b / water).sum()) + 1e-9
    rest = math.pi**2 / 6 - float((j**-b).sum())
    risk = (number + 1) * water + rest
    assert LAW(notion="neighbor", b=b, log_n=log_n, output="constant") == pytest.approx(risk * log_n, rel=1e-8)
    assert LAW(notion="neighbor", b=b, log_n=log_n) == pytest.approx(2 * log_n * water / risk, rel=1e-8)


@pytest.mark.parametrize("b", [2.0, 3.0])
def test_tents_leave_a_gap_to_sobolev(b):
    """On cubes of half the width of axis D, cut in whole cells, the tents' risk at n = M/v is v: the power is b + 2."""

    def bound(axes: float) -> tuple[float, float]:
        cells = np.floor(2 * (axes / np.arange(1.0, axes + 1)) ** (b / 2) * (1 + 1e-12))
        log_risk = -b * math.log(axes) - math.log(2 * (axes + 1) * (axes + 2))
        return float(np.log(cells).sum()) - log_risk, log_risk

    (first, before), (last, after) = bound(1e5), bound(1e6)
    assert (before - after) / math.log(last / first) == pytest.approx(b + 2, rel=1e-3)
    assert LAW(notion="sobolev", b=b) == b + 1


def test_the_three_powers_are_in_order():
    for b in (1.5, 2.0, 3.5):
        assert [LAW(notion=notion, b=b) for notion in ("neighbor", "volumetric", "sobolev")] == [b - 1, b, b + 1]


def test_where_the_saddle_point_is_refused():
    with pytest.raises(ValueError, match="log_n"):
        LAW(notion="sobolev", b=2.0, log_n=10.0)


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "algorithm"
    assert not proof.failed
