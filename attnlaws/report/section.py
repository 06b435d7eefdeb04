"""One law of the report: what it says, where it was read, what was found."""

import base64

from attnlaws.kept import picture
from attnlaws.report.derivation import derivation, formulas
from attnlaws.report.entry import Entry, badge, day, link, verdict_cell
from attnlaws.report.findings import (
    corrections,
    figure_text,
    found,
    judged_points,
    sabotages,
    sees,
    tolerance,
    undecided,
)
from attnlaws.report.markup import Markup, facts, folded, join, linked, paragraphs, prose, table, tag
from attnlaws.report.typeset import typeset as typeset_of
from attnlaws.show import ROLE, SEEN
from attnlaws.theory.claim import Bound, Outcome
from attnlaws.theory.law import Law


def claimed_by(law: Law) -> str:
    """How a law may be called: only what was read in the paper itself is the paper's claim."""
    return "The paper's claim:" if law.source.seen == "text" else "A reading of"


def section(entry: Entry) -> Markup:
    """All about one law."""
    law, verdict, typeset = entry.law, entry.verdict, typeset_of(entry.law)
    parts = [
        tag("h2", tag("code", law.id), " ", badge(verdict.outcome if verdict else "not judged")),
        tag("p", prose(law.statement), class_="statement"),
        *paragraphs("\n\n".join(str(law.doc).strip().split("\n\n")[1:])),
        tag("h3", "The claim"),
        *formulas(law, typeset),
        _claim(law),
        _parameters(law),
        tag("h3", "The source"),
        *_source(law),
        tag("h3", "The derivation"),
        *derivation(law, entry.proof, typeset),
        tag("h3", "The verdict"),
        *_verdict(entry),
    ]
    if entry.history:
        parts += [tag("h3", "History"), _history(entry)]
    if entry.made:
        parts += [tag("h3", "Versions and devices"), _made(entry)]
    parts.append(tag("p", tag("a", "Back to the table", href="#laws"), class_="back"))
    return join([Markup("\n"), tag("section", *parts, id=law.id, class_="law")])


def _claim(law: Law) -> Markup:
    """What is asserted, where it is meant to hold, and what becomes of it."""
    claim = law.claim
    if isinstance(claim, Bound):
        kind = f"The formula is {'an' if claim.side == 'upper' else 'a'} {claim.side} bound, "
        kind += "in every instance." if claim.sure else "for the mean."
    elif claim.along:
        kind = f"The formula is the limit for large {claim.along}; its first correction is derived too."
    else:
        kind = "Equality, for every value of the parameters."
    if not isinstance(claim, Bound) and claim.in_law:
        kind += " The whole distribution is claimed too."
    rows = [("quantity", law.quantity), ("asserted", kind), ("regime", law.regime)]
    rows.append(("tolerance", tolerance(law.delta) + (f": {law.delta_reason}" if law.delta_reason else "")))
    rows.append(("expected", law.expected.value))
    if law.replaced_by:
        rows.append(("replaced by", link(law.replaced_by)))
    return facts([(name, text) for name, text in rows if text])


def _parameters(law: Law) -> Markup:
    rows = [
        (
            tag("code", parameter.name),
            parameter.meaning + ROLE.get(parameter.role, ""),
            parameter.domain.describe(),
            parameter.unit or "pure\u00a0number" if not hasattr(parameter.domain, "names") else "",
            "required" if parameter.required else "none" if parameter.default is None else str(parameter.default),
        )
        for parameter in law.parameters
    ]
    return table("Parameters", ("name", "meaning", "domain", "unit", "default"), rows)


def _source(law: Law) -> list[Markup]:
    source = law.source
    called = claimed_by(law)
    named = [linked(source.paper, source.url), f", {source.place}"]
    if source.title:
        named += [": ", tag("cite", source.title)]
    people = ", ".join(part for part in (source.authors, source.year) if part)
    return [
        tag("p", f"{called} ", *named, f" ({people})" if people else "", f". {_capital(SEEN[source.seen])}."),
        *([tag("p", prose(_capital(source.note).rstrip(".") + "."))] if source.note else []),
        folded("BibTeX", tag("pre", source.bibtex())),
    ]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _verdict(entry: Entry) -> list[Markup]:
    law, last = entry.law, entry.last
    if last is None:
        why = "Judged before, but not as it stands now. " if entry.history else ""
        return [tag("p", badge("not judged"), f" {why}To judge it: ", tag("code", f"attnlaws verify {law.id}"))]
    verdict = last.verdict
    return [
        tag("p", verdict_cell(entry)),
        tag("p", found(law, verdict)),
        _figure(entry),
        facts(
            [
                ("judged", day(last.date)),
                ("expected", verdict.expected.value),
                ("tolerance", tolerance(verdict.delta)),
                *(
                    []
                    if verdict.outcome is Outcome.REFUTED
                    else [("sees", f"an error above {sees(verdict.visible)} at any point would have been refuted")]
                ),
                ("profile", verdict.profile),
                ("modes", verdict.mode),
                ("seed", str(verdict.seed)),
                ("replicates", _replicates(verdict.points)),
                ("derivation", verdict.badge),
            ]
        ),
        *undecided(verdict),
        *judged_points(verdict),
        *sabotages(verdict),
        *corrections(law, verdict),
    ]


def _replicates(points: tuple) -> str:
    counts = sorted(point.replicates for point in points)
    return f"{counts[0]:,} to {counts[-1]:,} at a point" if counts[0] != counts[-1] else f"{counts[0]:,} at each point"


def _figure(entry: Entry) -> Markup:
    """The picture inside the page, its outcome in words for who does not see it."""
    assert entry.verdict is not None
    data = f"data:image/svg+xml;base64,{base64.b64encode(picture(entry.law, entry.verdict)).decode()}"
    text = figure_text(entry.law, entry.verdict)
    return tag("figure", tag("img", src=data, alt=text))


def _history(entry: Entry) -> Markup:
    rows = [
        (
            day(past.date),
            badge(past.verdict.outcome),
            "the present one" if past.present else "an earlier one",
            past.verdict.badge,
            past.verdict.profile,
            past.verdict.mode,
            str(past.verdict.seed),
            sees(past.verdict.visible),
            f"{sum(point.replicates for point in past.verdict.points):,}",
        )
        for past in entry.history
    ]
    head = ("date", "outcome", "form of the law", "derivation", "profile", "modes", "seed", "sees", "replicates in all")
    return table("Every stored verdict, newest first", head, rows, numeric=(6, 7, 8))


def _made(entry: Entry) -> Markup:
    rows = [
        (device, ", ".join(f"{name} {version}" for name, version in versions.items()), f"{blocks:,}", day(a), day(b))
        for device, versions, blocks, a, b in entry.made
    ]
    head = ("device", "versions", "blocks", "first", "last")
    return table("What computed the blocks of this law in the store", head, rows, numeric=(2,))
