"""The report: the catalog and all that a store says of it, as one HTML page that needs nothing else."""

import multiprocessing
import signal
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from attnlaws import registry
from attnlaws.catalog import picture_folder
from attnlaws.kept import keep, kept, of_catalog
from attnlaws.report.entry import Entry, entries
from attnlaws.report.markup import Markup
from attnlaws.report.page import page
from attnlaws.report.section import section
from attnlaws.simulations.run import cores

WORTH = 8
"""Sections that take as long as it takes to start a process for them."""


def write_report(to: str | Path, out: str | Path) -> Path:
    """Write ``index.html``; the same store gives the same bytes.

    Args:
        to: folder for the page.
        out: folder of the store; where there is none, no law is judged and none is made.

    Returns:
        The path of the page.

    Raises:
        ValueError: the folder cannot be written, or the store cannot be read.
    """
    path = picture_folder("to", to) / "index.html"
    found = entries(registry.ids(), out)
    text = page(found, sections(found))
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ValueError(f"to = {str(to)!r}: must be a folder that can be written ({error.strerror})") from error
    return path


def sections(entries: Sequence[Entry]) -> list[Markup]:
    """The section of each law: as it was made before where nothing has changed, and by all cores where it has."""
    found = {entry.law.id: kept("section", entry.law, _shown(entry)) for entry in entries}
    missing = [entry for entry in entries if found[entry.law.id] is None]
    apart = [entry for entry in missing if of_catalog(entry.law)]
    workers = min(cores(), len(apart) // WORTH)
    if workers > 1:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, context, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
            try:
                told = ((entry.law.id, entry.history, entry.proof, entry.made) for entry in apart)
                made = pool.map(_section_of, *zip(*told, strict=True))
                found |= {entry.law.id: text for entry, text in zip(apart, made, strict=True)}
            finally:
                pool.shutdown(cancel_futures=True)
    return [Markup((found[e.law.id] or _section(e)).decode()) for e in entries]


def _shown(entry: Entry) -> str:
    return repr((entry.history, entry.proof, entry.made))


def _section(entry: Entry) -> bytes:
    return keep("section", entry.law, _shown(entry), lambda: section(entry).encode())


def _section_of(law_id: str, *stored: Any) -> bytes:
    """In a worker, which has the law's file and is told what the store holds."""
    return _section(Entry(registry.law(law_id), *stored))
