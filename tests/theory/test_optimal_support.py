"""topk.optimal_support against every support of small rows, and against any convex f."""

import itertools
import math

import numpy as np
import pytest

from attnlaws.theory.accuracy import certify
from attnlaws.theory.prove import prove
from attnlaws.theory.topk.optimal_support import LAW

N, K = 7, 3
ROUNDING = 1e-13
GENERATORS = {
    "tv": lambda t: abs(t - 1) / 2,
    "kl": lambda t: t * math.log(t) if t else 0.0,
    "chi_square": lambda t: (t - 1) ** 2,
    "hellinger": lambda t: 1 - math.sqrt(t),
    "jensen_shannon": lambda t: ((t * math.log(t) if t else 0.0) - (1 + t) * math.log((1 + t) / 2)) / 2,
}
"""The convex functions of the outputs: a divergence is the sum of p f(q/p)."""


def divergence(f, q, p):
    return math.fsum(b * f(a / b) for a, b in zip(q, p, strict=True))


def sparse(support, weights):
    q = np.zeros(N)
    q[list(support)] = weights
    return q


@pytest.fixture(scope="module")
def row():
    logits = np.random.default_rng(5).normal(size=N) * 1.5
    p = np.exp(logits)
    return logits, p / p.sum()


@pytest.mark.parametrize("output", LAW.outputs)
def test_no_support_does_better(output, row):
    """All 35 supports of three out of seven keys: the row cut to them, and 40 random distributions on each."""
    logits, p = row
    f, rng = GENERATORS[output], np.random.default_rng(6)
    least = float(LAW(logits=logits, k=K, output=output))
    best = tuple(np.argsort(-p)[:K])
    for support in itertools.combinations(range(N), K):
        here = p[list(support)]
        cut = divergence(f, sparse(support, here / here.sum()), p)
        assert (cut == pytest.approx(least, rel=ROUNDING)) == (set(support) == set(best))
        assert cut >= least * (1 - ROUNDING)
        for weights in rng.dirichlet(np.full(K, 0.7), 40):
            assert divergence(f, sparse(support, weights), p) >= least * (1 - ROUNDING)


def test_total_variation_has_many_minimizers_and_the_others_one(row):
    """All that is lost may go to one key: every kept key then has at least its own probability."""
    logits, p = row
    best = np.argsort(-p)[:K]
    weights = p[best].copy()
    weights[0] += 1 - weights.sum()
    for output, f in GENERATORS.items():
        least = float(LAW(logits=logits, k=K, output=output))
        same = divergence(f, sparse(best, weights), p) == pytest.approx(least, rel=1e-6)
        assert bool(same) == (output == "tv")


def test_fewer_keys_are_never_better(row):
    logits, _ = row
    for output in LAW.outputs:
        values = [float(LAW(logits=logits, k=k, output=output)) for k in range(1, N)]
        assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("bend", [0.2, 0.9, 1.0, 1.1, 2.5])
def test_every_convex_function_is_a_mixture_of_these(bend, row):
    """max(t - c, 0), less its value at 1: for each, the cut row attains x f(1/x) + (1 - x) f(0), and no other less."""
    _, p = row

    def f(t):
        return max(t - bend, 0.0) - max(1 - bend, 0.0)

    rng, x = np.random.default_rng(7), float(np.sort(p)[-K:].sum())
    least = x * f(1 / x) + (1 - x) * f(0)
    best = np.argsort(-p)[:K]
    assert divergence(f, sparse(best, p[best] / x), p) == pytest.approx(least, abs=1e-15)
    for support in itertools.combinations(range(N), K):
        for weights in rng.dirichlet(np.full(K, 0.7), 20):
            assert divergence(f, sparse(support, weights), p) >= least - 1e-15


def test_every_step_holds_and_is_accurate():
    assert set(prove(LAW).badges.values()) == {"cited"}
    assert all(certificate.passed for certificate in certify(LAW, points=60))
