"""Grow a run until its error bar is as small as asked for, or until replicates, time or memory run out."""

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from attnlaws.simulations.estimate import FEW_REPLICATES, Estimate, Rows, estimate
from attnlaws.simulations.experiment import Streaming
from attnlaws.simulations.run import Backend, Progress, RowStore, run
from attnlaws.simulations.task import Task

LARGEST_RUN = 1 << 32
"""Replicates are numbered by one 32-bit word of the stream's counter."""
PILOT_DRAWS = 1 << 20
PILOT_MOST = 4096
GROWTH = 16
"""A run becomes so many times larger at a time at most: what is expected of it comes from the part that there is."""
MARGIN = 1.1
"""So many more replicates are drawn than the spread asks for, since most runs would otherwise end just short of it."""
SHARE_OF_MEMORY = 0.5
PRECISE, REPLICATES, SECONDS, MEMORY = "precise", "replicates", "seconds", "memory"
Clock = Callable[[], float]


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
        seconds: time after which nothing more is begun; what is under way is finished.
        memory: most bytes of rows; only an experiment that keeps its values has many.
    """

    replicates: int = LARGEST_RUN
    seconds: float = math.inf
    memory: float = field(default_factory=largest_rows)


@dataclass(frozen=True)
class Grown:
    """An estimate, and why the run ended: "precise", or the limit that was reached."""

    estimate: Estimate
    stopped: str


class Growing:
    """A run that is made larger step by step, within limits.

    Where time runs out within a step, what is under way is finished, and the run ends at the largest whole part that
    there is, from the first replicate on. Its size then depends on the speed of the machine, and never on the mean.

    Args:
        task: what to simulate.
        store: where rows are found and kept.
        limits: where it ends in any case.
        backend: who computes; by default the CPU.
        progress: called now and then with the task, the rows so far and the number of blocks in all.
        clock: seconds that pass.

    Attributes:
        size: replicates that there are.
        stopped: the limit that was reached, or nothing.
    """

    def __init__(
        self,
        task: Task,
        store: RowStore,
        limits: Limits,
        *,
        backend: Backend | None = None,
        progress: Progress | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self.task, self.store, self.backend, self.progress, self.clock = task, store, backend, progress, clock
        fits = most_that_fit(task, limits.memory)
        self.most, self.limit = (fits, MEMORY) if fits < limits.replicates else (limits.replicates, REPLICATES)
        self.end = clock() + limits.seconds
        self.size, self.stopped = 0, ""
        self.rows: Rows = {}

    def to(self, size: int) -> None:
        """Run to a size, or as far as the limits allow."""
        wanted = min(size, self.most)
        options: dict[str, Any] = {"backend": self.backend, "progress": self.progress}
        rows = run(self.task, wanted, self.store, over=lambda: self.left <= 0, **options)
        reached = whole_part(self.task, rows, self.most)
        if reached > self.size:
            self.size, self.rows = reached, rows
        if reached < wanted:
            self.stopped = SECONDS
        elif self.size >= self.most:
            self.stopped = self.limit

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.end - self.clock()

    def estimate(self, output: str = "") -> Estimate:
        """The estimate from what there is."""
        return estimate(self.task, self.rows, self.size, output)


class Budget:
    """What the runs of a verification share: time, of which each may take an equal part of what is left, and memory.

    Args:
        parts: how many they are.
        seconds: time for all of them.
        memory: most bytes of rows of each; by default half of this machine's.
        clock: seconds that pass.

    Example:
        >>> budget = Budget(3, seconds=6.0, clock=lambda: 0.0)
        >>> budget.begin_part()
        >>> budget.left
        2.0
    """

    def __init__(
        self, parts: int, seconds: float = math.inf, memory: float | None = None, clock: Clock = time.monotonic
    ) -> None:
        self.clock, self.parts = clock, parts
        self.memory = largest_rows() if memory is None else memory
        self.end = self.part_end = clock() + seconds

    def begin_part(self) -> None:
        """From now on the time of the next part runs."""
        now = self.clock()
        self.part_end = now + max(0.0, self.end - now) / self.parts
        self.parts -= 1

    @property
    def left(self) -> float:
        """Seconds that are left of the current part."""
        return self.part_end - self.clock()

    def limits(self, replicates: int) -> Limits:
        """The limits of a run of the current part."""
        return Limits(min(replicates, LARGEST_RUN), self.left, self.memory)


def grow(
    task: Task,
    precision: float,
    store: RowStore,
    limits: Limits,
    *,
    backend: Backend | None = None,
    progress: Progress | None = None,
    clock: Clock = time.monotonic,
) -> Grown:
    """Simulate until the standard error is at most a part of the mean.

    A pilot of 100 replicates or more measures the spread, and every next size is what the spread so far asks for, at
    most 16 times the last one. The size at which it ends thus depends on the errors' sizes and hardly on their signs:
    intervals of runs that end by this rule cover as often as those of a fixed size (a test counts them).

    Args:
        task: what to simulate.
        precision: the relative standard error that is wanted, above 0.
        store: where rows are found and kept.
        limits: where to end in any case.
        backend: who computes; by default the CPU.
        progress: called now and then with the task, the rows so far and the number of blocks in all.
        clock: seconds that pass.

    Raises:
        ValueError: the time is over before there is any error bar.
    """
    growing = Growing(task, store, limits, backend=backend, progress=progress, clock=clock)
    growing.to(pilot_size(task, FEW_REPLICATES))
    if growing.size < (least := min(FEW_REPLICATES, growing.most)):
        raise ValueError(f"seconds = {limits.seconds:g}: must be enough for {least} replicates, as an error bar needs")
    while True:
        found = growing.estimate()
        if found.standard_error <= precision * abs(found.mean):
            return Grown(found, PRECISE)
        if growing.stopped:
            return Grown(found, growing.stopped)
        growing.to(next_size(found, precision))


def pilot_size(task: Task, least: int) -> int:
    """Replicates that measure the spread: some work, unless a single replicate is work enough."""
    return max(least, min(PILOT_MOST, PILOT_DRAWS // task.draws))


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


def whole_part(task: Task, rows: Rows, most: int) -> int:
    """How many replicates there are without a gap, from the first one on and up to so many."""
    units = 0
    for block in task.blocks(most):
        if block not in rows:
            begun = (other.count for other in rows if other.first == units and other.count < block.count)
            units += max(begun, default=0)
            break
        units += block.count
    return units // task.units_per_replicate


def most_that_fit(task: Task, memory: float) -> int:
    """Replicates whose rows take so many bytes; at least 2."""
    if task.keeps_values:
        each = 8.0 * len(task.outputs)
    elif task.grouped:
        assert isinstance(task.shape, Streaming)
        each = 8.0 * (len(task.shape.scalars) + len(task.shape.sums) + len(task.shape.vector_sums)) * 64
    else:
        each = 8.0 * len(task.exponents) / task.block_size
    return max(2, int(min(memory / each, LARGEST_RUN)))
