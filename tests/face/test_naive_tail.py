"""The table of formulas that fail: its colors say what the numbers say."""

import math
import re

import numpy as np

from attnlaws.estimators import certify_topk
from attnlaws.figures.naive_tail import FILLS, SOUND, UNSOUND, WRONG, Case, kind_of, naive_tail, shown
from attnlaws.figures.style import save

ROWS = {
    "T01: 0 and a thousand of -40": ([0.0] + 1000 * [-40.0], "f8"),
    "T02: 0 and three of -38": ([0.0] + 3 * [-38.0], "f8"),
    "T04: 3 and three of -6, all + 10 000, float32": ([10003.0, 9994.0, 9994.0, 9994.0], "f4"),
    "T05: 3 and 200 of -2, all + 1 000 000, float32": ([1e6 + 3] + 200 * [1e6 - 2], "f4"),
    "T06: 0 and -800": ([0.0, -800.0], "f8"),
    "T07: 0 and five of -104, float32": ([0.0] + 5 * [-104.0], "f4"),
    "T24: 10 000 and 9990": ([1e4, 9990.0], "f8"),
}


def formulas(row):
    """The tail mass outside the largest weight: four formulas in the row's own dtype, and the certificate."""
    with np.errstate(all="ignore"):
        plain = np.exp(row)
        weights = np.exp(row - row.max())
        shares = weights / weights.sum(dtype=row.dtype)
        log_sum = row.max() + np.log(weights.sum(dtype=row.dtype))
        return {
            "exp without shift": float(plain[1:].sum(dtype=row.dtype) / plain.sum(dtype=row.dtype)),
            "1 - head": float(1 - shares[0]),
            "1 - exp(-KL)": float(1 - np.exp(row[0] - log_sum)),
            "sum of the tail": float(shares[1:].sum(dtype=row.dtype)),
            "certify_topk": float(certify_topk(row, 1.0).tau_upper),
        }


def cases():
    found = []
    for name, (row, dtype) in ROWS.items():
        given = np.array(row, dtype)
        gaps = given[1:].astype(float) - float(given[0])
        log = gaps[0] + math.log(len(gaps)) - math.log1p(len(gaps) * math.exp(gaps[0]))
        found.append(Case(name, log * (1 + 1e-15), formulas(given)))  # rounded down: this logarithm has errors too
    return found


def test_a_value_below_the_true_one_is_unsound_however_close():
    case = Case("row", math.log(0.1), {"less": math.nextafter(0.1, 0), "more": 0.102, "fine": 0.1004, "none": math.nan})
    assert [kind_of(case, name) for name in case.found] == [UNSOUND, WRONG, SOUND, UNSOUND]


def test_the_usual_formulas_fail_and_the_certificate_does_not():
    table = cases()
    for name in ("exp without shift", "1 - head", "1 - exp(-KL)", "sum of the tail"):
        assert any(kind_of(case, name) == UNSOUND for case in table), name
    kinds = [kind_of(case, "certify_topk") for case in table]
    assert UNSOUND not in kinds
    assert [case.name[:3] for case, kind in zip(table, kinds, strict=True) if kind == WRONG] == ["T06"]  # 5e-324


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
