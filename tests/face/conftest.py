"""The program in a process of its own; and a store in which no proof is left to do."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from attnlaws import registry
from attnlaws.catalog import judged
from attnlaws.simulations.store import Store
from attnlaws.simulations.verify import key_of
from attnlaws.theory.prove import Proof

PROGRAM = (sys.executable, "-m", "attnlaws.cli")


@pytest.fixture
def run_json(run) -> Callable[..., dict[str, Any]]:
    """Call the program with --json: the one object it prints, after it ended well."""

    def call(*arguments: object) -> dict[str, Any]:
        code, printed, errors = run(*arguments, "--json")
        assert (code, errors) == (0, "")
        return json.loads(printed)

    return call


@pytest.fixture
def apart(tmp_path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run the program in a process and a folder of its own."""

    def call(*arguments: object, **options: Any) -> "subprocess.CompletedProcess[str]":
        command = [*PROGRAM, *(str(argument) for argument in arguments)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, **options)

    return call


@pytest.fixture(scope="session")
def judged_once(tmp_path_factory) -> Path:
    """A store with a stand-in for every proof, and with the blocks and the verdict of one law."""
    folder = tmp_path_factory.mktemp("judged") / "store"
    with Store(folder) as store:
        for law_id in registry.ids():
            law = registry.law(law_id)
            store.add_record("proof", law_id, key_of(law), {"proof": Proof(law_id, "cited", ()).to_json()})
    judged("topk.tail_mass", profile="quick", out=folder)
    return folder


@pytest.fixture
def proved(judged_once: Path, out: Path) -> Path:
    """A store of its own with the same content, for tests that are about what comes after a proof."""
    shutil.copytree(judged_once, out)
    return out


@pytest.fixture
def on_path(monkeypatch) -> None:
    """The program can be called by its name, as a message tells a reader to."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
