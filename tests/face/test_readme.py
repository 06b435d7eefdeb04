"""The README's table of laws is the catalog."""

import re
from pathlib import Path

import pytest

from attnlaws import registry

README = Path(__file__).parent.parent.parent / "README.md"
ROW = re.compile(r"^\| `([a-z0-9_]+\.[a-z0-9_]+)` \| (.+) \| (.+) \|$", re.MULTILINE)
LONGEST = 160


def rows():
    """What the README says of every law: what it is about, and its verdict."""
    return {law_id: (what, verdict) for law_id, what, verdict in ROW.findall(README.read_text("utf-8"))}


def test_every_law_stands_in_the_readme_once():
    found = [law_id for law_id, _, _ in ROW.findall(README.read_text("utf-8"))]
    assert sorted(found) == sorted(registry.ids())


@pytest.mark.parametrize("law_id", registry.ids())
def test_the_readme_gives_a_law_the_verdict_that_is_expected_of_it(law_id):
    law = registry.law(law_id)
    what, verdict = rows()[law_id]
    assert verdict.split(",")[0].strip("*") == law.expected.value
    assert re.findall(r"`(.+?)`", verdict) == ([law.replaced_by] if law.replaced_by else [])
    assert len(f"| `{law_id}` | {what} | {verdict} |") <= LONGEST
