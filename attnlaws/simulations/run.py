"""Run a task's missing blocks; the one place that knows who maps over blocks."""

import os
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path
from typing import Protocol

import numpy as np

from attnlaws.simulations.estimate import Rows
from attnlaws.simulations.task import Block, Task

BATCH_DRAWS = 1 << 23
COMMIT_SECONDS = 0.25

Progress = Callable[[Task, Rows, int], None]
"""Called with the task, the rows so far and the number of blocks in all."""


class RowStore(Protocol):
    """What a run needs of a store."""

    def rows(self, identity: str) -> dict[Block, np.ndarray]:
        """Rows that are there."""
        ...

    def add(self, task: Task, rows: Rows, device: str = "cpu") -> None:
        """Keep new rows."""
        ...


def run(
    task: Task,
    replicates: int,
    store: RowStore,
    *,
    threads: int | None = None,
    batch: int | None = None,
    progress: Progress | None = None,
) -> Rows:
    """Compute the blocks of a task that the store lacks, and store them as they finish.

    Args:
        task: what to simulate.
        replicates: how many replicates the rows must make up.
        store: where rows are found and kept.
        threads: worker threads; by default one per core. The result does not depend on it.
        batch: blocks handed to a worker at a time; by default about 8 million draws. The result does not depend on it.
        progress: called now and then with the task, the rows so far and the number of blocks in all.

    Returns:
        The row of every block.

    Raises:
        KeyboardInterrupt: after Ctrl-C, once the blocks that were finished are stored.
    """
    rows = store.rows(task.identity)
    blocks = list(task.blocks(replicates))
    missing = [block for block in blocks if block not in rows]
    if missing:
        task.prepare()
    size = batch or max(1, BATCH_DRAWS // (task.draws * task.block_size))
    batches = [missing[i : i + size] for i in range(0, len(missing), size)]
    unsaved: dict[Block, np.ndarray] = {}
    last = time.monotonic()
    with closing(_mapped(task, batches, threads or cores())) as finished:
        try:
            for done in finished:
                unsaved.update(done)
                rows.update(done)
                if progress:
                    progress(task, rows, len(blocks))
                if time.monotonic() - last > COMMIT_SECONDS:
                    store.add(task, unsaved)
                    unsaved, last = {}, time.monotonic()
        finally:
            if unsaved:
                store.add(task, unsaved)
    return {block: rows[block] for block in blocks}


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _mapped(
    task: Task, batches: Sequence[Sequence[Block]], threads: int
) -> Generator[dict[Block, np.ndarray], None, None]:
    """Rows of each batch as it finishes, with a short queue so that an interruption waits for little."""
    if not batches:
        return
    remaining = iter(batches)
    with ThreadPoolExecutor(threads) as pool:
        running: set[Future[dict[Block, np.ndarray]]] = set()
        for blocks in remaining:
            running.add(pool.submit(_compute, task, blocks))
            if len(running) >= 2 * threads:
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in finished)
        while running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in finished)


def _compute(task: Task, blocks: Sequence[Block]) -> dict[Block, np.ndarray]:
    return {block: task.compute(block) for block in blocks}


def main(file: str) -> None:
    """Run the experiment of a script of this folder from the shell: ``python simulations/topk/tail_mass.py --help``."""
    import importlib
    import sys

    from attnlaws.simulations.command import simulate_command
    from attnlaws.simulations.exits import guarded

    path = Path(file).resolve()
    law_id = f"{path.parent.name}.{path.stem}"
    law = importlib.import_module(f"attnlaws.theory.{law_id}").LAW
    experiment = importlib.import_module(f"attnlaws.simulations.{law_id}").EXPERIMENT
    program = ["python", file]
    sys.exit(
        guarded(lambda: simulate_command(law, experiment, sys.argv[1:], " ".join(program)), [*program, *sys.argv[1:]])
    )
