"""retrieval.exponential_sphere and the Bessel function under it: quadrature, closed forms, an expansion by SymPy."""

import mpmath
import numpy as np
import pytest
import sympy as sp
from flint import arb, ctx
from scipy import integrate

from attnlaws.theory.enclose import enclose
from attnlaws.theory.hypergeometric import NEAR, exponents, log_scaled, log_scaled_ball
from attnlaws.theory.prove import prove
from attnlaws.theory.retrieval.exponential_sphere import LAW

SYMBOLS = [LAW.parameter(name).symbol for name in ("n", "d_k", "radius", "tau")]


@pytest.mark.parametrize("point", [(9, 2, 1, 1), (2, 3, 20, 2), (65, 64, 8, 8), (9, 100, 5, 1)])
def test_definitions_evaluate_to_the_form(point):
    given = dict(zip(SYMBOLS, point, strict=True))
    for case in LAW.derivations:
        definition, form = enclose(case.steps[0].expr, given, 15), enclose(case.form, given, 25)
        assert (definition - form).contains(0)
        assert float(definition.rad()) < 1e-12 * abs(float(form))


@pytest.mark.parametrize(("d_k", "radius", "tau"), [(3, 2, 2), (16, 4, 8), (64, 8, 8), (64, 1, 1), (400, 20, 20)])
def test_the_mean_over_angles_by_quadrature(d_k, radius, tau):
    """SciPy's rule in the angle, whose density is sin^(d - 2)."""
    rate = 2 * radius**2 / tau

    def area(power):
        def density(angle):
            return np.exp(power * (np.cos(angle) - 1)) * np.sin(angle) ** (d_k - 2)

        return integrate.quad(density, 0, np.pi, epsabs=0, epsrel=1e-12, points=[0.5, 1, 1.5, 2], limit=200)[0]

    want = 64 * area(rate) / area(0.0)
    assert LAW(n=65, d_k=d_k, radius=radius, tau=tau) == pytest.approx(want, rel=1e-10)


def test_every_step_is_symbolic_or_checked():
    assert set(prove(LAW).badges.values()) == {"checked"}


def test_closed_forms_in_one_three_and_five_dimensions():
    b = np.array([1e-8, 0.1, 3.0, 28.0, 31.0, 400.0])
    assert log_scaled(0.5, b) == pytest.approx(np.log1p(np.expm1(-2 * b) / 2), rel=1e-14)
    assert log_scaled(1.5, b[1:]) == pytest.approx(np.log(-np.expm1(-2 * b) / (2 * b))[1:], rel=1e-14)
    third = [3 * (mpmath.cosh(x) / x**2 - mpmath.sinh(x) / x**3) * mpmath.exp(-x) for x in map(mpmath.mpf, b[1:])]
    assert log_scaled(2.5, b[1:]) == pytest.approx([float(mpmath.log(x)) for x in third], rel=1e-12)


def test_both_sides_of_each_border_agree():
    """The ways of computing it meet at r = 30 and, beyond, at order 10: a jump would be an error of one of them."""
    for a, b in ((NEAR + 1, 1e-9), (25.0, np.sqrt(NEAR**2 - 24**2)), (1.0, NEAR), (11.0, 1000.0), (11.0, 40.0)):
        near = [log_scaled(a * (1 + s * 1e-13), b * (1 + s * 1e-13)) for s in (-1, 1)]
        assert near[0] == pytest.approx(near[1], rel=2e-12)


def test_debye_s_polynomials_are_those_of_the_handbook():
    """The logarithm of 1 + U_1/nu + U_2/nu^2 + U_3/nu^3 (DLMF 10.41.10)."""
    p, x = sp.symbols("p x")
    u = [1, (3 * p - 5 * p**3) / 24, (81 * p**2 - 462 * p**4 + 385 * p**6) / 1152,
         (30375 * p**3 - 369603 * p**5 + 765765 * p**7 - 425425 * p**9) / 414720]  # fmt: skip
    logarithm = sp.series(sp.log(sum(term * x**k for k, term in enumerate(u))), x, 0, 4).removeO()
    for k, q in enumerate(exponents(3), 1):
        polynomial = sum(sp.Rational(c.numerator, c.denominator) * p ** (k + 2 * j) for j, c in enumerate(q))
        assert sp.expand(logarithm.coeff(x, k) - polynomial) == 0


