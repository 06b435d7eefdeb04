"""retrieval.linear_sphere against independent routes: quadrature, and the Beta law of a cosine."""

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from attnlaws.theory.prove import prove
from attnlaws.theory.retrieval.linear_sphere import LAW
from attnlaws.theory.simplify import settled


@pytest.mark.parametrize(("n", "d_k"), [(2, 1), (9, 2), (10, 7), (1000, 40)])
def test_the_definition_by_nested_quadrature(n, d_k):
    """1/|z|^2 as an integral over s = exp(t), with Gauss integrals inside; the trapezoid rule is as good as exact."""
    t, h = np.linspace(-45, 90, 2001, retstep=True)
    g, step = np.linspace(-9, 9, 181, retstep=True)
    scale = np.exp(-np.logaddexp(0, t) / 2)  # of the Gaussian that is left of each component

    def gauss(power):
        inside = np.exp(-(g**2) / 2) / np.sqrt(2 * np.pi) * (scale[:, None] * g) ** power
        return scale * inside.sum(axis=1) * step

    integral = np.sum(gauss(2) * gauss(0) ** (d_k - 1) * np.exp(t)) * h
    assert LAW(n=n, d_k=d_k) == pytest.approx((n - 1) / 2 * integral, rel=1e-10)


@pytest.mark.parametrize("d_k", [2, 3, 16, 101])
def test_the_mean_of_a_beta_variable(d_k):
    """cos^2 is Beta(1/2, (d - 1)/2)."""
    assert LAW(n=65, d_k=d_k) == pytest.approx(64 * stats.beta(0.5, (d_k - 1) / 2).mean(), rel=1e-14)


def test_every_step_is_symbolic():
    assert set(prove(LAW).badges.values()) == {"proven"}


def test_the_two_draws_of_a_cosine_give_its_density():
    """The sampler's radius R and angle, multiplied out, are the density of two coordinates of a point on a sphere,
    and integrating the second one out leaves (1 - c^2)^((d - 3)/2) over the Beta function."""
    rest, rho2, d = sp.symbols("rest rho2 d", positive=True)  # rest = 1 - R
    tail = sp.exp(-rho2 / 2)  # of the squared norm of two normals; it grows with the rest
    density = sp.diff(sp.simplify(tail.subs(rho2, -(d - 2) * sp.log(rest))), rest)
    assert sp.simplify(density - (d - 2) / 2 * rest ** (d / 2 - 2)) == 0

    c, y = sp.Rational(1, 3), sp.Symbol("y", real=True)
    for dimension in (4, 5, 6, 9):
        # dR dangle/(2 pi) = dx dy/pi for R = x^2 + y^2
        joint = density.subs(d, dimension).subs(rest, 1 - c**2 - y**2) / sp.pi
        end = sp.sqrt(1 - c**2)
        marginal = sp.integrate(sp.powsimp(sp.simplify(joint)), (y, -end, end))
        exact = (1 - c**2) ** sp.Rational(dimension - 3, 2) / sp.beta(sp.Rational(1, 2), sp.Rational(dimension - 1, 2))
        assert float(marginal) == pytest.approx(float(exact), rel=1e-12)


def test_a_gauss_integral_with_an_even_power_settles_in_one_form():
    g, s = sp.Symbol("g", real=True), sp.Symbol("s", positive=True)
    third = sp.Integral(g**4 * sp.exp(-(1 + s) * g**2 / 2), (g, -sp.oo, sp.oo))
    assert settled(third) == 3 * sp.sqrt(2 * sp.pi) / (1 + s) ** sp.Rational(5, 2)
