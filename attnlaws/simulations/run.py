"""Run a task's missing blocks; the one place that knows who maps over blocks."""

import os
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np

from attnlaws.simulations.estimate import Rows
from attnlaws.simulations.task import Block, Share, Task, canonical

COMMIT_SECONDS = 0.25
LOOK_SECONDS = 0.5
"""So often a run looks up from waiting: who watches its progress may want to end it."""

Progress = Callable[[Task, Rows, int], None]
"""Called with the task, the rows so far and the number of blocks in all."""
Submit = Callable[[Sequence[Block]], "Future[dict[Block, np.ndarray]]"]
"""Hand over some blocks; what comes back has the rows of the first of them, or of all."""


class Backend(Protocol):
    """Who computes rows.

    Attributes:
        device: what is written down beside the rows.
        hardware: what decides the bits of fast arithmetic, where it has any.
        workers: how many batches are computed at a time.
        batch_draws: draws from which on a batch is worth the trouble of handing it over.
    """

    device: str
    hardware: str
    workers: int
    batch_draws: int

    def submitting(self, task: Task) -> AbstractContextManager[Submit]:
        """A way to hand over blocks of a task; their rows have the same bits whoever computes them."""
        ...


@contextmanager
def in_threads(
    workers: int, rows: Callable[[Sequence[Block], Share], dict[Block, np.ndarray]]
) -> Generator[Submit, None, None]:
    """Threads of this process that compute rows of blocks, and helpers with whom they share a long replicate.

    After an interruption no further block is begun, nor a further part of one.
    """
    with ThreadPoolExecutor(workers) as pool, ThreadPoolExecutor(workers) as helpers:
        try:
            yield lambda blocks: pool.submit(rows, blocks, helpers.map)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            helpers.shutdown(wait=False, cancel_futures=True)
            raise


class Cpu:
    """Numba kernels on the cores of this machine.

    A worker that has a long replicate hands its parts to helpers, as many as there are workers, and waits: where blocks
    are fewer than workers all cores have something to do nevertheless, and never is one asked for more.

    Args:
        threads: worker threads; by default one per core.

    Example:
        >>> Cpu(threads=3).workers
        3
    """

    device = "cpu"
    hardware = ""
    batch_draws = 1 << 23

    def __init__(self, threads: int | None = None) -> None:
        self.workers = threads or cores()

    def submitting(self, task: Task) -> AbstractContextManager[Submit]:
        """Threads that share a kernel, which is built before there are any."""
        task.prepare()
        return in_threads(self.workers, lambda blocks, share: {block: task.compute(block, share) for block in blocks})


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
    backend: Backend | None = None,
    batch: int | None = None,
    progress: Progress | None = None,
    over: Callable[[], bool] = lambda: False,
) -> Rows:
    """Compute the blocks of a task that the store lacks, and store them as they finish.

    Args:
        task: what to simulate.
        replicates: how many replicates the rows must make up.
        store: where rows are found and kept.
        threads: worker threads of the CPU; by default one per core. The result does not depend on it.
        backend: who computes; by default the CPU. The result does not depend on it.
        batch: blocks handed to a worker at a time; by default as many draws as the backend likes. The result does not
            depend on it.
        progress: called now and then with the task, the rows so far and the number of blocks in all.
        over: whether no more batches are begun; those under way are finished.

    Returns:
        The row of every block; where it was over before, all rows that there are.

    Raises:
        KeyboardInterrupt: after Ctrl-C, once the blocks that were finished are stored.
        OverflowError: an output is no finite number; names the law, the point and the replicates. Such rows are not
            stored.
    """
    rows = store.rows(task.identity)
    blocks = list(task.blocks(replicates))
    missing = [block for block in blocks if block not in rows]
    backend = backend or Cpu(threads)
    device = backend.device if task.arithmetic == "exact" else f"{backend.device}, fast arithmetic"
    size = batch or max(1, backend.batch_draws // task.draws_per_block)
    batches = [missing[i : i + size] for i in range(0, len(missing), size)]
    unsaved: dict[Block, np.ndarray] = {}
    last = time.monotonic()
    with closing(_mapped(task, batches, backend, over)) as finished:
        try:
            for done in finished:
                _refuse_what_is_no_number(task, done)
                unsaved.update(done)
                rows.update(done)
                if progress:
                    progress(task, rows, len(blocks))
                if unsaved and time.monotonic() - last > COMMIT_SECONDS:
                    store.add(task, unsaved, device)
                    unsaved, last = {}, time.monotonic()
        finally:
            if unsaved:
                store.add(task, unsaved, device)
    return {block: rows[block] for block in blocks} if all(block in rows for block in missing) else rows


def _refuse_what_is_no_number(task: Task, rows: Rows) -> None:
    """A NaN or an infinity that is averaged, or sorted, would be gone from sight in the result."""
    for block, row in rows.items():
        lost = np.isnan(row) if task.keeps_values else ~np.isfinite(row)
        if lost.any():
            units = block.first // task.units_per_replicate, (block.first + block.count - 1) // task.units_per_replicate
            where = f"replicate {units[0]}" if units[0] == units[1] else f"replicates {units[0]} to {units[1]}"
            raise OverflowError(
                f"{task.law_id}, mode {task.mode}, at {canonical(task.parameters)}: an output of {where}, or a power "
                "of it, is beyond the arithmetic of the simulation"
            )


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def vectors() -> str:
    """The widest vectors of the processor."""
    from llvmlite.binding import get_host_cpu_features

    features = get_host_cpu_features()
    return next((name for name in ("avx512f", "avx2", "sse4.2", "neon") if features.get(name)), "scalar")


def _mapped(
    task: Task, batches: Sequence[Sequence[Block]], backend: Backend, over: Callable[[], bool]
) -> Generator[dict[Block, np.ndarray], None, None]:
    """Rows of each batch as it finishes, with a short queue so that an interruption waits for little.

    Of a batch that comes back unfinished the rest is cut into pieces as large as what was finished.
    """
    if not batches or over():
        return
    waiting = deque(batches)
    with backend.submitting(task) as submit:
        running: dict[Future[dict[Block, np.ndarray]], Sequence[Block]] = {}
        while waiting or running:
            if over():
                waiting.clear()
                running = {future: batch for future, batch in running.items() if not future.cancel()}
            while waiting and len(running) < 2 * backend.workers:
                batch = waiting.popleft()
                running[submit(batch)] = batch
            finished = wait(running, LOOK_SECONDS, FIRST_COMPLETED).done
            for future in finished:
                batch, rows = running.pop(future), future.result()
                waiting += [batch[i : i + len(rows)] for i in range(len(rows), len(batch), len(rows))]
                yield rows
            if not finished:
                yield {}


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
