"""spectrum_decay on spectra that are known, on noisy ones, and on what it refuses."""

import math

import array_api_strict as strict
import numpy as np
import pytest

from attnlaws.estimators import spectrum_decay
from attnlaws.estimators.spectrum import _line


def heat(d, n):
    """-ln of the first n eigenvalues of the heat kernel on a torus, at t = 0.05."""
    reach = {1: n // 2 + 1, 2: 30, 3: 14}[d]
    axis = np.arange(-reach, reach + 1.0) ** 2
    squares = axis
    for _ in range(d - 1):
        squares = squares[..., None] + axis
    return 0.05 * np.sort(squares[squares <= reach**2].ravel())[:n]


def gaussian(d, n):
    """The same of a Gaussian kernel with B = exp(-0.7)."""
    degrees = np.arange(n if d == 1 else 60)
    numbers = [math.comb(int(m) + d - 1, d - 1) for m in degrees]
    return 0.7 * np.repeat(degrees, numbers)[:n].astype(float)


SPECTRA = [
    (heat, 1, 200, 2, 0.05 / 4),
    (heat, 2, 1000, 1, 0.05 / math.pi),
    (heat, 3, 4000, 2 / 3, 0.05 / (4 * math.pi / 3) ** (2 / 3)),
    (gaussian, 1, 300, 1, 0.7),
    (gaussian, 2, 1000, 1 / 2, 0.7 * math.sqrt(2)),
    (gaussian, 3, 4000, 1 / 3, 0.7 * 6 ** (1 / 3)),
]


@pytest.mark.parametrize(("spectrum", "d", "n", "alpha", "c"), SPECTRA)
def test_kernels_whose_spectra_are_known(spectrum, d, n, alpha, c):
    found = spectrum_decay(np.exp(-spectrum(d, n)))
    assert found.alpha_interval[0] <= alpha <= found.alpha_interval[1]
    assert found.alpha == pytest.approx(alpha, rel=0.05)
    assert found.c_interval[0] * 0.999 <= c <= found.c_interval[1] * 1.001
    assert found.p == pytest.approx(found.alpha / (1 + found.alpha))
    assert found.p_interval[0] <= alpha / (1 + alpha) <= found.p_interval[1]
    assert not found.power_law and "power law" not in str(found)


@pytest.mark.parametrize(("alpha", "c"), [(0.5, 1.0), (1.5, 0.02)])
def test_an_exact_power_is_found_whatever_the_factor(alpha, c):
    spectrum = 7e5 * np.exp(-c * np.arange(1.0, 301.0) ** alpha)
    found = spectrum_decay(spectrum)
    assert found.alpha_interval[0] <= alpha <= found.alpha_interval[1]
    assert found.alpha == pytest.approx(alpha, rel=0.02)
    assert found.misfit < 1e-3
    assert spectrum_decay(spectrum[:19]).alpha_interval[0] <= alpha


@pytest.mark.parametrize("power", [1.5, 3.0])
def test_a_power_law_is_said_to_be_one(power):
    found = spectrum_decay(np.arange(1.0, 500.0) ** -power)
    assert found.power_law
    assert found.power == pytest.approx(power, rel=1e-3)
    assert f"a power law j^(-{power:.3g}) fits better" in str(found)


def test_intervals_hold_the_exponent_of_noisy_spectra():
    """Each of 40 spectra may be missed by chance: of 600 others 5 % were, so that 10 misses are a chance of 1e-4."""
    rng, missed = np.random.default_rng(8), 0
    for _ in range(40):
        logs = 0.5 * np.arange(1.0, 201.0) ** 0.7 * (1 + 0.05 * rng.standard_normal(200))
        low, high = spectrum_decay(np.exp(-np.sort(logs))).alpha_interval
        missed += not low <= 0.7 <= high
        assert high / low < 2
    assert missed < 10


def test_a_line_is_fitted_as_numpy_does():
    rng = np.random.default_rng(2)
    x, y, weights = rng.uniform(1, 5, 30), rng.standard_normal(30), rng.uniform(0.5, 2, 30)
    slope, intercept, rest, _ = _line(np, weights, x, y)
    expected, (squares,) = np.polyfit(x, y, 1, w=np.sqrt(weights)), [0.0]
    squares = float((weights * (y - np.polyval(expected, x)) ** 2).sum())
    assert (slope, intercept, rest) == pytest.approx((*expected, squares), rel=1e-10)


def test_an_array_of_another_library():
    spectrum = np.exp(-0.3 * np.arange(50.0))
    assert spectrum_decay(strict.asarray(spectrum)) == spectrum_decay(spectrum)
    assert spectrum_decay(list(spectrum)) == spectrum_decay(spectrum)


FALLING = np.exp(-np.arange(20.0))


@pytest.mark.parametrize(
    ("eigenvalues", "message"),
    [
        (np.r_[FALLING, math.nan], r"eigenvalues\[20\] = nan: must be a real number > 0"),
        (np.r_[FALLING, 0.0], r"eigenvalues\[20\] = 0.0: must be a real number > 0"),
        (np.r_[math.inf, FALLING], r"eigenvalues\[0\] = inf: must be a real number > 0"),
        (FALLING - 0.5, r"eigenvalues\[1\] = -0.13.*: must be a real number > 0"),
        (np.r_[FALLING, 0.5], r"eigenvalues\[20\] = 0.5: must be at most 5.6.*e-09, the one before it"),
        (FALLING[::-1], r"eigenvalues\[1\] = .*: must be at most"),
        (FALLING[:15], r"eigenvalues.shape = \(15,\): must be of at least 16 eigenvalues"),
        (np.ones((4, 5)), "eigenvalues.ndim = 2: must be 1"),
        (np.ones(40), r"eigenvalues: must have 6 different ones in every range of ranks fitted \(there are 0"),
        (np.exp(-np.repeat(np.arange(5.0), 8)), r"eigenvalues: must have 6 different .*there are 4 from rank 11 on"),
        (1.0, "eigenvalues.ndim = 0: must be an integer >= 1"),
        ("text", "eigenvalues = 'text': must be an array of"),
    ],
    ids=range(12),
)
def test_what_is_refused(eigenvalues, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        spectrum_decay(eigenvalues)
