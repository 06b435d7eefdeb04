"""All formulas of a law as the report sets them: SymPy takes longer to write them than all else of the page."""

import json
from dataclasses import dataclass
from typing import Any

from attnlaws.kept import kept
from attnlaws.report.formula import legend, mathml, shown
from attnlaws.report.markup import Markup
from attnlaws.theory.law import Law
from attnlaws.theory.prove import chains
from attnlaws.theory.steps import Solves, Step, Tends


@dataclass(frozen=True)
class SetStep:
    """The formulas of a step: its own, abbreviations in it, and those that its reason names."""

    formula: Markup
    where: tuple[Markup, ...]
    aside: tuple[Markup, ...]


@dataclass(frozen=True)
class Typeset:
    """The formulas of a law: the form of each case, what they abbreviate, and the steps of every chain."""

    forms: tuple[Markup, ...]
    legend: Markup
    chains: tuple[tuple[SetStep, ...], ...]


def typeset(law: Law) -> Typeset:
    """The formulas of a law, as they were set before where they were."""
    found = json.loads(kept("formulas", law, "", lambda: json.dumps(_set(law)).encode()))
    steps = (
        tuple(SetStep(Markup(formula), _markup(where), _markup(aside)) for formula, where, aside in chain)
        for chain in found["chains"]
    )
    return Typeset(_markup(found["forms"]), Markup(found["legend"]), tuple(steps))


def _markup(texts: list[str]) -> tuple[Markup, ...]:
    return tuple(map(Markup, texts))


def _set(law: Law) -> dict[str, Any]:
    steps = [chain.steps for _, chain in chains(law)]
    return {
        "forms": [mathml(case.form) for case in law.derivations],
        "legend": legend([step.expr for chain in steps for step in chain]),
        "chains": [[(*shown(step.expr), _aside(step)) for step in chain] for chain in steps],
    }


def _aside(step: Step) -> list[Markup]:
    if isinstance(step, Tends):
        return [mathml(step.along, display=False)]
    return [mathml(part, display=False) for part in (step.unknown, step.target)] if isinstance(step, Solves) else []
