"""retrieval.spread against quadrature of its definition, SciPy's chi-square distribution, and a limit by SymPy."""

import math

import numpy as np
import pytest
import sympy as sp
from scipy import integrate, stats

from attnlaws import registry
from attnlaws.simulations.retrieval.exponential import TILT
from attnlaws.simulations.retrieval.spread import BIAS, MOST, bias, sample
from attnlaws.theory.enclose import enclose
from attnlaws.theory.prove import prove
from attnlaws.theory.retrieval.spread import LAW

D_K, TAU = (LAW.parameter(name).symbol for name in ("d_k", "tau"))


def test_the_definition_evaluates_to_the_form():
    """An integral within the square of a logarithm within two others: few digits, at one point."""
    point = {D_K: 16, TAU: 12}
    definition, form = enclose(LAW.steps[0].expr, point, 5), enclose(LAW.form, point, 25)
    assert (definition - form).contains(0)
    assert float(definition.rad() / form.lower()) < 0.01


@pytest.mark.parametrize(("d_k", "tau"), [(1, 3), (7, sp.Rational(9, 2)), (40, sp.Rational(101, 100))])
def test_the_integrals_over_the_target_evaluate_to_the_form(d_k, tau):
    point = {D_K: d_k, TAU: tau}
    integrals, form = enclose(LAW.steps[1].expr, point, 15), enclose(LAW.form, point, 25)
    assert (integrals - form).contains(0)
    assert float(integrals.rad() / form.lower()) < 1e-9
    assert LAW(d_k=d_k, tau=float(tau)) == pytest.approx(float(form), rel=1e-13)


@pytest.mark.parametrize(("d_k", "tau"), [(2, 1.5), (16, 4.0), (128, 11.313708498984761)])
def test_the_spread_by_the_chi_square_distribution(d_k, tau):
    """ln SNR is 2 x/tau less the logarithm of the mean of a lognormal variable with s^2 = 4 x/tau^2.."""

    def mean(function):
        high = stats.chi2.isf(1e-16, d_k)
        return integrate.quad(lambda x: function(x) * stats.chi2.pdf(x, d_k), 0, high, points=[d_k], limit=200)[0]

    def log_snr(x):
        return 2 * x / tau - (4 * x / tau**2) / 2

    center = mean(log_snr)
    assert LAW(d_k=d_k, tau=tau) == pytest.approx(math.sqrt(mean(lambda x: (log_snr(x) - center) ** 2)), rel=1e-8)


def test_memories_of_any_dimension_do_not_average_themselves():
    s = sp.Symbol("s", positive=True)
    assert sp.limit(LAW.form.subs(TAU, s).subs(D_K, s**2), s, sp.oo) == 2 * sp.sqrt(2)
    values = LAW(d_k=np.array([16, 64, 10**6]), tau=np.array([4.0, 8.0, 1000.0]))
    assert values == pytest.approx(2 * math.sqrt(2) * (1 - np.array([1 / 4, 1 / 8, 1 / 1000])), rel=1e-14)
    assert LAW(d_k=128, tau=128**0.5) == pytest.approx(2.578, abs=5e-4)


def test_no_step_is_unknown():
    """The square root of (tau - 1)^2 is what SymPy cannot settle without knowing that tau is above 1."""
    proof = prove(LAW)
    assert proof.badge == "checked"
    assert [result.status for result in proof.results] == ["definition", "symbolic", "checked"]


def test_the_bias_is_that_of_a_logarithm_of_a_mean_of_few_weights():
    """The regression, over 4e5 targets, of what the logarithm of a mean of 8 lognormal weights misses.

    Reckoned 0.0135, with a standard error of 0.00045 and a next order of some percent: a quarter is 7 standard errors,
    a false alarm of 1e-12; visible: a bias wrong by a half.
    """
    d_k, tau, size = 4, 12.0, 8
    rng = np.random.default_rng(5)
    x = rng.chisquare(d_k, 400_000)
    spread = 2 * np.sqrt(x) / tau
    weights = sum(np.exp(spread * rng.standard_normal(x.size) - spread**2 / 2) for _ in range(size))
    slope = -np.cov(x, np.log(weights / size))[0, 1] / np.var(x) / (2 * (tau - 1) / tau**2)
    assert slope == pytest.approx(bias(d_k=d_k, tau=tau, tilt=0.0, size=size), rel=0.25)


@pytest.mark.parametrize(
    ("mode", "d_k", "tau", "trusted"),
    [("tilted", 64, 8.0, True), ("literal", 64, 8.0, False), ("literal", 4, 64.0, True), ("collapsed", 16, 2.5, False)],
)
def test_too_few_distractors_for_the_logarithm_are_named(mode, d_k, tau, trusted):
    said = registry.experiment("retrieval.spread").reliable(mode=mode, d_k=d_k, tau=tau)
    assert (said == "") == trusted
    assert trusted or f"{MOST} distractors leave a bias of" in said


def test_samples_grow_until_the_bias_is_small():
    for d_k, tau in ((4, 4.0), (64, 8.0), (128, 4.0)):
        size = sample(d_k=d_k, tau=tau, tilt=float(TILT))
        assert bias(d_k=d_k, tau=tau, tilt=float(TILT), size=size) <= BIAS
        assert size < MOST


def test_temperatures_up_to_one_are_refused():
    with pytest.raises(ValueError, match=r"^tau = 1.0: must be a real number"):
        LAW(d_k=4, tau=1.0)
