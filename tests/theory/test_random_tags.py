"""minimax.random_tags against Bessel functions, quadrature, known figures, and tags that are drawn."""

import mpmath
import numpy as np
import pytest
from scipy import special

from attnlaws.theory.minimax.random_tags import LAW


def mean_weight(d, beta):
    """The mean of exp(beta cos) by a modified Bessel function."""
    order = d / 2 - 1
    log = special.gammaln(d / 2) + order * np.log(2 / beta) + np.log(special.ive(order, beta)) + beta
    return float(np.exp(log))


@pytest.mark.parametrize(
    ("documents", "d_k", "beta", "mean", "leak"), [(64, 32, 6, 1.73944, 0.21361), (256, 64, 10, 2.16468, 0.02445)]
)
def test_known_figures(documents, d_k, beta, mean, leak):
    assert mean_weight(d_k, beta) == pytest.approx(mean, abs=5e-6)
    assert LAW(documents=documents, d_k=d_k, beta=beta) == pytest.approx(leak, abs=5e-6)


@pytest.mark.parametrize(("documents", "d_k", "beta"), [(2, 2, 0.5), (17, 3, 3.0), (1000, 64, 20.0), (10**9, 9, 50.0)])
def test_leak_by_bessel_functions(documents, d_k, beta):
    noise = (documents - 1) * mean_weight(d_k, beta)
    assert LAW(documents=documents, d_k=d_k, beta=beta) == pytest.approx(noise / (np.exp(beta) + noise), rel=1e-10)


@pytest.mark.parametrize("d_k", [3, 8])
def test_linear_leak_by_quadrature(d_k):
    def density(c):
        return (1 - c * c) ** ((d_k - 3) / 2)

    square, whole = (float(mpmath.quad(f, [-1, 1])) for f in (lambda c: c * c * density(c), density))  # type: ignore
    assert LAW(documents=5, d_k=d_k, beta=1, output="linear") == pytest.approx(4 * square / whole, rel=1e-9)


def test_other_tags_of_linear_attention():
    """Orthonormal tags do not leak, and the corners of a simplex leak 1/(I - 1), as the text says."""
    for documents in (2, 9):
        corners = np.eye(documents) - 1 / documents
        corners /= np.linalg.norm(corners, axis=1, keepdims=True)
        assert np.sum((corners[1:] @ corners[0]) ** 2) == pytest.approx(1 / (documents - 1), rel=1e-12)
        assert not np.any(np.eye(documents)[1:] @ np.eye(documents)[0])


def test_mean_share_is_half_a_percent_smaller():
    """20000 contexts: the mean share against the law, and the mean interference as a control. False alarm at 5 standard
    errors: 6e-7 each; visible: 0.3 %, against the 0.5 % that the text states."""
    rng = np.random.default_rng(5)
    cosines = 2 * rng.beta(15.5, 15.5, (20_000, 63)) - 1
    noise = np.exp(6 * (cosines - 1)).sum(axis=1)
    share = noise / (1 + noise)
    want = LAW(documents=64, d_k=32, beta=6)
    assert share.mean() / want - 1 == pytest.approx(-0.005, abs=0.003)
    assert 5 * share.std() / want / 20_000**0.5 < 0.008
    error = noise.std() / 20_000**0.5
    assert abs(noise.mean() - want / (1 - want)) < 5 * error
