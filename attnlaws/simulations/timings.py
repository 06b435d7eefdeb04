"""Where the time of a verification goes."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from numba.core import event

from attnlaws.simulations.run import Backend, Submit
from attnlaws.simulations.task import Task

LOAD, DERIVE, COMPILE, SIMULATE, JUDGE, DRAW = PHASES = ("load", "derive", "compile", "simulate", "judge", "draw")


class Timings:
    """Seconds on the wall by kind of work, in the process that does it; each second counts once.

    ======== ===================================================================================
    load     import a law and its experiment
    derive   prove every step of the derivation, or find the proof
    compile  write kernels and compile them, or load them compiled
    simulate draw, and add up
    judge    all else: evaluate the formulas, compare
    draw     the picture
    ======== ===================================================================================

    Args:
        clock: seconds that pass.

    Example:
        >>> timings = Timings(clock=iter((0.0, 1.0, 3.0, 7.0)).__next__)
        >>> with timings.phase("judge"), timings.phase("derive"):
        ...     pass
        >>> timings.seconds["judge"], timings.seconds["derive"], timings.total
        (5.0, 2.0, 7.0)
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.seconds: dict[str, float] = dict.fromkeys(PHASES, 0.0)
        self._open: list[str] = []
        self._since = 0.0
        self._counted = 0.0
        self._compiler: event.TimingListener | None = None

    @property
    def total(self) -> float:
        """Seconds of all kinds."""
        return sum(self.seconds.values())

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """What is done here is of this kind; a phase around it waits."""
        self._charge()
        self._open.append(name)
        try:
            yield
        finally:
            self._charge()
            self._open.pop()

    def _charge(self) -> None:
        now = self.clock()
        if self._open:
            self.seconds[self._open[-1]] += now - self._since
        self._since = now

    @contextmanager
    def simulating(self) -> Iterator[None]:
        """A phase of simulation, without what Numba takes to compile or load kernels in any of its threads."""
        with self.phase(SIMULATE), event.install_timer("numba:compiler_lock", self._charge_compiler) as self._compiler:
            yield

    @contextmanager
    def preparing(self) -> Iterator[None]:
        """A phase of compilation within one of simulation; what Numba takes here is in it already."""
        before = self._by_numba
        with self.phase(COMPILE):
            yield
        self._counted += self._by_numba - before

    @property
    def _by_numba(self) -> float:
        going_on = self._compiler
        return going_on.duration if going_on is not None and going_on.done else 0.0

    def _charge_compiler(self, seconds: float) -> None:
        later, self._counted, self._compiler = seconds - self._counted, 0.0, None
        self.seconds[SIMULATE] -= later
        self.seconds[COMPILE] += later

    @property
    def compiled(self) -> float:
        """Seconds of compilation so far."""
        return self.seconds[COMPILE] + self._by_numba - self._counted


class TimedBackend:
    """A backend whose preparation of kernels counts as compilation."""

    def __init__(self, backend: Backend, timings: Timings) -> None:
        self.backend, self.timings = backend, timings
        self.device, self.hardware = backend.device, backend.hardware
        self.workers, self.batch_draws = backend.workers, backend.batch_draws

    def submitting(self, task: Task) -> AbstractContextManager[Submit]:
        """As the backend."""
        with self.timings.preparing():
            return self.backend.submitting(task)
