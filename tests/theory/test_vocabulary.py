"""Every row of the vocabulary against Arb over its certified domain, and its algebra."""

import math
import random
from fractions import Fraction

import pytest
import sympy as sp
from flint import ctx

from attnlaws.theory.balls import exact
from attnlaws.theory.enclose import enclose
from attnlaws.theory.vocabulary import (
    ROWS,
    Phi,
    Phi_inverse,
    beta_i,
    beta_i_inverse,
    beta_q,
    gamma_p,
    gamma_q,
    log1p,
    log_excess,
    log_F01e,
    log_Phi,
    numeric,
    rising,
    standard,
)

SYMBOLS = sp.symbols("a b c", positive=True)


def log_uniform(rng, low, high):
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def degrees(rng):
    return log_uniform(rng, 0.5, 1e6)


def gamma_arguments(rng):
    a = log_uniform(rng, 0.5, 1e4)
    return a, min(2 * a + 100, a * math.exp(rng.gauss(0, 1) * rng.choice([1e-3, 0.1, 1, 5])))


def beta_arguments(rng):
    a, b = degrees(rng), degrees(rng)
    logit = math.log(a / b) + rng.gauss(0, 1) * rng.choice([1, 5, 20]) * math.sqrt(1 / a + 1 / b)
    return a, b, 1 / (1 + math.exp(-logit))


def bessel_arguments(rng):
    """All three ways of computing it, and arguments so small that a sum without care would cancel."""
    a = log_uniform(rng, *rng.choice([(0.5, 40), (10, 1e6), (0.5, 1e6)]))
    return a, min(1e8, a * log_uniform(rng, 1e-6, 1e2)) if rng.random() < 0.7 else log_uniform(rng, 1e-290, 1e6)


def upper_gamma_arguments(rng):
    return log_uniform(rng, 1e-6, 1), log_uniform(rng, 1e-290, 600) if rng.random() < 0.5 else rng.uniform(0.01, 40)


def upper_beta_arguments(rng):
    x = log_uniform(rng, 1e-290, 1)
    return log_uniform(rng, 1e-6, 1), rng.uniform(1, 2), x if rng.random() < 0.5 else 1 - log_uniform(rng, 1.2e-16, 1)


DRAWS = {
    Phi: lambda rng: (rng.uniform(-36.9, 9),),
    Phi_inverse: lambda rng: (log_uniform(rng, 1e-290, 1) if rng.random() < 0.6 else 1 - log_uniform(rng, 1.2e-16, 1),),
    log_Phi: lambda rng: (rng.uniform(-50, 36.9) if rng.random() < 0.7 else -log_uniform(rng, 1, 1e5),),
    log1p: lambda rng: (log_uniform(rng, 1e-290, 1e290) * 1.0 if rng.random() < 0.6 else -rng.random(),),
    gamma_p: gamma_arguments,
    beta_i: beta_arguments,
    beta_i_inverse: lambda rng: (degrees(rng), degrees(rng), rng.uniform(0.01, 0.99)),
    log_F01e: bessel_arguments,
    rising: lambda rng: (degrees(rng), rng.randint(0, 32)),
    gamma_q: upper_gamma_arguments,
    beta_q: upper_beta_arguments,
    log_excess: lambda rng: (log_uniform(rng, 1, 1e5) if rng.random() < 0.5 else rng.uniform(0, 6),),
}


LONG = (beta_i,)  # a quarter of a minute, in balls


@pytest.mark.parametrize("row", [pytest.param(row, marks=pytest.mark.slow) if row in LONG else row for row in ROWS])
def test_row_is_accurate_over_its_domain(row):
    rng = random.Random(row.__name__)
    compared = 0
    for _ in range(30):
        arguments = [Fraction(value) for value in DRAWS[row](rng)]
        symbols = SYMBOLS[: len(arguments)]
        expr = row(*symbols)

        def truth(values, symbols=symbols, expr=expr):
            return enclose(expr, dict(zip(symbols, values, strict=True)), 40)

        want = truth(arguments)
        assert want.is_finite()
        if not 1e-290 <= abs(want) <= 1e290:
            continue
        compared += 1
        condition = 0.0
        for place, value in enumerate(arguments):
            moved = list(arguments)
            moved[place] = value * (1 - Fraction(1, 10**15))
            condition += float(abs((truth(moved) - want) / want).mid()) / 1e-15
        got = float(numeric(expr, symbols)(*map(float, arguments)))
        error = float(abs((exact(got) - want) / want).upper())
        assert error <= 16 * 2.0**-52 * (1 + condition), (arguments, got, want)
    assert compared >= 18


