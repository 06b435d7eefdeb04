"""What was made of a law before and would be made of the same again: its picture, and its formulas for the report.

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


def is_kept(kind: str, law_id: str, shown: str) -> bool:
    """Whether :func:`kept` would find it, for the law as it is in the catalog."""
    return _read(kind, law_id, shown) is not None


def kept(kind: str, law: Law, shown: str, make: Callable[[], bytes]) -> bytes:
    """What was made of a law before, where it was made of just this; otherwise it is made now, and kept.

    Args:
        kind: "figure" or "formulas".
        law: the law; what is made of one that is not as the catalog has it is not kept.
        shown: text that says all that it shows beside the law.
        make: makes it.

    Raises:
        ValueError: the cache folder cannot be written.
    """
    if not of_catalog(law):
        return make()
    found = _read(kind, law.id, shown)
    if found is not None:
        return found
    content, path = make(), _file(kind, law.id)
    handle, draft = tempfile.mkstemp(dir=picture_folder("ATTNLAWS_CACHE", path.parent), suffix=".draft")
    with os.fdopen(handle, "wb") as file:
        file.write(_key(kind, law.id, shown) + b"\n" + content)
    Path(draft).replace(path)  # whole or not at all, whoever else writes it
    return content


def _read(kind: str, law_id: str, shown: str) -> bytes | None:
    path = _file(kind, law_id)
    digest, _, content = path.read_bytes().partition(b"\n") if path.exists() else (b"", b"", b"")
    return content if digest == _key(kind, law_id, shown) else None


def told(verdict: Verdict) -> str:
    """All that a picture shows of a verdict, as text."""
    return json.dumps(verdict.as_dict(), sort_keys=True)


def picture(law: Law, verdict: Verdict) -> bytes:
    """The figure of a verdict as SVG: the one that was drawn of it before, or one drawn now."""
    return kept("figure", law, told(verdict), lambda: _drawn(law, verdict))


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
    from attnlaws.figures.style import save

    with tempfile.TemporaryDirectory() as folder:
        return save(figure_of(law, verdict), Path(folder) / "figure.svg").read_bytes()


def _file(kind: str, law_id: str) -> Path:
    return cache_directory() / "pages" / f"{law_id}.{kind}"


def _key(kind: str, law_id: str, shown: str) -> bytes:
    return hashlib.sha256(f"{package_hash()}|{kind}|{law_id}|{shown}".encode()).hexdigest().encode()
