"""What was made of a law before and is made of the same again: its picture and its section of the report.

Each is one file in the cache folder, which the next one of its kind takes the place of, and carries the hash of all
that it depends on: what it shows, and every line of this package.
"""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from attnlaws.catalog import figure_of, picture_folder
from attnlaws.figures.style import save
from attnlaws.simulations.build import cache_directory
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

PACKAGE = Path(__file__).parent
MADE_OF = (".py", ".css", ".cuh", ".cu")
DRAWN_BY = ("matplotlib", "numpy", "scipy", "sympy", "numba", "python-flint", "latex2mathml")


@lru_cache
def package_hash() -> str:
    """Hash of all that a picture or a section can depend on beside what it shows: this package, and what it uses."""
    digest = hashlib.sha256("|".join((sys.version, *(f"{name} {version(name)}" for name in DRAWN_BY))).encode())
    for path in sorted(path for path in PACKAGE.rglob("*") if path.suffix in MADE_OF):
        digest.update(f"|{path.relative_to(PACKAGE)}|".encode() + path.read_bytes())
    return digest.hexdigest()


def of_catalog(law: Law) -> bool:
    """Whether a law is what its file in the catalog says: one changed in this process has no file to be known by."""
    return getattr(sys.modules.get(law.name), "LAW", None) is law and law.name.startswith("attnlaws.theory.")


def kept(kind: str, law: Law, shown: str) -> bytes | None:
    """What is kept of a law, if it was made of just this.

    Args:
        kind: "figure" or "section".
        law: the law.
        shown: text that says all that it shows.
    """
    path = _file(kind, law)
    if not of_catalog(law) or not path.exists():
        return None
    digest, _, content = path.read_bytes().partition(b"\n")
    return content if digest == _key(kind, law, shown) else None


def keep(kind: str, law: Law, shown: str, make: Callable[[], bytes]) -> bytes:
    """Make something of a law, and keep it for the next time.

    Raises:
        ValueError: the cache folder cannot be written.
    """
    content = make()
    if of_catalog(law):
        path = _file(kind, law)
        folder = picture_folder("ATTNLAWS_CACHE", path.parent)
        handle, draft = tempfile.mkstemp(dir=folder, suffix=".draft")
        with os.fdopen(handle, "wb") as file:
            file.write(_key(kind, law, shown) + b"\n" + content)
        Path(draft).replace(path)  # whole or not at all, whoever else writes it
    return content


def picture(law: Law, verdict: Verdict) -> bytes:
    """The figure of a verdict as SVG: the one that was drawn of it before, or one drawn now."""
    shown = json.dumps(verdict.as_dict(), sort_keys=True)
    found = kept("figure", law, shown)
    return keep("figure", law, shown, lambda: _drawn(law, verdict)) if found is None else found


def draw(law: Law, verdict: Verdict, folder: str | Path) -> Path:
    """Put the picture of a verdict into a folder.

    Raises:
        ValueError: the folder cannot be written.
    """
    path = Path(folder) / f"{law.id}.svg"
    try:
        path.write_bytes(picture(law, verdict))
    except OSError as error:
        raise ValueError(f"draw = {str(folder)!r}: must be a folder that can be written ({error.strerror})") from error
    return path


def _drawn(law: Law, verdict: Verdict) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return save(figure_of(law, verdict), Path(folder) / "figure.svg").read_bytes()


def _file(kind: str, law: Law) -> Path:
    return cache_directory() / "pages" / f"{law.id}.{kind}"


def _key(kind: str, law: Law, shown: str) -> bytes:
    return hashlib.sha256(f"{package_hash()}|{kind}|{law.id}|{shown}".encode()).hexdigest().encode()
