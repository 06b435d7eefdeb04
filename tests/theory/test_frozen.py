"""retrieval.frozen and its transform against quadrature that shares nothing with them."""

import mpmath
import numpy as np
import pytest
from flint import arb

from attnlaws.theory import laplace, laplace_balls
from attnlaws.theory.accuracy import certify
from attnlaws.theory.enclose import enclose
from attnlaws.theory.prove import prove
from attnlaws.theory.retrieval.frozen import FROZEN_LOG, FROZEN_SHARE, INDEX, LAW, TRANSFORM, sigma, t
from attnlaws.theory.vocabulary import numeric
from attnlaws.theory.weights import Lognormal

N, SIGMA = (LAW.parameter(name).symbol for name in ("n", "sigma"))


@pytest.mark.parametrize("spread", [0.05, 1.0, 4.0])
def test_two_weights_by_mpmath(spread):
    """With x = sigma (g_1 - g_2), W = exp(sigma (g_1 + g_2)) 2 cosh x and the squared shares are (1 + tanh^2 x)/2."""

    def mean(function):
        width = mpmath.sqrt(2) * spread
        pieces = [-12, -4, -1, 0, 1, 4, 12]
        return mpmath.quad(lambda z: function(width * z) * mpmath.npdf(z), pieces)

    assert LAW(n=2, sigma=spread) == pytest.approx(float(mean(lambda x: mpmath.log(2 * mpmath.cosh(x)))), rel=1e-11)
    shares = mean(lambda x: (1 + mpmath.tanh(x) ** 2) / 2)
    assert LAW(n=2, sigma=spread, output="participation") == pytest.approx(float(shares), rel=1e-10)


@pytest.mark.parametrize("output", LAW.outputs)
def test_three_weights_by_a_product_rule(output):
    """The definition itself, a sum over a lattice in three scores; steps of 0.25 leave errors far below 1e-9."""
    spread = 0.7
    lattice = np.arange(-9, 9.01, 0.25)
    density = np.exp(-(lattice**2) / 2) * 0.25 / np.sqrt(2 * np.pi)
    weight = np.exp(2 * spread * lattice)
    total = weight[:, None, None] + weight[:, None] + weight
    function = np.log(total) if output == "value" else 3 * (weight / total) ** 2
    want = np.einsum("i,j,k,ijk->", density, density, density, function)
    assert LAW(n=3, sigma=spread, output=output) == pytest.approx(want, rel=1e-9)


@pytest.mark.parametrize(
    ("spread", "log_sum", "share", "frozen_log", "frozen_share"),
    [
        (2.2, 19.44, 0.174, 20.85, 0.042),
        (3, 25.52, 0.348, 25.74, 0.298),
        (4, 33.47, 0.497, 33.61, 0.473),
        (5, 41.56, 0.594, 41.70, 0.579),
    ],
)
def test_exact_values_and_the_limits_that_miss_them(spread, log_sum, share, frozen_log, frozen_share):
    """Values of an independent computation at n = 30 000, to the digits it printed."""
    point = {"n": 30_000, "sigma": spread}
    assert LAW(**point) == pytest.approx(log_sum, abs=0.006)
    assert LAW(**point, output="participation") == pytest.approx(share, abs=0.0006)
    limits = [float(numeric(form, (N, SIGMA))(30_000.0, float(spread))) for form in (FROZEN_LOG, FROZEN_SHARE)]
    assert limits == pytest.approx([frozen_log, frozen_share], abs=0.006)
    assert limits[0] - LAW(**point) > 0.1
    assert LAW(**point, output="participation") - limits[1] > 0.01


def test_the_frozen_forms_are_the_limit():
    """At one exponent of the tail, the distance to the limit falls as n grows, about as 1/ln n."""
    gaps = []
    for size in (10**3, 10**6, 10**12):
        spread = float(numeric(INDEX, (N, SIGMA))(float(size), 1.0)) / 0.4
        limit = float(numeric(FROZEN_LOG, (N, SIGMA))(float(size), spread))
        assert numeric(FROZEN_SHARE, (N, SIGMA))(float(size), spread) == pytest.approx(0.6)
        gaps.append([limit - LAW(n=size, sigma=spread), LAW(n=size, sigma=spread, output="participation") - 0.6])
    falls = np.array(gaps)[:-1] / np.array(gaps)[1:]
    assert (falls > 1.4).all()
    assert (falls < 2.6).all()


def test_the_other_phase():
    """Far above the threshold the mean weight counts: by the delta method, up to a square of the relative variance."""
    size, spread = 10**12, 1.0
    variance = np.expm1(4 * spread**2) / size
    assert LAW(n=size, sigma=spread) == pytest.approx(np.log(size) + 2 * spread**2 - variance / 2, abs=1e-9)
    assert LAW(n=size, sigma=spread, output="participation") == pytest.approx(np.exp(4) / size, rel=1e-6)


@pytest.mark.parametrize("spread", [0.25, 1.0, 6.0])
@pytest.mark.parametrize("s", [-3.0, 0.5, 2.0])
def test_the_transform_by_arb_quadrature(spread, s):
    """One weight: the float64 rule and the Mellin-Barnes balls against the integral over its score."""
    point = {t: arb(s).exp(), sigma: spread / 2}
    want = 1 - enclose(TRANSFORM, point, 20)
    balls = laplace_balls.Transform(Lognormal(lambda: arb(spread)), (0, 1, 2), s, -40.0)
    assert (want + balls.value(0, arb(s))).contains(0)
    lattice = laplace.Lattice(s, 1.0, 1)
    assert laplace.complement(lattice, spread)[0] == pytest.approx(float(want), rel=1e-12)
    for k in (1, 2):
        mean = enclose(TRANSFORM.diff(t, k) * (-t) ** k, point, 20)
        assert (mean - balls.value(k, arb(s))).contains(0)
        assert np.exp(laplace.moment(k, lattice, spread)[0]) == pytest.approx(float(mean), rel=1e-10)


def test_the_rule_is_converged(monkeypatch):
    """Half the steps and longer ranges change nothing that the law promises."""
    points = [(2.0, 0.01), (2.0, 20.0), (1e12, 0.3), (1e12, 2.0), (1e12, 20.0)]

    def values():
        for routine in (laplace.log_sum, laplace.participation):
            routine.cache_clear()
        return np.array([[laplace.log_sum(*point), laplace.participation(*point)] for point in points])

    coarse = values()
    for name, value in (("STEP", 0.15), ("FINEST", 0.2), ("REACH", 11.0), ("NEGLIGIBLE", 50.0)):
        monkeypatch.setattr(laplace, name, value)
    fine = values()
    assert np.abs(coarse / fine - 1).max() < 1e-11
    laplace.log_sum.cache_clear()
    laplace.participation.cache_clear()


def test_its_values_are_certified():
    for certificate in certify(LAW, algorithm_points=3):
        assert certificate.passed, certificate


@pytest.mark.slow
def test_its_values_are_certified_everywhere():
    for certificate in certify(LAW):
        assert certificate.passed, certificate


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "algorithm"
    assert not proof.failed


def test_a_wrong_rule_is_outside_the_balls():
    """A weight more, or a coarser rule than the law's, is seen by the enclosure."""
    ball = laplace_balls.log_sum(9, 5, Lognormal(lambda: arb(3)))
    assert abs(float(ball) - laplace.log_sum(5.0, 3.0)) < 1e-10
    assert abs(float(ball) - laplace.log_sum(6.0, 3.0)) > 0.1
