"""The report: the catalog and all that a store says of it, as one HTML page that needs nothing else."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attnlaws import registry
from attnlaws.catalog import picture_folder
from attnlaws.helpers import helpers
from attnlaws.kept import is_kept, of_catalog, picture, told
from attnlaws.report.entry import Entry, entries
from attnlaws.report.page import page
from attnlaws.report.typeset import typeset
from attnlaws.simulations.run import cores
from attnlaws.simulations.verdict import Verdict

WORTH = 16
"""Laws whose formulas or figures take as long as it takes to start processes for them."""


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
    path, ids = picture_folder("to", to) / "index.html", registry.ids()
    with _all_cores() as pool:  # they begin while laws and verdicts are read here
        unset = [(law_id,) for law_id in ids if not is_kept("formulas", law_id, "")]
        setting = _handed_over(pool, _set, unset)
        found = entries(ids, out)
        undrawn = [(entry.law.id, entry.verdict) for entry in found if _can_be_drawn(entry)]
        for future in (*setting, *_handed_over(pool, _drawn, undrawn)):
            future.result()
    text = page(found)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ValueError(f"to = {str(to)!r}: must be a folder that can be written ({error.strerror})") from error
    return path


@contextmanager
def _all_cores() -> Iterator[ProcessPoolExecutor]:
    """A process a core, none before there is something to do; Ctrl-C lets them end what they are at."""
    pool = helpers(cores())
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _handed_over(
    pool: ProcessPoolExecutor, work: Callable[..., None], arguments: Sequence[tuple[Any, ...]]
) -> "list[Future[None]]":
    """Where much is to be set or drawn, let all cores do it: the page finds it kept. A little it makes itself."""
    worth_it = cores() > 1 and len(arguments) >= WORTH
    return [pool.submit(work, *given) for given in arguments] if worth_it else []


def _can_be_drawn(entry: Entry) -> bool:
    """Whether there is a figure that others can draw, and have not drawn."""
    verdict = entry.verdict
    return verdict is not None and of_catalog(entry.law) and not is_kept("figure", entry.law.id, told(verdict))


def _set(law_id: str) -> None:
    """In another process: set a law's formulas, and keep them."""
    typeset(registry.law(law_id))


def _drawn(law_id: str, verdict: Verdict) -> None:
    """In another process: draw a law's figure, and keep it."""
    picture(registry.law(law_id), verdict)
