"""minimax.population_output: right for a whole measure, and where it is wrong for T tokens."""

import numpy as np
import pytest
from scipy import integrate, stats

from attnlaws.theory.minimax.clt_breakdown import LAW as EXACT
from attnlaws.theory.minimax.population_output import LAW
from attnlaws.theory.prove import prove


@pytest.mark.parametrize("s", [0.3, 2.0, 5.0])
def test_the_whole_measure_by_quadrature(s):
    def weight(x):
        return np.exp(s * x - s * s / 2) * stats.norm.pdf(x)

    mean = integrate.quad(lambda x: x * weight(x), s - 12, s + 12, epsabs=1e-13)[0]
    assert LAW(s=s) == pytest.approx(mean / integrate.quad(weight, s - 12, s + 12, epsabs=1e-13)[0], rel=1e-10)


def test_where_it_begins_to_be_wrong():
    """The exact output of T tokens: for 64 to 1024 of them it falls short by 5 % or more from 0.65 sqrt(2 ln T) on."""
    sizes = np.array([64, 256, 1024])
    edge = np.sqrt(2 * np.log(sizes))
    assert (EXACT(tokens=sizes, s=0.65 * edge) < 0.95 * LAW(s=0.65 * edge)).all()
    assert (EXACT(tokens=sizes, s=0.35 * edge) > 0.95 * LAW(s=0.35 * edge)).all()


def test_no_average_of_tokens_reaches_it():
    """Beyond sqrt(2 ln T), an upper bound of the mean of the largest of T tokens."""
    for point in ({"tokens": 128, "s": 4.0}, {"tokens": 1024, "s": 6.0}):
        assert EXACT(**point) < np.sqrt(2 * np.log(point["tokens"])) < LAW(s=point["s"])


def test_what_is_proved():
    assert prove(LAW).badge == "proven"
