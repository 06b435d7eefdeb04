"""Arb balls of expressions, against mpmath and closed forms."""

from fractions import Fraction

import mpmath
import pytest
import sympy as sp

from attnlaws.theory.densities import chi_square_density, chi_square_mean, gaussian_mean
from attnlaws.theory.enclose import enclose

x, y, t = sp.symbols("x y t", positive=True)
g = sp.Symbol("g", real=True)


@pytest.mark.parametrize(
    ("integral", "value"),
    [
        (gaussian_mean(g**4, g), sp.Integer(3)),
        (gaussian_mean(sp.exp(3 * g), g), sp.exp(sp.Rational(9, 2))),
        (chi_square_mean(1 / x, x, 3), sp.Integer(1)),
        (chi_square_mean(sp.log(x), x, 1), -sp.EulerGamma - sp.log(2)),
        (sp.Integral(1 / sp.sqrt(x), (x, 0, 4)), sp.Integer(4)),
        (sp.Integral(sp.exp(-x) * sp.Integral(y, (y, 0, x)), (x, 0, sp.oo)), sp.Integer(1)),
        (sp.Integral(x * y, (y, 0, 1), (x, 0, 2)), sp.Integer(1)),
        (sp.Subs(sp.Derivative(sp.Integral(x**t, (x, 0, 1)), t), t, 1), sp.Rational(-1, 4)),
    ],
)
def test_integrals_contain_their_value(integral, value):
    ball = enclose(integral, digits=20)
    assert (ball - enclose(value, digits=40)).contains(0)
    assert float(ball.rad()) < 1e-18


@pytest.mark.parametrize("variance", [Fraction(1, 10**12), 1, 10**12])
def test_scale_of_the_integrand_does_not_matter(variance):
    ball = enclose(chi_square_mean(x, x, 5), digits=20) * enclose(t, {t: variance}, 20)
    scaled = sp.Integral(x * chi_square_density(x / t, 5) / t, (x, 0, sp.oo))
    assert enclose(scaled, {t: variance}, 20).overlaps(ball)


def test_a_float_is_its_binary_fraction():
    assert enclose(x, {x: 0.1}, 40).overlaps(enclose(x, {x: Fraction(0.1)}, 40))
    assert enclose(sp.Float(0.1) + x, {x: 1}, 40).overlaps(enclose(x, {x: 1 + Fraction(0.1)}, 40))
    assert not enclose(x, {x: 0.1}, 40).overlaps(enclose(x, {x: Fraction(1, 10)}, 40))


def test_against_mpmath():
    with mpmath.workdps(30):
        want = mpmath.quad(lambda u: mpmath.log(u) ** 2 * mpmath.exp(-u / 2) * u / 4, [0, 1, 10, mpmath.inf])
        got = enclose(chi_square_mean(sp.log(x) ** 2, x, 4), digits=20)
        assert abs(mpmath.mpf(got.mid().str(25, radius=False)) - want) < 1e-18


def test_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match="no value"):
        enclose(x + 1, {}, 20)
    with pytest.raises(ValueError, match="not known"):
        enclose(sp.zeta(x), {x: 3}, 20)


def counting(name):
    """The identity as a function that SymPy does not know, and how often it was computed."""
    calls = []

    def ball(value):
        calls.append(value)
        return value

    return type(name, (sp.Function,), {"ball": staticmethod(ball)}), calls


def test_an_integrand_s_parts_are_computed_as_often_as_they_change():
    """What does not vary is computed once for the integral, what occurs twice once for each value of the variable."""
    (fixed, fixed_calls), (twice, twice_calls), (single, single_calls) = map(counting, ("fixed", "twice", "single"))
    integrand = sp.exp(-(g**2) * fixed(t)) * (1 + g * twice(g) + twice(g) * single(g))
    got = enclose(sp.Integral(integrand, (g, -sp.oo, sp.oo)), {t: 2}, 15)
    assert (got - enclose(sp.sqrt(sp.pi / 2) * sp.Rational(3, 2), digits=20)).contains(0)
    assert len(fixed_calls) == 1
    assert len(twice_calls) == len(single_calls) > 100
