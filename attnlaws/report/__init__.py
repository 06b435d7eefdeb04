"""The report: the catalog and all that a store says of it, as one HTML page that needs nothing else."""

from pathlib import Path

from attnlaws import registry
from attnlaws.catalog import picture_folder
from attnlaws.report.entry import entries
from attnlaws.report.page import page


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
    text = page(entries(registry.ids(), out))
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ValueError(f"to = {str(to)!r}: must be a folder that can be written ({error.strerror})") from error
    return path
