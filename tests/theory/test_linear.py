"""retrieval.linear against independent routes: definitions by quadrature, simulation, mpmath."""

import mpmath
import numpy as np
import pytest
import sympy as sp

from attnlaws.theory import f_ratio
from attnlaws.theory.enclose import enclose
from attnlaws.theory.retrieval.linear import LAW, distribution

N, D_K, D_V = (LAW.parameter(name).symbol for name in ("n", "d_k", "d_v"))
CLOSED = [case for case in LAW.derivations if case.when["convention"] != "median"]


@pytest.mark.parametrize("case", CLOSED, ids=lambda case: case.label)
@pytest.mark.parametrize(("n", "d_k", "d_v"), [(2, 3, 3), (9, 7, 16), (1000, 40, 5)])
def test_definitions_evaluate_to_the_form(case, n, d_k, d_v):
    point = {N: n, D_K: d_k, D_V: d_v}
    definition = enclose(case.steps[0].expr, point, 15)
    form = enclose(case.form, point, 25)
    assert (definition - form).contains(0)
    assert float(definition.rad() / abs(form).lower()) < 1e-10
    value = LAW(n=n, d_k=d_k, convention=case.when["convention"], d_v=d_v if D_V in case.form.free_symbols else None)
    assert value == pytest.approx(float(form), rel=1e-14)


def test_definition_of_the_median_without_values():
    """The double integral at the claimed median is one half."""
    case = LAW.derivation(convention="median")
    n, d_k = 6, 9
    y = float(LAW(n=n, d_k=d_k, convention="median"))
    (unknown,) = case.steps[0].expr.free_symbols - {N, D_K}
    probability = enclose(case.steps[0].expr, {N: n, D_K: d_k, unknown: y}, 9)
    assert abs(float(probability) - 0.5) < 1e-6
    assert float(probability.rad()) < 1e-6


@pytest.mark.parametrize(("n", "d_k"), [(2, 1), (9, 16), (65, 8), (129, 64)])
def test_moments_by_mpmath(n, d_k):
    """Each convention from the moments of a chi-square variable, by numerical integration."""

    def mean(function):
        def integrand(u):
            return function(u) * u ** (mpmath.mpf(d_k) / 2 - 1) * mpmath.exp(-u / 2)

        pieces = [0, d_k / 4, d_k, 2 * d_k, 4 * d_k + 40, mpmath.inf]
        return mpmath.quad(integrand, pieces) / (2 ** (mpmath.mpf(d_k) / 2) * mpmath.gamma(mpmath.mpf(d_k) / 2))

    ratio = (n - 1) * mean(lambda u: u) / mean(lambda u: u**2)
    geometric = (n - 1) * mpmath.exp(-mean(mpmath.log))
    assert LAW(n=n, d_k=d_k, convention="ratio") == pytest.approx(float(ratio), rel=1e-8)
    assert LAW(n=n, d_k=d_k, convention="geometric") == pytest.approx(float(geometric), rel=1e-4 if d_k == 1 else 1e-8)
    if d_k > 2:
        assert LAW(n=n, d_k=d_k) == pytest.approx(float((n - 1) * mean(lambda u: 1 / u)), rel=1e-8)


@pytest.mark.parametrize(("n", "d_k"), [(2, 1), (41, 21), (65, 8), (9, 1000)])
def test_median_by_mpmath(n, d_k):
    y = mpmath.mpf(float(LAW(n=n, d_k=d_k, convention="median")))
    half = mpmath.betainc((n - 1) / 2, d_k / 2, 0, y / (1 + y), regularized=True)
    assert abs(half - 0.5) < 1e-14


def joint_cdf(t, n, d_k, d_v):
    """P(ln ratio <= t) by mpmath: a density in one log-ratio, the other's distribution function."""

    def integrand(u):
        density = (
            mpmath.exp(d_v * u / 2) / (1 + mpmath.exp(u)) ** d_v / mpmath.beta(mpmath.mpf(d_v) / 2, mpmath.mpf(d_v) / 2)
        )
        odds = mpmath.exp(t - u)
        return density * mpmath.betainc(
            mpmath.mpf(n - 1) / 2, mpmath.mpf(d_k) / 2, 0, odds / (1 + odds), regularized=True
        )

    return mpmath.quad(integrand, [-60, -10, -3, -1, 0, 1, 3, 10, 60])


