"""The table of formulas that fail: its colors say what the numbers say."""

import json
import math
import re

import numpy as np
from mpmath import mp, mpf

from attnlaws.cli import main
from attnlaws.estimate_tail import FORMULAS, ROWS, cases, log_tail
from attnlaws.figures.naive_tail import FILLS, SOUND, UNSOUND, WRONG, Case, kind_of, naive_tail, shown
from attnlaws.figures.style import save


def exact_log(top: float, low: float, times: int) -> float:
    """The logarithm of a row's tail mass, in 60 digits."""
    with mp.workdps(60):
        small = times * mp.exp(mpf(low) - mpf(top))
        return mp.log(small / (1 + small))


def test_a_value_below_the_true_one_is_unsound_however_close():
    case = Case("row", math.log(0.1), {"less": math.nextafter(0.1, 0), "more": 0.102, "fine": 0.1004, "none": math.nan})
    assert [kind_of(case, name) for name in case.found] == [UNSOUND, WRONG, SOUND, UNSOUND]


def test_the_usual_formulas_fail_and_the_certificate_does_not():
    table = cases()
    for name in ("exp without shift", "1 - head", "1 - exp(-KL)", "sum of the tail"):
        assert any(kind_of(case, name) == UNSOUND for case in table), name
    kinds = [kind_of(case, "certify_topk") for case in table]
    assert UNSOUND not in kinds
    assert [case.name for case, kind in zip(table, kinds, strict=True) if kind == WRONG] == ["0 and -800"]  # 5e-324


def test_the_true_values_are_below_the_exact_ones_by_some_ulp():
    for name, (top, low, times, dtype) in ROWS.items():
        assert dtype(top) == top and dtype(low) == low, name  # what a row says is what the formulas get
        gap = exact_log(top, low, times) - mpf(log_tail(top, low, times))
        assert 0 <= gap <= 2 * np.spacing(abs(log_tail(top, low, times))), name


def test_the_command_says_how_often_each_formula_fails(tmp_path, capsys):
    assert main(["estimate", "tail", "--to", str(tmp_path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["unsound"]["certify_topk"] == 0
    assert all(said["unsound"][name] > 0 for name in FORMULAS if name != "certify_topk")
    assert (tmp_path / "tail.svg").read_text().count("3 times -38")
    assert main(["estimate", "tail", "--to", str(tmp_path)]) == 0
    assert f"0 of {len(ROWS)}" in capsys.readouterr().out


def test_a_certificate_that_is_false_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setitem(FORMULAS, "certify_topk", lambda row: 0.0)
    assert main(["estimate", "tail", "--to", str(tmp_path)]) == 1


def test_every_cell_is_there_in_its_color(tmp_path):
    table = cases()
    figure = naive_tail(table, title="Tail mass outside the largest weight")
    axes = figure.axes[0]
    cells = {(text.get_position()): text.get_text() for text in axes.texts}
    assert len(cells) == len(table) * len(table[0].found)
    for y, case in enumerate(table):
        for x, name in enumerate(case.found):
            assert cells[x, y] == shown(case, name)
    assert {"0", "not a number"} <= set(cells.values())
    kinds = np.array([[kind_of(case, name) for name in case.found] for case in table])
    assert (axes.images[0].get_array() == kinds).all()
    svg = save(figure, tmp_path / "table.svg").read_text()
    assert all(re.search(fill, svg, re.IGNORECASE) for fill in FILLS[:1])
    assert "Tail mass outside" in svg
