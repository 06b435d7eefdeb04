"""minimax.constant against the balance itself, inverted exactly on a finite grid of sizes."""

import math

import numpy as np
import pytest

from attnlaws.theory.minimax.constant import LAW
from attnlaws.theory.prove import prove

VOLUMETRIC = {  # -ln R over the power of ln n, at ln n = 27.6, 230, 1e3, 1e4, 1e5
    (1.0, 0.5): (1.734, 1.903, 1.953, 1.985, 1.995),
    (2.0, 0.15): (1.122, 1.246, 1.300, 1.349, 1.372),
    (0.5, 1.0): (2.650, 2.828, 2.863, 2.880, 2.8835),
}


def log_risk(log_n, alpha, kappa):
    """-ln R = 2 u: the largest number of axes at whose opening ln n is not exceeded, and the line from there on."""
    total, number = 0.0, 0
    while 2 * kappa * (number + 1) ** alpha + (number * (number + 1) ** alpha - total) * kappa <= log_n:
        number += 1
        total += number**alpha
    return 2 * (log_n + kappa * total) / (2 + number)


@pytest.mark.parametrize(("alpha", "kappa"), VOLUMETRIC)
def test_the_balance_at_five_sizes_and_the_constant_it_comes_near(alpha, kappa):
    sizes, p = np.array([27.6, 230, 1e3, 1e4, 1e5]), alpha / (1 + alpha)
    found = np.array([log_risk(size, alpha, kappa) for size in sizes]) / sizes**p
    assert found == pytest.approx(np.array(VOLUMETRIC[alpha, kappa]), abs=6e-4)
    limit = LAW(alpha=alpha, kappa=kappa)
    assert (found < limit).all() and (np.diff(limit - found) < 0).all()
    # two orders instead of one: what is left is smaller by the number of axes at least
    two = limit + LAW(alpha=alpha, kappa=kappa, output="second_order") * sizes ** (p - 1)
    axes = (sizes / (kappa * p)) ** (1 - p)
    assert (abs(two - found) < (limit - found) * 2 / axes ** min(alpha, 1)).all()


def test_for_alpha_one_the_balance_without_steps_is_a_quadratic():
    """u^2/(2 kappa) + (3/2) u = ln n, so that 2 u = sqrt(kappa) sqrt(8 ln n + 9 kappa) - 3 kappa."""
    kappa, size = 0.5, 1e10
    exact = math.sqrt(kappa) * math.sqrt(8 * size + 9 * kappa) - 3 * kappa
    values = [LAW(alpha=1.0, kappa=kappa, output=name) for name in LAW.outputs]
    assert values == pytest.approx([2 * math.sqrt(2 * kappa), -3 * kappa])
    assert values[0] * size**0.5 + values[1] == pytest.approx(exact, rel=1e-10)


def test_the_constant_peaks_where_p_is_one_over_e():
    alpha = np.linspace(0.3, 2, 1701)
    relative = LAW(alpha=alpha, kappa=1.0) / 2
    assert alpha[relative.argmax()] == pytest.approx(1 / (math.e - 1), abs=1e-3)
    assert relative.max() == pytest.approx(math.exp(1 / math.e), rel=1e-6)


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "cited"
    assert not proof.failed
