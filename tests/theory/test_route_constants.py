"""minimax.route_constants against the three balances themselves, each at the best whole number of axes."""

import math

import numpy as np
import pytest

from attnlaws.theory.minimax.route_constants import LAW
from attnlaws.theory.prove import prove


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_the_three_balances_at_a_large_size(alpha):
    """kappa = 1. Every one of them is off its limit by 3 over its number of axes at most."""
    size = {0.5: 1e6, 1.0: 1e8, 2.0: 1e12}[alpha]
    number = np.arange(1, 40_001, dtype=float)
    longest, sums = number**alpha, np.cumsum(number**alpha)
    equal = np.interp(size, longest * (2 + number), longest)
    box = np.interp(size, longest * (2 + number) - sums, longest)
    cube = ((size + number * longest) / (2 + number)).min()
    axes = size ** (1 / (1 + alpha))
    assert axes < number[-1] / 3
    assert box / equal == pytest.approx(LAW(alpha=alpha, output="sharp"), rel=4 / axes)
    assert cube / equal == pytest.approx(LAW(alpha=alpha, output="low"), rel=4 / axes)


def test_their_order_and_the_largest_gap_of_the_upper_bound():
    alpha = np.linspace(0.25, 4, 3751)
    sharp, low = (LAW(alpha=alpha, output=name) for name in LAW.outputs)
    assert (sharp > 1).all() and (sharp < low).all()
    assert alpha[sharp.argmax()] == pytest.approx(1 / (math.e - 1), abs=1e-3)
    assert sharp.max() == pytest.approx(math.exp(1 / math.e), rel=1e-6)


def test_alpha_one():
    assert [LAW(alpha=1.0, output=name) for name in LAW.outputs] == pytest.approx([math.sqrt(2), 2])


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "cited"
    assert not proof.failed
