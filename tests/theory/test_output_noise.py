"""topk.output_noise against quadrature, in the tails, and its correction and model against rows and values drawn."""

import mpmath
import numpy as np
import pytest

from attnlaws.simulations.topk.output_noise import EXPERIMENT
from attnlaws.theory.prove import prove
from attnlaws.theory.topk.output_noise import LAW


def by_quadrature(eps, sigma):
    """Squares of the lognormal density of weights, integrated over the scores dropped and kept."""
    with mpmath.workdps(30):
        eps, sigma = mpmath.mpf(eps), mpmath.mpf(sigma)

        def squares(low, high):
            return mpmath.quad(lambda x: mpmath.exp(2 * sigma * x - x * x / 2), mpmath.linspace(low, high, 9))

        def weights(high):
            return mpmath.quad(lambda x: mpmath.exp(sigma * x - x * x / 2), mpmath.linspace(sigma - 16, high, 9))

        level = mpmath.findroot(
            lambda t: weights(t) / weights(sigma + 16) - eps, (sigma - 2, sigma + 1), solver="anderson", tol=1e-22
        )
        lost, kept = squares(2 * sigma - 16, level), squares(level, 2 * sigma + 16)
        return mpmath.sqrt((lost + (eps / (1 - eps)) ** 2 * kept) / (lost + kept))


@pytest.mark.parametrize(("eps", "sigma"), [(0.1, 1.0), (0.01, 1.5), (0.3, 0.5)])
def test_the_limit_against_quadrature(eps, sigma):
    assert LAW(eps=eps, sigma=sigma) == pytest.approx(float(by_quadrature(eps, sigma)), rel=1e-12)


def test_nearly_equal_weights_lose_the_root_of_the_odds():
    """Then eps of the keys are lost: their squares are eps of all, and the rest is enlarged by 1/(1 - eps)."""
    for eps in (0.001, 0.2, 0.5, 0.9):
        assert LAW(eps=eps, sigma=1e-9) == pytest.approx((eps / (1 - eps)) ** 0.5, rel=1e-7)


def test_the_error_is_always_above_the_share_lost():
    """By a part eps at least, which for less than 1e-12 is rounding."""
    eps, sigma = np.meshgrid(np.geomspace(1e-10, 0.999, 60), np.geomspace(1e-3, 35, 40))
    assert (LAW(eps=eps, sigma=sigma) > eps * (1 + eps / 2)).all()


def test_the_tails_keep_their_digits():
    """A share of 1e-200 at sigma = 8: the first square is below float64, its root is not."""
    with mpmath.workdps(40):
        eps, sigma = mpmath.mpf(1e-200), mpmath.mpf(8)
        start = -mpmath.sqrt(-2 * mpmath.log(eps))
        quantile = mpmath.findroot(lambda z: mpmath.log(mpmath.ncdf(z)) - mpmath.log(eps), start)
        want = mpmath.sqrt(mpmath.ncdf(quantile - sigma) + (eps / (1 - eps)) ** 2)
    assert float(mpmath.ncdf(quantile - sigma)) < 1e-307
    assert LAW(eps=1e-200, sigma=8.0) == pytest.approx(float(want), rel=2e-12)


def test_the_first_correction_against_rows():
    """100 batches of 1000 rows of 128 keys. False alarm at 5 standard errors: 6e-7 a point. The next order is within
    0.02 of n times the correction; so an error of 0.05 in the correction times n, which is 0.2 to 0.7, is seen."""
    n, rng = 128, np.random.default_rng(8)
    for eps, sigma in ((0.1, 0.75), (0.3, 0.5)):
        squares = []
        for _ in range(100):
            weights = np.exp(sigma * np.sort(rng.normal(size=(1000, n)), axis=1))
            lost = np.cumsum(weights, axis=1)
            p, q = weights / lost[:, -1:], np.where(lost <= eps * lost[:, -1:], 0.0, weights)
            q /= q.sum(axis=1, keepdims=True)
            squares.append((((p - q) ** 2).sum(axis=1).mean(), (p**2).sum(axis=1).mean()))
        changed, whole = np.array(squares).T
        found = (np.sqrt(changed.mean() / whole.mean()) - LAW(eps=eps, sigma=sigma)) * n
        error = np.std(np.sqrt(changed / whole)) / 10 * n
        assert 5 * error + 0.02 < 0.05
        assert abs(found - n * LAW.correction(eps=eps, sigma=sigma, n=n)) < 5 * error + 0.02


def test_the_mean_over_values_is_the_sum_of_squares():
    """One row, 40 000 sets of values of dimension 4. False alarm at 5 standard errors: 6e-7 a sum; visible: 3 %."""
    rng = np.random.default_rng(9)
    weights = np.exp(np.sort(rng.normal(size=16)))
    p, q = weights / weights.sum(), np.where(np.arange(16) < 6, 0.0, weights)
    q /= q.sum()
    values = rng.normal(size=(40_000, 16, 4))
    for difference in (p - q, p):
        squares = (np.einsum("i,ric->rc", difference, values) ** 2).sum(axis=1) / 4
        error = squares.std() / 200
        assert 5 * error < 0.03 * squares.mean()
        assert abs(squares.mean() - (difference**2).sum()) < 5 * error


def test_where_single_scores_carry_the_squares_nothing_is_trusted():
    assert EXPERIMENT.reliable(n=2048, sigma=1.0) == ""
    assert "below 4 sigma^2" in EXPERIMENT.reliable(n=2048, sigma=1.5)


def test_no_step_fails():
    assert prove(LAW).badge == "cited"
