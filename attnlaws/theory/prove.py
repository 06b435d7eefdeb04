"""Proofs: every step of a derivation is shown by SymPy, checked with Arb balls at random points, or cited.

Example:
    >>> from attnlaws.theory.retrieval.linear import LAW
    >>> prove(LAW.claiming(LAW.parameter("n").symbol)).badge
    'conjecture'
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import asdict, dataclass
from typing import Any

import sympy as sp
from flint import ctx

from attnlaws.theory.claim import corrections
from attnlaws.theory.enclose import enclose
from attnlaws.theory.ends import tied
from attnlaws.theory.law import Law, free_domains, sample_point
from attnlaws.theory.ordered import LENGTH, WIDTH
from attnlaws.theory.simplify import same_product, settled, vanishes
from attnlaws.theory.steps import (
    ROOT,
    AtLeast,
    AtMost,
    ByCases,
    Cites,
    Conjecture,
    Definition,
    Derivation,
    Differentiate,
    Equals,
    Solves,
    Step,
    Strategy,
    Tends,
    Using,
)

BADGES = ("proven", "checked", "cited", "algorithm", "conjecture", "unknown", "contradicted")
POINTS = 20
RADIUS = 1e-25
_OF_STATUS = {"definition": "proven", "symbolic": "proven"}


@dataclass(frozen=True)
class Result:
    """What became of one step.

    Attributes:
        case: the label of the derivation, with "correction" for the first correction of a limit.
        index: the step's place in the chain.
        kind: the step's class, in lower case.
        status: "definition", "symbolic", "checked", "cited", "algorithm", "conjecture", "unknown" or "contradicted".
        reason: as the author gave it.
        detail: for a failure, the point and both values.
    """

    case: str
    index: int
    kind: str
    status: str
    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Proof:
    """The proof of a law.

    Attributes:
        law_id: of the law.
        badge: of the weakest step.
        results: one per step.
    """

    law_id: str
    badge: str
    results: tuple[Result, ...]

    @property
    def badges(self) -> dict[str, str]:
        """The badge of each case by label."""
        cases = dict.fromkeys(result.case for result in self.results)
        return {case: _weakest(result.status for result in self.results if result.case == case) for case in cases}

    @property
    def failed(self) -> tuple[Result, ...]:
        """The steps that are unknown or contradicted."""
        return tuple(result for result in self.results if result.status in ("unknown", "contradicted"))

    def to_json(self) -> str:
        """The proof as text, for a store."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Proof:
        """The proof back from its text."""
        fields = json.loads(text)
        return cls(fields["law_id"], fields["badge"], tuple(Result(**row) for row in fields["results"]))


def _weakest(statuses: Iterator[str]) -> str:
    return max((_OF_STATUS.get(status, status) for status in statuses), key=BADGES.index)


def chains(law: Law) -> list[tuple[str, Derivation]]:
    """Every derivation of a law with its label, those of a limit's first corrections included."""
    found = [(case.label, case) for case in law.derivations]
    for name, chain in corrections(law.claim, law.outputs[0]).items():
        found.append((f"correction of {name}" if name != law.outputs[0] else "correction", chain))
    return found


def prove(law: Law) -> Proof:
    """Prove a law, and the correction of a limit.

    Returns:
        The proof. Its badge is that of the weakest step; a step that fails is in ``failed``, with the reason.
    """
    results = tuple(
        result
        for number, (label, chain) in enumerate(chains(law))
        for result in _prove_chain(law, label, chain, number)
    )
    return Proof(law.id, _weakest(result.status for result in results), results)


def _prove_chain(law: Law, label: str, chain: Derivation, number: int) -> Iterator[Result]:
    sampler = _Sampler(law, chain, f"{law.id}|{number}")
    for index, step in enumerate(chain.steps):
        kind = type(step).__name__.lower()
        if index == 0:
            status, detail = _first(step)
        elif isinstance(step, Definition | Conjecture):
            status, detail = "unknown", f"a {kind} can only be the first step"
        else:
            status, detail = _follow(chain, sp.sympify(chain.steps[index - 1].expr), step, sampler)
        yield Result(label, index, kind, status, step.reason, detail)