def test_the_series_from_its_largest_term_contains_the_value():
    """Where Arb's own function answers, and where it does not, the mean over the sphere by the trapezoid rule."""
    with ctx.workprec(120):
        for a, b in ((arb(2000), arb(2000)), (arb(40000), arb(100))):
            assert (b * b / 4).hypgeom_0f1(a).log().is_finite() == (b == 100)
            m = 2 * a - 1
            at = 2 * b / ((m * m + 4 * b * b).sqrt() + m)
            t = (at.log1p() - (-at).log1p()) / 2
            width = (1 / (2 * b * at * (1 - at * at) + m * (1 - at * at)).sqrt()).mid()
            middle = t.mid()
            sums = []
            for power, start in ((b, middle), (arb(0), arb(0))):
                values = [
                    (power * ((start + width * k / 8).tanh() - 1) - m * (start + width * k / 8).cosh().log()).exp()
                    for k in range(-160, 161)
                ]
                sums.append(sum(values, arb(0)))
            ratio = (sums[0] / sums[1]).log()  # the trapezoid rule, as good as exact for a bell this wide
            assert abs(float(ratio - log_scaled_ball(a, b))) < 1e-12 * abs(float(ratio))


def test_the_expansion_at_the_temperature_of_attention():
    """ln 0F1(; d/2; d) = 2 - 4/d + 88/(3 d^2) - ...: with x = 1/d the k-th term is 2^k/k! over the product of
    1 + 2 j x for j < k, and sums of 2^k/k! times a polynomial in k are e^2 times one."""
    k, j, x = sp.symbols("k j x", integer=True, nonnegative=True)
    power = [sp.summation(j**i, (j, 0, k - 1)) for i in (1, 2)]
    product = sp.series(sp.exp(-2 * x * power[0] + 2 * x**2 * power[1]), x, 0, 3).removeO()

    def mean(polynomial):
        """Of a polynomial in a Poisson variable of mean 2, whose moments are Touchard's polynomials."""
        return sum(c * sp.bell(degree, 2) for (degree,), c in sp.Poly(polynomial, k).terms())

    averaged = sum(mean(sp.expand(product.coeff(x, i))) * x**i for i in range(3))
    logarithm = sp.series(2 + sp.log(averaged), x, 0, 3).removeO()
    assert sp.expand(logarithm - (2 - 4 * x + sp.Rational(88, 3) * x**2)) == 0
    for d in (10**3, 10**5):
        left = LAW(n=2, d_k=d, radius=d**0.5, tau=d**0.5, output="log") + 2 * d**0.5
        assert left == pytest.approx(2 - 4 / d + 88 / (3 * d**2), abs=1000 / d**3 + 1e-12 * d**0.5)


def test_keys_of_norm_one_gain_nothing_at_the_temperature_of_attention():
    ratios = LAW(n=2, d_k=np.array([64, 4096, 10**6]), radius=1.0, tau=np.array([8.0, 64.0, 1000.0]))
    assert ratios == pytest.approx([0.779, np.exp(-2 / 64), np.exp(-2 / 1000)], rel=1e-3)
    assert LAW(n=2, d_k=64, radius=1, tau=1) == pytest.approx(0.140, abs=5e-4)


def test_the_logarithm_reaches_where_the_value_does_not():
    assert LAW(n=2, d_k=10**6, radius=1000, tau=1) == 0
    assert -(2e6) < LAW(n=2, d_k=10**6, radius=1000, tau=1, output="log") < -1e5


@pytest.mark.parametrize(("name", "value"), [("d_k", 1), ("radius", 0.0), ("tau", 0.05), ("n", 1)])
def test_what_is_outside_the_domain_is_named(name, value):
    with pytest.raises(ValueError, match=rf"^{name} = {value}: must be "):
        LAW(**{"n": 9, "d_k": 4, "radius": 1, "tau": 1, name: value})
