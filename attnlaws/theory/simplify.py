"""Simplification for proofs: integrals term by term, and a test whether an expression is zero."""

from __future__ import annotations

from typing import Any

import sympy as sp

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
    total = sp.S.Zero
    for term in sp.Add.make_args(function):
        outside, inside = sp.powsimp(term).as_independent(variable, as_Add=False)
        total += outside * _one_integral(inside, variable, low, high)
    return total


def _one_integral(inside: Any, variable: sp.Symbol, low: Any, high: Any) -> Any:
    """Integrate with symbols in place of composite ends, which SymPy handles badly."""
    plain = {}
    for end in (low, high):
        if end.free_symbols and not end.is_Symbol:
            plain[sp.Dummy("end", real=True, positive=end.is_positive)] = end
    names = {end: symbol for symbol, end in plain.items()}
    integral = sp.Integral(inside, (variable, names.get(low, low), names.get(high, high)))
    if inside.has(sp.log):  # SymPy answers with hypergeometric functions
        return integral.subs(plain)
    done = integral.doit(conds="none")
    return (integral if done.has(*_UNSETTLED) else done).subs(plain)


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
    for attempt in (sp.expand, lambda e: sp.expand(sp.powsimp(sp.expand(e), force=True)), sp.gammasimp, sp.simplify):
        if attempt(plain) == 0:
            return True
    return False
