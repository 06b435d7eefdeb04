"""The report: the catalog and all that a store says of it, as one HTML page that needs nothing else."""

import multiprocessing
import signal
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from attnlaws import registry
from attnlaws.catalog import picture_folder
from attnlaws.kept import is_kept, of_catalog, picture, told
from attnlaws.report.entry import Entry, entries
from attnlaws.report.page import page
from attnlaws.report.typeset import typeset
from attnlaws.simulations.run import cores
from attnlaws.simulations.verdict import Verdict

WORTH = 8
"""Laws whose formulas and figures take as long as it takes to start a process for them."""


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
    _prepare(found)
    text = page(found)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ValueError(f"to = {str(to)!r}: must be a folder that can be written ({error.strerror})") from error
    return path


def _prepare(entries: Sequence[Entry]) -> None:
    """Where much is to be set and drawn, let all cores do it: the page finds it kept."""
    missing = [entry for entry in entries if not _there(entry)]
    workers = min(cores(), len(missing) // WORTH)
    if workers < 2:
        return
    context = multiprocessing.get_context("spawn")
    # Workers leave Ctrl-C to the client, which lets them end what they are at.
    with ProcessPoolExecutor(workers, context, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        try:
            list(pool.map(_prepared, (entry.law.id for entry in missing), (entry.verdict for entry in missing)))
        finally:
            pool.shutdown(cancel_futures=True)


def _there(entry: Entry) -> bool:
    """Whether nothing is left to do for other cores: all is kept, or cannot be."""
    law, verdict = entry.law, entry.verdict
    drawn = verdict is None or is_kept("figure", law, told(verdict))
    return not of_catalog(law) or (drawn and is_kept("formulas", law, ""))


def _prepared(law_id: str, verdict: Verdict | None) -> None:
    """In a worker: set a law's formulas and draw its figure, and keep both."""
    law = registry.law(law_id)
    typeset(law)
    if verdict is not None:
        picture(law, verdict)
