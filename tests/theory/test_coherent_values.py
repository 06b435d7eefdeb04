"""retrieval.coherent_values against quadrature of its definitions, SciPy's moments, and whole simulated memories."""

import math

import numpy as np
import pytest
from scipy import stats

from attnlaws import registry
from attnlaws.theory.enclose import enclose
from attnlaws.theory.prove import prove
from attnlaws.theory.retrieval.coherent_values import LAW

N, SIGMA, MEAN, SPREAD = (LAW.parameter(name).symbol for name in ("n", "sigma", "mean_norm", "spread_norm"))
KERNELS = ("exponential", "relu", "linear")


@pytest.mark.parametrize("case", LAW.derivations, ids=lambda case: case.label)
@pytest.mark.parametrize(("n", "sigma", "mean", "spread"), [(2, 1, 3, 1), (5, 2, 1, 4), (9, 0.25, 0, 1)])
def test_definitions_evaluate_to_the_form(case, n, sigma, mean, spread):
    point = {N: n, SIGMA: sigma, MEAN: mean, SPREAD: spread}
    definition, form = enclose(case.steps[0].expr, point, 15), enclose(case.form, point, 25)
    assert (definition - form).contains(0)
    assert float(definition.rad()) < 1e-9 * max(1.0, abs(float(form)))
    value = LAW(n=n, sigma=sigma, mean_norm=mean, spread_norm=spread, output=case.output, **case.when)
    assert value == pytest.approx(float(form), rel=1e-13)


def test_every_step_is_symbolic():
    assert set(prove(LAW).badges.values()) == {"proven"}


def moments(kernel, sigma):
    """Mean and mean square of a weight by SciPy: lognormal, half-normal with probability one half, normal."""
    if kernel == "exponential":
        law = stats.lognorm(s=sigma)
        return law.mean(), law.var() + law.mean() ** 2
    if kernel == "relu":
        law = stats.halfnorm(scale=sigma)
        return law.mean() / 2, (law.var() + law.mean() ** 2) / 2
    return 0.0, stats.norm(scale=sigma).var()


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(
    ("n", "sigma", "mean", "spread"), [(2, 0.5, 1.0, 1.0), (40, 1.5, 0.3, 2.0), (7, 1.0, 2.0, 0.5)]
)
def test_the_power_by_a_matrix_of_mean_products(kernel, n, sigma, mean, spread):
    """Sum over all pairs of pairs of E[w_j w_l] E[v_j . v_l], as two matrices."""
    first, second = moments(kernel, sigma)
    others = np.eye(n - 1)
    weights = np.where(others, second, first**2)
    values = np.where(others, mean**2 + spread**2, mean**2)
    law = LAW(n=n, kernel=kernel, sigma=sigma, mean_norm=mean, spread_norm=spread)
    assert law == pytest.approx(float((weights * values).sum()), rel=1e-12)


def test_the_common_part_dominates_where_the_text_says():
    """At n - 2 = pi (1 + 1) for relu and exp(sigma^2) (1 + 1) for the exponential both parts are equal."""
    for kernel, sigma, size in (("relu", 1.0, 2 * math.pi), ("exponential", 2.0, 2 * math.exp(4))):
        n = round(1000 * size) + 2
        point = {"n": n, "kernel": kernel, "sigma": sigma, "spread_norm": 1.0}
        alone = LAW(**point, mean_norm=0.0) * 2  # |mu|^2 + |delta|^2 = 2
        assert (LAW(**point, mean_norm=1.0) - alone) / alone == pytest.approx(1000, rel=1e-3)
    linear = LAW(n=10**6, kernel="linear", sigma=1.0, mean_norm=[0.0, 1.0], spread_norm=1.0)
    assert linear[1] == 2 * linear[0]


def test_the_logarithm_reaches_where_the_value_does_not():
    point = {"n": 2, "sigma": 900.0, "mean_norm": 0.0, "spread_norm": 1.0}
    assert LAW(**point, output="log") == 2 * 900.0**2
    with pytest.raises(ValueError, match=r"^sigma = 900.0: must be .* \(powers of exp\(score\) leave float64"):
        LAW(**point)


@pytest.mark.parametrize("kernel", KERNELS)
def test_whole_memories(kernel):
    """20 000 memories of 9 pairs with values around a mean. Their standard error is below 2 %, and 5 of them, a false
    alarm of 6e-7, see a tenth."""
    n, sigma, d_k, d_v, memories = 10, 0.5, 5, 3, 20_000
    rng = np.random.default_rng(3)
    query = np.full(d_k, sigma / math.sqrt(d_k))
    scores = rng.standard_normal((memories, n - 1, d_k)) @ query
    weights = {"exponential": np.exp(scores), "relu": np.clip(scores, 0, None), "linear": scores}[kernel]
    values = np.array([0.0, 0.8, 0.0]) + rng.standard_normal((memories, n - 1, d_v)) / math.sqrt(d_v)
    power = (np.einsum("mj,mjv->mv", weights, values) ** 2).sum(axis=-1)
    error = power.std() / math.sqrt(memories)
    assert error < 0.02 * power.mean()
    law = LAW(n=n, kernel=kernel, sigma=sigma, mean_norm=0.8, spread_norm=1.0)
    assert abs(power.mean() - law) < 5 * error


@pytest.mark.parametrize(("kernel", "sigma", "trusted"), [("exponential", 0.5, True), ("exponential", 1.5, False),
                                                          ("relu", 9.0, True)])  # fmt: skip
def test_single_scores_that_carry_the_mean_are_named(kernel, sigma, trusted):
    reliable = registry.experiment("retrieval.coherent_values").reliable
    said = reliable(mode="literal", n=33, kernel=kernel, sigma=sigma, mean_norm=1.0, spread_norm=1.0, d_k=8, d_v=4)
    assert said == "" if trusted else "single scores carry the mean" in said
