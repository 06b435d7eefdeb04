"""retrieval.rbf against independent routes: definitions by Arb, keys by quadrature, the exponential kernel."""

import numpy as np
import pytest
import sympy as sp

from attnlaws.theory.enclose import enclose
from attnlaws.theory.prove import prove
from attnlaws.theory.retrieval.exponential import LAW as EXPONENTIAL
from attnlaws.theory.retrieval.rbf import LAW
from attnlaws.theory.vocabulary import standard

N, D_K, TAU = (LAW.parameter(name).symbol for name in ("n", "d_k", "tau"))


@pytest.mark.parametrize(("n", "d_k", "tau"), [(2, 1, 5), (9, 7, 0.5), (1000, 40, 12)])
def test_definitions_evaluate_to_the_form(n, d_k, tau):
    point = {N: n, D_K: d_k, TAU: tau}
    for case in LAW.derivations:
        definition, form = enclose(case.steps[0].expr, point, 15), enclose(case.form, point, 25)
        assert (definition - form).contains(0)
        assert float(definition.rad()) < 1e-10 * max(1.0, abs(float(form)))
        value = LAW(n=n, d_k=d_k, tau=tau, output=case.output)
        assert value == pytest.approx(float(form), rel=1e-13)


def test_every_step_is_symbolic():
    assert set(prove(LAW).badges.values()) == {"proven"}


@pytest.mark.parametrize(("d_k", "tau"), [(1, 0.5), (3, 2.0), (16, 4.0), (64, 8.0)])
def test_components_of_two_keys_by_quadrature(d_k, tau):
    """The mean of exp(-(x - y)^2/tau) over two standard normals, to the power of the dimension."""
    x, step = np.linspace(-9, 9, 721, retstep=True)
    density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi) * step
    one = density @ np.exp(-((x[:, None] - x) ** 2) / tau) @ density
    assert LAW(n=65, d_k=d_k, tau=tau) == pytest.approx(64 * one**d_k, rel=1e-11)


def test_it_is_e_squared_below_the_exponential_kernel_at_the_temperature_of_attention():
    d = sp.Symbol("d", positive=True)
    logs = [
        standard(law.derivation("log").form).subs({law.parameter("n").symbol: 2, law.parameter("tau").symbol: d}).subs(
            law.parameter("d_k").symbol, d**2
        )
        for law in (LAW, EXPONENTIAL)
    ]  # fmt: skip
    assert sp.limit(logs[0] + 2 * d, d, sp.oo) == 4
    assert sp.limit(sp.expand_log(logs[1] - logs[0], force=True), d, sp.oo) == 2
    gap = EXPONENTIAL(n=9, d_k=10**6, tau=1000, output="log") - LAW(n=9, d_k=10**6, tau=1000, output="log")
    assert gap == pytest.approx(2, abs=0.02)


def test_the_logarithm_reaches_where_the_value_does_not():
    assert LAW(n=2, d_k=10**6, tau=1) == 0
    assert LAW(n=2, d_k=10**6, tau=1, output="log") == pytest.approx(-5e5 * np.log(5), rel=1e-15)
