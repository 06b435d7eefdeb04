"""Derivations: a definition and the steps that lead from it to the form that is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import LooserAccuracy, Source
from attnlaws.theory.domain import Number

ROOT = sp.Symbol("root", positive=True)
"""Stands in a form for the number that a derivation's ``value`` routine returns."""


@dataclass(frozen=True)
class Differentiate:
    """Proves an equality by equal derivatives in one symbol and equal values at one point.

    Attributes:
        symbol: the variable.
        at: the point; the limit from the right is taken there.
    """

    symbol: sp.Symbol
    at: Any = 0


@dataclass(frozen=True, init=False)
class Using:
    """Proves an equality after replacing left sides by right sides, each pair being proved on its own.

    A third member of a pair is the strategy that proves it.

    Example:
        >>> x = sp.Symbol("x")
        >>> Using((sp.sin(x)**2, 1 - sp.cos(x)**2)).lemmas[0][0]
        sin(x)**2
    """

    lemmas: tuple[tuple[Any, ...], ...]

    def __init__(self, *lemmas: tuple[Any, ...]) -> None:
        object.__setattr__(self, "lemmas", lemmas)


@dataclass(frozen=True)
class ByCases:
    """Proves an equality of two case distinctions with the same conditions, case by case.

    Attributes:
        strategies: one per case.
    """

    strategies: tuple[Differentiate | Using | None, ...]


Strategy = Differentiate | Using | ByCases


@dataclass(frozen=True)
class Definition:
    """The quantity as the model defines it: an expectation, an integral or a sum."""

    expr: Any
    reason: str


@dataclass(frozen=True)
class Conjecture:
    """A formula typed in, not derived: a reader's own, or a deliberately wrong one."""

    expr: Any
    reason: str


@dataclass(frozen=True)
class Equals:
    """The previous expression equals this one; ``by`` names a strategy where plain simplification is not enough."""

    expr: Any
    reason: str
    by: Strategy | None = None


@dataclass(frozen=True)
class AtMost:
    """The previous expression is at most this one."""

    expr: Any
    reason: str


@dataclass(frozen=True)
class AtLeast:
    """The previous expression is at least this one."""

    expr: Any
    reason: str


@dataclass(frozen=True)
class Tends:
    """The previous expression tends to this one as ``along`` goes to infinity."""

    expr: Any
    along: sp.Symbol
    reason: str


@dataclass(frozen=True)
class Cites:
    """The previous expression leads to this one by a theorem of the literature."""

    expr: Any
    source: Source
    reason: str


@dataclass(frozen=True)
class Solves:
    """The previous expression, a function of ``unknown``, equals ``target`` where ``unknown`` is this expression."""

    unknown: sp.Symbol
    target: Any
    expr: Any
    reason: str


Step = Definition | Conjecture | Equals | AtMost | AtLeast | Tends | Cites | Solves


@dataclass(frozen=True, eq=False)
class Derivation:
    """A chain of steps; the last expression is the form that is evaluated.

    Attributes:
        steps: the first is a definition (or a conjecture), each other one follows from the one before.
        when: the values of choice parameters (or None for a number that may be left out) that it covers.
        domain: narrower domains of parameters for this case.
        above: expressions that a parameter must exceed, where the others decide how far the domain reaches.
        below: expressions that a parameter must stay below, likewise.
        exists: why the domain is narrower.
        value: a routine vectorized over float64 arrays, called with every number parameter by name, for a quantity
            without closed form; its result enters the form as ``ROOT``.
        enclosure: an independent Arb routine for the same number, called with exact parameters and ``digits``.
        accuracy: a looser accuracy than the general rule, with its reason.
        output: the name of the output.

    Raises:
        ValueError: for a chain without steps, or a value without an enclosure.
    """

    steps: tuple[Step, ...]
    when: Mapping[str, str | None] = field(default_factory=dict)
    domain: Mapping[str, Number] = field(default_factory=dict)
    exists: str = ""
    value: Callable[..., np.ndarray] | None = None
    enclosure: Callable[..., Any] | None = None
    accuracy: LooserAccuracy | None = None
    output: str = "value"
    above: Mapping[str, sp.Expr] = field(default_factory=dict)
    below: Mapping[str, sp.Expr] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError("a derivation needs at least one step")
        if (self.value is None) != (self.enclosure is None):
            raise ValueError("value and enclosure belong together: an algorithm is checked by an independent routine")

    @property
    def form(self) -> sp.Expr:
        """The expression that is evaluated: the last step's."""
        return sp.sympify(self.steps[-1].expr)

    @property
    def label(self) -> str:
        """The case in words, as in ``convention=median, d_v=none``; empty for a law of one case.

        An output that has a name of its own comes first, as in ``log, convention=ratio``.
        """
        named = [self.output] if self.output != "value" else []
        return ", ".join(named + [f"{name}={'none' if value is None else value}" for name, value in self.when.items()])

    def covers(self, choices: Mapping[str, Any]) -> bool:
        """Whether the case applies to these values of choice parameters."""
        return all(
            choices[name] is None if value is None else isinstance(choices[name], str) and choices[name] == value
            for name, value in self.when.items()
        )

    def root(self, given: Mapping[str, np.ndarray]) -> np.ndarray:
        """What ``value`` returns; for a single point it is asked once, by a law and by all wrong variants of it."""
        assert self.value is not None
        if any(numbers.ndim for numbers in given.values()) or not isinstance(self.value, Hashable):
            return self.value(**given)
        return _root_at(self.value, tuple((name, float(number)) for name, number in given.items()))

    def latex(self) -> str:
        """The chain as an aligned LaTeX environment."""
        relations = {AtMost: r"\le", AtLeast: r"\ge", Tends: r"\to", Solves: r"\Rightarrow"}
        lines = [rf"&{relations.get(type(step), '=')} {sp.latex(sp.sympify(step.expr))}" for step in self.steps]
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


@lru_cache(maxsize=128)
def _root_at(value: Callable[..., np.ndarray], point: tuple[tuple[str, float], ...]) -> np.ndarray:
    return value(**{name: np.asarray(number) for name, number in point})
