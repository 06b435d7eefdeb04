"""minimax.tag_leak against published values, enumeration, and the tags themselves."""

import math

import numpy as np
import pytest

from attnlaws.simulations.minimax.tag_leak import tags_of
from attnlaws.theory.minimax.tag_leak import LAW
from attnlaws.theory.prove import prove

KINDS = ("orthonormal", "simplex", "antipodal")


@pytest.mark.parametrize(
    ("documents", "beta", "orthonormal", "simplex"), [(4, 2, 0.288765, 0.172494), (16, 5, 0.0917919, 0.0675289)]
)
def test_known_values(documents, beta, orthonormal, simplex):
    """Of an independent computation, to the digits it printed."""
    assert LAW(documents=documents, beta=beta, tags="orthonormal") == pytest.approx(orthonormal, abs=6e-7)
    assert LAW(documents=documents, beta=beta, tags="simplex") == pytest.approx(simplex, abs=6e-7)


@pytest.mark.parametrize("beta", [0.3, 2.0, 9.0])
def test_two_opposite_tags_are_a_logistic_function(beta):
    """For I = 2 a simplex is a pair of opposite tags, and the scores differ by 2 beta."""
    for tags in ("simplex", "antipodal"):
        assert LAW(documents=2, beta=beta, tags=tags) == pytest.approx(1 / (1 + math.exp(2 * beta)), rel=1e-14)


def test_three_corners_of_a_triangle():
    """Unit vectors at 120 degrees: inner products are -1/2."""
    scores = np.array([1.0, math.cos(2 * math.pi / 3), math.cos(4 * math.pi / 3)]) * 1.7
    weights = np.exp(scores) / np.exp(scores).sum()
    assert LAW(documents=3, beta=1.7, tags="simplex") == pytest.approx(1 - weights[0], rel=1e-14)


@pytest.mark.parametrize("documents", [2, 3, 8])
def test_the_tags_lie_as_they_should(documents):
    """Of unit length, and with no positive inner product; the simplex has the smallest that all can have."""
    expected = {"orthonormal": {0.0}, "simplex": {-1 / (documents - 1)}, "antipodal": {0.0, -1.0}}
    for tags in KINDS:
        products = tags_of(documents, tags) @ tags_of(documents, tags).T
        assert np.diag(products) == pytest.approx(1, abs=1e-12)
        apart = products[~np.eye(documents, dtype=bool)]
        assert {min(expected[tags], key=lambda value: abs(value - product)) for product in apart} <= expected[tags]
        assert all(min(abs(value - product) for value in expected[tags]) < 1e-12 for product in apart)


def test_shares_add_up_and_sharpness_helps():
    beta = np.linspace(0.1, 30, 40)
    for tags in KINDS:
        leak, kept = (LAW(documents=9, beta=beta, tags=tags, output=output) for output in LAW.outputs)
        assert leak + kept == pytest.approx(1, abs=1e-15)
        assert (np.diff(leak) < 0).all()
    simplex, antipodal, orthonormal = (LAW(documents=9, beta=3.0, tags=t) for t in ("simplex", "antipodal", KINDS[0]))
    assert simplex < antipodal < orthonormal


def test_the_sharpness_that_a_leak_asks_for():
    """Where beta = u + ln(I - 1) the leak of orthonormal tags is 1/(1 + exp(u))."""
    u, documents = 4.0, 1000
    assert LAW(documents=documents, beta=u + math.log(documents - 1)) == pytest.approx(1 / (1 + math.exp(u)), rel=1e-13)


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "proven"
    assert not proof.failed
