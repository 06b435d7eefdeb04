"""The derivation of a law in the report: every case, every step, and what became of it."""

from collections.abc import Sequence
from itertools import islice

from attnlaws.report.markup import Markup, facts, join, linked, prose, scrolling, tag
from attnlaws.report.typeset import SetStep, Typeset
from attnlaws.show import SEEN
from attnlaws.theory.claim import corrections
from attnlaws.theory.ends import open_ends
from attnlaws.theory.law import Law
from attnlaws.theory.prove import Proof, Result, chains
from attnlaws.theory.steps import (
    AtLeast,
    AtMost,
    Cites,
    Conjecture,
    Definition,
    Derivation,
    Equals,
    Solves,
    Step,
    Tends,
)

SIGNS: dict[type, tuple[str, str]] = {
    Definition: ("≔", "is defined as"),
    Conjecture: ("≟", "is taken to be"),
    Equals: ("=", "equals"),
    AtMost: ("≤", "is at most"),
    AtLeast: ("≥", "is at least"),
    Tends: ("→", "tends to"),
    Cites: ("⇝", "leads, by a theorem, to"),
    Solves: ("⇒", "is solved by"),
}
"""How each kind of step is written, and how it is read aloud."""

STATUS = {
    "definition": "definition",
    "symbolic": "symbolic: shown by SymPy",
    "checked": "checked with Arb balls at random points",
    "cited": "cited",
    "algorithm": "algorithm: enclosed by an independent one",
    "conjecture": "conjecture: not derived",
    "unknown": "unknown: not shown",
    "contradicted": "contradicted",
}


def formulas(law: Law, typeset: Typeset) -> list[Markup]:
    """The form that is evaluated, for every case."""
    forms = [(_case(case), _box(form)) for case, form in zip(law.derivations, typeset.forms, strict=True)]
    return [facts(forms) if len(forms) > 1 else forms[0][1], typeset.legend]


def derivation(law: Law, proof: Proof | None, typeset: Typeset) -> list[Markup]:
    """Every chain of a law, its steps with their reasons and what the stored proof says of them."""
    results = iter(proof.results if proof else ())
    parts = [_badge(proof)]
    for (label, chain), formulas in zip(chains(law), typeset.chains, strict=True):
        of_chain = list(islice(results, len(chain.steps)))
        title = _case(chain)
        if chain in corrections(law.claim, law.outputs[0]).values():
            what = f" of {chain.output}" if chain.output != law.outputs[0] else ""
            title = f"First correction{what} at finite {law.claim.along}"  # type: ignore[union-attr]
        badges = Proof(law.id, "", tuple(of_chain)).badges
        heading = join(
            [title or "Steps", *(join([" ", tag("span", name, class_="status")]) for name in badges.values())]
        )
        parts += [
            tag("h4", heading),
            *_limits(chain),
            _steps(chain, formulas, of_chain, f"{law.id}, {label or 'derivation'}"),
        ]
    return parts


def _badge(proof: Proof | None) -> Markup:
    if proof is None:
        return tag("p", "The store holds no proof of these steps: not proven yet.")
    failed = f" {len(proof.failed)} steps do not hold." if proof.failed else ""
    return tag("p", "By its weakest step the derivation is called ", tag("strong", proof.badge), f".{failed}")


def _case(chain: Derivation) -> str:
    return chain.label.replace("=", " = ")


def _limits(chain: Derivation) -> list[Markup]:
    """Where a case is narrower than the law, and evaluated less accurately."""
    told = [f"Only for {name}: {domain.describe()}." for name, domain in chain.domain.items()]
    told += [f"Only for {name} {sign} {bound}." for name, sign, bound, _ in open_ends(chain)]
    if told and chain.exists:
        told.append(f"Elsewhere {chain.exists}.")
    if chain.accuracy:
        told.append(f"Evaluated to a relative error of {chain.accuracy.bound:g}: {chain.accuracy.reason}.")
    return [tag("p", prose(" ".join(told)), class_="note")] if told else []


def _steps(chain: Derivation, formulas: Sequence[SetStep], results: Sequence[Result], label: str) -> Markup:
    padded = [*results, *[None] * (len(chain.steps) - len(results))]
    rows = (
        _step(step, formula, result, f"{label}, step {index}")
        for index, (step, formula, result) in enumerate(zip(chain.steps, formulas, padded, strict=True), 1)
    )
    return tag("ol", join(rows, "\n"), class_="steps")


def _step(step: Step, formulas: SetStep, result: Result | None, label: str) -> Markup:
    sign, aloud = SIGNS[type(step)]
    where = [tag("p", "where", class_="note"), *(_box(line, f"{label}, abbreviation") for line in formulas.where)]
    notes: list[str] = [tag("p", *_aside(step, formulas.aside), prose(step.reason), " ", _status(result))]
    if result and result.detail:
        notes.append(tag("p", result.detail, class_="note"))
    return tag(
        "li",
        tag("span", sign, class_="sign", aria_hidden="true"),
        tag("span", aloud, class_="aloud"),
        tag("div", _box(formulas.formula, label), *(where if formulas.where else ()), *notes),
    )


def _aside(step: Step, formulas: Sequence[Markup]) -> list[str]:
    """What a step says beside its formula and its reason."""
    if isinstance(step, Tends):
        return ["as ", formulas[0], " grows without bound: "]
    if isinstance(step, Solves):
        return [formulas[0], " at which the above is ", formulas[1], ": "]
    if isinstance(step, Cites):
        source = step.source
        named = [linked(source.paper, source.url), f", {source.place}"]
        title = [", ", tag("cite", source.title)] if source.title else []
        return ["by ", *named, *title, f" ({SEEN[source.seen]}): "]
    return []


def _status(result: Result | None) -> Markup:
    if result is None:
        return tag("span", "not proven yet", class_="status")
    failed = " failed" if result.status in ("unknown", "contradicted") else ""
    return tag("span", STATUS[result.status], class_=f"status{failed}")


def _box(formula: Markup, label: str = "formula") -> Markup:
    """A formula in a box that scrolls by itself where it is too wide."""
    return scrolling(formula, label, "formula")
