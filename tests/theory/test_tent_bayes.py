"""minimax.tent_bayes against quadrature in other variables, every partition of a small box, and functions spelt out."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from flint import ctx
from mpmath import mp
from scipy import integrate

from attnlaws.theory import tents
from attnlaws.theory.box import balance
from attnlaws.theory.minimax.tent_bayes import LAW

TEN = float(np.log(10))
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(120)


def mmse(signal):
    """1 - E tanh by Gauss-Hermite nodes."""
    return 1 - float(np.tanh(signal + np.sqrt(signal) * NODES) @ WEIGHTS / WEIGHTS.sum())


def power(widths):
    """Mean square of the distance to the nearest face, its chances integrated by an adaptive rule."""
    return integrate.quad(lambda t: 2 * t * np.prod(1 - 2 * t / np.asarray(widths)), 0, min(widths) / 2, epsabs=0)[0]


@pytest.mark.parametrize(("signal", "value"), [(0.3, 0.76318), (1.0, 0.44960), (3.0, 0.12432)])
def test_mean_square_errors_of_a_sign(signal, value):
    assert mmse(signal) == pytest.approx(value, abs=6e-6)
    assert np.exp(tents.log_mmse(signal)) == pytest.approx(mmse(signal), rel=1e-7)  # what 120 nodes reach


@pytest.mark.parametrize("signal", [1e-12, 0.01, 30.0, 400.0])
def test_the_mixture_reaches_from_no_signal_to_a_strong_one(signal):
    """exp(-gamma/2) E 1/cosh(sqrt(gamma) Z), without cancellation, in mpmath."""
    mp.dps = 30
    scale = mp.sqrt(signal)
    mean = mp.quad(lambda z: mp.npdf(z) / mp.cosh(scale * z), [-12, -2, -0.2, 0, 0.2, 2, 12])
    assert tents.log_mmse(signal) == pytest.approx(float(-mp.mpf(signal) / 2 + mp.log(mean)), rel=1e-12, abs=1e-15)


def test_the_mean_square_of_a_tent():
    """On 4 by 3 by 2 cells, and on cubes, where it is w^2/(2 (D + 1) (D + 2))."""
    counts = np.array([4.0, 3.0, 2.0])
    widths = 2 * np.exp(-0.5 * np.arange(1, 4)) / counts
    assert power(widths) == pytest.approx(1.56846e-3, abs=6e-9)
    assert np.exp(tents.log_power(np.log(widths))) == pytest.approx(power(widths), rel=1e-12)
    for d in (1, 2, 17, 126, 400):
        assert np.exp(tents.log_power(np.full(d, np.log(0.3)))) == pytest.approx(0.045 / ((d + 1) * (d + 2)), rel=1e-12)


@pytest.mark.parametrize(("decades", "bound"), [(2, 6.98e-3), (4, 4.22e-4), (6, 4.46e-5), (9, 3.02e-6), (12, 3.15e-7)])
def test_a_table_of_another_search(decades, bound):
    """alpha = kappa = 1; over 1500 edges and three ways of rounding, computed elsewhere, in three digits."""
    assert LAW(log_n=decades * TEN, alpha=1.0, kappa=1.0) == pytest.approx(bound, rel=2.5e-3)


@pytest.mark.parametrize(("decades", "slope"), [(3, 0.468), (6, 0.336), (9, 0.281), (12, 0.229)])
def test_local_slopes(decades, slope):
    """Over a decade around the sample size, alpha = 1 and kappa = 1/2."""
    low, high = LAW(output="log", log_n=(decades + np.array([-0.5, 0.5])) * TEN, alpha=1.0, kappa=0.5)
    assert (low - high) / TEN == pytest.approx(slope, abs=6e-4)


@pytest.mark.parametrize(("log_n", "ratio"), [(12 * TEN, 2.394), (230, 2.291), (1e3, 2.189), (1e4, 2.084)])
def test_the_constant_is_approached_slowly(log_n, ratio):
    """-ln R over sqrt(ln n), which tends to 2 for alpha = 1 and kappa = 1/2."""
    assert -LAW(output="log", log_n=log_n, alpha=1.0, kappa=0.5) / np.sqrt(log_n) == pytest.approx(ratio, abs=1e-3)


@pytest.mark.parametrize(("log_n", "alpha", "kappa"), [(3.0, 1.0, 1.0), (5.0, 1.0, 0.5), (5.0, 2.0, 0.3)])
def test_every_partition_of_a_small_box(log_n, alpha, kappa):
    """Up to 9 parts of each of four axes: nothing that is tried beats the best, which is 5 % larger at most."""
    best = 0.0
    for counts in itertools.product(range(1, 10), range(1, 7), range(1, 5), range(1, 4)):
        cut = np.array([m > 1 for m in counts])
        cut[0] |= not cut.any()
        widths = (2 * np.exp(-kappa * np.arange(1, 5) ** alpha) / np.array(counts))[cut]
        square = float(np.exp(tents.log_power(np.log(widths))))
        best = max(best, square * mmse(np.exp(log_n) * square / np.prod(counts)))
    assert 0.95 * best < LAW(log_n=log_n, alpha=alpha, kappa=kappa) < best * (1 + 1e-9)


def test_the_balance_is_that_of_the_box():
    for alpha, kappa in ((1.0, 0.5), (0.5, 0.3), (3.0, 2.0)):
        fast = tents.Balance(200.0, alpha, kappa)
        for log_n in (-4.0, 0.3, 13.8, 200.0):
            assert fast(log_n) == pytest.approx(float(balance(log_n, alpha, kappa)[0]), rel=1e-12)


def test_tents_of_any_sign_are_lipschitz():
    """No pair of points violates it: neighbors, and points across the faces of cells."""
    chosen = tents.best(tents.bayes, 9.0, 1.0, 0.5)
    counts = np.exp(chosen.log_counts).round().astype(int)
    widths, half = np.exp(chosen.log_widths), np.exp(chosen.log_widths) * counts / 2
    assert counts.size == 3
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], counts)

    def value(x):
        place = (x + half) / widths
        cell = np.minimum(place.astype(int), counts - 1)
        distance = widths * (0.5 - np.abs(place - cell - 0.5))
        return signs[tuple(cell.T)] * distance.min(axis=1)

    x = rng.uniform(-half, half, (20_000, 3))
    for step in (1e-3, 0.05, 1.0):
        y = np.clip(x + step * rng.uniform(-half, half, x.shape), -half, half)
        assert (np.abs(value(x) - value(y)) <= np.linalg.norm(x - y, axis=1) + 1e-12).all()


def random_design(log_n, noise, replicates, seed):
    """The Bayes risk of the best tents with n random points instead of white noise, and its standard error."""
    chosen = tents.best(tents.bayes, log_n, 1.0, 0.5)
    n, half = int(np.exp(log_n) * noise**2), np.exp(chosen.log_widths) / 2
    cells = round(float(np.exp(chosen.log_cells)))
    rng = np.random.default_rng(seed)
    points = rng.binomial(n, 1 / cells, replicates)
    squares = (half * rng.random((points.sum(), half.size))).min(axis=1) ** 2
    signal = np.bincount(np.repeat(np.arange(replicates), points), squares, replicates) / noise**2
    risks = np.exp(chosen.log_power + tents.log_mmse(signal))
    return risks.mean(), risks.std() / np.sqrt(replicates)


def test_random_points_leave_more_risk_than_white_noise():
    """By 12 %, 20 standard errors, with 29 points in 18 cells, and by less than 0.2 % with noise that takes 27 000
    points to overcome. A false alarm at 5 standard errors: 6e-7."""
    bound = LAW(log_n=8.0, alpha=1.0, kappa=0.5)
    mean, error = random_design(8.0, 0.1, 4000, 1)
    assert mean > bound + 5 * error
    mean, error = random_design(8.0, 3.0, 2000, 2)
    assert -5 * error < mean - bound < 5 * error + 0.002 * bound


def test_another_partition_is_outside_the_balls():
    case = LAW.derivation("power")
    assert case.enclosure is not None
    point = {"log_n": Fraction(8), "alpha": Fraction(1), "kappa": Fraction(1, 2)}
    ball = case.enclosure(digits=11, **point)
    assert abs(float(ball.mid()) / LAW(output="power", log_n=8, alpha=1, kappa=0.5) - 1) < 1e-12
    chosen = tents.best(tents.bayes, 8.0, 1.0, 0.5)
    coarser = tents.Tents(chosen.log_counts[:-1], chosen.log_widths[:-1], chosen.log_power, chosen.log_signal)
    with ctx.workprec(200):
        other = tents.balls(coarser, *point.values())[0].exp()
    assert not other.overlaps(ball) and float(other.mid()) > 1.05 * float(ball.mid())


def test_the_domain_ends_where_a_thousand_axes_are_cut():
    with pytest.raises(ValueError, match="log_n"):
        LAW(output="log", log_n=2e4, alpha=0.5, kappa=1.0)
    with pytest.raises(ValueError, match="only the output log"):
        LAW(log_n=701.0, alpha=1.0, kappa=1.0)
    assert tents.best(tents.bayes, 1e4, 0.5, 1.0).log_counts.size < 1000
