"""minimax.noisy_tags against one-dimensional integrals, its limits, and the simulation of known figures."""

import numpy as np
import pytest
from scipy import integrate, stats

from attnlaws.theory.accuracy import certify
from attnlaws.theory.minimax.best_sharpness import ERROR, SYMBOLS
from attnlaws.theory.minimax.noisy_tags import LAW
from attnlaws.theory.minimax.tag_recall_mse import LAW as CLEAN
from attnlaws.theory.vocabulary import numeric


@pytest.mark.parametrize(("beta", "eta"), [(0.5, 0.1), (3.0, 0.3), (12.0, 0.5)])
def test_two_documents_of_one_token(beta, eta):
    """The share of the other document is logistic in one normal variable."""

    def error(g):
        leak = 1 / (1 + np.exp(beta + np.sqrt(2) * beta * eta * g))
        return (0.7 * (leak**2 + (1 - leak) ** 2) + 1.3 * 2 * leak**2) * stats.norm.pdf(g)

    want = integrate.quad(error, -12, 12, epsabs=1e-13, limit=400)[0]
    got = LAW(documents=2, beta=beta, eta=eta, tokens=1, between=1.3, within=0.7)
    assert got == pytest.approx(want, rel=1e-9)


@pytest.mark.parametrize(
    ("beta", "want", "error"),
    [(2, 0.0447, 0.0037), (3, 0.0196, 0.0016), (3.8, 0.0114, 0.001), (4.5, 0.0157, 0.0016), (5.5, 0.0416, 0.005)],
)
def test_known_simulation(beta, want, error):
    """An earlier, independent simulation of 16 documents of 1000 tokens, with its standard errors."""
    got = LAW(documents=16, beta=beta, eta=0.4, tokens=1000, between=0.1, within=1)
    assert abs(got - want) < 2 * error


@pytest.mark.parametrize(("documents", "beta", "eta"), [(3, 1.0, 0.2), (16, 3.0, 0.3)])
def test_first_order_of_many_tokens(documents, beta, eta):
    """T times the error beyond the leak tends to the first order, and what is left falls as 1/T."""
    gaps = []
    for tokens in (1000, 10000, 100000):
        first = numeric(ERROR, SYMBOLS)(beta, documents, eta, tokens, 0.5)
        exact = LAW(documents=documents, beta=beta, eta=eta, tokens=tokens, between=0.5, within=1)
        clean = CLEAN(documents=documents, beta=beta, tokens=10**12, between=0.5, within=1)
        gaps.append(abs(exact - first) * tokens / (first - clean) / tokens)
    assert gaps[2] < 1e-4
    assert gaps[0] / gaps[1] == pytest.approx(10, rel=0.1)
    assert gaps[1] / gaps[2] == pytest.approx(10, rel=0.1)


def test_little_noise_is_none():
    point = {"documents": 5, "beta": 0.05, "tokens": 7, "between": 2, "within": 3}
    assert LAW(**point, eta=0.01) == pytest.approx(CLEAN(**point), rel=1e-6)


def test_far_beyond_the_breakdown():
    """A few tokens have nearly all the weight. 20000 contexts; false alarm at 5 standard errors 6e-7, visible 2 %."""
    rng = np.random.default_rng(11)
    weights = np.exp(6 * rng.standard_normal((20_000, 2, 50)) + 12 * np.eye(2)[0][:, None])
    weights /= weights.sum(axis=(1, 2), keepdims=True)
    missed = weights.sum(axis=2) - np.eye(2)[0]
    errors = (weights**2).sum(axis=(1, 2)) + 3 * (missed**2).sum(axis=1)
    want = LAW(documents=2, beta=12, eta=0.5, tokens=50, between=3, within=1)
    assert want > 0.5
    assert abs(errors.mean() - want) < 5 * errors.std() / 20_000**0.5 < 0.02 * want


def test_accuracy_at_random_points():
    """Two points of the domain, tails included: an enclosure takes two seconds."""
    (certificate,) = certify(LAW, algorithm_points=2)
    assert certificate.passed and certificate.points == 2
