"""Tasks that several test files need, and a store in memory."""

from typing import Any

import pytest
from memory_store import MemoryStore

from attnlaws import registry
from attnlaws.simulations.simulate import make_task
from attnlaws.simulations.task import Task


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
