"""Modes of the retrieval laws against each other, and the samplers that make them cheaper."""

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from attnlaws import registry
from attnlaws.simulations.estimate import estimate
from attnlaws.simulations.retrieval.linear_sphere import D_K, cosine
from attnlaws.simulations.run import run


@pytest.mark.parametrize("d_k", [1, 2, 3, 4, 64, 10**6])
def test_the_two_draws_by_their_quantiles(d_k):
    """Kolmogorov's distance of 20 000 cosines. False alarm: 6 checks at sqrt(n) D = 3.28, 6e-9 in all. Visible: D
    above 0.023."""
    draws = np.random.default_rng(d_k).standard_normal((2, 20_000))
    first, second = sp.symbols("first second", real=True)
    given = cosine(d_k, first, second).subs(D_K, d_k)
    values = sp.lambdify((first, second), given, "numpy")(*draws)
    if d_k == 1:
        assert set(values) == {-1.0, 1.0} and abs(values.mean()) < 6 / np.sqrt(values.size)
        return
    distance = stats.kstest((1 + values) / 2, stats.beta((d_k - 1) / 2, (d_k - 1) / 2).cdf).statistic
    assert distance * np.sqrt(values.size) < 3.28


def test_literal_and_collapsed_modes_agree(make, memory):
    """False alarm: 2 checks at 5 standard errors, 1e-6 in all. Visible: 5 combined standard errors, below 5 %."""
    for d_k in (2, 16):
        literal, collapsed = (
            estimate(task, run(task, 10_000, memory), 10_000)
            for task in (make("retrieval.linear_sphere", mode, n=33, d_k=d_k) for mode in ("literal", "collapsed"))
        )
        combined = np.hypot(literal.standard_error, collapsed.standard_error)
        assert abs(literal.mean - collapsed.mean) < 5 * combined < 0.05 * literal.mean


def test_one_dimension_has_no_spread(make):
    assert (make("retrieval.linear_sphere", "collapsed", n=33, d_k=1).values(0, 3) == 32).all()
    literal = make("retrieval.linear_sphere", "literal", n=33, d_k=1).values(0, 3)
    assert literal == pytest.approx(32, rel=1e-6)


@pytest.mark.parametrize(
    ("law_id", "point"),
    [
        ("retrieval.exponential_sphere", {"n": 17, "d_k": 16, "radius": 4.0, "tau": 8.0}),
        ("retrieval.rbf", {"n": 17, "d_k": 8, "tau": 8.0}),
        ("retrieval.noisy_query", {"n": 17, "d_k": 8, "tau": 16.0, "noise": 1.0}),
    ],
)
def test_every_mode_of_an_exponential_kernel_agrees(make, memory, law_id, point):
    """False alarm: 5 checks at 5 standard errors, 3e-6 in all. Visible: 5 combined standard errors, below 5 %."""
    results = []
    for mode in registry.experiment(law_id).modes:
        task = make(law_id, mode, **point)
        results.append(estimate(task, run(task, 10_000, memory), 10_000))
    for other in results[1:]:
        combined = np.hypot(results[0].standard_error, other.standard_error)
        assert abs(results[0].mean - other.mean) < 5 * combined < 0.05 * results[0].mean


@pytest.mark.parametrize(
    ("law_id", "mode", "point", "reason"),
    [
        ("retrieval.exponential_sphere", "literal", {"d_k": 64, "radius": 8.0, "tau": 2.0}, "single cosines"),
        ("retrieval.exponential_sphere", "collapsed", {"d_k": 64, "radius": 8.0, "tau": 2.0}, "single cosines"),
        ("retrieval.exponential_sphere", "tilted", {"d_k": 64, "radius": 8.0, "tau": 2.0}, ""),
        ("retrieval.exponential_sphere", "literal", {"d_k": 64, "radius": 8.0, "tau": 8.0}, ""),
        ("retrieval.exponential_sphere", "literal", {"d_k": 2, "radius": 9.0, "tau": 0.5}, ""),
        ("retrieval.rbf", "literal", {"d_k": 64, "tau": 2.0}, "single pairs"),
        ("retrieval.rbf", "tilted", {"d_k": 64, "tau": 2.0}, ""),
        ("retrieval.rbf", "literal", {"d_k": 16, "tau": 8.0}, ""),
        ("retrieval.noisy_query", "literal", {"d_k": 8, "tau": 4.0, "noise": 1.5}, "no variance"),
        ("retrieval.noisy_query", "tilted", {"d_k": 8, "tau": 4.0, "noise": 1.5}, ""),
        ("retrieval.noisy_query", "collapsed", {"d_k": 400, "tau": 12.0, "noise": 0.5}, "single scores"),
        ("retrieval.noisy_query", "literal", {"d_k": 8, "tau": 16.0, "noise": 0.5}, ""),
    ],
)
def test_a_memory_says_where_its_error_bar_is_not_to_be_trusted(law_id, mode, point, reason):
    said = registry.experiment(law_id).reliable(mode=mode, n=65, **point)
    assert reason in said and bool(said) == bool(reason)
