"""Simulate a law's experiment at one point, or over the outer product of several."""

import itertools
import math
import numbers
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from attnlaws.simulations.estimate import Estimate, estimate
from attnlaws.simulations.experiment import ARITHMETICS, Arithmetic, Experiment
from attnlaws.simulations.grow import LARGEST_RUN, Limits, grow
from attnlaws.simulations.run import Backend, Cpu, Progress, run
from attnlaws.simulations.store import Store
from attnlaws.simulations.task import ON_CPU, Task
from attnlaws.theory.domain import Number, fault, plain_array
from attnlaws.theory.law import Law
from attnlaws.theory.parameter import real
from attnlaws.theory.source import source_text

if TYPE_CHECKING:
    import xarray

BACKENDS = ("auto", "cpu", "cuda")
REPLICATES = 10_000


def simulate(
    law: Law,
    experiment: Experiment,
    *,
    replicates: int | None = None,
    precision: float | None = None,
    seconds: float | None = None,
    seed: int = 0,
    backend: str = "auto",
    arithmetic: Arithmetic = "exact",
    mode: str | None = None,
    out: str | Path = ".attnlaws",
    threads: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
    **parameters: Any,
) -> "xarray.Dataset":
    """Estimate what a law claims to know.

    Args:
        law: the law; only its parameters matter here.
        experiment: how it is simulated.
        replicates: independent repetitions, at least 1; 10 000 by default. With a precision it is the most that are
            drawn, and by default there is no such limit.
        precision: draw until the standard error is at most this part of the mean, at every point.
        seconds: with a precision, end after so much time at each point in any case; what is drawn stays in the store.
        seed: a whole number from 0; equal seeds give equal bits on any machine.
        backend: "cpu", "cuda" for all NVIDIA GPUs of this machine through CuPy, or "auto" for what is known to work
            everywhere, the CPU. The result has the same bits on each.
        arithmetic: "exact", the same bits everywhere, or, with backend "cuda" and for experiments in float32, "fast":
            the GPU's approximate functions, whose error is added to the standard error.
        mode: one of the experiment's modes; by default its first.
        out: folder of the store; blocks found there are not computed again.
        threads: worker threads, by default one per core; the result does not depend on them.
        scheduler: address of a Dask scheduler, as "tcp://HOST:8786", whose workers compute; the result has the same
            bits.
        progress: called with the task, blocks done and blocks in all.
        **parameters: the law's parameters; a sequence becomes a dimension of the result.

    Returns:
        Dataset with ``mean``, ``standard_error`` and ``replicates`` over the given sequences, and the attributes
        seed, mode, backend, arithmetic, arithmetic_error (a bound on what the arithmetic of the draws leaves in the
        mean, relative), task and reliable; with a precision also the precision and ``stopped``: "precise", or the limit
        that ended a run before: replicates, seconds or memory.

    Raises:
        ValueError: a parameter is missing, unknown or outside its domain; names it, its domain and the value.
    """
    import xarray

    if replicates is None:
        replicates = REPLICATES if precision is None else LARGEST_RUN
    limits = _limits(whole("replicates", replicates, 1, LARGEST_RUN), precision, seconds)
    seed = whole("seed", seed, 0)
    if arithmetic not in ARITHMETICS:
        raise ValueError(f"arithmetic = {arithmetic!r}: must be one of {', '.join(ARITHMETICS)}")
    threads = None if threads is None else whole("threads", threads, 1)
    mode = experiment.default_mode if mode is None else mode
    dimensions = {name: list(value) for name, value in parameters.items() if _is_sequence(name, value)}
    points = [
        law.validate(**{**parameters, **dict(zip(dimensions, chosen, strict=True))})
        for chosen in itertools.product(*dimensions.values())
    ]
    tasks = [make_task(law, experiment, point, seed, mode) for point in points]
    shape = tuple(len(values) for values in dimensions.values())
    with backend_named(backend, threads, arithmetic, scheduler) as computer, Store(out) as store:
        device = computer.device
        if arithmetic != "exact":
            tasks = [replace(task, arithmetic=arithmetic, hardware=computer.hardware) for task in tasks]
        if precision is None:
            runs = (run(task, limits.replicates, store, backend=computer, progress=progress) for task in tasks)
            results = [estimate(task, rows, limits.replicates) for task, rows in zip(tasks, runs, strict=True)]
            ends: dict[str, Any] = {}
        else:
            grown = [grow(task, precision, store, limits, backend=computer, progress=progress) for task in tasks]
            results = [each.estimate for each in grown]
            ends = {"precision": precision, "stopped": ", ".join(dict.fromkeys(each.stopped for each in grown))}
    reasons = {experiment.reliable(mode=mode, **task.parameters) for task in tasks} - {""}
    if any(result.conditional for result in results):
        reasons.add("the error bar is conditional on the few replicates' shared draws")

    def over(pick: Callable[[Estimate], float]) -> tuple[tuple[str, ...], np.ndarray]:
        return tuple(dimensions), np.array([pick(result) for result in results]).reshape(shape)

    fixed = {name: value for name, value in tasks[0].parameters.items() if name not in dimensions}
    return xarray.Dataset(
        {
            "mean": over(lambda result: result.mean),
            "standard_error": over(lambda result: result.standard_error),
            "replicates": over(lambda result: result.replicates),
        },
        coords=dimensions,
        attrs={
            "law": law.id,
            **{name: "none" if value is None else value for name, value in fixed.items()},
            "seed": str(seed),
            "mode": mode,
            "backend": device,
            "arithmetic": arithmetic,
            "arithmetic_error": tasks[0].arithmetic_error,
            "task": " ".join(task.identity for task in tasks),
            "reliable": "; ".join(sorted(reasons)) or "yes",
            **ends,
        },
    )


