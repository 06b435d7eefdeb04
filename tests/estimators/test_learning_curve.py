"""Local exponents of learning curves: coverage, windows, other fits of the same line, and bad input."""

import array_api_strict as strict
import numpy as np
import pytest
from scipy import stats

import attnlaws as al
from attnlaws.estimators import local_exponent

SIZES = np.geomspace(1e2, 1e5, 13)


def curve(rng, exponent=0.4, relative=0.02, sizes=SIZES):
    """Risks with normal errors, and their standard errors."""
    risk = 3 * sizes**-exponent
    return risk * (1 + relative * rng.normal(size=sizes.size)), relative * risk


def test_intervals_cover_as_often_as_they_say():
    """1500 curves. For one interval 2.3 % is 4 standard deviations of the count (false alarm 6e-5), and error bars that
    are 11 % too small are seen; the band must cover at least that often, and not always."""
    rng = np.random.default_rng(20261121)
    inside, band, runs = 0, 0, 1500
    for _ in range(runs):
        found = local_exponent(SIZES, *curve(rng))
        inside += found.lower[2] <= 0.4 <= found.upper[2]
        band += bool(((found.band_lower <= 0.4) & (found.band_upper >= 0.4)).all())
    assert abs(inside / runs - 0.95) < 0.023
    assert 0.927 < band / runs < 0.997


def test_a_window_is_least_squares_with_these_weights():
    rng = np.random.default_rng(1)
    risk, error = curve(rng, relative=0.05)
    error = error * rng.uniform(0.5, 2, SIZES.size)
    found = local_exponent(SIZES, risk, error, window=20)
    for i in range(found.n.size):
        part = slice(i, i + found.sizes[i])
        (slope, _), covariance = np.polyfit(
            np.log(SIZES[part]), np.log(risk[part]), 1, w=risk[part] / error[part], cov="unscaled"
        )
        assert found.exponent[i] == pytest.approx(-slope, rel=1e-9)
        assert found.standard_error[i] == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-9)
        fit = np.polyval(np.polyfit(np.log(SIZES[part]), np.log(risk[part]), 1, w=risk[part] / error[part]), 0)
        rest = np.log(risk[part]) - fit + found.exponent[i] * np.log(SIZES[part])
        assert found.misfit[i] == pytest.approx(np.sum((rest * risk[part] / error[part]) ** 2), rel=1e-6)
        assert found.chance[i] == pytest.approx(stats.chi2.sf(found.misfit[i], found.sizes[i] - 2), rel=1e-6)


def test_windows_are_as_wide_as_asked_and_none_lies_in_another():
    found = local_exponent(SIZES, SIZES**-0.5, 0.01 * SIZES**-0.5, window=10)
    assert found.sizes.tolist() == [5] * 9
    assert found.n[0] == pytest.approx(10**2.5)
    uneven = np.array([1.0, 2.0, 3.0, 50.0, 60.0, 70.0])
    assert local_exponent(uneven, 1 / uneven, 0.01 / uneven, window=4).sizes.tolist() == [3, 3]
    assert local_exponent(uneven, 1 / uneven, 0.01 / uneven, window=100).sizes.tolist() == [6]


def test_a_bend_within_a_window_shows_as_misfit():
    n = np.geomspace(10, 1000, 9)
    bent = np.exp(-0.5 * np.log(n) - 0.1 * np.log(n / 100) ** 2)
    assert local_exponent(n, bent, 0.001 * bent, window=100).chance[0] < 1e-10
    assert local_exponent(n, n**-0.5, 0.001 * n**-0.5, window=100).chance[0] > 0.99


def test_it_finds_the_drift_that_the_law_has():
    """Pinsker's risk with 1 % noise: all windows have the exponents of its own curve, and the first and last differ."""
    law = al.law("minimax.pinsker_sobolev")
    n = np.geomspace(1e2, 1e6, 17)
    risk = law(log_n=np.log(n), alpha=1.0, kappa=0.5)
    own = local_exponent(n, risk, 0.01 * risk)
    noisy = risk * (1 + 0.01 * np.random.default_rng(3).normal(size=n.size))
    found = local_exponent(n, noisy, 0.01 * risk)
    assert (abs(found.exponent - own.exponent) < 5 * found.standard_error).all()  # false alarm 1e-5
    assert own.exponent[0] - own.exponent[-1] > 0.15
    assert found.band_lower[0] > found.band_upper[-1]


def test_lists_and_tensors_give_the_same_numbers():
    risk, error = curve(np.random.default_rng(2))
    want = local_exponent(SIZES, risk, error).exponent
    assert (local_exponent(SIZES.tolist(), risk.tolist(), error.tolist()).exponent == want).all()
    made = [strict.asarray(values) for values in (SIZES, risk, error)]
    assert (local_exponent(*made).exponent == want).all()


@pytest.mark.parametrize(("changes", "message"), [
    ({"n": [1, 2, 2, 4]}, r"n\[2\] = 2.0: must be above the size before it"),
    ({"n": [1, 2, np.nan, 4]}, r"n\[2\] = nan: must be a real number > 0"),
    ({"risk": [1, 0.5, 0, 0.1]}, r"risk\[2\] = 0.0: must be a real number > 0"),
    ({"risk": [1, 0.5, 0.2]}, r"risk.shape = \(3,\): must be that of n"),
    ({"standard_error": [0.01, 0.2, 0.01, 0.01]}, r"standard_error\[1\] = 0.2: must be less than a quarter"),
    ({"standard_error": [0.01, -0.2, 0.01, 0.01]}, r"standard_error\[1\] = -0.2: must be a real number > 0"),
    ({"window": 1}, r"window = 1: must be a real number > 1"),
    ({"window": 1.5}, r"window = 1.5: must be one that holds 3"),
    ({"n": [[1, 2, 3, 4]]}, r"n.shape = \(1, 4\): must be that of n, in one dimension"),
])  # fmt: skip
def test_bad_input_is_named(changes, message):
    given = {"n": [1, 2, 3, 4], "risk": [1, 0.5, 0.3, 0.25], "standard_error": [0.01] * 4, **changes}
    with pytest.raises(ValueError, match=message):
        local_exponent(**given)
