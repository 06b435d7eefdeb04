"""Tasks that several test files need, and a store in memory."""

from typing import Any

import numpy as np
import pytest

from attnlaws import registry
from attnlaws.simulations.simulate import make_task
from attnlaws.simulations.task import Block, Task


class MemoryStore:
    """A store for tests that are not about the store."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[Block, np.ndarray]] = {}
        self.records: list[tuple[str, str, str, dict[str, Any]]] = []

    def rows(self, identity: str) -> dict[Block, np.ndarray]:
        return dict(self.kept.get(identity, {}))

    def add(self, task: Task, rows: dict[Block, np.ndarray], device: str = "cpu") -> None:
        self.kept.setdefault(task.identity, {}).update(rows)

    def record(self, kind: str, law: str, key: str | None = None) -> dict[str, Any] | None:
        found = [body for k, i, name, body in self.records if (k, i) == (kind, law) and key in (None, name)]
        return found[-1] if found else None

    def add_record(self, kind: str, law: str, key: str, body: dict[str, Any]) -> None:
        self.records.append((kind, law, key, body))


@pytest.fixture
def memory() -> MemoryStore:
    return MemoryStore()


def task_of(law_id: str, mode: str | None = None, seed: int = 0, **parameters: Any) -> Task:
    """A task of the catalog."""
    law, experiment = registry.law(law_id), registry.experiment(law_id)
    return make_task(law, experiment, law.validate(**parameters), seed, mode or experiment.default_mode)


@pytest.fixture
def make():
    """The function that makes a task of the catalog."""
    return task_of