@contextmanager
def backend_named(
    name: str, threads: int | None = None, arithmetic: Arithmetic = "exact", scheduler: str | None = None
) -> Iterator[Backend]:
    """Who computes: "cpu", "cuda" for all GPUs, or "auto" for what is known to work everywhere, the CPU.

    Raises:
        ValueError: there is no such backend, it does not work here, it does not have the arithmetic, or the scheduler
            does not answer.

    Example:
        >>> with backend_named("auto", threads=2) as computer:
        ...     computer.device
        'cpu'
    """
    if name not in BACKENDS:
        raise ValueError(f"backend = {name!r}: must be one of {', '.join(BACKENDS)} (no other backend is built in)")
    if name != "cuda" and arithmetic != "exact":
        raise ValueError(ON_CPU)
    if scheduler is not None:
        if name == "cuda":
            raise ValueError("backend = 'cuda': must be 'cpu' with a scheduler, whose workers compute on CPUs")
        if threads is not None:
            raise ValueError(f"threads = {threads}: must be left out with a scheduler, whose workers have their own")
        from attnlaws.simulations.cluster import Cluster

        with closing(Cluster(scheduler)) as cluster:
            yield cluster
    elif name == "cuda":
        from attnlaws.simulations.gpu import Gpus

        yield Gpus()
    else:
        yield Cpu(threads)


def make_task(law: Law, experiment: Experiment, parameters: dict[str, Any], seed: int, mode: str) -> Task:
    """The task of one grid point; the experiment checks the point too."""
    experiment.evaluated_at(**parameters)
    task = Task(law.id, source_text(law), experiment, parameters, seed, mode)
    if task.draws > 1 << 62:
        raise ValueError(f"{law.id}: {task.draws:.3g} draws a replicate are more than a run can number")
    return task


def whole(name: str, value: Any, minimum: int, maximum: int | None = None) -> int:
    """A whole number in a range.

    Raises:
        ValueError: names the parameter, its domain and the value.

    Example:
        >>> whole("replicates", 1e4, 1)
        10000
    """
    upper = "" if maximum is None else f" and <= {maximum}"
    message = f"{name} = {value!r}: must be an integer >= {minimum}{upper}"
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        number = int(value)
    elif isinstance(value, float | np.floating) and math.isfinite(value) and float(value).is_integer():
        number = int(float(value))
    else:
        raise ValueError(message)
    if number < minimum or (maximum is not None and number > maximum):
        raise ValueError(message)
    return number


def _limits(replicates: int, precision: Any, seconds: Any) -> Limits:
    """Where a run ends.

    Raises:
        ValueError: a precision or a time that is no positive number, or a time without a precision.
    """
    if precision is not None:
        _number("precision", precision, real(above=0, below=1))
    if seconds is not None and precision is None:
        raise ValueError(f"seconds = {seconds!r}: must come with a precision (a fixed number is always finished)")
    return Limits(replicates, seconds_of(seconds))


def seconds_of(value: Any) -> float:
    """A limit of time; infinite where there is none.

    Raises:
        ValueError: it is no positive number.

    Example:
        >>> seconds_of(None), seconds_of(90)
        (inf, 90.0)
    """
    return math.inf if value is None else _number("seconds", value, real(above=0))


def _number(name: str, value: Any, domain: Number) -> float:
    """A single value of a domain."""
    checked = domain.check(name, value)
    if np.ndim(checked):
        raise fault(name, value, domain.describe())
    return float(checked)


def _is_sequence(name: str, value: Any) -> bool:
    """Whether a parameter spans a dimension; an empty one spans nothing and is refused."""
    if isinstance(value, str | bytes) or not isinstance(value, Sequence | np.ndarray):
        return False
    demand = "one value or a flat, non-empty sequence of them"
    array = plain_array(name, value, demand)
    if array.ndim > 0 and (array.ndim > 1 or array.size == 0):
        raise fault(name, value, demand)
    return array.ndim > 0
