"""Grow a run until its error bar is as small as asked for, or until replicates, time or memory run out."""

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from attnlaws.simulations.estimate import FEW_REPLICATES, Estimate, Rows, estimate
from attnlaws.simulations.experiment import Streaming
from attnlaws.simulations.run import Backend, Progress, RowStore, run
from attnlaws.simulations.task import Task

PILOT_DRAWS = 1 << 20
PILOT_MOST = 4096
GROWTH = 16
"""A run becomes so many times larger at a time at most: what is expected of it comes from the part that there is."""
MARGIN = 1.1
"""So many more replicates are drawn than the spread asks for, since most runs would otherwise end just short of it."""
WORTH_IT = 1.2
"""A run that time lets grow by less than this factor ends."""
LARGEST = 1 << 62
SHARE_OF_MEMORY = 0.5
PRECISE, REPLICATES, SECONDS, MEMORY = "precise", "replicates", "seconds", "memory"


def largest_rows() -> float:
    """Bytes that rows may take: half of this machine's memory."""
    if not hasattr(os, "sysconf"):
        return math.inf
    return SHARE_OF_MEMORY * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@dataclass(frozen=True)
class Limits:
    """Where a run ends although its error bar is larger than asked for.

    Attributes:
        replicates: most replicates.
        seconds: most time.
        memory: most bytes of rows; only an experiment that keeps its values has many.
    """

    replicates: int
    seconds: float = math.inf
    memory: float = field(default_factory=largest_rows)


@dataclass(frozen=True)
class Grown:
    """An estimate, and why the run ended: "precise", or the limit that was reached."""

    estimate: Estimate
    stopped: str


class _OutOfTime(Exception):  # noqa: N818  (no error: a way out of a run, which stores what is finished)
    pass


def grow(
    task: Task,
    precision: float,
    store: RowStore,
    limits: Limits,
    *,
    backend: Backend | None = None,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Grown:
    """Simulate until the standard error is at most a part of the mean.

    A pilot of 100 replicates or more measures the spread, and every next size is what the spread so far asks for, at
    most 16 times the last one. The size at which it ends thus depends on the errors' sizes and hardly on their signs:
    intervals of runs that end by this rule cover as often as those of a fixed size (a test counts them). The numbers
    of an unfinished step are stored but not used, since which of them are there depends on what else the machine does.

    Args:
        task: what to simulate.
        precision: the relative standard error that is wanted, above 0.
        store: where rows are found and kept.
        limits: where to end in any case.
        backend: who computes; by default the CPU.
        progress: called now and then with the task, the rows so far and the number of blocks in all.
        clock: seconds that pass.

    Raises:
        ValueError: the time is over before there is any estimate.
    """
    start = clock()

    def watched(task: Task, rows: Rows, total: int) -> None:
        if progress:
            progress(task, rows, total)
        if clock() - start > limits.seconds:
            raise _OutOfTime

    most = min(limits.replicates, most_that_fit(task, limits.memory))
    size, found = min(most, max(FEW_REPLICATES, min(PILOT_MOST, PILOT_DRAWS // task.draws))), None
    while True:
        try:
            rows = run(task, size, store, backend=backend, progress=watched)
        except _OutOfTime:
            if found is None:
                raise ValueError(
                    f"seconds = {limits.seconds:g}: must be enough for {size} replicates, which an error bar needs"
                ) from None
            return Grown(found, SECONDS)
        found = estimate(task, rows, size)
        if found.standard_error <= precision * abs(found.mean):
            return Grown(found, PRECISE)
        if size >= most:
            return Grown(found, REPLICATES if most == limits.replicates else MEMORY)
        in_time = size_in_time(size, clock() - start, limits.seconds)
        if in_time < WORTH_IT * size:
            return Grown(found, SECONDS)
        size = min(most, in_time, next_size(found, precision))


def next_size(found: Estimate, precision: float) -> int:
    """How many replicates the error bar so far asks for, within the steps by which a run may grow.

    Example:
        >>> next_size(Estimate(1.0, 0.02, 1000), 0.01), next_size(Estimate(1.0, 0.2, 1000), 0.01)
        (4400, 16000)
    """
    size, wanted = found.replicates, precision * abs(found.mean)
    if wanted == 0 or not math.isfinite(found.standard_error):
        return GROWTH * size
    asked = min(found.standard_error / wanted, GROWTH) ** 2 * size * MARGIN
    return max(size + 1, min(GROWTH * size, math.ceil(round(asked, 6))))


def size_in_time(size: int, passed: float, seconds: float) -> int:
    """How many replicates there can be when the time is over, if they go on as they came.

    Example:
        >>> size_in_time(1000, 2.0, 6.0), size_in_time(1000, 0.0, 6.0) > 10**9
        (3000, True)
    """
    return int(min(size * seconds / passed, LARGEST)) if passed > 0 and seconds < math.inf else LARGEST


def most_that_fit(task: Task, memory: float) -> int:
    """Replicates whose rows take so many bytes; at least 2."""
    if task.keeps_values:
        each = 8.0 * len(task.outputs)
    elif task.grouped:
        assert isinstance(task.shape, Streaming)
        each = 8.0 * (len(task.shape.scalars) + len(task.shape.sums) + len(task.shape.vector_sums)) * 64
    else:
        each = 8.0 * len(task.exponents) / task.block_size
    return max(2, int(min(memory / each, LARGEST)))
