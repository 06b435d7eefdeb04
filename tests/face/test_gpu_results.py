"""What README and report say about GPUs is what the newest results file says, and nothing where there is none."""

import json
from pathlib import Path

import pytest

from attnlaws.report.gpu_results import FOLDER, NONE, gpu_section, headline, newest, with_newest

README = Path(__file__).parents[2] / "README.md"


def record(date: str, ratio: float) -> dict:
    rate = {"law": "retrieval.linear", "mode": "literal", "normals": 8 * 10**9, "seconds": 0.01, "slowest": 0.016}
    rate |= {"of_ceiling": 0.612}
    peer = {"peer": "CuPy", "keys": 1000, "ratio": ratio}
    return {"device": "Some GPU", "date": date, "rates": [rate | {"normals_per_second": 8e11}], "peers": [peer]}


@pytest.fixture
def folder(tmp_path):
    for name, entry in {"a": record("2031-02-03T04:05:06", 4.25), "b": record("2030-01-01T00:00:00", 9.75)}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(entry))
    return tmp_path


def test_the_readme_says_what_the_newest_file_says():
    text = README.read_text("utf-8")
    assert with_newest(text, newest(FOLDER)) == text
    assert (NONE in text) == (newest(FOLDER) is None)


def test_the_newest_file_counts_and_its_device_and_date_are_named(folder):
    found = newest(folder)
    assert headline(found) == (
        "Some GPU, 2031-02-03: every row compared has the CPU's bits. "
        "The literal sum is 4.2 times as fast as CuPy with 1,000 keys in memory."
    )
    text = with_newest(README.read_text("utf-8"), found)
    assert NONE not in text and "| retrieval.linear | literal | exact | 8e+11 | 5e+11 | 61% |" in text
    assert with_newest(with_newest(text, None), found) == text
    page = str(gpu_section(found))
    assert "Some GPU" in page and "8e+11" in page and NONE not in page


def test_without_results_the_report_says_so(tmp_path):
    assert newest(tmp_path) is None
    assert NONE in str(gpu_section(newest(tmp_path)))


@pytest.mark.parametrize("text", ["", "[]", '{"device": "x"}', "{"])
def test_a_file_that_is_no_result_is_named(tmp_path, text):
    (tmp_path / "odd.json").write_text(text)
    with pytest.raises(ValueError, match=r"odd\.json: must be a file that benchmarks/gpu\.py wrote"):
        newest(tmp_path)


def test_a_readme_without_marks_is_refused():
    with pytest.raises(ValueError, match="must hold the marks"):
        with_newest("# attnlaws", None)
