"""One style for all pictures: color-blind safe, readable in gray, the same bytes every time."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

# Okabe and Ito's palette, in an order whose lightness differs between neighbors; markers and dashes repeat the
# distinction for readers in gray.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#8C6D1F")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (6, 2, 1, 2)))
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "axes.titley": 1.0,
    "lines.linewidth": 1.4,
    "lines.markersize": 4.5,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,
    "figure.dpi": 150,
    "savefig.dpi": 150,
    "svg.hashsalt": "attnlaws",
    "svg.fonttype": "path",
}


@contextmanager
def styled() -> Iterator[None]:
    """The style, for as long as a figure is made or saved; the reader's own settings come back after."""
    with matplotlib.rc_context(STYLE):  # type: ignore[arg-type]
        yield


class Picture(Figure):
    """A figure that a notebook shows by itself, whether or not pyplot is there."""

    def _repr_png_(self) -> bytes:
        data = io.BytesIO()
        with styled():
            self.savefig(data, format="png")
        return data.getvalue()


def save(figure: Figure, path: str | Path) -> Path:
    """Write a figure; its bytes depend on the figure alone, and carry no date.

    Raises:
        ValueError: the folder cannot be written.
    """
    path = Path(path)
    metadata = dict(getattr(figure, "attnlaws_metadata", {}))
    keys = {"svg": ("Title", "Description"), "png": ("Title", "Description"), "pdf": ("Title", "Subject")}
    title, description = keys[path.suffix[1:]]
    named = {title: metadata.get("title", ""), description: metadata.get("description", "")}
    dateless = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(path.suffix[1:], {})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with styled():
            figure.savefig(path, metadata=named | dateless)
    except OSError as error:
        raise ValueError(
            f"to = {str(path.parent)!r}: must be a folder that can be written ({error.strerror})"
        ) from error
    return path
