"""retrieval.softmax_fidelity against quadrature over scores, enumeration and leading orders."""

import mpmath
import numpy as np
import pytest

from attnlaws.theory.accuracy import certify
from attnlaws.theory.enclose import enclose
from attnlaws.theory.prove import prove
from attnlaws.theory.retrieval.softmax_fidelity import LAW, LEADING_MASS, TRANSFORM, _moment, t
from attnlaws.theory.vocabulary import numeric

N, D_K, TAU = (LAW.parameter(name).symbol for name in ("n", "d_k", "tau"))


@pytest.mark.parametrize(
    ("n", "d_k", "tau", "mass", "mse"), [(500, 36, 6, 0.3295302, 0.4521190), (300, 20, 3, 0.4671950, 0.2928965)]
)
def test_known_values(n, d_k, tau, mass, mse):
    """Seven digits of an independent computation of the same means."""
    assert LAW(n=n, d_k=d_k, tau=tau) == pytest.approx(mass, abs=6e-8)
    assert LAW(n=n, d_k=d_k, tau=tau, output="mse") == pytest.approx(mse, abs=6e-8)


@pytest.mark.parametrize(("d_k", "tau"), [(1, 0.5), (16, 4.0), (64, 2.0)])
def test_one_other_pair_by_mpmath(d_k, tau):
    """With one other the mass is a logistic function of its score, and the error twice the square of the rest."""

    def mean(function):
        edge = mpmath.sqrt(d_k)
        pieces = sorted([-12, -3, 0, 3, float(edge) - 0.5, float(edge), float(edge) + 0.5, float(edge) + 12])
        score = lambda z: (mpmath.sqrt(d_k) * z - d_k) / tau  # noqa: E731
        return mpmath.quad(lambda z: function(mpmath.exp(score(z))) * mpmath.npdf(z), pieces)

    assert LAW(n=2, d_k=d_k, tau=tau) == pytest.approx(float(mean(lambda w: 1 / (1 + w))), rel=1e-10)
    mse = mean(lambda w: 2 * (w / (1 + w)) ** 2)
    assert LAW(n=2, d_k=d_k, tau=tau, output="mse") == pytest.approx(float(mse), rel=1e-9)


@pytest.mark.parametrize("output", LAW.outputs)
def test_three_others_by_a_product_rule(output):
    """The definition itself, a sum over a lattice in three scores; steps of 0.25 leave errors far below 1e-9."""
    d_k, tau = 4, 3.0
    lattice = np.arange(-9, 9.01, 0.25)
    density = np.exp(-(lattice**2) / 2) * 0.25 / np.sqrt(2 * np.pi)
    weight = np.exp((np.sqrt(d_k) * lattice - d_k) / tau)
    first, second, third = weight[:, None, None], weight[:, None], weight
    mass = 1 / (1 + first + second + third)
    mse = (1 - mass) ** 2 + (first**2 + second**2 + third**2) * mass**2
    want = np.einsum("i,j,k,ijk->", density, density, density, mass if output == "value" else mse)
    assert LAW(n=4, d_k=d_k, tau=tau, output=output) == pytest.approx(want, rel=1e-9)


def test_the_error_is_what_it_is_made_of():
    """1 - 2 E p + E p^2 + E sum p_j^2, each integrated on its own from the definitions of the means."""
    n, d_k, tau = 20, 9, 3.0

    def transform(s, k):
        expr = TRANSFORM if k == 0 else _moment(k)
        return float(enclose(expr, {D_K: d_k, TAU: tau, t: float(np.exp(s))}, 12))

    lattice = np.arange(-20, 4.0, 0.4)
    psi = np.array([transform(s, 0) for s in lattice])
    squares = np.array([transform(s, 2) for s in lattice])
    time = np.exp(lattice)
    mass, mass2 = (0.4 * np.sum(time**k * np.exp(-time) * psi ** (n - 1)) for k in (1, 2))
    others = 0.4 * np.sum(time**2 * np.exp(-time) * (n - 1) * psi ** (n - 2) * squares)
    assert LAW(n=n, d_k=d_k, tau=tau) == pytest.approx(mass, rel=1e-8)  # exp(-20) is cut off
    assert LAW(n=n, d_k=d_k, tau=tau, output="mse") == pytest.approx(1 - 2 * mass + mass2 + others, rel=1e-7)


def test_limits_of_the_temperature():
    """Hot: all pairs weigh the same. Many dimensions: the target has it all."""
    assert LAW(n=100, d_k=16, tau=10**6) == pytest.approx(0.01, rel=1e-4)
    assert LAW(n=100, d_k=16, tau=10**6, output="mse") == pytest.approx(0.99**2 + 0.0099, rel=1e-4)
    assert LAW(n=100, d_k=1024, tau=2) == pytest.approx(1, abs=1e-9)
    assert 0 < LAW(n=100, d_k=1024, tau=2, output="mse") < 1e-200


def test_the_ratio_overstates_what_is_read():
    """At tau = sqrt(d_k) the mass is 1/2 at ln n = sqrt(d_k) - 1/2, to leading order; the ratio is 1 far beyond."""
    for d_k, off in ((64, 1e-3), (256, 1e-6)):
        root = d_k**0.5
        half = round(np.exp(root - 0.5))
        assert LAW(n=half, d_k=d_k, tau=root) == pytest.approx(0.5, abs=off)
        assert numeric(LEADING_MASS, (N, D_K, TAU))(float(half), float(d_k), root) == pytest.approx(0.5, abs=1e-3)
    passing = round(np.exp(2 * 64**0.5 - 2))
    assert LAW(n=passing, d_k=64, tau=8) < 0.002
    assert LAW(n=passing, d_k=64, tau=8, output="mse") > 0.99


def test_its_values_are_certified():
    for certificate in certify(LAW, algorithm_points=2):
        assert certificate.passed, certificate


@pytest.mark.slow
def test_its_values_are_certified_everywhere():
    for certificate in certify(LAW):
        assert certificate.passed, certificate


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "algorithm"
    assert not proof.failed
