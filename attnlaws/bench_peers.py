"""The sides of the comparisons: our own simulations, and what people write in their place.

A side counts the processor's time, not the wall clock, so that it does not matter who else is at work. Sides that
compute where they are called count the time of that thread; the C library's own threads, where a matrix product has
some, come free to the peer. JAX has threads of its own, all of which are counted.
"""

import time
from collections.abc import Callable
from math import exp, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np

from attnlaws.simulations.estimate import Estimate
from attnlaws.simulations.task import Task

DIMENSION = 64
ROWS = 4096
SHARE = 2.0**-10
"""Scores that are kept of a row, as a share of them."""
SIGMA = 1.0

Side = Callable[[int], tuple[float, Estimate]]
"""Runs once with a seed; returns items a second of processor time, and an estimate that both sides must agree on."""


class AbsentPeerError(Exception):
    """A peer that cannot be measured on this machine; the message says why."""


def timed(body: Callable[[], float], items: int, error: float, clock: Callable[[], float] = time.thread_time) -> Any:
    """Run a body that returns an estimate, and count its time."""
    start = clock()
    value = body()
    return items / (clock() - start), Estimate(value, error, items)


def mean_square_error(items: int) -> float:
    """Standard error of the mean square of so many standard normals."""
    return sqrt(2 / items)


# --- ours -----------------------------------------------------------------------------------------------------------


def task_of(law_id: str, mode: str, seed: int, **parameters: Any) -> Task:
    """A law's experiment at a point, ready to be computed."""
    from attnlaws import registry
    from attnlaws.simulations.simulate import make_task

    law = registry.law(law_id)
    task = make_task(law, registry.simulation(law_id), law.validate(**parameters), seed, mode)
    task.prepare()
    return task


def linear_task(mode: str, items: int, seed: int) -> Task:
    """Linear retrieval among so many distractors."""
    return task_of("retrieval.linear", mode, seed, n=items + 1, d_k=DIMENSION, convention="geometric")


def tail_task(n: int, seed: int) -> Task:
    """The tail mass of one row of n scores, none of which is stored but those in doubt."""
    return task_of("topk.tail_mass", "window", seed, n=n, kappa=SHARE, sigma=SIGMA)


def linear(mode: str, items: int) -> Side:
    """The mean square of a score over the query's squared norm, which is 1, from one replicate."""

    def side(seed: int) -> tuple[float, Estimate]:
        task = linear_task(mode, items, seed)
        noise = task.outputs.index("noise")
        return timed(lambda: float(task.values(0, 1)[0, noise]) / items, items, mean_square_error(items))

    return side


def tail(n: int) -> Side:
    """The tail mass of one row."""

    def side(seed: int) -> tuple[float, Estimate]:
        task = tail_task(n, seed)
        return timed(lambda: float(task.values(0, 1)[0, 0]), n, tail_error(n))

    return side


def tail_error(n: int) -> float:
    """Standard error of a row's tail mass, of first order in 1/n.

    With w = exp(sigma x), W its value at the cutoff and T the tail mass, a score adds (1 - T) w - W to the difference
    of the tail from T times the whole where it is below the cutoff, and -T w where it is above.

    Example:
        >>> 1e-5 < tail_error(2**26) < 1e-4
        True
    """
    normal = NormalDist()
    cutoff = normal.inv_cdf(1 - SHARE)
    whole = [exp((a * SIGMA) ** 2 / 2) for a in range(3)]
    below = [moment * normal.cdf(cutoff - a * SIGMA) for a, moment in enumerate(whole)]
    mass, edge = below[1] / whole[1], exp(SIGMA * cutoff)
    mean = (1 - mass) * below[1] - edge * below[0] - mass * (whole[1] - below[1])
    square = (1 - mass) ** 2 * below[2] - 2 * (1 - mass) * edge * below[1] + edge**2 * below[0]
    square += mass**2 * (whole[2] - below[2])
    return sqrt((square - mean**2) / n) / whole[1]


# --- NumPy ----------------------------------------------------------------------------------------------------------


