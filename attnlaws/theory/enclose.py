"""Rigorous values of SymPy expressions: Arb balls, integrals included."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from functools import lru_cache
from typing import Any

import sympy as sp
from flint import acb, arb, ctx, fmpq

from attnlaws.theory.balls import CONSTANTS, FUNCTIONS, NAN, exact, integrate_between, log, root
from attnlaws.theory.cases import Env, Node, cases_of

_WITH_CASES = (sp.Integral, sp.Sum, sp.Piecewise)
"""What has parts that are not evaluated wherever the whole is."""


def enclose(expr: Any, point: Mapping[Any, Any] | None = None, digits: int = 30) -> arb:
    """An interval that contains the value of an expression.

    Args:
        expr: in elementary functions, the vocabulary, and (nested) integrals, derivatives and substitutions.
        point: the value of every free symbol: an integer, a fraction, a float (taken as the exact binary fraction) or
            an Arb ball.
        digits: decimal digits aimed at; the ball says what was reached.

    Returns:
        A ball.

    Raises:
        ValueError: for a symbol without value or a function that is not known here.

    Example:
        >>> x = sp.Symbol("x", real=True)
        >>> enclose(sp.Integral(sp.exp(-x**2), (x, -sp.oo, sp.oo)), digits=15).str(9, radius=False)
        '1.77245385'
    """
    prepared = sp.sympify(expr)
    routine = _prepare(prepared)
    sharp = not any(isinstance(value, arb) for value in (point or {}).values())
    precision = bits = int(digits * 3.33) + 40
    while True:
        with ctx.workprec(precision):
            env = {sp.sympify(symbol): _exact(value) for symbol, value in (point or {}).items()}
            result = acb(routine(env, False))
        # Cancellation is cured by more digits; an integral has its own control of the error, and is too dear to repeat.
        enough = 2 * result.rel_accuracy_bits() >= bits or prepared.has(sp.Integral) or not sharp
        if enough or precision >= 4 * bits:
            break
        precision *= 2
    if not result.imag.contains(0):
        raise ValueError(f"{expr} is not real at {dict(point or {})}")
    return result.real


@lru_cache(maxsize=256)
def _prepare(expr: sp.Expr) -> Node:
    # SymPy spends seconds on sums over rows, of which it can do none.
    return _compile(expr if expr.has(sp.Indexed) else expr.doit(integrals=False), _Scope())


def _exact(value: Any) -> Any:
    """A number as a ball, a row of numbers as balls in decreasing order, vectors as balls in the order given."""
    if not isinstance(value, tuple):
        return exact(value)
    if isinstance(value[0], tuple):
        return [[exact(coordinate) for coordinate in vector] for vector in value]
    return [exact(score) for score in sorted(value, reverse=True)]


class _Scope:
    """Where an expression is evaluated: at a point, or inside an integral or a sum over one more variable.

    Inside, values are looked up by place: the variable is the first, after it comes what does not depend on it, which
    is computed once, and what occurs several times, which is computed once for every value of the variable.
    """

    def __init__(self, variable: Any = None, inside: Any = None, parent: _Scope | None = None) -> None:
        self.variable, self.parent = variable, parent
        self.places: dict[Any, int] = {} if parent is None else {variable: 0}
        self.once: list[tuple[int, Node]] = []
        self.each: list[tuple[int, Node]] = []
        self.repeated = set() if parent is None else _repeated(inside, variable)
        self.in_case = False

    def within_case(self) -> _Scope:
        """The same where a case distinction may never come to: nothing but numbers and symbols is computed before."""
        scope = copy(self)
        scope.in_case, scope.repeated = True, set()
        return scope

    def place(self, expr: Any) -> int | None:
        """Where the value of an expression is found; nothing for one to be computed where it stands."""
        if self.parent is None or expr in self.places or expr.is_Integer:
            return self.places.get(expr)
        if self.variable not in expr.free_symbols:
            if self.in_case and not expr.is_Atom:
                return None
            computed, node = self.once, _compile(expr, self.parent)
        elif expr in self.repeated:
            computed, node = self.each, _node(expr, self)
        else:
            return None
        self.places[expr] = place = 1 + len(self.once) + len(self.each)
        computed.append((place, node))
        return place

    def parts(self, expr: Any) -> list[Node]:
        """The terms of a sum or the factors of a product, with all that is free of the variable as one."""
        apart = self.parent is not None and not self.in_case
        free, rest = expr.as_independent(self.variable, as_Add=expr.is_Add) if apart else (expr.identity, expr)
        found = [] if free == expr.identity else [free]
        return [_compile(part, self) for part in (*found, *expr.make_args(rest))]


def _repeated(expr: Any, variable: Any) -> set[Any]:
    """What occurs more than once in an expression, depends on the variable and is evaluated wherever the whole is."""

    def parts(part: Any) -> Iterator[Any]:
        if part.args and variable in part.free_symbols:
            yield part
            if not isinstance(part, _WITH_CASES):
                for argument in part.args:
                    yield from parts(argument)

    return {part for part, count in Counter(parts(expr)).items() if count > 1}


def _compile(expression: Any, scope: _Scope) -> Node:
    """Turn an expression into a function of what its scope knows (and of the flag that Arb's integration passes)."""
    expr = sp.sympify(expression)
    place = scope.place(expr)
    return _node(expr, scope) if place is None else lambda env, analytic: env[place]


def _node(expr: Any, scope: _Scope) -> Node:
    """The function of an expression that is computed where it stands."""
    if isinstance(expr, sp.Integral):
        return _compile_integral(expr, scope)
    if isinstance(expr, sp.Sum):
        return _compile_sum(expr, scope)
    if isinstance(expr, sp.Piecewise):
        inside = scope.within_case()
        return cases_of(expr, lambda part: _compile(part, inside), NAN)
    if isinstance(expr, sp.Indexed):
        row, places = _compile(expr.base, scope), [_compile(index, scope) for index in expr.indices]
        return lambda env, analytic: _element(row(env, False), [int(p(env, False).unique_fmpz()) for p in places])
    if expr.is_Symbol or isinstance(expr, sp.IndexedBase):
        return lambda env, analytic: _look_up(env, expr)
    if expr.is_number and expr.is_Atom:
        return _compile_number(expr)
    if expr.is_Add or expr.is_Mul:
        return _folded(operator.add if expr.is_Add else operator.mul, scope.parts(expr))
    parts = [_compile(argument, scope) for argument in expr.args]
    if expr.is_Pow:
        return _compile_power(expr, parts)
    if hasattr(expr.func, "ball"):
        return lambda env, analytic: expr.func.ball(*(part(env, analytic) for part in parts))
    routine = FUNCTIONS.get(expr.func)
    if routine is None:
        raise ValueError(f"{expr.func} is not known to attnlaws.theory.enclose")
    if len(parts) == 1:  # most are, and are called a million times in an integral within an integral
        (part,) = parts
        return lambda env, analytic: routine(analytic, part(env, analytic))
    return lambda env, analytic: routine(analytic, *(part(env, analytic) for part in parts))


def _compile_number(expr: Any) -> Node:
    if expr.is_Integer:
        whole = arb(int(expr))
        return lambda env, analytic: whole
    if expr.is_Rational:
        return lambda env, analytic: arb(fmpq(int(expr.p), int(expr.q)))
    if expr.is_Float:
        return lambda env, analytic: exact(float(expr))
    if expr not in CONSTANTS:
        raise ValueError(f"{expr} is not known to attnlaws.theory.enclose")
    return lambda env, analytic: CONSTANTS[expr]()


def _element(values: Any, places: list[int]) -> Any:
    """An element of a row or of a set of vectors, counted from 1."""
    for place in places:
        values = values[place - 1]
    return values


def _look_up(env: Env, symbol: Any) -> Any:
    if symbol not in env:
        raise ValueError(f"{symbol}: no value given")
    return env[symbol]


def _folded(operation: Callable[[Any, Any], Any], parts: list[Node]) -> Node:
    """A sum or a product of its parts, from the first to the last."""
    first, second, *others = parts
    if not others:
        return lambda env, analytic: operation(first(env, analytic), second(env, analytic))

    def folded(env: Env, analytic: bool) -> Any:
        result = operation(first(env, analytic), second(env, analytic))
        for part in others:
            result = operation(result, part(env, analytic))
        return result

    return folded


def _compile_power(expr: Any, parts: list[Node]) -> Node:
    base, exponent = parts
    if expr.exp.is_Integer:
        power = int(expr.exp)
        return lambda env, analytic: base(env, analytic) ** power
    if expr.exp == sp.S.Half:
        return lambda env, analytic: root(base(env, analytic), analytic)
    if expr.exp == -sp.S.Half:
        return lambda env, analytic: 1 / root(base(env, analytic), analytic)

    def power_of(env: Env, analytic: bool) -> Any:
        return (log(analytic, base(env, analytic)) * exponent(env, analytic)).exp()

    return power_of


Inside = Callable[[Env, bool], Callable[[Any, bool], Any]]
"""What depends on one more variable: given all else, a function of that variable and of Arb's flag."""


def _compile_inside(expr: Any, variable: Any, parent: _Scope) -> Inside:
    scope = _Scope(variable, expr, parent)
    value = _compile(expr, scope)

    def begin(env: Env, analytic: bool) -> Callable[[Any, bool], Any]:
        known: Any = [None] * (1 + len(scope.once) + len(scope.each))
        for place, node in scope.once:
            known[place] = node(env, analytic)

        def at(x: Any, flag: bool) -> Any:
            known[0], flag = x, flag or analytic
            for place, node in scope.each:
                known[place] = node(known, flag)
            return value(known, flag)

        return at

    return begin


def _compile_sum(expr: Any, scope: _Scope) -> Node:
    """A finite sum over one index, term by term."""
    ((index, low, high),) = expr.limits
    start, stop, term = _compile(low, scope), _compile(high, scope), _compile_inside(expr.function, index, scope)

    def total(env: Env, analytic: bool) -> Any:
        first, last = (int(end(env, False).unique_fmpz()) for end in (start, stop))
        if first > last:
            return arb(0)
        at = term(env, analytic)
        return sum((at(arb(i), analytic) for i in range(first, last + 1)), arb(0))

    return total


def _compile_integral(expr: Any, scope: _Scope) -> Node:
    """An integral over one variable, brought to a finite or doubly infinite range; several variables are nested."""
    *inner, (variable, low, high) = expr.limits
    function = sp.Integral(expr.function, *inner) if inner else expr.function
    outside, inside = function.as_independent(variable, as_Add=False)
    t = sp.Dummy("t", real=True)
    mapped, start, stop = _mapped(inside, variable, low, high, t)
    factor, integrand = _compile(outside, scope), _compile_inside(mapped, t, scope)
    ends = [None if end in (-sp.oo, sp.oo) else _compile(end, scope) for end in (start, stop)]
    symbols = (mapped.free_symbols | sp.sympify(start).free_symbols | sp.sympify(stop).free_symbols) - {t}
    parameters = [_compile(symbol, scope) for symbol in sorted(symbols, key=str)]
    constant: dict[int, Any] = {}  # an integral without parameters is computed once, whatever it is nested in

    def integral(env: Env, analytic: bool) -> Any:
        if not parameters:
            if ctx.prec not in constant:
                limits = [end and end(env, False) for end in ends]
                constant[ctx.prec] = integrate_between(integrand(env, False), limits, True)
            return factor(env, analytic) * constant[ctx.prec]
        sharp = all(_sharp(parameter(env, False)) for parameter in parameters)
        limits = [end and end(env, analytic) for end in ends]
        return factor(env, analytic) * integrate_between(integrand(env, analytic), limits, sharp)

    return integral


def _mapped(inside: Any, variable: sp.Symbol, low: Any, high: Any, t: sp.Symbol) -> tuple[Any, Any, Any]:
    """The integrand in a variable in which ends at 0 and infinity are harmless."""
    if low == 0:
        scale = sp.S.One if high == sp.oo else high
        return inside.subs(variable, scale * sp.exp(t)) * scale * sp.exp(t), -sp.oo, sp.oo if high == sp.oo else 0
    if high == sp.oo and low != -sp.oo:
        return inside.subs(variable, low + t), 0, sp.oo
    if low == -sp.oo and high != sp.oo:
        return inside.subs(variable, high + t), -sp.oo, 0
    return inside.subs(variable, t), low, high


def _sharp(value: Any) -> bool:
    """Whether a ball is a number rather than a region (an outer integral bounds the inner one over regions)."""
    return acb(value).rel_accuracy_bits() > 30
