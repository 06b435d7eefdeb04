"""minimax.le_cam against a search over the height of the tent."""

import numpy as np
import pytest
from scipy import integrate, stats

from attnlaws.theory.minimax.assouad import LAW as ASSOUAD
from attnlaws.theory.minimax.le_cam import LAW, hardest


@pytest.mark.parametrize(("log_n", "kappa"), [(0.5, 0.1), (1.0, 1.0), (3.9, 1.0), (8.0, 1.0), (30.0, 3.0)])
def test_the_best_height(log_n, kappa):
    """Over 4001 heights, with the mean square of the tent by quadrature: to the square of their spacing."""
    half, a = np.exp(-kappa), np.linspace(0, 1, 4001)[1:] if log_n < 10 else np.geomspace(1e-6, 1, 40001)
    square = integrate.quad(lambda x: (half - abs(x)) ** 2 / (2 * half), -half, half, points=[0])[0]
    bounds = a**2 * square * stats.norm.sf(a * np.sqrt(np.exp(log_n) * square))
    assert LAW(log_n=log_n, kappa=kappa) == pytest.approx(bounds.max(), rel=1e-6)


def test_known_constants():
    """x^2 Phi(-x) is largest, 0.165717, at x = 1.190601: where its slope by a difference is 0."""
    x = hardest()
    assert x == pytest.approx(1.190601, abs=1e-6)
    assert x**2 * stats.norm.sf(x) == pytest.approx(0.165717, abs=1e-6)
    sides = [(x + e) ** 2 * stats.norm.sf(x + e) for e in (-1e-3, 1e-3)]
    assert max(sides) < x**2 * stats.norm.sf(x)


def test_it_falls_like_one_over_n_and_the_class_does_not():
    log_n = np.array([5.0, 10.0, 20.0, 40.0])
    plain = LAW(output="log", log_n=log_n, kappa=1.0)
    assert plain + log_n == pytest.approx(np.full(4, np.log(0.165717)), abs=1e-5)
    assert (np.diff(ASSOUAD(output="log", log_n=log_n, alpha=1.0, kappa=1.0) - plain) > 1).all()


def test_far_beyond_float64():
    assert LAW(output="log", log_n=1e5, kappa=1.0) == pytest.approx(-1e5 + np.log(0.165717), rel=1e-10)
    with pytest.raises(ValueError, match="only the output log"):
        LAW(log_n=1e5, kappa=1.0)
