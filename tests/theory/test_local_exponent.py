"""minimax.local_exponent against the risk itself, whose logarithm is the integral of the exponent."""

import mpmath
import numpy as np
import pytest

from attnlaws.theory.minimax.local_exponent import LAW
from attnlaws.theory.prove import prove


def log_risk(log_n, alpha, kappa, beta=1.0, d_q=0):
    """-2 u at the root u of log_n = (2 + d_q/beta) u + the sum of what is positive of u/beta - kappa j^alpha."""

    def above(u):
        longer = (u / beta - kappa * j**alpha for j in range(1, 300))
        return (2 + d_q / beta) * u + sum(max(mpmath.mpf(0), rest) for rest in longer) - log_n

    return -2 * mpmath.findroot(above, (0, log_n), solver="bisect", tol=1e-18, maxsteps=100)


@pytest.mark.parametrize(
    "point",
    [
        {"alpha": 1.0, "kappa": 0.5},
        {"alpha": 2.0, "kappa": 0.15, "beta": 0.5},
        {"alpha": 0.5, "kappa": 1.0, "beta": 0.7, "d_q": 2},
    ],
)
def test_the_exponent_adds_up_to_the_risk(point):
    """From ln n = 3 to 30, by the midpoint rule; every step that falls within an interval may cost one of them."""
    count = 20_000
    width = 27 / count
    middles = 3 + width * (np.arange(count) + 0.5)
    total = float(log_risk(30.0, **point) - log_risk(3.0, **point))
    assert -LAW(log_n=middles, **point).sum() * width == pytest.approx(total, rel=1e-4)
    smooth = -LAW(log_n=middles, output="smoothed", **point).sum() * width
    assert smooth == pytest.approx(total, rel=0.01)  # it runs through the middle of the steps


def test_four_exponents_known_from_counting():
    """alpha = 1, kappa = 1/2, n = 10^3, 10^6, 10^9, 10^12: 3, 6, 7 and 9 axes."""
    values = LAW(log_n=np.log([1e3, 1e6, 1e9, 1e12]), alpha=1.0, kappa=0.5)
    assert values == pytest.approx([0.4, 0.25, 2 / 9, 2 / 11])


def test_with_no_axis_at_all_it_is_that_of_the_query():
    assert LAW(log_n=1e-3, alpha=1.0, kappa=1.0) == 1  # a constant is learned at the parametric rate
    assert LAW(log_n=1e-3, alpha=1.0, kappa=1.0, beta=0.5, d_q=3) == 0.25


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "algorithm"
    assert not proof.failed
