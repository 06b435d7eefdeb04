"""Blocks on the machines of a Dask cluster: the only module that imports Dask.

What travels is a task's description and the numbers of its blocks, never code: a worker imports the experiment by its
name and says from its own files what it computes with. Where that is not what the client has, its rows are refused, so
a row has the same bits wherever it comes from. Dask does the rest: it gives the blocks of a worker that dies to
another one, and takes in workers that come later.
"""

import asyncio
import inspect
import json
import sys
import threading
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from importlib.metadata import version
from operator import methodcaller
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from attnlaws.simulations.build import engine_hash
from attnlaws.simulations.experiment import Experiment
from attnlaws.simulations.run import Submit
from attnlaws.simulations.task import Block, Task, canonical, fingerprint

BATCH_SECONDS = 0.5
"""So long a worker computes before it hands over what it has; Dask takes some milliseconds for a batch."""
CONNECT_SECONDS = 5.0
KNOWN_TASKS = 256
DIGITS = 16
"""Of a hash: enough that two versions differ, few enough to be read."""


class Cluster:
    """The workers of a Dask cluster, however many there are at the time.

    Args:
        scheduler: address of its scheduler.

    Attributes:
        workers: half of the batches that wait or run at a time. It is no number of workers: these come and go, and a
            cluster that grows with its work has to see some work ahead.
        batch_draws: what a fast kernel draws in half a second. A slow one stops at half a second, and the rest is cut
            up.

    Raises:
        ValueError: Dask is missing, or nobody answers at the address.
    """

    device = "cpu, through Dask"
    hardware = ""
    workers = 1 << 11
    batch_draws = 1 << 27

    def __init__(self, scheduler: str) -> None:
        self.scheduler = scheduler
        self.client = _client(scheduler)

    def close(self) -> None:
        """Leave the cluster; it stays as it is."""
        self.client.close()

    @contextmanager
    def submitting(self, task: Task) -> Iterator[Submit]:
        """A way to hand over blocks; what is not finished in the end is taken back.

        Raises:
            ValueError: the experiment cannot travel, a worker has other files, or the scheduler is gone.
            MemoryError: several workers died of the same blocks.
        """
        from distributed.scheduler import KilledWorker
        from toolz import compose

        parcel = packed(task)
        executor = self.client.get_executor()

        def submit(blocks: Sequence[Block]) -> Any:
            # Put together from what every worker can load; one that cannot load this module then says so. A function
            # of this module would end it.
            call = methodcaller(computed.__name__, parcel, [(block.first, block.count) for block in blocks])
            return executor.submit(compose(call, import_module), __name__, key=f"{task.law_id}-{uuid.uuid4().hex}")

        try:
            yield submit
        except CancelledError as error:
            raise ValueError(
                f"scheduler = {self.scheduler!r}: must stay up; it is gone, finished blocks are kept"
            ) from error
        except KilledWorker as error:
            raise MemoryError(f"workers were killed; finished blocks are kept, run it again: {error}") from error
        except ImportError as error:
            raise ValueError(
                f"scheduler = {self.scheduler!r}: must have workers on which attnlaws {version('attnlaws')} is "
                f"installed; one says: {error}"
            ) from error
        finally:
            executor.shutdown(wait=False)


def _client(scheduler: str) -> Any:
    """A connection to a scheduler.

    Raises:
        ValueError: Dask is missing, the address is none, or nobody answers.
    """
    demand = f"scheduler = {scheduler!r}: must be the address of a Dask scheduler, as tcp://HOST:8786"
    try:
        from distributed import Client
        from distributed.comm.core import connect
        from distributed.security import Security
    except ImportError as error:
        raise ValueError(f"{demand}; Dask cannot be imported ({error}): pip install 'attnlaws[cluster]'") from error

    async def greet() -> None:
        security = Security().get_connection_args("client")
        comm = await asyncio.wait_for(connect(scheduler, **security), CONNECT_SECONDS)
        await comm.close()

    try:
        # A client would wait forever for the greeting of a program that is no scheduler. Its loop gets a thread of its
        # own, because in a notebook this one has one.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, greet()).result()
        return Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (AssertionError, AttributeError, OSError, TypeError, ValueError) as error:
        raise ValueError(f"{demand} ({str(error) or 'nobody answers there'})") from error


