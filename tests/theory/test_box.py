"""The box of the minimax laws: its power sums, and its balance against a bisection that adds axis by axis."""

import math

import mpmath
import numpy as np
import pytest
from scipy import optimize

from attnlaws.theory.box import balance, balance_ball, entropy, power_sum

POINTS = [
    {"log_n": 6.9, "alpha": 1.0, "kappa": 0.5, "beta": 1.0, "d_q": 0},
    {"log_n": 40.0, "alpha": 0.5, "kappa": 0.1, "beta": 0.5, "d_q": 3},
    {"log_n": 0.01, "alpha": 2.0, "kappa": 1.0, "beta": 1.0, "d_q": 0},
    {"log_n": 900.0, "alpha": 1.7, "kappa": 0.02, "beta": 0.3, "d_q": 17},
]


def by_hand(log_n, alpha, kappa, beta, d_q):
    """u and D by bisection in 30 digits, with the entropy as a plain sum over the axes."""
    with mpmath.workdps(30):

        def above(level):
            total, number = (2 * mpmath.mpf(beta) + d_q) * level, 0
            while (rest := level - mpmath.mpf(kappa) * mpmath.mpf(number + 1) ** alpha) > 0:
                total, number = total + rest, number + 1
            return total - log_n, number

        low, high = mpmath.mpf(0), mpmath.mpf(log_n) / (2 * mpmath.mpf(beta))
        for _ in range(90):
            middle = (low + high) / 2
            low, high = (low, middle) if above(middle)[0] > 0 else (middle, high)
        return float(beta * low), above(low)[1]


@pytest.mark.parametrize("alpha", [0.25, 1.0, 1.7, 4.0])
def test_power_sums_are_those_added_one_by_one(alpha):
    for number in (0, 1, 15, 16, 17, 40, 30_000):
        want = math.fsum(index**alpha for index in range(1, number + 1))
        assert float(power_sum(number, alpha)) == pytest.approx(want, rel=4e-14, abs=0)


@pytest.mark.parametrize("point", POINTS)
def test_the_balance_is_where_a_plain_sum_over_the_axes_balances(point):
    u, number = by_hand(**point)
    found = balance(**point)
    assert (float(found[0]), int(found[1])) == (pytest.approx(u, rel=1e-14), number)
    ball, count = balance_ball(15, **point)
    assert abs(float(ball) / u - 1) < 1e-14 and int(count.unique_fmpz()) == number


@pytest.mark.parametrize("alpha", [0.4, 1.0, 2.5])
@pytest.mark.parametrize("kappa", [0.2, 1.0, 5.0])
@pytest.mark.parametrize("log_n", [0.3, 11.0, 250.0])
def test_balance_by_a_root_search(log_n, alpha, kappa):
    axes = kappa * np.arange(1, 20_000) ** alpha

    def off(u):
        return 2 * u + np.maximum(u - axes, 0).sum() - log_n

    u, number = balance(log_n, alpha, kappa)
    assert float(u) == pytest.approx(optimize.brentq(off, 0, log_n, xtol=1e-13), rel=1e-11)
    assert number == np.sum(axes <= u)


def test_entropy_is_the_sum_over_the_longer_axes_also_where_one_opens():
    levels = np.array([0.5, 1.0, 2.7, 3.0, 10.0])
    want = [sum(max(0.0, level - 0.1 * index**0.5) for index in range(1, 10_002)) for level in levels]
    assert entropy(levels, 0.5, 0.1) == pytest.approx(np.array(want), rel=1e-12)


def test_a_balance_that_no_ball_decides_is_not_a_number():
    assert balance(2.0, 1.0, 1.0)[1] == 1  # the first axis is exactly as long as a cell, and counts
    assert not balance_ball(15, 2, 1, 1)[0].is_finite()
