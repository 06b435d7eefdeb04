"""retrieval.biased_relu against independent routes: mpmath, the model itself, limits."""

import mpmath
import numpy as np
import pytest

from attnlaws import registry
from attnlaws.theory.enclose import enclose
from attnlaws.theory.prove import prove
from attnlaws.theory.retrieval.biased_relu import LAW, bias, n, rho
from attnlaws.theory.retrieval.power import LAW as POWER

POINTS = [(65, 8.0, 0.0), (65, 8.0, 0.25), (2, 3.0, 1.5), (257, 8.0, 3.0), (10**6, 40.0, 30.0), (9, 64.5, 64.0)]


def ratio_by_quadrature(pairs, norm, b):
    """The mean ratio in 30 digits, from squared weights and the density of a score."""
    with mpmath.workdps(30):
        norm, b = mpmath.mpf(norm), mpmath.mpf(b)
        ends = [b * norm + step * norm / max(b, 1) for step in (0, 1, 2, 4, 8, 16, 32, 64)]
        # mpmath aims at an absolute error: the integrand is relative to the density at the threshold.
        weight = mpmath.quad(lambda s: (s - b * norm) ** 2 * mpmath.exp((b**2 - (s / norm) ** 2) / 2), ends)
        weight *= mpmath.npdf(b) / norm
        return pairs * weight / (norm**2 - b * norm) ** 2


def test_no_step_is_unknown():
    assert prove(LAW).badges == {"": "proven", "log": "checked", "log_capacity": "proven"}


@pytest.mark.parametrize(("count", "norm", "b"), POINTS)
def test_outputs_by_quadrature(count, norm, b):
    one = ratio_by_quadrature(1, norm, b)
    point = {"n": count, "rho": norm, "bias": b}
    if count * one > 1e-290:
        assert LAW(**point) == pytest.approx(float((count - 1) * one), rel=1e-11)
    assert LAW(**point, output="log") == pytest.approx(float(mpmath.log((count - 1) * one)), rel=1e-13)
    assert LAW(**point, output="log_capacity") == pytest.approx(-float(mpmath.log(one)), rel=1e-13)


@pytest.mark.parametrize(("count", "norm", "b"), POINTS[:4])
def test_the_definition_evaluates_to_the_form(count, norm, b):
    case = LAW.derivations[0]
    point = {n: count, rho: int(norm), bias: b}
    definition, form = enclose(case.steps[0].expr, point, 15), enclose(case.form, point, 25)
    assert (definition - form).contains(0)
    assert float(definition.rad() / form.lower()) < 1e-10


def test_without_bias_it_is_a_relu():
    """The same mean over Gaussian targets, through E 1/|k|^2 = 1/(d - 2), and the typical (n - 1)/(2 rho^2)."""
    assert LAW(n=129, rho=8, bias=0) == pytest.approx(1.0, rel=1e-15)
    d = 12
    nodes = np.exp(np.linspace(-12, 6, 2001))
    density = nodes ** (d / 2) * np.exp(-nodes / 2)
    mean = (LAW(n=9, rho=nodes**0.5, bias=0) * density).sum() / density.sum()
    assert mean == pytest.approx(POWER(n=9, d_k=d, p=1, kernel="rectified"), rel=1e-10)


def test_capacity_grows_exponentially_with_the_squared_norm():
    """At bias = eta rho its logarithm is eta^2 rho^2/2 to leading order: the rest is a few logarithms."""
    norms = np.array([16.0, 32.0, 64.0])
    for eta in (0.25, 0.5, 0.75):
        exponent = (eta * norms) ** 2 / 2
        rest = LAW(n=2, rho=norms, bias=eta * norms, output="log_capacity") - exponent
        leading = 2 * np.log(norms * (1 - eta)) + np.log(np.sqrt(2 * np.pi) / 2 * (eta * norms) ** 3)
        assert rest == pytest.approx(leading, abs=6.5 / (eta * norms.min()) ** 2)
        assert np.all(np.diff(rest / exponent) < 0)
    point = {"rho": 6.0, "bias": 3.0}
    capacity = 1 + np.exp(LAW(n=2, **point, output="log_capacity"))
    assert LAW(n=round(capacity), **point) == pytest.approx(1, rel=1e-3)


def test_the_model_itself():
    """Keys and values drawn literally. False alarm: 6e-7 at 5 standard errors; visible: about 7 %."""
    rng = np.random.default_rng(11)
    count, norm, b, d_k, d_v, runs = 17, 4.0, 1.0, 6, 3, 20_000
    query = rng.standard_normal((runs, d_k))
    query *= norm / np.linalg.norm(query, axis=1, keepdims=True)
    values = rng.standard_normal((runs, count - 1, d_v))
    values /= np.linalg.norm(values, axis=2, keepdims=True)
    scores = np.einsum("rnk,rk->rn", rng.standard_normal((runs, count - 1, d_k)), query)
    noise = np.einsum("rn,rnv->rv", np.maximum(scores - b * norm, 0), values)
    ratio = (noise**2).sum(1) / (norm**2 - b * norm) ** 2
    error, want = ratio.std() / runs**0.5, LAW(n=count, rho=norm, bias=b)
    assert abs(ratio.mean() - want) < 5 * error < 0.1 * want


def test_a_threshold_at_the_target_s_own_score_is_refused():
    for output in LAW.outputs:
        with pytest.raises(ValueError, match=r"^rho = 3.0: must be a real number > bias = 3 \(the target's own score"):
            LAW(n=9, rho=3, bias=3, output=output)
    assert LAW(n=9, rho=3.001, bias=3) > 1


@pytest.mark.parametrize(
    ("mode", "b", "reason"),
    [("literal", 1, ""), ("literal", 5, "hardly one is drawn"), ("collapsed", 5, "hardly one"), ("tilted", 5, ""),
     ("tilted", 40, "underflow")],
)  # fmt: skip
def test_it_says_where_an_error_bar_is_not_to_be_trusted(mode, b, reason):
    said = registry.experiment("retrieval.biased_relu").reliable(mode=mode, n=65, rho=64, bias=b, d_k=16)
    assert reason in said
    assert bool(said) == bool(reason)
