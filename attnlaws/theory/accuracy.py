"""Certified accuracy: a law's float64 values against Arb over the whole domain, tails included.

The rule is a relative error of at most 16 eps (1 + sum of |x_i d ln f/d x_i|) over the parameters, so that a formula is
not blamed for the rounding of its arguments; a case may declare a looser bound with a reason.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.balls import exact
from attnlaws.theory.domain import SMALLEST
from attnlaws.theory.enclose import enclose
from attnlaws.theory.law import Law, free_domains, sample_point
from attnlaws.theory.steps import ROOT, Derivation

EPSILON = float(np.finfo(np.float64).eps)
FACTOR = 16
ALGORITHM_POINTS = 20


@dataclass(frozen=True)
class Certificate:
    """How accurate one case of a law is.

    Attributes:
        case: the label of the case.
        points: how many points were compared; those whose value lies outside [1e-290, 1e290] are not.
        rule: "condition" for the general rule, "declared" for a looser bound.
        error: the largest relative error.
        ratio: the largest relative error in units of what is allowed there.
        worst: the point of the largest ratio, in words.
        passed: whether the ratio never exceeds 1, with at least half of the points compared.
    """

    case: str
    points: int
    rule: str
    error: float
    ratio: float
    worst: str
    passed: bool


def certify(law: Law, points: int = 500, algorithm_points: int = ALGORITHM_POINTS) -> list[Certificate]:
    """Compare a law with Arb at random points of its domain.

    Args:
        law: any law.
        points: per case with a closed form.
        algorithm_points: per case whose value is computed by an algorithm; its reference is slow.

    Returns:
        One certificate per case.
    """
    return [
        _certify_case(law, case, algorithm_points if case.value is not None else points) for case in law.derivations
    ]


def _certify_case(law: Law, case: Derivation, points: int) -> Certificate:
    terms = _condition_terms(law, case)
    error = ratio = 0.0
    worst, compared = "", 0
    for point in _points(law, case, points):
        truth = _truth(law, case, point)
        if not truth.is_finite():
            return _failure(case, compared, f"no reference at {_words(point)}")
        if not SMALLEST <= abs(truth) <= 1 / SMALLEST:
            continue
        compared += 1
        try:
            value = float(law(output=case.output, **case.when, **{k: _argument(v) for k, v in point.items()}))
        except OverflowError:
            return _failure(case, compared, f"not finite at {_words(point)}")
        here = float(abs((exact(value) - truth) / truth).upper())
        excess = here / _allowed(law, case, terms, point)
        error = max(error, here)
        if excess > ratio or not worst:
            ratio, worst = excess, _words(point)
    rule = "declared" if case.accuracy else "condition"
    return Certificate(case.label, compared, rule, error, ratio, worst, ratio <= 1 and compared >= points / 2)


def _failure(case: Derivation, compared: int, what: str) -> Certificate:
    rule = "declared" if case.accuracy else "condition"
    return Certificate(case.label, compared, rule, float("inf"), float("inf"), what, False)


def _words(point: dict[str, Any]) -> str:
    return ", ".join(f"{name} = {_word(value)}" for name, value in point.items())


def _word(value: Any) -> str:
    if not isinstance(value, tuple):
        return f"{float(value):.17g}"
    return f"[{len(value)} {'vectors' if isinstance(value[0], tuple) else 'scores'}]"


def _argument(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_argument(part) for part in value]
    return value if isinstance(value, int) else float(value)


def _points(law: Law, case: Derivation, count: int) -> Iterator[dict[str, Any]]:
    """Random points, exactly representable in float64, of the parameters that the case leaves free."""
    rng = random.Random(f"{law.id}|{case.label}")
    domains = {k: v for k, v in free_domains(law, case).items() if law.parameter(k).role != "simulation"}
    for _ in range(count):
        yield sample_point(domains, rng, case=case)


def _symbols(law: Law, point: dict[str, Any]) -> dict[sp.Symbol, Any]:
    return {law.parameter(name).symbol: value for name, value in point.items()}


def _truth(law: Law, case: Derivation, point: dict[str, Any]) -> Any:
    if case.enclosure is None:
        return enclose(case.form, _symbols(law, point), 25)
    root = case.enclosure(digits=11, **point)
    return enclose(case.form, {**_symbols(law, point), ROOT: root}, 25) if root.is_finite() else root


def _condition_terms(law: Law, case: Derivation) -> list[sp.Expr]:
    """The condition numbers x d ln f/dx; one that has no closed form is left out, which only tightens the rule."""
    terms = []
    for parameter in law.parameters:
        if parameter.symbol in case.form.free_symbols and case.accuracy is None:
            term = parameter.symbol * sp.diff(case.form, parameter.symbol) / case.form
            if not term.has(sp.Derivative):
                terms.append(term)
    return terms


def _allowed(law: Law, case: Derivation, terms: list[sp.Expr], point: dict[str, Any]) -> float:
    if case.accuracy is not None:
        return case.accuracy.bound
    condition = sum(float(abs(enclose(term, _symbols(law, point), 15)).upper()) for term in terms)
    return FACTOR * EPSILON * (1 + condition)
