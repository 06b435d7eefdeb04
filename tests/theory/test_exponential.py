"""retrieval.exponential against independent routes: definitions by quadrature, mpmath, limits by SymPy."""

import mpmath
import numpy as np
import pytest
import sympy as sp

from attnlaws.theory.enclose import enclose
from attnlaws.theory.prove import prove
from attnlaws.theory.retrieval.exponential import LAW, SMALLEST_MEAN
from attnlaws.theory.retrieval.typical_norm_as_mean import LAW as TYPICAL

N, D_K, TAU = (LAW.parameter(name).symbol for name in ("n", "d_k", "tau"))
CONVENTIONS = ("expectation", "ratio", "geometric")


ALL = [(case, 1000, 40, 12) for case in LAW.derivations]
"""Every case somewhere; each convention, of which the case "log" has the same integral, at two more points."""
OTHERS = [(case, *at) for case in LAW.derivations if case.output != "log" for at in ((2, 1, 5), (9, 7, 4.5))]


@pytest.mark.parametrize(("case", "n", "d_k", "tau"), ALL + OTHERS, ids=lambda value: getattr(value, "label", None))
def test_definitions_evaluate_to_the_form(case, n, d_k, tau):
    point = {N: n, D_K: d_k, TAU: tau}
    definition = enclose(case.steps[0].expr, point, 15)
    form = enclose(case.form, point, 25)
    assert (definition - form).contains(0)
    assert float(definition.rad()) < 1e-10 * max(1.0, abs(float(form)))
    value = LAW(n=n, d_k=d_k, tau=tau, output=case.output, **case.when)
    assert value == pytest.approx(float(form), rel=1e-13)


def test_every_step_is_symbolic():
    assert set(prove(LAW).badges.values()) == {"proven"}


@pytest.mark.parametrize(("n", "d_k", "tau"), [(2, 1, 5.0), (65, 16, 4.25), (17, 4, 2.0), (257, 64, 8.0)])
def test_averages_by_mpmath(n, d_k, tau):
    """Each convention from integrals over the query's norm, the score integral done by the moments of a lognormal."""

    def mean(function):
        def integrand(u):
            return function(u) * mpmath.exp((mpmath.mpf(d_k) / 2 - 1) * mpmath.log(u) - u / 2)

        pieces = [0, d_k / 8, d_k / 2, d_k, 2 * d_k, 4 * d_k, 16 * d_k + 100, mpmath.inf]
        return mpmath.quad(integrand, pieces) / (2 ** (mpmath.mpf(d_k) / 2) * mpmath.gamma(mpmath.mpf(d_k) / 2))

    def weight(u):  # the mean square of exp(score / tau), a lognormal variable with s^2 = u / tau^2
        return mpmath.exp(2 * u / tau**2)

    expectation = (n - 1) * mean(lambda u: weight(u) * mpmath.exp(-2 * u / tau))
    geometric = (n - 1) * mpmath.exp(mean(lambda u: mpmath.log(weight(u) * mpmath.exp(-2 * u / tau))))
    rel = 1e-4 if d_k == 1 else 1e-9  # mpmath's rule converges slowly at the singularity of one dimension
    assert LAW(n=n, d_k=d_k, tau=tau) == pytest.approx(float(expectation), rel=rel)
    assert LAW(n=n, d_k=d_k, tau=tau, convention="geometric") == pytest.approx(float(geometric), rel=rel)
    if tau > 4:
        ratio = (n - 1) * mean(weight) / mean(lambda u: mpmath.exp(2 * u / tau))
        assert LAW(n=n, d_k=d_k, tau=tau, convention="ratio") == pytest.approx(float(ratio), rel=rel)


def test_conventions_differ_by_e_to_the_fourth_at_the_temperature_of_attention():
    d = sp.Symbol("d", positive=True)
    logs = {
        name: sp.log(LAW.derivation(convention=name).form.subs(N, 2)).subs(TAU, d).subs(D_K, d**2).rewrite(sp.log)
        for name in CONVENTIONS
    }
    plain = {name: sp.expand_log(log.replace(lambda e: e.func.__name__ == "log1p", lambda e: sp.log(1 + e.args[0])),
                                 force=True) for name, log in logs.items()}  # fmt: skip
    assert sp.limit(plain["expectation"] - plain["geometric"], d, sp.oo) == 4
    assert sp.limit(plain["ratio"] - plain["geometric"], d, sp.oo) == -4
    logarithms = [float(LAW(n=9, d_k=10**6, tau=1000, convention=name, output="log")) for name in CONVENTIONS]
    assert np.diff(logarithms) == pytest.approx([-8, 4], abs=0.03)


def test_the_typical_norm_formula_is_the_value_at_that_norm_and_misses_the_mean_by_e_to_the_fourth():
    n, d, tau = (TYPICAL.parameter(name).symbol for name in ("n", "d_k", "tau"))
    for point in ({n: 9, d: 4, tau: 2}, {n: 65, d: 64, tau: 8}):
        definition, form = enclose(TYPICAL.steps[0].expr, point, 15), enclose(TYPICAL.form, point, 25)
        assert (definition - form).contains(0)
        assert float(definition.rad() / form.lower()) < 1e-10
    gaps = [
        float(LAW(n=n, d_k=d, tau=d**0.5) / TYPICAL(n=n, d_k=d, tau=d**0.5) * n / (n - 1))
        for n, d in ((9, 16), (65, 10**4), (10**6, 10**5))
    ]
    assert gaps[0] < gaps[1] < gaps[2] < np.exp(4)
    assert gaps[2] == pytest.approx(np.exp(4), rel=0.06)  # the next term of the logarithm is -56/(3 sqrt(d))


def test_the_logarithm_reaches_where_the_value_does_not():
    assert LAW(n=2, d_k=10**6, tau=2, convention="geometric") == 0
    assert LAW(n=2, d_k=10**6, tau=2, convention="geometric", output="log") == -(10**6) / 2


@pytest.mark.parametrize(
    ("convention", "tau", "message"),
    [
        ("expectation", 0.8, r"^tau = 0.8: must be a real number > 0.828427 \(up to 2 sqrt\(2\) - 2 the mean"),
        ("expectation", SMALLEST_MEAN, "over Gaussian keys is infinite"),
        ("ratio", 4, r"^tau = 4.0: must be a real number > 4 \(up to 4 the mean signal"),
    ],
)
def test_what_does_not_exist_is_refused(convention, tau, message):
    for output in LAW.outputs:
        with pytest.raises(ValueError, match=message):
            LAW(n=9, d_k=4, tau=tau, convention=convention, output=output)
    assert LAW(n=9, d_k=4, tau=np.nextafter(tau + 0.03, 9), convention=convention) > 0
