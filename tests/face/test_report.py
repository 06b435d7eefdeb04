"""The report: one page that holds what the store holds, and needs nothing else."""

import base64
import doctest
import html
import importlib
import pkgutil
import re
import shutil
import sqlite3
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

import attnlaws.report
from attnlaws import registry
from attnlaws.console import significant
from attnlaws.report import write_report
from attnlaws.report.findings import figure_text, found, judged_points
from attnlaws.report.markup import linked, paragraphs, tag
from attnlaws.show import SEEN
from attnlaws.simulations.store import Store
from attnlaws.simulations.verdict import Verdict
from attnlaws.simulations.verify import key_of
from attnlaws.theory.claim import Outcome, Source
from attnlaws.theory.prove import Proof, Result, chains

LAW = "topk.tail_mass"
EMPTY = {"meta", "img", "wbr"}
MODULES = [f"attnlaws.report.{module.name}" for module in pkgutil.iter_modules(attnlaws.report.__path__)]


class Page(HTMLParser):
    """The elements of a page, after a check that every one is closed where it should be."""

    def __init__(self, text):
        super().__init__()
        self.text, self.open, self.found = text, [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"{tag}: an attribute stands twice"
        self.found.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert "math" in self.open, f"<{tag}/> closes itself only in MathML"
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def all(self, name):
        """The attributes of every element of a name."""
        return [attributes for tag, attributes in self.found if tag == name]

    def section(self, law_id):
        """The text of a law's section, without tags."""
        start = self.text.index(f'<section id="{law_id}"')
        return plain(self.text[start : self.text.index("Back to the table", start)])


def plain(text):
    """HTML as a reader sees it, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text.replace("<wbr>", ""))).replace("\xa0", " ").split())


def full_proof(law):
    """A proof in which every step of a law has a result."""
    status = {"Definition": "definition", "Cites": "cited"}
    results = (
        Result(label, index, type(step).__name__.lower(), status.get(type(step).__name__, "symbolic"), step.reason)
        for label, chain in chains(law)
        for index, step in enumerate(chain.steps)
    )
    return Proof(law.id, "cited", tuple(results))


def judged_law(out):
    with Store(out) as store:
        return Verdict.from_dict(store.record("verdict", LAW))


@pytest.fixture
def page_of(tmp_path):
    """The function that writes a report and reads it."""

    def read(out):
        return Page(write_report(tmp_path / "to", out).read_text("utf-8"))

    return read


@pytest.fixture(scope="module")
def told(judged_once, tmp_path_factory):
    """A store with a full proof of one law and three verdicts on it, one of an earlier form; and its page."""
    folder = tmp_path_factory.mktemp("told")
    out = shutil.copytree(judged_once, folder / "store")
    law, verdict = registry.law(LAW), judged_law(out)
    older = replace(verdict, outcome=Outcome.INCONCLUSIVE, seed=77)
    wrong = replace(verdict, outcome=Outcome.REFUTED, seed=99, badge="conjecture")
    with Store(out) as store:
        store.add_record("proof", LAW, key_of(law), {"proof": full_proof(law).to_json()})
        for date, key, body in (("2020", key_of(law), older), ("2021", "another key", wrong)):
            store.add_record("verdict", LAW, key, body.as_dict())
            query = "UPDATE record SET date = ? WHERE rowid = (SELECT max(rowid) FROM record)"
            store.database.execute(query, (f"{date}-03-04T05:06:07+00:00",))
    return out, Page(write_report(folder / "to", out).read_text("utf-8"))


# --- the page as a document -----------------------------------------------------------------------------------------


def test_the_check_of_the_page_sees_what_is_not_closed():
    for bad in ("<p><b>x</p></b>", "<p>", "</p>", "<p/>", '<p id="a" id="b"></p>'):
        with pytest.raises(AssertionError):
            Page(bad)


def test_it_is_a_document_with_a_language_and_a_title(told):
    _, page = told
    assert page.text.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert f"attnlaws: {len(registry.ids())} laws of attention" in page.text.split("<title>")[1].split("</title>")[0]
    assert len(page.all("h1")) == 1


def test_ids_are_unique_and_links_inside_lead_somewhere(told):
    _, page = told
    ids = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert len(set(ids)) == len(ids)
    targets = [a["href"][1:] for a in page.all("a") if a["href"].startswith("#")]
    assert set(targets) <= set(ids)
    assert set(registry.ids()) <= set(targets)


def test_it_loads_nothing_and_runs_nothing(told):
    _, page = told
    assert not {"script", "link", "iframe", "object", "embed", "base", "form"} & {name for name, _ in page.found}
    for name, attributes in page.found:
        assert not [key for key in attributes if key.startswith("on") or key in ("srcset", "style", "background")]
        assert attributes.get("src", "data:").startswith("data:image/svg+xml;base64,") or name != "img"
        assert name == "a" or "href" not in attributes
    policy = [a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    style = page.text.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_tables_have_captions_and_scoped_heads(told):
    _, page = told
    assert len(page.all("caption")) == len(page.all("table")) > 0
    assert all(attributes.get("scope") in ("col", "row") for attributes in page.all("th"))


def test_the_same_store_gives_the_same_bytes(told, tmp_path):
    out, page = told
    again = write_report(tmp_path / "elsewhere", out)
    assert again.read_bytes() == page.text.encode()


# --- what it says ---------------------------------------------------------------------------------------------------


def test_the_top_counts_the_laws_and_the_table_names_each(told):
    _, page = told
    top = page.text[: page.text.index('class="law"')]
    counts = dict(zip(re.findall(r"<dt>([^<]+)</dt>", top), re.findall(r"<dd>(\d+)</dd>", top), strict=False))
    assert counts == {
        "laws": str(len(registry.ids())), "as expected": "1", "of these refuted, as expected": "0", "undecided": "0",
        "against expectation": "0", "not judged": str(len(registry.ids()) - 1),
    }  # fmt: skip
    for law_id in registry.ids():
        assert f'href="#{law_id}"' in top
        assert registry.statement(law_id) in plain(top)


@pytest.mark.parametrize("seen", SEEN)
def test_only_what_was_read_is_called_the_paper_s_claim(seen, page_of, out, monkeypatch):
    law = registry.law(LAW)
    monkeypatch.setattr(registry, "ids", lambda topic=None: [LAW])
    monkeypatch.setattr(registry, "law", lambda _: replace(law, source=Source("arXiv:2512.07647", "eq. 3", seen)))
    text = plain(page_of(out).text)
    called = (
        "The paper's claim: arXiv:2512.07647 , eq. 3" if seen == "text" else "A reading of arXiv:2512.07647 , eq. 3"
    )
    assert text.count(called) == 2
    assert text.count("The paper's claim") == (2 if seen == "text" else 0)
    assert text.lower().count(SEEN[seen]) >= 2


def test_numbers_are_the_stored_ones(told):
    out, page = told
    verdict, text = judged_law(told[0]), page.section(LAW)
    with Store(out) as store:
        verdict = Verdict.from_dict(store.history("verdict", LAW)[0][2])
    assert "SUPPORTED as expected" in text
    assert f"At every one of {len(verdict.points)} points" in text
    for point in verdict.points:
        assert f"{point.replicates:,} {point.theory:.6g} {significant(point.mean, point.standard_error)}" in text
        assert f"{point.deviation:+.1f}" in text
    for name in verdict.sabotages:
        assert f"{name} ✗ REFUTED" in text
    assert f"to the power {verdict.slope[0]:.2f} ± {verdict.slope[1]:.2f}" in text
    assert f"{verdict.ladder[0][0]:g} {significant(*verdict.ladder[0][1:])}" in text


def test_the_history_is_whole_newest_first_and_tells_earlier_forms_apart(told):
    out, page = told
    text = page.section(LAW)
    text = text[text.index("Every stored verdict, newest first") :]
    row = r"(\d{4})-\d\d-\d\d \d\d:\d\d UTC . (\w+) (the present one|an earlier one) (\w+) quick \S+ (\d+)"
    rows = re.findall(row, text)
    assert [row[1:] for row in rows[1:]] == [
        ("REFUTED", "an earlier one", "conjecture", "99"),
        ("INCONCLUSIVE", "the present one", "cited", "77"),
    ]
    assert rows[0][1:3] == ("SUPPORTED", "the present one")
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)
    assert f"numpy {importlib.import_module('numpy').__version__}" in text
    with Store(out) as store:
        assert [date[:4] for date, _, _ in store.history("verdict", LAW)] == [row[0] for row in rows]
        (device, versions, blocks, first, last), *more = store.made(LAW)
        assert (device, more) == ("cpu", [])
        assert set(versions) == {"python", "attnlaws", "numpy", "numba", "llvmlite"}
        assert blocks == store.database.execute("SELECT count(*) FROM block").fetchone()[0] > 0
        assert first <= last
        assert (store.history("verdict", "no.law"), store.made("no.law")) == ([], [])
    assert f"{blocks:,}" in text


def test_every_step_stands_with_its_reason_and_what_the_proof_says(told):
    _, page = told
    text, law = page.section(LAW), registry.law(LAW)
    for result in full_proof(law).results:
        assert " ".join(result.reason.split()) in text
    assert text.count("symbolic: shown by SymPy") == sum(r.status == "symbolic" for r in full_proof(law).results)
    assert "not proven yet" not in text
    assert "First correction at finite n cited" in text


def test_a_law_without_a_proof_is_not_proven_yet_and_one_without_a_verdict_not_judged(page_of, out):
    page = page_of(out)
    for law_id in registry.ids():
        steps = sum(len(chain.steps) for _, chain in chains(registry.law(law_id)))
        assert page.section(law_id).count("not proven yet") == steps + 1
        assert f"not judged To judge it: attnlaws verify {law_id}" in page.section(law_id)
    assert "The store holds no verdict yet" in plain(page.text)
    assert "✓" not in plain(page.text[page.text.index('class="law"') :])
    assert not page.all("img")
    assert not out.exists()


def test_an_empty_store_is_as_good_as_none(page_of, out):
    with Store(out):
        pass
    assert "The store holds no verdict yet" in plain(page_of(out).text)


def test_a_law_judged_only_in_an_earlier_form_is_not_judged(page_of, proved):
    with Store(proved) as store:
        store.database.execute("UPDATE record SET key = 'earlier' WHERE kind = 'verdict'")
    text = page_of(proved).section(LAW)
    assert f"not judged Judged before, but not as it stands now. To judge it: attnlaws verify {LAW}" in text
    assert "an earlier one" in text


def test_a_refuted_law_stands_beside_the_one_that_replaces_it(page_of, proved, monkeypatch):
    law, verdict = registry.law(LAW), judged_law(proved)
    wrong = replace(law, name="attnlaws.theory.topk.wrong", expected=Outcome.REFUTED, replaced_by=LAW)
    point = replace(verdict.points[0], mean=3 * verdict.points[0].theory, outcome=Outcome.REFUTED)
    refuted = replace(verdict, law=wrong.id, outcome=Outcome.REFUTED, expected=Outcome.REFUTED,
                      points=(point, *verdict.points[1:]))  # fmt: skip
    known = {law.id: law, wrong.id: wrong}
    monkeypatch.setattr(registry, "ids", lambda topic=None: list(known))
    monkeypatch.setattr(registry, "law", known.__getitem__)
    with Store(proved) as store:
        store.add_record("verdict", wrong.id, key_of(wrong), refuted.as_dict())
    page = page_of(proved)
    row = page.text[page.text.index('href="#topk.wrong"') :]
    cells = plain(row[: row.index("</tr>")])
    assert "topk.wrong ✗ REFUTED as expected Keeping" in cells
    assert cells.endswith("topk.tail_mass ✓ SUPPORTED as expected")
    assert "<dd>1</dd>" in page.text.split("of these refuted, as expected</dt>")[1][:20]
    text = page.section("topk.wrong")
    assert "At 1 of 24 points the simulation lies more than 6.5 standard errors outside the tolerance" in text
    assert (
        f"the formula gives {point.theory:.6g}, the simulation {significant(point.mean, point.standard_error)}" in text
    )
    assert "would have been refuted" not in text.split("All 24 judged points")[0]


def test_a_verdict_against_expectation_is_said_to_be(page_of, proved):
    law, verdict = registry.law(LAW), judged_law(proved)
    missed = replace(verdict, sabotages={"blind": Outcome.SUPPORTED})
    with Store(proved) as store:
        store.add_record("verdict", LAW, key_of(law), missed.as_dict())
    page = page_of(proved)
    assert "✓ SUPPORTED against expectation" in page.section(LAW)
    assert "<dd>1</dd>" in page.text.split("against expectation</dt>")[1][:20]


def test_the_picture_is_inside_and_in_words(told):
    _, page = told
    (image,) = page.all("img")
    drawn = ElementTree.fromstring(base64.b64decode(image["src"].split(",")[1]))
    assert drawn.tag.endswith("svg")
    assert image["alt"].startswith("tail mass (probability lost) against sigma (standard deviation of the scores)")
    assert image["alt"].endswith("Outcome: SUPPORTED, 24 of 24 points supported.")


def test_a_claim_about_single_instances_is_told_without_error_bars(proved):
    law, verdict = registry.law(LAW), judged_law(proved)
    points = tuple(replace(point, what="instance", standard_error=0.0) for point in verdict.points)
    exact = replace(verdict, points=points)
    assert "every single instance lies within 1\xa0% of" in found(law, exact)
    assert "standard errors" not in figure_text(law, exact)
    assert "inf" not in plain("".join(judged_points(exact)))


# --- escaping and addresses -----------------------------------------------------------------------------------------


def test_what_a_law_says_cannot_become_markup(page_of, out, monkeypatch):
    law = registry.law(LAW)
    nasty = 'A <script>alert(1)</script> & "b" is ``x < y``.'
    evil = replace(law, doc=f"{nasty}\n\nMore <b>bold</b>.", source=Source(
        "<i>paper</i>", "</td>", "secondary", url="javascript:alert(1)", note="<p>", title="a & b"))  # fmt: skip
    monkeypatch.setattr(registry, "ids", lambda topic=None: [LAW])
    monkeypatch.setattr(registry, "law", lambda _: evil)
    page = page_of(out)
    assert not page.all("script")
    assert not page.all("i")
    assert "A &lt;script&gt;alert(1)&lt;/script&gt; &amp;" in page.text
    assert "<code>x &lt; y</code>" in page.text
    assert "More &lt;b&gt;bold&lt;/b&gt;." in page.text
    assert not [a for a in page.all("a") if not a["href"].startswith(("#", "https://"))]


def test_markup_escapes_text_and_attributes_but_not_itself():
    assert tag("p", "<", tag("b", "&"), title='"<') == '<p title="&quot;&lt;">&lt;<b>&amp;</b></p>'
    assert paragraphs("one\ntwo\n\n``a``") == ["<p>one two</p>", "<p><code>a</code></p>"]
    assert linked("arXiv:2505.19488") == '<a href="https://arxiv.org/abs/2505.19488">arXiv:2505.19488</a>'
    assert linked("a book", "ftp://x") == "a book"


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


# --- the command ----------------------------------------------------------------------------------------------------


def test_the_command_prints_the_path(run, out, tmp_path):
    code, printed, errors = run("report", "--out", out, "--to", tmp_path / "page")
    assert (code, printed, errors) == (0, f"{tmp_path / 'page' / 'index.html'}\n", "")
    assert (tmp_path / "page" / "index.html").is_file()


def test_a_target_that_cannot_be_written_is_named(run, out, tmp_path):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "to" / "index.html").mkdir(parents=True)
    for target in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "to"):
        code, printed, errors = run("report", "--out", out, "--to", target)
        assert (code, printed) == (2, "")
        assert errors.startswith(f"error: to = '{target}': must be a folder that can be written (")
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_store_that_cannot_be_read_is_an_error_and_is_left_as_it_was(run, proved, tmp_path):
    path = proved / "store.sqlite"
    whole = path.read_bytes()
    for content, message in ((b"not a store" * 20, "another kind of file"), (whole[:5000], "is truncated")):
        path.write_bytes(content)
        code, printed, errors = run("report", "--out", proved, "--to", tmp_path / "to")
        assert (code, printed) == (2, "")
        assert message in errors
        assert path.read_bytes() == content
    path.write_bytes(whole[:8192] + b"\x77" * (len(whole) - 8192))
    code, _, errors = run("report", "--out", proved, "--to", tmp_path / "to")
    assert code == 2
    assert "is damaged" in errors
    assert not (tmp_path / "to" / "index.html").exists()


def test_reading_a_damaged_store_is_a_store_error(proved):
    with Store(proved) as store:
        store.database.execute("DROP TABLE record")
        with pytest.raises(ValueError, match="is damaged"):
            store.history("verdict", LAW)
        with pytest.raises(sqlite3.OperationalError):
            store.database.execute("SELECT * FROM record")
