"""A store in memory, for tests that are not about the store."""

from typing import Any

import numpy as np

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

    def forget(self) -> None:
        """Lose all rows."""
        self.kept.clear()

    def record(self, kind: str, law: str, key: str | None = None) -> dict[str, Any] | None:
        found = [body for k, i, name, body in self.records if (k, i) == (kind, law) and key in (None, name)]
        return found[-1] if found else None

    def add_record(self, kind: str, law: str, key: str, body: dict[str, Any]) -> None:
        self.records.append((kind, law, key, body))
