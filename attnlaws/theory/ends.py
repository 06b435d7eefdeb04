"""Ends of a parameter's domain that the other parameters decide, as d_k > 2 p: no fixed interval says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from attnlaws.theory.domain import fault
from attnlaws.theory.vocabulary import value_at

if TYPE_CHECKING:
    from attnlaws.theory.law import Law
    from attnlaws.theory.steps import Derivation

READABLE = 60
"""Characters of an expression up to which an error shows it beside its value."""


def open_ends(case: Derivation) -> Iterator[tuple[str, str, Any, Callable[[Any, Any], Any]]]:
    """The ends of a case: parameter, relation in a sign, expression, and the relation itself."""
    for name, bound in case.above.items():
        yield name, ">", bound, np.greater
    for name, bound in case.below.items():
        yield name, "<", bound, np.less


def check_ends(law: Law, case: Derivation, values: Mapping[str, Any]) -> None:
    """Refuse what lies at or beyond an end.

    Args:
        law: whose parameters they are.
        case: the case that applies.
        values: numbers, or arrays of one shape, by name.

    Raises:
        ValueError: names the parameter, the end, and the value.
    """
    for name, sign, bound, holds in open_ends(case):
        bounds = np.broadcast_to(value_at(bound, values), np.shape(values[name]))
        wrong = np.asarray(~holds(values[name], bounds))
        if wrong.any():
            noun = "an integer" if getattr(law.parameter(name).domain, "whole", False) else "a real number"
            first = np.asarray(values[name])[wrong].flat[0]
            words = f"{bound} = " if len(str(bound)) <= READABLE else ""
            demand = f"{noun} {sign} {words}{bounds[wrong].flat[0]:g}"
            raise fault(name, law.parameter(name).check(first), demand, case.exists)


def tied(case: Derivation) -> set[str]:
    """The parameters that an end is about."""
    return {
        name
        for owner, _, bound, _ in open_ends(case)
        for name in (owner, *(str(symbol) for symbol in bound.free_symbols))
    }


def within_ends(case: Derivation, point: Mapping[str, Any]) -> bool:
    """Whether a point lies inside every end; ends that are about other parameters are left aside."""
    return all(
        holds(point[name], value_at(bound, point))
        for name, _, bound, holds in open_ends(case)
        if {name, *map(str, bound.free_symbols)} <= set(point)
    )