def test_deepest_tails():
    x = SYMBOLS[0]
    assert float(numeric(Phi(-x), (x,))(36.0)) == pytest.approx(float(enclose(Phi(-x), {x: 36}, 30)), rel=1e-12)
    assert 0 < float(numeric(Phi(-x), (x,))(36.0)) < 1e-280
    assert float(numeric(1 - Phi(x), (x,))(36.0)) == 0.0  # what a formula written the other way gives


def test_inverses_cancel():
    p, a, b = sp.symbols("p a b", positive=True)
    assert Phi(Phi_inverse(p)) == p
    assert Phi(-Phi_inverse(p)) == 1 - p
    assert Phi_inverse(Phi(p)) == p
    assert beta_i(a, b, beta_i_inverse(a, b, p)) == p
    assert Phi(0) == sp.Rational(1, 2) and Phi(sp.oo) == 1 and Phi(-sp.oo) == 0
    assert gamma_p(a, 0) == 0 and beta_i(a, b, 1) == 1


@pytest.mark.parametrize("row", ROWS)
def test_derivatives_and_rewriting_agree_with_differences(row):
    two = (gamma_p, gamma_q, log_F01e, rising)
    symbols = SYMBOLS[: 1 if row in (Phi, Phi_inverse, log_Phi, log1p, log_excess) else 2 if row in two else 3]
    values = [Fraction(3, 2), Fraction(5, 4), Fraction(2, 5)][3 - len(symbols) :]
    if row in two:
        values = [Fraction(3, 2), Fraction(5, 4)]
    expr, last = row(*symbols), symbols[-1]
    step = Fraction(1, 10**15)
    point = dict(zip(symbols, values, strict=True))
    up, down = ({**point, last: point[last] + sign * step} for sign in (1, -1))
    with ctx.workdps(60):
        difference = (enclose(expr, up, 60) - enclose(expr, down, 60)) / (2 * exact(step))
        slope = enclose(sp.diff(expr, last), point, 40)
        assert float(abs(difference / slope - 1).upper()) < 1e-25
    rewritten = standard(expr)
    if not rewritten.has(sp.lowergamma, sp.uppergamma, sp.hyper):
        assert enclose(rewritten, point, 40).overlaps(enclose(expr, point, 40))


def test_reflection_of_the_beta_functions():
    a, b, x = sp.symbols("a b x", positive=True)
    assert sp.simplify(standard(beta_i(a, b, x) + beta_i(b, a, 1 - x))) == 1
    assert sp.simplify(standard(beta_i_inverse(a, b, x) + beta_i_inverse(b, a, 1 - x))) == 1
    point = {a: Fraction(7, 2), b: Fraction(9, 4), x: Fraction(1, 3)}
    assert (enclose(beta_i(a, b, x), point, 40) + enclose(beta_i(b, a, 1 - x), point, 40)).contains(1)
    assert (enclose(beta_i_inverse(a, b, x), point, 40) + enclose(beta_i_inverse(b, a, 1 - x), point, 40)).contains(1)


def test_rising_factorials_in_both_arguments():
    a, m = sp.symbols("a m", positive=True)
    assert rising(a, 0) == 1
    point = {a: Fraction(5, 2), m: 3}
    assert enclose(rising(a, m), point, 30).contains(exact(Fraction(315, 8)))  # 5/2 7/2 9/2
    step = Fraction(1, 10**15)
    difference = (enclose(rising(a, m), {**point, a: point[a] + step}, 60) - enclose(rising(a, m), point, 60)) / exact(
        step
    )
    assert float(abs(difference / enclose(sp.diff(rising(a, m), a), point, 40) - 1).upper()) < 1e-13


def test_latex():
    x = sp.Symbol("x")
    assert sp.latex(rising(x, 3) ** 2) == r"\left(\left(x\right)^{\overline{3}}\right)^{2}"
    assert sp.latex(Phi(x) ** 2) == r"\Phi^{2}\left(x\right)"
    assert sp.latex(Phi_inverse(x) ** 2) == r"\left(\Phi^{-1}\left(x\right)\right)^{2}"
