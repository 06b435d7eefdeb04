"""Case distinctions in Arb balls."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import sympy as sp

Env = dict[Any, Any]
Node = Callable[[Env, bool], Any]
Compile = Callable[[Any], Node]


def cases_of(expr: Any, compiled: Compile, undecided: Any) -> Node:
    """A case distinction; not a number where a ball does not decide it, as no case is analytic across its end.

    Args:
        expr: a SymPy ``Piecewise``.
        compiled: turns an expression into a function of the symbols' balls.
        undecided: the value where no case is known to apply.
    """
    cases = [(_condition(condition, compiled), compiled(value)) for value, condition in expr.args]

    def chosen(env: Env, analytic: bool) -> Any:
        for condition, value in cases:
            holds = condition(env)
            if holds is None:
                return undecided
            if holds:
                return value(env, analytic)
        return undecided

    return chosen


def _condition(condition: Any, compiled: Compile) -> Callable[[Env], bool | None]:
    """Whether a condition holds; None where the balls do not decide it."""
    if condition in (sp.true, sp.false):
        return lambda env: condition == sp.true
    if isinstance(condition, sp.ITE):
        asked, yes, no = (_condition(part, compiled) for part in condition.args)
        return lambda env: {True: yes, False: no, None: lambda env: None}[asked(env)](env)
    holds, left, right = _RELATIONS[condition.func], compiled(condition.lhs), compiled(condition.rhs)
    fails = _RELATIONS[condition.negated.func]

    def decided(env: Env) -> bool | None:
        sides = left(env, False), right(env, False)
        return True if holds(*sides) else False if fails(*sides) else None

    return decided


_RELATIONS: dict[Any, Callable[[Any, Any], bool]] = {
    sp.Le: operator.le,
    sp.Lt: operator.lt,
    sp.Ge: operator.ge,
    sp.Gt: operator.gt,
}
