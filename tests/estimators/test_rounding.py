"""The arithmetic under a certificate: its error bounds, proven again with Arb and compared with what is measured."""

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from numba import njit

from attnlaws.estimators import rounding
from attnlaws.estimators.certificate import slack_of
from attnlaws.estimators.rounding import EXP_ERROR, add, difference, exp_parts, log_above, relative_mass

U = 2.0**-53
FARTHEST = 1500.0


@njit
def _exponentials(d, r, y, k):
    for i in range(d.size):
        y[i], k[i] = exp_parts(d[i], r[i])


@pytest.fixture(autouse=True)
def _arb_precision():
    before, ctx.prec = ctx.prec, 300
    yield
    ctx.prec = before


def test_the_constants_are_the_halves_of_the_logarithm_of_two():
    high, low = rounding._LN2_HIGH, rounding._LN2_LOW
    assert (high * 2**32).is_integer()
    assert abs(arb(2).log() - arb(high) - arb(low)) < arb(2) ** -86
    whole = math.ceil(FARTHEST / math.log(2)) + 1
    assert whole * int(high * 2**32) < 2**53  # so that its multiples are exact
    assert 2**-54 * 2**53 >= 0.35  # and so is what is left of an argument, a multiple of 2^-54


def test_the_error_of_the_exponential_is_proven():
    """The sum of the module's docstring, every term rounded up; gamma_m = m u / (1 - m u)."""
    u, whole = arb(U), math.ceil(FARTHEST / math.log(2)) + 1
    low = whole * arb(rounding._LN2_LOW)
    # 1500 rounded to a quotient is off by less than 1500 * 4 u, which moves the nearest integer's edge as far
    rho = arb(2).log() / 2 + FARTHEST * 4 * u + arb(2) ** -43
    assert rho < arb("0.3466")
    rho = arb("0.3466")
    argument = (low * u) + (low + arb(2) ** -43) * 2 * u + whole * arb(2) ** -86 + (rho + low) * u
    cut = rho**14 / arb(14).fac() * rho.exp()
    gamma = [(2 * j + 2) * u / (1 - (2 * j + 2) * u) for j in range(14)]
    horner = sum((g * rho**j / arb(j).fac() for j, g in enumerate(gamma)), arb(0))
    error = (cut + horner) / (-rho).exp() + (argument.exp() - 1)
    assert error < 6 * u
    assert error < arb(EXP_ERROR)


def test_the_error_of_the_exponential_is_what_was_proven():
    rng = np.random.default_rng(0)
    edge = (rng.integers(-2100, 2100, 2000) + 0.5) * math.log(2)
    d = np.concatenate([rng.uniform(-FARTHEST, 50, 6000), rng.uniform(-0.7, 0.7, 3000), edge.clip(-1500, 1500)])
    d = np.concatenate([d, [-0.0, -FARTHEST, FARTHEST]])
    r = np.ldexp(np.abs(d), -54) * rng.choice([-1.0, 0.0, 1.0], d.size)
    y, k = np.empty(d.size), np.empty(d.size, np.int64)
    _exponentials(d, r, y, k)
    worst = 0.0
    for one in zip(d.tolist(), r.tolist(), y.tolist(), k.tolist(), strict=True):
        exact = (arb(one[0]) + arb(one[1])).exp() / arb(2) ** one[3]
        worst = max(worst, abs(float(arb(one[2]) / exact - 1)) / U)
    assert 0.7 <= y.min() <= y.max() <= 1.42
    assert 0.5 < worst < 2.5


def test_a_difference_is_exact_in_two_parts():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 2000)) * 2.0 ** rng.integers(-60, 60, (2, 2000))
    for one, other in zip(a.tolist(), b.tolist(), strict=True):
        d, r = difference(one, other)
        assert Fraction(d) + Fraction(r) == Fraction(one) - Fraction(other)
        assert d == one - other


@pytest.mark.parametrize("n", [2, 100, 20_000])
def test_a_sum_in_two_parts_keeps_its_bound(n):
    """Numbers that rise, fall, and differ by 2^60; a plain sum of 20 000 of them errs by 50 u and more."""
    rng = np.random.default_rng(n)
    for values in (rng.random(n), np.sort(2.0 ** rng.uniform(-60, 0, n)), np.full(n, 0.1), 1 / np.arange(1.0, n + 1)):
        high, low = 0.0, 0.0
        for value in values.tolist():
            high, low = add(high, low, value)
        exact = sum(map(Fraction, values.tolist()))
        assert abs(Fraction(high + low) / exact - 1) <= Fraction(U) + Fraction(n * U) ** 2
        assert abs(Fraction(high) / exact - 1) < slack_of(n) * n


@pytest.mark.parametrize(
    ("score", "reference", "exponent", "mass"),
    [
        (0.0, 0.0, 0, 1.0),
        (-1.0, 0.0, 0, math.exp(-1)),
        (1e4 - 1, 1e4, 0, math.exp(-1)),
        (-745.0, 0.0, -1074, 0.5712501474710542),  # exp(-745) 2^1074
        (-624.0, 0.0, 0, 2.0**-900),
        (-1e308, 1e308, 0, 2.0**-900),
        (0.0, 0.0, -1074, 2.0**100),
    ],
)
def test_masses_stay_within_limits(score, reference, exponent, mass):
    found = relative_mass(score, reference, exponent)
    if mass in (2.0**-900, 2.0**100):
        assert 0.7 <= found / mass <= 1.42
    else:
        assert math.isclose(found, mass, rel_tol=1e-15)


def test_the_bound_of_a_logarithm_is_one_and_close():
    rng = np.random.default_rng(2)
    values = np.concatenate([2.0 ** rng.uniform(-890, 90, 1500), 1 + rng.normal(size=500) * 1e-12, [1.0, 0.5, 2.0]])
    for x in values.tolist():
        bound, exact = arb(log_above(x)), arb(x).log()
        assert bound >= exact
        assert bound - exact < 2e-15 * max(1, abs(float(exact)))


def test_slack_covers_what_a_sum_of_masses_can_err_by():
    """Masses, their sum, the product with a count, the product with eps, and the comparison: 11 u beside the square."""
    for n in (1, 1000, 1 << 16, 1 << 24, 1 << 30):
        assert slack_of(n) > EXP_ERROR + 3 * U + (n * U) ** 2
    assert slack_of(1 << 30) < 1e-13