def _first(step: Step) -> tuple[str, str]:
    if isinstance(step, Conjecture):
        return "conjecture", ""
    if not isinstance(step, Definition):
        return "unknown", "the first step must be a definition"
    if not sp.sympify(step.expr).has(sp.Integral, sp.Sum, sp.Product):
        return "unknown", "a definition is an integral or a sum over the model, not a closed form"
    return "definition", ""


def _follow(chain: Derivation, before: sp.Expr, step: Step, sampler: _Sampler) -> tuple[str, str]:
    """The status of a step that is not the first, and the detail of a failure."""
    after = sp.sympify(step.expr)
    if isinstance(step, Cites):
        return "cited", ""
    if isinstance(step, Tends):
        settles = vanishes(sp.limit(before, step.along, sp.oo) - after)
        return ("symbolic", "") if settles else ("unknown", f"SymPy does not find the limit in {step.along}")
    if isinstance(step, Solves | Equals) and chain.value is not None and after == ROOT:
        return "algorithm", ""
    if isinstance(step, Solves):
        return _equal(before.subs(step.unknown, after), sp.sympify(step.target), None, sampler)
    if isinstance(step, AtMost):
        return _at_most(before, after, sampler)
    if isinstance(step, AtLeast):
        return _at_most(after, before, sampler)
    return _equal(before, after, step.by if isinstance(step, Equals) else None, sampler)


def _equal(left: Any, right: Any, by: Strategy | None, sampler: _Sampler) -> tuple[str, str]:
    if isinstance(by, ByCases):
        return _equal_cases(left, right, by, sampler)
    if isinstance(by, Using):
        for old, new, *strategy in by.lemmas:
            status, detail = _equal(old, new, strategy[0] if strategy else None, sampler)
            if status not in ("symbolic", "checked"):
                return status, f"lemma {old} = {new}: {detail}"
            replaced = left.subs(old, new)
            # A sum leaves alone what its index is part of.
            left = left.xreplace({old: new}) if replaced == left else replaced
        outcome = _equal(left, right, None, sampler)
        return ("checked", "") if status == "checked" and outcome[0] == "symbolic" else outcome
    same = _same_slope(left, right, by) if isinstance(by, Differentiate) else _same_when_settled(left, right, sampler)
    if same:
        return "symbolic", ""
    return _check(left, right, sampler, lambda gap: gap.contains(0))


def _equal_cases(left: Any, right: Any, by: ByCases, sampler: _Sampler) -> tuple[str, str]:
    """Case distinctions with the same conditions: equal, if every case is."""
    if [case.cond for case in left.args] != [case.cond for case in right.args]:
        return "unknown", "the two sides distinguish other cases"
    outcomes, before = [], sp.true
    for case, other, strategy in zip(left.args, right.args, by.strategies, strict=True):
        outcomes.append(_equal(case.expr, other.expr, strategy, sampler.within(sp.And(before, case.cond))))
        before = sp.And(before, sp.Not(case.cond))
    order = ("symbolic", "checked", "unknown", "contradicted")
    return max(outcomes, key=lambda outcome: order.index(outcome[0]))


def _same_when_settled(left: sp.Expr, right: sp.Expr, sampler: _Sampler) -> bool:
    orders = (False, True) if (left - right).has(sp.Derivative) else (False,)
    if left == right:
        return True
    for order in orders:
        sides = settled(left, order), settled(right, order)
        gap = sides[0] - sides[1]
        if sp.expand(gap) == 0 or (same_product(*sides) and not _apart(*sides, sampler)) or vanishes(gap):
            return True
    return False


