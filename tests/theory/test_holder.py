"""minimax.holder against the Lipschitz law, of which it is a rescaling, and against the balance."""

import numpy as np
import pytest

from attnlaws.theory.minimax.holder import LAW
from attnlaws.theory.prove import prove


def log_risk(log_n, alpha, kappa, beta):
    """-ln R = 2 beta v: the largest number of axes at whose opening ln n is not exceeded, and the line from there."""
    total, number = 0.0, 0
    while (2 * beta + number) * (number + 1) ** alpha * kappa - kappa * total <= log_n:
        number += 1
        total += number**alpha
    return 2 * beta * (log_n + kappa * total) / (2 * beta + number)


@pytest.mark.parametrize(("alpha", "kappa", "beta"), [(1.0, 0.5, 0.5), (0.75, 1.0, 0.8), (1.0, 0.5, 0.25)])
def test_two_orders_are_near_the_balance(alpha, kappa, beta):
    size, p = 1e5, alpha / (1 + alpha)
    axes = (size / (kappa * p)) ** (1 - p)
    lead, second = (LAW(alpha=alpha, kappa=kappa, beta=beta, output=name) for name in ("value", "second_order"))
    found = log_risk(size, alpha, kappa, beta) / size**p
    assert abs(lead / found - 1) < 2 / axes
    assert abs((lead + second * size ** (p - 1)) / found - 1) < 2 / axes**1.5


def test_the_noise_and_half_an_axis_cancel_at_one_quarter():
    assert LAW(alpha=1.3, kappa=0.7, beta=0.25, output="second_order") == 0
    assert LAW(alpha=1.3, kappa=0.7, beta=0.2, output="second_order") > 0


def test_beta_multiplies_the_constant():
    beta = np.array([0.1, 0.5, 1.0])
    assert LAW(alpha=1.0, kappa=0.5, beta=beta) == pytest.approx(2 * beta)


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "cited"
    assert not proof.failed
