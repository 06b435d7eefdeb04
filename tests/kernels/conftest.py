"""Compilers, and both cores for them: most of the time of these tests is theirs."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from host_build import Compiler


@pytest.fixture(scope="session")
def in_parallel() -> Iterator[Callable[..., Any]]:
    """A function that starts f(*key) for many keys at once, and gives what stands for the results by their keys."""
    with ThreadPoolExecutor(2) as pool:

        class Results(dict):
            def __getitem__(self, key: Any) -> Any:
                return super().__getitem__(key).result()

        yield lambda function, keys: Results({key: pool.submit(function, *key) for key in keys})
        pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def host(tmp_path_factory) -> Compiler:
    """The compiler of this machine, for libraries."""
    if shutil.which("g++") is None:
        pytest.skip("needs g++")
    return Compiler(Path(tmp_path_factory.mktemp("host")), "-fPIC")
