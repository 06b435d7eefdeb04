"""minimax.exponent: the power is that of the balance without steps, solved by a plain root search."""

import math

import pytest
from scipy import integrate, optimize

from attnlaws.theory.minimax.exponent import LAW
from attnlaws.theory.prove import prove


def log_level(log_n, alpha, kappa):
    """ln u at ln n = 2 u + the integral of u - kappa x^alpha, which a quadrature gives, over x."""

    def above(log_u):
        end = (math.exp(log_u) / kappa) ** (1 / alpha)
        cells = integrate.quad(lambda x: math.exp(log_u) - kappa * x**alpha, 0, end, epsrel=1e-12)[0]
        return math.log(2 * math.exp(log_u) + cells) - math.log(log_n)

    return optimize.brentq(above, -50, math.log(log_n), xtol=1e-14)


@pytest.mark.parametrize(("alpha", "kappa"), [(0.5, 1.0), (1.0, 0.5), (2.0, 0.01), (2.0, 3.0), (4.0, 0.5)])
def test_the_elasticity_of_the_smooth_balance_far_out(alpha, kappa):
    """At ln n = 10^40 there are 10^8 axes or more, and the secant is off by less than one part in as many."""
    step = 0.5
    slope = (log_level(1e40 * math.exp(step), alpha, kappa) - log_level(1e40, alpha, kappa)) / step
    assert LAW(alpha=alpha) == pytest.approx(slope, abs=1e-7)


def test_the_correction_is_that_of_the_balance():
    """At alpha = 1 the balance is the quadratic u^2/(2 kappa) + 3 u/2 = ln n, up to the steps."""
    kappa, size = 0.5, 1e5
    u = [(-1.5 + math.sqrt(2.25 + 2 * n / kappa)) * kappa for n in (size, 16 * size)]
    want = math.log(u[1] / u[0]) / math.log(16) - 0.5
    assert LAW.correction(alpha=1.0, kappa=kappa, log_n=size) == pytest.approx(want, rel=5e-3)


def test_heat_kernels_and_dimensions_of_the_content():
    """Content on a d-dimensional torus under a heat kernel has alpha = 2/d, and the power 2/(2 + d)."""
    assert [LAW(alpha=2 / d) for d in (1, 2, 3)] == pytest.approx([2 / 3, 1 / 2, 2 / 5])


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "cited"
    assert not proof.failed