def _apart(left: sp.Expr, right: sp.Expr, sampler: _Sampler) -> bool:
    """Whether two products with one logarithm may differ after all, in a factor's sign: it was taken to be positive."""
    if (left - right).has(sp.Integral, sp.Derivative):
        return False
    status, _ = _check(left, right, sampler, lambda gap: gap.contains(0))
    return status != "checked"


def _same_slope(left: sp.Expr, right: sp.Expr, by: Differentiate) -> bool:
    start = [sp.limit(settled(side.subs(by.symbol, by.at)), by.symbol, by.at, "+") for side in (left, right)]
    slopes = [settled(sp.diff(side, by.symbol)) for side in (left, right)]
    return vanishes(start[0] - start[1]) and vanishes(slopes[0] - slopes[1])


def _at_most(left: sp.Expr, right: sp.Expr, sampler: _Sampler) -> tuple[str, str]:
    difference = right - left
    # An integral that SymPy does not know can take it minutes, and a sum never became a sign.
    if not difference.has(sp.Integral, sp.Sum) and sp.simplify(difference).is_nonnegative:
        return "symbolic", ""
    return _check(left, right, sampler, lambda gap: not gap > 0)


def _check(left: sp.Expr, right: sp.Expr, sampler: _Sampler, accepts: Callable[[Any], bool]) -> tuple[str, str]:
    """Compare two expressions at random points by balls narrower than ``RADIUS`` relative to their size."""
    for point in sampler.points(left.free_symbols | right.free_symbols):
        try:
            sides = [enclose(side, point, 40) for side in (left, right)]
        except ValueError as error:
            return "unknown", str(error)
        size = max(abs(sides[0]).upper(), abs(sides[1]).upper())
        with ctx.workdps(60):
            gap = sides[0] - sides[1]
        where = ", ".join(f"{symbol} = {value}" for symbol, value in point.items())
        values = f"{where}: {sides[0].str(20)} against {sides[1].str(20)}"
        if not gap.is_finite() or (accepts(gap) and gap.rad() > size * RADIUS):
            return "unknown", f"{values}: the balls are too wide to decide"
        if not accepts(gap):
            return "contradicted", values
    return "checked", ""


class _Sampler:
    """Random points of a case, the same for every run."""

    condition: Any = sp.true

    def __init__(self, law: Law, chain: Derivation, seed: str) -> None:
        self.seed = seed
        self.domains, self.chain = free_domains(law, chain), chain
        self.symbols = {name: law.parameter(name).symbol for name in self.domains}

    def within(self, condition: Any) -> _Sampler:
        """The same where a condition holds."""
        narrower = copy(self)
        narrower.condition = condition
        return narrower

    def points(self, symbols: set[Any]) -> Iterator[dict[Any, Any]]:
        """Values for these symbols; one that is no parameter is a fraction between 1/16 and 8, or a whole number."""
        rng = random.Random(self.seed)
        symbols = symbols | self.condition.free_symbols
        wanted = {str(symbol) for symbol in symbols}
        wanted |= tied(self.chain)
        known = {name: domain for name, domain in self.domains.items() if name in wanted}
        found = 0
        while found < POINTS:
            drawn = sample_point(known, rng, wide=False, case=self.chain)
            point = {self.symbols[name]: value for name, value in drawn.items()}
            sets = [value for value in point.values() if isinstance(value, tuple)]
            sizes = {}
            for value in sets:
                sizes[LENGTH] = len(value)
                if isinstance(value[0], tuple):
                    sizes[WIDTH] = len(value[0])
            for symbol in sorted(symbols, key=str):
                if symbol in sizes:
                    point[symbol] = sizes[symbol]
                elif str(symbol) not in known and symbol.is_Symbol:
                    fraction = sp.Rational(rng.randint(1, 128), 16)
                    point[symbol] = sp.ceiling(fraction) if symbol.is_integer else fraction
            if self.condition.subs(point) == sp.true:
                found += 1
                yield point