def _numpy(body: Callable[[np.random.Generator, int], float], items: int, error: float) -> Side:
    """NumPy's fastest generator of normals, seeded."""

    def side(seed: int) -> tuple[float, Estimate]:
        generator = np.random.Generator(np.random.SFC64(seed))
        return timed(lambda: body(generator, items), items, error)

    return side


def numpy_stored(items: int) -> Side:
    """One line an idea: all keys in an array of float64, a matrix product, a mean of squares."""

    def body(generator: np.random.Generator, items: int) -> float:
        query = generator.standard_normal(DIMENSION)
        scores = generator.standard_normal((items, DIMENSION)) @ query
        return float(scores @ scores) / items / float(query @ query)

    return _numpy(body, items, mean_square_error(items))


def numpy_blocks(items: int) -> Side:
    """As fast as NumPy does it: float32, and keys in blocks that fit the cache."""

    def body(generator: np.random.Generator, items: int) -> float:
        query = generator.standard_normal(DIMENSION, np.float32)
        keys, total = np.empty((ROWS, DIMENSION), np.float32), 0.0
        for _ in range(items // ROWS):
            generator.standard_normal(out=keys, dtype=np.float32)
            scores = keys @ query
            total += float(scores @ scores)
        return total / items / float(query @ query)

    return _numpy(body, items, mean_square_error(items))


def numpy_collapsed(items: int) -> Side:
    """The same equal law that the collapsed mode draws."""

    def body(generator: np.random.Generator, items: int) -> float:
        scores, total = np.empty(16 * ROWS, np.float32), 0.0
        for _ in range(items // scores.size):
            generator.standard_normal(out=scores, dtype=np.float32)
            total += float(scores @ scores)
        return total / items

    return _numpy(body, items, mean_square_error(items))


def numpy_tail(n: int) -> Side:
    """All scores in an array of float32, partitioned in place."""

    def body(generator: np.random.Generator, n: int) -> float:
        left = n - round(SHARE * n)
        scores = generator.standard_normal(n, np.float32)
        scores.partition(left)
        weights = np.exp(np.float32(SIGMA) * scores, out=scores)
        below, above = float(weights[:left].sum()), float(weights[left:].sum())
        return below / (below + above)

    return _numpy(body, n, tail_error(n))


# --- peers that need not be there -----------------------------------------------------------------------------------


def torch_blocks(items: int) -> Side:
    """PyTorch, blocks of keys in float32, one thread.

    Raises:
        AbsentPeerError: it is not installed.
    """
    try:
        import torch  # pyright: ignore[reportMissingImports]  (a peer, where it is installed)
    except ImportError as error:
        raise AbsentPeerError("not installed") from error

    def side(seed: int) -> tuple[float, Estimate]:
        torch.set_num_threads(1)
        generator = torch.Generator().manual_seed(seed)

        def body() -> float:
            query, keys = torch.randn(DIMENSION, generator=generator), torch.empty(ROWS, DIMENSION)
            total = 0.0
            for _ in range(items // ROWS):
                keys.normal_(generator=generator)
                scores = keys @ query
                total += float(scores @ scores)
            return total / items / float(query @ query)

        return timed(body, items, mean_square_error(items))

    return side


def jax_scan(items: int) -> Side:
    """JAX, a compiled scan over blocks of keys in float32; the time of all its threads is counted.

    Raises:
        AbsentPeerError: it is not installed.
    """
    try:
        import jax  # pyright: ignore[reportMissingImports]  (a peer, where it is installed)
    except ImportError as error:
        raise AbsentPeerError("not installed") from error

    def mean_square(key: Any) -> Any:
        first, rest = jax.random.split(key)
        query = jax.random.normal(first, (DIMENSION,))

        def step(total: Any, key: Any) -> tuple[Any, None]:
            scores = jax.random.normal(key, (ROWS, DIMENSION)) @ query
            return total + scores @ scores, None

        total, _ = jax.lax.scan(step, 0.0, jax.random.split(rest, items // ROWS))
        return total / items / (query @ query)

    compiled = jax.jit(mean_square)

    def side(seed: int) -> tuple[float, Estimate]:
        with jax.default_device(jax.devices("cpu")[0]):
            key = jax.random.key(seed)
            return timed(lambda: float(compiled(key)), items, mean_square_error(items), time.process_time)

    return side
