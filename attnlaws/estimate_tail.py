"""``attnlaws estimate tail``: what usual formulas for a tail mass return on rows that were chosen against them."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from attnlaws.catalog import picture_folder
from attnlaws.console import console
from attnlaws.estimate import WHAT_TAIL
from attnlaws.estimators import certify_topk
from attnlaws.figures.naive_tail import MEANING, UNSOUND, WRONG, Case, kind_of, naive_tail, shown
from attnlaws.figures.style import save
from attnlaws.simulations.exits import AS_EXPECTED, CONTRADICTED, Parser

CERTIFICATE = "certify_topk"
ROWS: dict[str, tuple[float, float, int, type[np.floating]]] = {
    "0 and 1000 times -40": (0.0, -40.0, 1000, np.float64),
    "0 and 3 times -38": (0.0, -38.0, 3, np.float64),
    "3 and 3 times -6, all + 10 000, float32": (10003.0, 9994.0, 3, np.float32),
    "3 and 200 times -2, all + 1 000 000, float32": (1e6 + 3, 1e6 - 2, 200, np.float32),
    "0 and -800": (0.0, -800.0, 1, np.float64),
    "0 and 5 times -104, float32": (0.0, -104.0, 5, np.float32),
    "0 and -103, float32": (0.0, -103.0, 1, np.float32),
    "10 000 and 9990": (1e4, 9990.0, 1, np.float64),
}
"""Rows of one large logit and so many small ones, all of them exact in the row's type."""
EPILOG = """\
Each row has one large logit and some small ones; its tail mass, what lies outside the largest weight, is known in
closed form and enclosed with Arb. The formulas run in the row's own type, as attention does:
  exp without shift   sum of exp(logit) outside, over the sum of all
  1 - head            one minus the largest of the softmax weights
  1 - exp(-KL)        one minus exp(largest logit - log-sum-exp)
  sum of the tail     the softmax weights outside, added up
  certify_topk        the upper end that attnlaws.estimators.certify_topk proves
A value below the true one is no bound of what is lost. Exit code 1 if the certified one ever is."""


def log_tail(top: float, low: float, times: int) -> float:
    """A lower bound of the logarithm of the tail mass, within an ulp or two of it.

    Example:
        >>> log_tail(0.0, 0.0, 1) <= math.log(0.5)
        True
    """
    from flint import arb, ctx

    with ctx.workprec(160):
        gap = arb(low) - arb(top)
        return math.nextafter(float((gap + arb(times).log() - (1 + times * gap.exp()).log()).lower()), -math.inf)


def _plain(row: np.ndarray) -> float:
    weights = np.exp(row)
    return float(weights[1:].sum(dtype=row.dtype) / weights.sum(dtype=row.dtype))


def _shares(row: np.ndarray) -> np.ndarray:
    weights = np.exp(row - row.max())
    return weights / weights.sum(dtype=row.dtype)


def _from_divergence(row: np.ndarray) -> float:
    log_sum = row.max() + np.log(np.exp(row - row.max()).sum(dtype=row.dtype))
    return float(1 - np.exp(row[0] - log_sum))


FORMULAS: dict[str, Callable[[np.ndarray], float]] = {
    "exp without shift": _plain,
    "1 - head": lambda row: float(1 - _shares(row)[0]),
    "1 - exp(-KL)": _from_divergence,
    "sum of the tail": lambda row: float(_shares(row)[1:].sum(dtype=row.dtype)),
    CERTIFICATE: lambda row: float(certify_topk(row, 1.0).tau_upper),
}


def cases() -> list[Case]:
    """Every row with what every formula returns.

    Example:
        >>> len(cases()) == len(ROWS)
        True
    """
    found = []
    for name, (top, low, times, dtype) in ROWS.items():
        row = np.array([top, *times * [low]], dtype)
        with np.errstate(all="ignore"):  # that they overflow is what is shown
            returned = {formula: of(row) for formula, of in FORMULAS.items()}
        found.append(Case(name, log_tail(top, low, times), returned))
    return found


def tail_command(argv: Sequence[str]) -> int:
    """Print and draw the table."""
    parser = Parser(
        prog="attnlaws estimate tail",
        usage="attnlaws estimate tail [options]",
        description=f"Show {WHAT_TAIL}.",
        epilog=EPILOG,
    )
    parser.add_argument(
        "--to", metavar="DIR", default="figures-out", help="folder for the picture (default: %(default)s)"
    )
    parser.add_argument("--format", choices=("svg", "png", "pdf"), default="svg", help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    arguments = parser.parse_args(argv)
    folder = picture_folder("to", arguments.to)
    found = cases()
    figure = naive_tail(found, title="Tail mass outside the largest weight: rows chosen against usual formulas")
    picture = save(figure, folder / f"tail.{arguments.format}")
    unsound = {name: sum(kind_of(case, name) == UNSOUND for case in found) for name in FORMULAS}
    if arguments.json:
        print(json.dumps({"rows": [_record(case) for case in found], "unsound": unsound, "figure": str(picture)}))
    else:
        _show(found, unsound)
        print(picture)
    return CONTRADICTED if unsound[CERTIFICATE] else AS_EXPECTED


def _record(case: Case) -> dict[str, Any]:
    finite = {name: value if math.isfinite(value) else None for name, value in case.found.items()}
    return {"row": case.name, "log_tail_mass": case.log_true, "returned": finite}


def _show(found: Sequence[Case], unsound: dict[str, int]) -> None:
    from rich.table import Table

    styles = {UNSOUND: "bold red", WRONG: "yellow"}
    table = Table(title="Tail mass outside the largest weight", title_justify="left")
    table.add_column("row")
    for name in FORMULAS:
        table.add_column(name, justify="right")
    for case in found:
        cells = [f"[{style}]{text}[/]" if (style := styles.get(kind_of(case, name))) else text
                 for name in FORMULAS if (text := shown(case, name))]  # fmt: skip
        table.add_row(case.name, *cells)
    table.add_section()
    table.add_row("rows without a bound", *(f"{count} of {len(found)}" for count in unsound.values()), style="bold")
    out = console()
    out.print(table)
    out.print(f"red: {MEANING[UNSOUND]}; yellow: {MEANING[WRONG]}.")
