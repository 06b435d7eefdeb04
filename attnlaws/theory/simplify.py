"""Simplification for proofs: integrals term by term, and a test whether an expression is zero."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy as sp

from attnlaws.theory.ordered import settled_sums
from attnlaws.theory.vocabulary import standard

_UNSETTLED = (sp.Integral, sp.Piecewise, sp.hyper, sp.meijerg, sp.polar_lift)


def settled(expr: Any, inside_first: bool = False) -> Any:
    """Evaluate derivatives, substitutions and integrals, the innermost first and term by term.

    Args:
        expr: any expression.
        inside_first: integrate before differentiating, rather than under the integral.

    An integral that SymPy cannot do in elementary and gamma functions stays as it is, in one normal form.

    Example:
        >>> x, y = sp.symbols("x y", positive=True)
        >>> settled(sp.Integral(sp.exp(-x) * sp.Integral(y, (y, 0, x)), (x, 0, sp.oo)))
        1
    """
    expr = sp.sympify(expr)
    if expr.has(sp.IndexedBase):
        expr = settled_sums(expr)
    if not inside_first:
        expr = expr.doit(integrals=False)
    if isinstance(expr, sp.Integral):
        function = expr.function
        for limit in expr.limits:
            function = _settled_integral(settled(function, inside_first), limit)
        return function
    if expr.args and expr.has(sp.Integral):
        expr = expr.func(*(settled(argument, inside_first) for argument in expr.args))
    return expr.doit(integrals=False)


def _settled_integral(function: Any, limit: Any) -> Any:
    variable, low, high = limit
    if low == high:
        return sp.S.Zero
    if function.has(sp.log):
        function = sp.expand(sp.expand_log(function, force=True))
    function = sp.Add(*(_spread(term, variable) for term in sp.Add.make_args(function)))
    total = sp.S.Zero
    for term in sp.Add.make_args(function):
        outside, inside = sp.powsimp(term).as_independent(variable, as_Add=False)
        total += outside * _one_integral(inside, variable, low, high)
    return total


def _spread(term: Any, variable: sp.Symbol) -> Any:
    """A product as the sum that its factors which are sums in the variable make of it."""
    sums = sp.Mul(*(factor for factor in sp.Mul.make_args(term) if factor.is_Add and factor.has(variable)))
    return sp.Add(*(part * (term / sums) for part in sp.Add.make_args(sp.expand_mul(sums))))


def _one_integral(inside: Any, variable: sp.Symbol, low: Any, high: Any) -> Any:
    """Integrate with symbols in place of composite ends, which SymPy handles badly."""
    known = _exponential_integral(inside, variable, low, high)
    if (low, high) == (0, 1) and inside.has(1 - variable):
        known = _beta_integral(inside, variable)
    if known is not None:
        return known
    plain = {}
    for end in (low, high):
        if end.free_symbols and not end.is_Symbol:
            plain[sp.Dummy("end", real=True, positive=end.is_positive)] = end
    names = {end: symbol for symbol, end in plain.items()}
    integral = sp.Integral(inside, (variable, names.get(low, low), names.get(high, high)))
    if inside.has(sp.log, sp.cosh):  # SymPy answers with hypergeometric functions, or not at all
        return integral.subs(plain)
    done = integral.doit(conds="none")
    return (integral if done.has(*_UNSETTLED) else done).subs(plain)


def _beta_integral(inside: Any, variable: sp.Symbol) -> Any:
    """The integral from 0 to 1 of a power of the variable times one of its complement, or nothing."""
    powers: dict[Any, Any] = {variable: sp.S.One, 1 - variable: sp.S.One}
    for factor in sp.Mul.make_args(sp.expand_power_base(inside, force=True)):
        base, raised = factor.as_base_exp()
        if base not in powers or raised.has(variable):
            return None
        powers[base] += raised
    a, b = powers.values()
    return sp.gamma(a) * sp.gamma(b) / sp.gamma(a + b)


def _exponential_integral(inside: Any, variable: sp.Symbol, low: Any, high: Any) -> Any:
    """The Gamma and the Gauss integral with composite coefficients or ends: SymPy spends minutes on them, or gives up.

    As everywhere in this module, the integral is taken to exist; the domain of a law says where it does.
    """
    exponent: Any = sp.S.Zero
    power: Any = sp.S.Zero
    for factor in sp.Mul.make_args(inside):
        base, raised = factor.as_base_exp()
        if base is sp.E or isinstance(factor, sp.exp):
            exponent += factor.args[0] if isinstance(factor, sp.exp) else raised
        elif base == variable and not raised.has(variable):
            power += raised
        else:
            return None
    polynomial = sp.expand(exponent).as_poly(variable)
    if polynomial is None or polynomial.free_symbols_in_domain & {variable}:
        return None
    coefficients: list[Any] = [sp.factor(c) for c in polynomial.all_coeffs()]
    *upper, constant = coefficients
    if (low, high, len(upper)) == (0, sp.oo, 1):
        return sp.exp(constant) * sp.gamma(power + 1) * (-upper[0]) ** (-power - 1)
    if (low, high, len(upper)) == (-sp.oo, sp.oo, 2) and power.is_Integer and power >= 0:
        square, linear = upper
        mean, variance = -linear / (2 * square), -1 / (2 * square)
        moment = sum(
            sp.binomial(power, k) * mean ** (power - k) * variance ** (k // 2) * sp.factorial2(k - 1)
            for k in range(0, int(power) + 1, 2)
        )
        return moment * sp.exp(sp.factor(constant - linear**2 / (4 * square))) * sp.sqrt(-sp.pi / square)
    if len(upper) == 2 and power == 0 and sp.oo in (high, -low):
        square, linear = upper
        end, side = (low, -1) if high == sp.oo else (high, 1)
        height = sp.exp(sp.factor(constant - linear**2 / (4 * square))) * sp.sqrt(-sp.pi / square)
        return height * (1 + side * sp.erf(sp.sqrt(-square) * (end + linear / (2 * square)))) / 2
    return None


def same_product(left: Any, right: Any) -> bool:
    """Whether two products of powers have the same logarithm, term by term of their irreducible factors.

    The factors are taken to be positive: each is a quantity raised to a power that need not be whole.

    Example:
        >>> x, d = sp.symbols("x d", positive=True)
        >>> same_product((1 / x + 1) ** d, sp.exp(d * sp.log((x + 1) / x)))
        True
    """
    if left == 0 or right == 0:
        return left == right
    gap = _factored_log(standard(left)) - _factored_log(standard(right))
    return sp.expand(sp.expand_log(gap, force=True)) == 0


def _factored_log(expr: Any) -> Any:
    """The logarithm of an expression, every logarithm in it split into those of irreducible factors."""
    spread = sp.expand_log(sp.log(sp.powsimp(expr)), force=True)
    for _ in range(2):  # a logarithm in an exponent comes out only with the second pass
        spread = spread.replace(sp.log, _split_log)
    return spread


@lru_cache(maxsize=1024)  # the two sides of a step, and the steps of a law, have factors in common
def _split_log(inside: Any) -> Any:
    return sp.expand_log(sp.log(sp.factor(inside)), force=True)


def vanishes(expr: Any) -> bool:
    """Whether SymPy simplifies an expression to zero.

    Example:
        >>> x = sp.Symbol("x")
        >>> vanishes(sp.sin(x)**2 + sp.cos(x)**2 - 1), vanishes(x)
        (True, False)
    """
    if expr == 0:
        return True
    plain = standard(expr)
    if plain == 0:
        return True
    plain = plain.replace(sp.erfc, lambda x: 1 - sp.erf(x))
    plain = plain.replace(sp.erf, lambda x: sp.erf(sp.expand(sp.simplify(x))))
    attempts = [sp.expand, lambda e: sp.expand(sp.powsimp(sp.expand(e), force=True)), sp.gammasimp]
    if not plain.has(sp.Integral, sp.Piecewise):  # on these it would spend seconds, or minutes, for nothing
        attempts.append(sp.simplify)
    return any(attempt(plain) == 0 for attempt in attempts)