def packed(task: Task) -> str:
    """What a worker needs to know of a task.

    Raises:
        ValueError: the experiment is none of the catalog, and workers cannot find it.
    """
    task_of_catalog = {
        "module": _home_of(task),
        "law": task.law_id,
        "parameters": canonical(task.parameters),
        "seed": task.seed,
        "mode": task.mode,
        "with": _computed_with(task.experiment),
    }
    return json.dumps(task_of_catalog)


def _home_of(task: Task) -> str:
    """The module of the catalog that holds a task's experiment.

    Raises:
        ValueError: there is none.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith("attnlaws.simulations.") and getattr(module, "EXPERIMENT", None) is task.experiment:
            return name
    raise ValueError(
        f"experiment of {task.law_id}: must be one of the catalog to be simulated on a cluster, whose workers find it "
        "by its name; write it as a law of the package (`attnlaws new`) that all of them have, or simulate it without "
        "a scheduler"
    )


def _computed_with(experiment: Experiment) -> str:
    """All files that decide the bits of an experiment's rows, for people to read and for programs to compare."""
    hashes = f"engine {engine_hash()[:DIGITS]}, experiment {fingerprint(experiment)[:DIGITS]}"
    return f"attnlaws {version('attnlaws')}, {hashes}"


# --- on a worker ----------------------------------------------------------------------------------------------------

_unpacking = threading.Lock()  # SymPy is not made for several threads


def computed(parcel: str, runs: Sequence[tuple[int, int]]) -> dict[Block, np.ndarray]:
    """The rows of the first block, and of as many others as there is time for; blocks as pairs of first and count.

    The clock starts after the first block, for which a kernel may have to be compiled.

    Raises:
        ValueError: this worker computes with other files than the client.
    """
    with _unpacking:
        task = _unpacked(parcel)
    blocks = [Block(*run) for run in runs]
    rows = {blocks[0]: task.compute(blocks[0])}
    start = monotonic()
    for block in blocks[1:]:
        if monotonic() - start > BATCH_SECONDS:
            break
        rows[block] = task.compute(block)
    return rows


@lru_cache(maxsize=KNOWN_TASKS)
def _unpacked(parcel: str) -> Task:
    """The task with this worker's own experiment, if that is the client's too.

    Raises:
        ValueError: it is not.
    """
    loaded = _files_when_loaded()
    wanted = json.loads(parcel)
    try:
        experiment = import_module(wanted["module"]).EXPERIMENT
        here = _computed_with(experiment)
    except ImportError as error:
        raise ValueError(_refusal(wanted["with"], str(error))) from error
    if _files() != loaded:  # what is in memory is no longer what the files say
        raise ValueError(_refusal(wanted["with"], "files that have changed since it was started"))
    if here != wanted["with"]:
        raise ValueError(_refusal(wanted["with"], here))
    task = Task(wanted["law"], "", experiment, json.loads(wanted["parameters"]), wanted["seed"], wanted["mode"])
    task.prepare()
    return task


def _refusal(client: str, worker: str) -> str:
    from distributed import get_worker

    return (
        f"worker {get_worker().address}: must compute with what the client has ({client}), and has {worker}; install "
        "the same version and restart the workers; finished blocks are kept"
    )


@lru_cache
def _files_when_loaded() -> frozenset[tuple[str, int]]:
    return _files()


def _files() -> frozenset[tuple[str, int]]:
    """Sources of the package and when they were written: a worker lives long, and its files may be replaced."""
    package = Path(inspect.getfile(Task)).parent.parent
    return frozenset((str(path), path.stat().st_mtime_ns) for path in package.rglob("*.py"))
