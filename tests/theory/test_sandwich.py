"""minimax.sandwich: the table of bounds by other routes, and estimates of other kinds that lie between them."""

import math

import numpy as np
import pytest
from scipy import integrate

from attnlaws.theory.minimax.assouad import LAW as ASSOUAD
from attnlaws.theory.minimax.pinsker_sobolev import LAW as PINSKER
from attnlaws.theory.minimax.regressogram_bound import LAW as REGRESSOGRAM
from attnlaws.theory.minimax.sandwich import LAW
from attnlaws.theory.minimax.tent_bayes import LAW as TENTS

SIZES = np.log([1e2, 1e4, 1e6, 1e9])


def test_the_ratio_is_three_to_five():
    """Of an independent computation: 3.1, 3.1, 3.5, 4.0 at kappa = 1 and n = 1e2, 1e4, 1e6, 1e9."""
    assert LAW(log_n=SIZES, alpha=1.0, kappa=1.0) == pytest.approx([3.1, 3.1, 3.5, 4.0], abs=0.06)
    rough = LAW(log_n=SIZES[:3], alpha=1.0, kappa=0.5)
    assert ((rough > 3.6) & (rough < 6.5)).all()


def test_it_holds_the_bounds_of_the_other_laws():
    for alpha, kappa in ((1.0, 1.0), (1.0, 0.5), (2.0, 0.15)):
        at = {"log_n": SIZES[:3], "alpha": alpha, "kappa": kappa}
        lower, upper = (LAW(output=side, **at) for side in ("lower", "upper"))
        assert (lower == TENTS(**at)).all()
        assert (upper == PINSKER(**at)).all()
        assert (ASSOUAD(**at) < lower).all()
        assert (lower < upper).all()
        assert (upper < REGRESSOGRAM(**at)).all()


def one_axis(count: int, size: float, kappa: float) -> float:
    """The Bayes risk of so many tents side by side on the first axis, by quadrature of its definition."""
    width = 2 * math.exp(-kappa) / count
    power = width**2 / 12
    signal = size * power / count

    def missed(z: float) -> float:
        return (1 - math.tanh(signal + math.sqrt(signal) * z)) ** 2 * math.exp(-z * z / 2)

    return power * integrate.quad(missed, -12, 12, epsabs=0, epsrel=1e-11)[0] / math.sqrt(2 * math.pi)


def series_on_one_axis(size: float, kappa: float) -> float:
    """Worst risk of Pinsker's rule for functions of the first axis, on which modes are spaced equally, by bisection."""
    step = math.pi / 2 * math.exp(kappa)
    low, high = step, 1e6 * step
    for _ in range(200):
        mu = math.sqrt(low * high)
        norms = step * np.arange(1, int(mu / step) + 1)
        low, high = (mu, high) if (norms * (mu - norms)).sum() < size else (low, mu)
    return float((1 + (1 - norms / mu).sum()) / size)


@pytest.mark.parametrize("kappa", [2.0, 4.0])
def test_one_axis_alone_has_both_bounds_in_closed_form(kappa):
    """The second axis is shorter than every cell: the bounds are those of one dimension."""
    size = math.exp(2 * kappa + 2.5)
    at = {"log_n": math.log(size), "alpha": 4.0, "kappa": kappa}
    assert LAW(output="lower", **at) == pytest.approx(max(one_axis(m, size, kappa) for m in range(1, 40)), rel=1e-9)
    assert LAW(output="upper", **at) == pytest.approx(series_on_one_axis(size, kappa), rel=1e-9)