@pytest.mark.parametrize(("n", "d_k", "d_v"), [(41, 21, 2), (9, 16, 16), (5, 3, 4)])
def test_joint_median_by_mpmath(n, d_k, d_v):
    median = float(LAW(n=n, d_k=d_k, d_v=d_v, convention="median"))
    assert abs(joint_cdf(mpmath.log(median), n, d_k, d_v) - 0.5) < 1e-10
    assert float(distribution(median, n=n, d_k=d_k, d_v=d_v)) == pytest.approx(0.5, abs=1e-13)
    for factor in (0.3, 2.0):
        want = float(joint_cdf(mpmath.log(median * factor), n, d_k, d_v))
        assert float(distribution(median * factor, n=n, d_k=d_k, d_v=d_v)) == pytest.approx(want, abs=1e-10)


def test_joint_median_contains_the_limit_of_many_value_dimensions():
    fixed = LAW(n=41, d_k=21, convention="median")
    joint = LAW(n=41, d_k=21, d_v=[2, 8, 64, 10**6], convention="median")
    assert np.all(np.diff(joint) < 0) and joint[-1] == pytest.approx(fixed, rel=1e-6)


@pytest.mark.parametrize("numbers", [(40, 21, 2), (1, 1, 1), (999999999999, 1, 1), (999999999999, 10**6, 10**6)])
def test_joint_median_is_enclosed(numbers):
    ball = f_ratio.median_enclosure(*numbers, 11)
    value = float(f_ratio.median(*(np.asarray(float(number)) for number in numbers)))
    assert ball.is_finite() and abs(float(ball) / value - 1) < 1e-10


def test_the_model_itself():
    """Keys, values and readings drawn literally: means, medians and the whole distribution."""
    rng = np.random.default_rng(20)
    n, d_k, d_v, runs = 9, 16, 16, 40_000
    keys = rng.standard_normal((runs, n, d_k))
    values = rng.standard_normal((runs, n, d_v))
    query = keys[:, 0]
    scores = np.einsum("rnk,rk->rn", keys, query)
    noise = np.einsum("rn,rnv->rv", scores[:, 1:], values[:, 1:])
    signal = scores[:, 0] ** 2 * (values[:, 0] ** 2).sum(1)
    power = (noise**2).sum(1)
    ratio = power / signal
    grid = {"n": n, "d_k": d_k, "d_v": d_v}
    assert ratio.mean() == pytest.approx(LAW(**grid), rel=5 * ratio.std() / ratio.mean() / runs**0.5)
    assert power.mean() / signal.mean() == pytest.approx(LAW(**grid, convention="ratio"), rel=0.03)
    assert np.median(ratio) == pytest.approx(LAW(**grid, convention="median"), rel=0.03)
    conditional = np.exp(np.mean(np.log((n - 1) * d_v / (query**2).sum(1) / (values[:, 0] ** 2).sum(1))))
    assert conditional == pytest.approx(LAW(**grid, convention="geometric"), rel=0.02)
    quantiles = np.quantile(ratio, [0.1, 0.5, 0.9])
    assert distribution(quantiles, **grid) == pytest.approx([0.1, 0.5, 0.9], abs=0.01)


def test_distribution_ends():
    assert distribution(np.array([0.0, np.inf]), n=9, d_k=8).tolist() == [0.0, 1.0]
    assert float(distribution(1.0, n=9, d_k=8, convention="median")) == 0.5


def test_sabotages_touch_every_convention():
    wrong = LAW.claims_sabotaged()
    for point in LAW.grid.points():
        gaps = {name: abs(law(**point) / LAW(**point) - 1) for name, law in wrong.items()}
        assert gaps["Gaussian values count twice"] > 0.9
        assert gaps["the target counts as interference"] > (0.12 if point["n"] == 9 else 0.015)
    assert sp.simplify(wrong["the target key has its typical norm"].form - (N - 1) / D_K) == 0
