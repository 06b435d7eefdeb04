"""The newest timings of the kernels on a GPU, for the report and the README; nothing where no GPU has run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from attnlaws.report.markup import Markup, folded, table, tag

FOLDER = Path(__file__).parents[2] / "benchmarks" / "results"
"""Where ``python benchmarks/gpu.py`` writes; an installed package has no such folder."""
NONE = "No GPU has run these kernels yet."
BEGIN, END = "<!-- newest GPU result -->", "<!-- end of it -->"


def newest(folder: Path = FOLDER) -> dict[str, Any] | None:
    """The record of the newest file, or None where there is no file.

    Raises:
        ValueError: a file is no record of a benchmark; names it.

    Example:
        >>> newest(Path("no such folder")) is None
        True
    """
    records = []
    for path in sorted(folder.glob("*.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            records.append((record["date"], str(record["device"]), record["rates"], record["peers"], record))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path}: must be a file that benchmarks/gpu.py wrote ({error})") from error
    return max(records, key=lambda entry: entry[0])[-1] if records else None


def headline(record: dict[str, Any] | None) -> str:
    """Which GPU, when, and how it compares, in a sentence or two.

    Example:
        >>> headline(None)
        'No GPU has run these kernels yet.'
    """
    if record is None:
        return NONE
    peers = [
        f"{peer['ratio']:.1f} times as fast as {peer['peer']} with {peer['keys']:,} keys in memory"
        for peer in record["peers"]
    ]
    text = f"{record['device']}, {record['date'][:10]}: every row compared has the CPU's bits."
    return text + (f" The literal sum is {' and '.join(peers)}." if peers else "")


def lines(record: dict[str, Any]) -> list[tuple[str, ...]]:
    """A row for each kernel that was timed, as ``HEAD`` says; the last column is empty where nothing was counted."""
    return [
        (
            rate["law"],
            rate["mode"],
            rate.get("arithmetic", "exact"),
            f"{rate['normals_per_second']:.3g}",
            f"{rate['normals'] / rate['slowest']:.3g}",
            f"{rate['of_ceiling']:.0%}" if "of_ceiling" in rate else "",
        )
        for rate in record["rates"]
    ]


HEAD = ("law", "mode", "arithmetic", "normals/s, fastest run", "slowest run", "of what the GPU can issue")


def readme_block(record: dict[str, Any] | None) -> str:
    """What stands between the marks in the README."""
    if record is None:
        return f"{BEGIN}\n**{NONE}**\n{END}"
    rows = "\n".join(f"| {' | '.join(line)} |" for line in (HEAD, ("---",) * len(HEAD), *lines(record)))
    return f"{BEGIN}\n**{headline(record)}**\n\n{rows}\n{END}"


def with_newest(readme: str, record: dict[str, Any] | None) -> str:
    """The README's text with the newest result between its marks.

    Raises:
        ValueError: the marks are missing.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"readme: must hold the marks {BEGIN} and {END}")
    return before + readme_block(record) + after


def gpu_section(record: dict[str, Any] | None) -> Markup:
    """The report's paragraph on GPUs."""
    if record is None:
        return folded("On a GPU", tag("p", NONE))
    return folded(
        "On a GPU",
        tag("p", headline(record)),
        table(f"Speed on {record['device']}", HEAD, lines(record), numeric=(3, 4, 5)),
    )
