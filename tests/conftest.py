"""Every test gets kernels from one cache folder, kept between runs, a store of its own, and the program to call."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ.setdefault("ATTNLAWS_CACHE", str(Path(__file__).parent.parent / ".pytest_cache" / "kernels"))


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
