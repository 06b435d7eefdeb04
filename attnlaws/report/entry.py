"""What is known of a law: the law, and what a store holds on it."""

import re
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attnlaws import registry
from attnlaws.report.markup import Markup, join, tag
from attnlaws.simulations.store import Store
from attnlaws.simulations.verdict import Verdict
from attnlaws.simulations.verify import key_of
from attnlaws.theory.claim import Outcome
from attnlaws.theory.law import Law
from attnlaws.theory.prove import Proof

MARKS = {"SUPPORTED": "✓", "REFUTED": "✗", "INCONCLUSIVE": "?", "not judged": "–"}
"""A shape for each outcome, so that color is not needed to tell them apart."""


@dataclass(frozen=True)
class Past:
    """A stored verdict: when it was reached, and whether on the law as it stands."""

    date: str
    present: bool
    verdict: Verdict


@dataclass(frozen=True)
class Entry:
    """A law and what is stored of it.

    Attributes:
        law: the law.
        history: every verdict, newest first.
        proof: the proof of the law as it stands.
        made: what computed its blocks, as :meth:`Store.made` gives it.
    """

    law: Law
    history: tuple[Past, ...] = ()
    proof: Proof | None = None
    made: tuple[tuple[str, dict[str, str], int, str, str], ...] = ()

    @property
    def last(self) -> Past | None:
        """The newest verdict on the law as it stands."""
        return next((past for past in self.history if past.present), None)

    @property
    def verdict(self) -> Verdict | None:
        """What that verdict says."""
        return self.last.verdict if self.last else None

    @property
    def standing(self) -> str:
        """How the last verdict compares with what the catalog expects."""
        if self.verdict is None:
            return "not judged"
        if not self.verdict.as_expected:
            return "against expectation"
        return "undecided" if self.verdict.outcome is Outcome.INCONCLUSIVE else "as expected"


def entries(ids: Sequence[str], out: str | Path) -> list[Entry]:
    """Laws with what a store holds on them; the store is not made where there is none.

    Raises:
        StoreError: the store cannot be read.
    """
    there = (Path(out) / "store.sqlite").exists()
    with Store(out) if there else nullcontext() as store:
        return [_entry(registry.law(law_id), store) for law_id in ids]


def _entry(law: Law, store: Store | None) -> Entry:
    if store is None:
        return Entry(law)
    key = key_of(law)
    proofs = [body["proof"] for _, of, body in store.history("proof", law.id) if of == key]
    return Entry(
        law,
        tuple(Past(date, of == key, Verdict.from_dict(body)) for date, of, body in store.history("verdict", law.id)),
        Proof.from_json(proofs[0]) if proofs else None,
        tuple(store.made(law.id)),
    )


def badge(outcome: str) -> Markup:
    """An outcome as a word with a shape."""
    kind = outcome.lower().replace(" ", "-")
    return tag("span", tag("span", MARKS[outcome], aria_hidden="true"), f" {outcome}", class_=f"badge {kind}")


def verdict_cell(entry: Entry) -> Markup:
    """The outcome, and beside a decided one whether it was expected."""
    outcome = badge(entry.verdict.outcome if entry.verdict else "not judged")
    if entry.standing in ("as expected", "against expectation"):
        return join([outcome, tag("span", entry.standing, class_=entry.standing.replace(" ", "-"))], " ")
    return outcome


def day(date: str) -> Markup:
    """A stored date for reading.

    Example:
        >>> day("2025-11-21T13:26:40+00:00")
        '<time datetime="2025-11-21T13:26:40+00:00">2025-11-21 13:26 UTC</time>'
    """
    return tag("time", f"{date[:10]} {date[11:16]} UTC", datetime=date)


def link(law_id: str) -> Markup:
    """A link to a law's section; a long id may break after its dot and underscores."""
    parts = re.split(r"(?<=[._])", law_id)
    return tag("a", join(parts, "<wbr>"), href=f"#{law_id}")


def parameter_value(value: Any) -> str:
    """A parameter's value as a table shows it."""
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
