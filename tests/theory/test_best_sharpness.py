"""minimax.best_sharpness against a search over the delta method done with numerical derivatives, and known figures."""

from typing import Any

import numpy as np
import pytest
from scipy import optimize

from attnlaws.theory.minimax.best_sharpness import LAW


def error(beta, documents, eta, tokens, ratio):
    """Leak and noise to the first order in 1/T: a second difference in each document's mean weight."""
    base = np.exp(beta * np.eye(documents)[0])
    variance = np.expm1((beta * eta) ** 2) / tokens

    def missed(weights):
        return np.sum((weights / weights.sum() - np.eye(documents)[0]) ** 2)

    h, curvature = 1e-3, 0.0
    for i in range(documents):
        step = np.zeros(documents)
        step[i] = h * base[i]
        curvature += (missed(base + step) - 2 * missed(base) + missed(base - step)) / h**2
    shares = base / base.sum()
    return ratio * (missed(base) + variance * curvature / 2) + (variance + 1 / tokens) * np.sum(shares**2)


@pytest.mark.parametrize(("documents", "eta", "tokens", "ratio"), [(16, 0.2, 1000, 0.1), (3, 0.5, 50, 2.0)])
def test_minimum_by_a_search(documents, eta, tokens, ratio):
    search: Any = optimize.minimize_scalar(
        lambda beta: np.log(error(beta, documents, eta, tokens, ratio)), bounds=(0.1, 12), method="bounded"
    )
    assert LAW(documents=documents, eta=eta, tokens=tokens, ratio=ratio) == pytest.approx(search.x, rel=1e-4)


@pytest.mark.parametrize(
    ("eta", "tokens", "want"),
    [(0.2, 100, 3.94), (0.2, 1000, 5.10), (0.2, 10**5, 6.97), (0.4, 100, 2.96), (0.4, 1000, 3.81), (0.4, 10**5, 5.20)],
)
def test_known_figures(eta, tokens, want):
    """From a search on a grid, without what the fluctuation of the shares adds: good to 0.02."""
    assert LAW(documents=16, eta=eta, tokens=tokens, ratio=0.1) == pytest.approx(want, abs=0.02)


def test_there_is_one_minimum():
    """At random corners of the domain the error falls up to the optimum and rises from there."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        documents, tokens = int(2 * 10 ** rng.uniform(0, 1.5)), int(10 ** rng.uniform(1, 6))
        eta, ratio = float(rng.uniform(0.02, 0.5)), float(10 ** rng.uniform(-2, 2))
        best = float(LAW(documents=documents, eta=eta, tokens=tokens, ratio=ratio))
        looks = np.linspace(0, 2 * best, 41)
        values = np.array([error(beta, documents, eta, tokens, ratio) for beta in looks])
        assert np.argmin(values) == 20
        assert (np.diff(values) > 0).sum() == 20
