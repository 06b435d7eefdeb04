"""The page: what this is, how it stands, the table of laws, and a section for each."""

from collections.abc import Sequence
from pathlib import Path

from attnlaws import __version__
from attnlaws.report.entry import Entry, badge, day, link, verdict_cell
from attnlaws.report.gpu_results import gpu_section, newest
from attnlaws.report.markup import Markup, facts, folded, join, linked, table, tag
from attnlaws.report.section import claimed_by, section
from attnlaws.show import SEEN
from attnlaws.simulations.judge import REFUTING, SUPPORTING
from attnlaws.theory.claim import Outcome

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""Nothing is loaded and nothing runs: the browser itself refuses what the page does not carry."""

DERIVED = (
    ("proven", "every step is shown symbolically."),
    ("checked", "a step holds at random points, enclosed by balls of relative radius below 1e-25."),
    ("cited", "a step rests on a theorem of the literature, which is named."),
    ("algorithm", "the value is a number that an algorithm finds, enclosed by an independent one."),
    ("conjecture", "typed in, not derived."),
    ("unknown, contradicted", "a step does not hold; such a law counts as against expectation."),
)


def page(entries: Sequence[Entry]) -> str:
    """The whole document."""
    style = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
    number = f"{len(entries)} law{'' if len(entries) == 1 else 's'}"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        # `http-equiv` has a hyphen, as every name with an underscore in Python.
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"attnlaws: {number} of attention as associative memory, judged"),
        tag("style", Markup(f"\n{style}")),
    )
    body = tag(
        "body",
        tag("a", "Skip to the table of laws", href="#laws", class_="skip"),
        Markup("\n"),
        tag("header", *_introduction(entries)),
        Markup("\n"),
        tag("main", _laws(entries), _reading(), gpu_section(newest()), *(section(entry) for entry in entries)),
        tag("footer", tag("p", f"Written by attnlaws {__version__}. ", *_newest(entries))),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, Markup(chr(10)), body, lang='en')}\n"


def _introduction(entries: Sequence[Entry]) -> list[Markup]:
    count = {
        standing: sum(entry.standing == standing for entry in entries)
        for standing in ("as expected", "undecided", "against expectation", "not judged")
    }
    refuted = sum(
        entry.standing == "as expected" and entry.verdict is not None and entry.verdict.outcome is Outcome.REFUTED
        for entry in entries
    )
    wrong = [outcome for entry in entries if entry.verdict for outcome in entry.verdict.sabotages.values()]
    rows = [
        ("laws", str(len(entries))),
        ("as expected", str(count["as expected"])),
        ("of these refuted, as expected", str(refuted)),
        ("undecided", str(count["undecided"])),
        ("against expectation", str(count["against expectation"])),
        ("not judged", str(count["not judged"])),
    ]
    caught = sum(outcome is Outcome.REFUTED for outcome in wrong)
    return [
        tag("h1", "attnlaws: the laws of attention as associative memory, judged"),
        tag(
            "p",
            "Each law here is a claim about attention: it is derived from its definition, evaluated to a certified "
            "accuracy, simulated, and judged SUPPORTED, REFUTED or INCONCLUSIVE. "
            "Beside each stand formulas that are wrong on purpose, and the same simulations have to refute them"
            + (f": they refuted {caught} of {len(wrong)}." if wrong else "."),
        ),
        tag("div", facts(rows), class_="counts"),
        *(
            []
            if any(entry.history for entry in entries)
            else [
                tag(
                    "p",
                    "The store holds no verdict yet: ",
                    tag("code", "attnlaws verify --all --quick"),
                    " judges every law, and ",
                    tag("code", "attnlaws report"),
                    " writes this page anew.",
                    class_="note",
                )
            ]
        ),
    ]


def _laws(entries: Sequence[Entry]) -> Markup:
    by_id = {entry.law.id: entry for entry in entries}
    rows = []
    for entry in entries:
        law = entry.law
        other = by_id.get(law.replaced_by or "")
        source = join([linked(law.source.paper, law.source.url), f", {law.source.place}"])
        rows.append(
            (
                link(law.id),
                verdict_cell(entry),
                law.statement,
                join([f"{claimed_by(law)} ", source, "; ", tag("span", SEEN[law.source.seen], class_="seen")]),
                join([link(other.law.id), " ", verdict_cell(other)]) if other else law.replaced_by or "",
            )
        )
    head = ("law", "verdict", "claim", "source, and how it was seen", "replaced by")
    return tag("section", tag("h2", "The laws"), table("Laws, verdicts and replacements", head, rows), id="laws")


def _reading() -> Markup:
    """What the words mean."""
    outcomes = (
        ("REFUTED", f"at one point the simulation lies more than {REFUTING} standard errors outside the tolerance. "
         "A true law is refuted once in ten billion checks."),
        ("SUPPORTED", f"at every point the 99.9\u00a0% interval ({SUPPORTING} standard errors) lies inside the "
         "tolerance."),
        ("INCONCLUSIVE", "neither."),
        ("not judged", "the store holds no verdict on the law as it stands."),
    )  # fmt: skip
    return folded(
        "What the words mean",
        facts([(badge(name), text) for name, text in outcomes]),
        tag("p", "A refuted claim is a result: it stays here, beside the law that holds. A limit is judged at a finite "
            "size, the derived first correction granted; nothing is extrapolated. A derivation is called by its "
            "weakest step:"),
        facts(DERIVED),
    )  # fmt: skip


def _newest(entries: Sequence[Entry]) -> list[str]:
    dates = [past.date for entry in entries for past in entry.history]
    return ["The newest verdict is of ", day(max(dates)), "."] if dates else ["No verdict is stored."]
