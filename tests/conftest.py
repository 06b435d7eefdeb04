"""Every test gets kernels from one cache folder, kept between runs, a store of its own, and the program to call."""

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("ATTNLAWS_CACHE", str(Path(__file__).parent.parent / ".pytest_cache" / "kernels"))
_proofs: list[Path] = []


def pytest_configure() -> None:
    """Prove each law of the catalog once in a run: half of the tests that need a proof ask for one that others made."""
    from attnlaws.theory import prove as module

    module.prove = _once_a_run(module.prove, module.Proof.from_json)


@pytest.fixture(scope="session", autouse=True)
def _folder_of_proofs(tmp_path_factory) -> None:
    """A new folder for the proofs of this run, the same for all of its processes."""
    own = tmp_path_factory.getbasetemp()
    _proofs[:] = [(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "proofs"]
    _proofs[0].mkdir(exist_ok=True)


def _once_a_run(prove: Callable[[Any], Any], read: Callable[[str], Any]) -> Callable[[Any], Any]:
    @functools.wraps(prove)
    def kept(law: Any) -> Any:
        if not _proofs or getattr(sys.modules.get(law.name), "LAW", None) is not law:
            return prove(law)  # a reader's law, or one that a test has changed
        path = _proofs[0] / f"{law.id}.json"
        if not path.exists():
            draft = path.with_suffix(f".{os.getpid()}")
            draft.write_text(prove(law).to_json(), "utf-8")
            draft.replace(path)
        return read(path.read_text("utf-8"))

    return kept


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder for a store that is not there yet."""
    return tmp_path / "store"


@pytest.fixture
def run(capsys) -> Callable[..., tuple[int, str, str]]:
    """Call the program here: exit code, standard output, standard error."""

    from attnlaws.cli import main  # after the cache folder is set

    def call(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return call
