"""minimax.regressogram against binomial sums of SciPy, counts by hand, and a training set spelt out."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from attnlaws.simulations.minimax.regressogram import literal
from attnlaws.theory.minimax.regressogram import LAW

BOX = {"alpha": 1.0, "kappa": 0.5, "J": 8}


def by_hand(*, n, alpha, kappa, J, noise, split, direction):
    """The risk with the binomial distribution of SciPy, and variances as the integrals that they are."""
    split = [*split, *[1] * (J - len(split))]
    gradient = [J**-0.5] * J if direction == "diagonal" else [1.0] + [0.0] * (J - 1)
    inner = whole = 0.0
    for axis, (g, m) in enumerate(zip(gradient, split, strict=True), 1):
        semi = math.exp(-kappa * axis**alpha)
        centers = semi * ((2 * np.arange(m) + 1) / m - 1)
        inner += g**2 * stats.uniform(0, 2 * semi / m).var()
        whole += g**2 * np.mean(centers**2)
    cells, count = math.prod(split), np.arange(1, n + 1)
    filled = float(np.sum(stats.binom.pmf(count, n, 1 / cells) / count))
    return inner + (inner + noise**2) * filled + stats.binom.pmf(0, n, 1 / cells) * whole


@pytest.mark.parametrize(
    ("n", "split", "noise", "direction", "value"),
    [
        (200, (4, 3, 2), 0.2, "diagonal", 0.00932224),
        (2000, (6, 4, 2, 2), 0.2, "diagonal", 0.00404232),
        (2000, (6, 4, 2, 2), 0.2, "first", 0.00559991),
        (60, (4, 3, 2, 2), 0.1, "diagonal", 0.0153548),
    ],
)
def test_it_is_the_binomial_sum(n, split, noise, direction, value):
    cells = {f"m_{axis}": m for axis, m in enumerate(split, 1)}
    law = float(LAW(n=n, noise=noise, direction=direction, **BOX, **cells))
    assert law == pytest.approx(by_hand(n=n, noise=noise, split=split, direction=direction, **BOX), rel=1e-12)
    assert law == pytest.approx(value, rel=2e-6)  # to the digits given


def test_one_cell_is_the_mean_of_all_samples():
    variance = sum(stats.uniform(0, 2 * math.exp(-0.7 * j**1.5)).var() for j in range(1, 6)) / 5
    law = float(LAW(n=10, alpha=1.5, kappa=0.7, J=5, noise=0.3, direction="diagonal"))
    assert law == pytest.approx(variance + (variance + 0.09) / 10, rel=1e-14)


def test_a_cell_s_count_by_enumeration():
    """Every way in which 5 samples fall into 4 cells."""
    counts = [falls.count(0) for falls in itertools.product(range(4), repeat=5)]
    reciprocal = sum(1 / count for count in counts if count) / len(counts)
    empty = counts.count(0) / len(counts)
    whole = math.exp(-1.0) / 3
    inner = whole / 16
    law = float(LAW(n=5, noise=0.5, direction="first", m_1=4, **BOX))
    assert law == pytest.approx(inner + (inner + 0.25) * reciprocal + empty * (whole - inner), rel=1e-13)


def test_many_samples_and_many_cells_keep_their_digits():
    """A million samples in 10^8 cells: the number in a cell is Poisson but for 1e-8, and zero nearly always."""
    law = float(LAW(n=10**6, noise=100.0, direction="first", m_1=100, m_2=100, m_3=100, m_4=100, **BOX))
    counts = np.arange(1, 6)
    filled = np.sum(stats.poisson.pmf(counts, 0.01) / counts)
    assert law == pytest.approx(1e4 * filled + stats.poisson.pmf(0, 0.01) * math.exp(-1) / 3, rel=1e-6)


def test_arrays_broadcast():
    values = LAW(n=[10, 100, 1000], noise=[[0.0], [0.2]], direction="diagonal", m_1=4, m_2=2, **BOX)
    assert values.shape == (2, 3)
    assert np.all(np.diff(values, axis=1) < 0)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="J = 3: must be an integer >= 4 and <= 16"):
        LAW(n=10, alpha=1.0, kappa=0.5, J=3, noise=0.2, direction="first")
    cells = {f"m_{axis}": 100 for axis in range(1, 5)}
    with pytest.raises(ValueError, match="m_1 m_2 m_3 m_4 = 100000000: must be at most 1048576 to be simulated"):
        literal().arguments(n=10, noise=0.2, direction="first", **BOX, **cells)
