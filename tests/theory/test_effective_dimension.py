"""minimax.effective_dimension against steps counted by hand, and its growth."""

import dataclasses
import random

import numpy as np
import pytest

from attnlaws.theory.accuracy import certify
from attnlaws.theory.box import balance_ball
from attnlaws.theory.law import free_domains, sample_point
from attnlaws.theory.minimax.effective_dimension import LAW, smoothed_ball
from attnlaws.theory.parameter import integer, real
from attnlaws.theory.prove import prove


@pytest.mark.parametrize("kappa", [0.5, 1.0, 2.3])
def test_for_alpha_one_an_axis_opens_where_the_sum_of_whole_numbers_says(kappa):
    """1 + ... + D = D (D + 1)/2, so that axis D + 1 opens at kappa (D + 1) (D + 4)/2."""
    before = np.arange(40)
    opens = kappa * (before + 1) * (before + 4) / 2
    assert (LAW(log_n=opens * (1 - 1e-9), alpha=1.0, kappa=kappa) == before).all()
    assert (LAW(log_n=opens * (1 + 1e-9), alpha=1.0, kappa=kappa) == before + 1).all()


def test_numbers_of_axes_at_four_sizes():
    assert LAW(log_n=np.log([1e3, 1e6, 1e9, 1e12]), alpha=1.0, kappa=0.5).tolist() == [3, 6, 7, 9]
    assert LAW(log_n=np.log([1e2, 1e4, 1e6, 1e9, 1e12]), alpha=1.0, kappa=1.0).tolist() == [1, 3, 3, 5, 6]


def test_by_hand_with_a_query_and_a_rough_functional():
    """kappa = 1, alpha = 2, beta = 1/2, d_q = 3: axis 3 opens at 4 * 9 + (9 - 1) + (9 - 4) = 49."""
    assert LAW(log_n=[48.99, 49.01], alpha=2.0, kappa=1.0, beta=0.5, d_q=3).tolist() == [2, 3]


@pytest.mark.parametrize(("alpha", "kappa"), [(1.0, 0.5), (2.0, 0.15), (0.5, 1.0)])
def test_the_steps_swing_about_the_smooth_number_by_a_half(alpha, kappa):
    sizes = np.linspace(20, 2000, 5000)
    gap = LAW(log_n=sizes, alpha=alpha, kappa=kappa) - LAW(log_n=sizes, alpha=alpha, kappa=kappa, output="smoothed")
    assert -0.55 < gap.min() < -0.45 and 0.45 < gap.max() < 0.55
    assert abs(gap.mean()) < 0.03


@pytest.mark.parametrize(("alpha", "kappa"), [(1.0, 0.5), (2.0, 0.15), (0.5, 1.0)])
def test_it_grows_like_a_power_of_ln_n(alpha, kappa):
    """In the limit D^(1 + alpha) kappa p is ln n. The noise less a half makes it smaller by 3/(2 p D), a step by
    (1 + alpha)/D at most."""
    number, p = LAW(log_n=1e5, alpha=alpha, kappa=kappa), alpha / (1 + alpha)
    ratio = kappa * p * number ** (1 + alpha) / 1e5
    assert 1 - (1.6 / p + 1 + alpha) / number < ratio < 1 - 1.4 / p / number


def test_smooth_number_is_zero_before_the_first_axis():
    assert LAW(log_n=0.7, alpha=1.0, kappa=1.0, output="smoothed") == 0
    assert LAW(log_n=1.01, alpha=1.0, kappa=1.0, output="smoothed") == pytest.approx(0.005, rel=0.01)


def test_where_there_are_axes_it_is_accurate():
    """Relative errors say nothing of a 0, so the parameters are those at which there are axes."""
    narrow = {"log_n": real(minimum=50, maximum=1e5), "d_q": integer(0, 50), "kappa": real(minimum=0.01, maximum=1)}
    parameters = tuple(
        dataclasses.replace(parameter, domain=narrow.get(parameter.name, parameter.domain))
        for parameter in LAW.parameters
    )
    for certificate in certify(dataclasses.replace(LAW, parameters=parameters)):
        assert certificate.passed and certificate.points == 20, certificate


def test_anywhere_it_is_what_balls_count():
    rng, none = random.Random(1), 0
    for _ in range(40):
        point = sample_point(free_domains(LAW, LAW.derivations[0]), rng)
        given = {name: float(value) for name, value in point.items()}
        number = int(LAW(**given))
        assert number == balance_ball(11, **point)[1]
        assert abs(float(smoothed_ball(digits=11, **point)) - LAW(output="smoothed", **given)) <= 1e-9 * (number + 1)
        none += number == 0
    assert 5 < none < 35


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "algorithm"
    assert not proof.failed
