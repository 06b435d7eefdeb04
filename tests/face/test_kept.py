"""Pictures and formulas are made once, by whoever comes first, and are made anew where anything has changed."""

import json
from dataclasses import replace

import pytest

from attnlaws import kept, registry
from attnlaws.report.typeset import typeset
from attnlaws.simulations.store import Store
from attnlaws.simulations.verdict import Verdict

LAW = "topk.tail_mass"


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ATTNLAWS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def counted(monkeypatch):
    """A stand-in for drawing, which counts."""
    drawn = []
    monkeypatch.setattr(kept, "_drawn", lambda law, verdict: drawn.append(law.id) or f"<svg {len(drawn)}>".encode())
    return drawn


def verdict_of(store):
    with Store(store) as opened:
        return Verdict.from_dict(opened.record("verdict", LAW))


def test_a_picture_is_drawn_once_until_the_verdict_or_the_package_changes(own_cache, counted, proved, monkeypatch):
    law, verdict = registry.law(LAW), verdict_of(proved)
    assert kept.picture(law, verdict) == kept.picture(law, Verdict.from_dict(verdict.as_dict())) == b"<svg 1>"
    assert kept.picture(law, replace(verdict, seed=1)) == b"<svg 2>"
    monkeypatch.setattr(kept, "package_hash", lambda: "another package")
    assert kept.picture(law, replace(verdict, seed=1)) == b"<svg 3>"
    assert [path.name for path in (own_cache / "pages").iterdir()] == [f"{LAW}.figure"]


def test_nothing_is_kept_of_a_law_that_is_not_as_its_file_says(own_cache, counted, proved):
    law, verdict = replace(registry.law(LAW), regime="elsewhere"), verdict_of(proved)
    assert [kept.picture(law, verdict) for _ in range(2)] == [b"<svg 1>", b"<svg 2>"]
    assert not own_cache.exists()


def test_a_damaged_file_is_made_anew(own_cache, counted, proved):
    law, verdict = registry.law(LAW), verdict_of(proved)
    kept.picture(law, verdict)
    (own_cache / "pages" / f"{LAW}.figure").write_bytes(b"cut")
    assert kept.picture(law, verdict) == b"<svg 2>"


def test_the_package_s_hash_changes_with_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "PACKAGE", tmp_path)
    hashes = []
    for text in ("a = 1\n", "a = 2\n"):
        (tmp_path / "file.py").write_text(text)
        kept.package_hash.cache_clear()
        hashes.append(kept.package_hash())
    kept.package_hash.cache_clear()
    assert hashes[0] != hashes[1]


def test_formulas_come_back_as_they_were_set(own_cache):
    law = registry.law(LAW)
    first = typeset(law)
    assert json.loads((own_cache / "pages" / f"{LAW}.formulas").read_bytes().partition(b"\n")[2])["forms"]
    assert typeset(law) == first
    assert "<math" in first.forms[0]
    assert len(first.chains[0]) == len(law.derivations[0].steps)


def test_what_cannot_be_drawn_is_told_after_the_verdicts(run, proved, tmp_path, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("no picture of that")

    monkeypatch.setattr("attnlaws.referee.draw", broken)
    code, printed, errors = run("verify", LAW, "--quick", "--out", proved, "--draw", tmp_path / "pictures")
    assert "SUPPORTED" in printed
    assert code == 2
    assert errors.startswith(f"error: judged and stored, but not drawn: {LAW}\n")
    assert "ZeroDivisionError: no picture of that" in errors
