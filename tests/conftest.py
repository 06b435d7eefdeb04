"""Every test gets kernels from one cache folder, kept between runs, and a store of its own."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("ATTNLAWS_CACHE", str(Path(__file__).parent.parent / ".pytest_cache" / "kernels"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder for a store that is not there yet."""
    return tmp_path / "store"
