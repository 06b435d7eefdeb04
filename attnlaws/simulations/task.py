"""What identifies a simulation, and how it falls into blocks."""

import hashlib
import itertools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from attnlaws.simulations.build import engine_hash, module_of
from attnlaws.simulations.experiment import (
    Arithmetic,
    Experiment,
    Quantile,
    Replicate,
    Shape,
    Streaming,
    arguments_of,
    length_of,
)
from attnlaws.simulations.generate import LANES, Layout
from attnlaws.simulations.replicate import all_arguments, build
from attnlaws.simulations.sources import read_sources, source_of
from attnlaws.simulations.stream import stream_key
from attnlaws.simulations.stream_kernel import StreamKernel
from attnlaws.simulations.sums import monomial_sums

BLOCK_DRAWS = 1 << 20
GROUPED_ITEMS = 1 << 20
LARGEST_BLOCK = 4096
GROUPS = 64
PART_DRAWS = 1 << 18
MOST_PARTS = 4096
SHARES = 256
"""Runs of parts that threads are handed: enough for many threads, and few against the time that handing over takes."""
Share = Callable[[Callable[[int], np.ndarray], Iterable[int]], Iterable[np.ndarray]]
"""Who calls a function for each of some numbers: ``map``, or that of a pool of threads."""
PIECE_DRAWS, PIECE_SUPERBLOCKS = 1 << 18, 16
"""A group is added up in pieces, of so many draws and superblocks at least: what a piece costs once, its shared draws
and the tree over its lanes, then takes a few hundredths of its time."""
LARGEST_PIECES = 4096
"""Pieces of a group at most: enough for the thread blocks of any GPU, and their rows fit into memory."""
DEGREE = 3
FAST_ERROR, FAST_FACTOR = 1e-5, 10.0
"""Relative error of a result that fast arithmetic leaves: so much, and so many times the experiment's own bound.

A fast normal is off by up to 1.5e-6 of its pair's radius (``cuda/fast.cuh``), an exact one by up to 3.5e-7: the radius
by 1.13 ulp, sine and cosine by 2.4 2^-24, the product by a rounding. How much a result makes of the errors of its
draws, as where they stand in an exponent, is what the experiment's own bound says of float32: fast errors are 4.3 times
as large, and over twice that is taken. Unlike roundings they may all lean to one side, so what an experiment's bound
leaves out because it averages out has to be added. That is the first number: a product of squared lengths is of some
even degree in normals, an error of each by 1.5e-6 is one of the product by as many times that, and up to degree 6 it is
below 1e-5. Pairs of tiny radius have larger errors, which are 1.3e-7 of a mean square. The up to four items that a call
serves are added up in float32 before they join a sum: three roundings of 2^-24, or 1.8e-7 of a sum of positive terms.
"""
ON_CPU = "arithmetic = 'fast': must be 'exact' on a CPU (it is made of an NVIDIA GPU's instructions: backend = 'cuda')"


@dataclass(frozen=True)
class Block:
    """A run of consecutive units: replicates, or 64ths of one replicate where a replicate is large."""

    first: int
    count: int


@dataclass(frozen=True)
class Task:
    """One experiment at one set of parameters: every number in it follows from these fields.

    The identity leaves out how many replicates are wanted, the backend and the number of threads, so a run can grow
    and move.
    """

    law_id: str
    law_source: str
    experiment: Experiment
    parameters: Mapping[str, Any]
    seed: int
    mode: str
    arithmetic: Arithmetic = "exact"
    hardware: str = ""
    """What else decides the bits of fast arithmetic: the GPU and the compiler; nothing else decides exact ones."""

    @property
    def label(self) -> str:
        """The stream's label; the parameters belong to it, or the rungs of a ladder would share their numbers."""
        return f"{self.law_id}|{self.mode}|{canonical(self.parameters)}"

    @cached_property
    def identity(self) -> str:
        """SHA-256 of everything that can change a result's bits.

        The label, the seed, the sources of law, experiment and engine, and the arithmetic.
        """
        sources = self.law_source, fingerprint(self.experiment), engine_hash(self.arithmetic)
        parts = (self.label, str(self.seed), *sources, self.arithmetic, self.hardware)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    @property
    def arithmetic_error(self) -> float:
        """Bound on the relative error that the arithmetic of the draws leaves in the result."""
        own = self.experiment.arithmetic_error
        return own if self.arithmetic == "exact" else FAST_ERROR + FAST_FACTOR * own

    @cached_property
    def shape(self) -> Shape:
        """The experiment's shape in this mode at these parameters."""
        return self.experiment.shape(self.mode, self.parameters)

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """Names of what a replicate reports."""
        return tuple(self.shape.outputs)

    @cached_property
    def draws(self) -> int:
        """Normals per replicate."""
        return max(1, self.shape.draws(self.parameters))

    @cached_property
    def part_draws(self) -> int:
        """Normals of one part of a long replicate, in whole superblocks; it depends on the replicate's length alone."""
        size = 4 * LANES
        return size * -(-max(PART_DRAWS, -(-self.draws // MOST_PARTS)) // size)

    @property
    def parts(self) -> int:
        """Parts that a replicate falls into, which threads or the thread blocks of a GPU share."""
        shared = isinstance(self.shape, Replicate) and self.shape.passes is not None
        return -(-self.draws // self.part_draws) if shared else 1

    @property
    def grouped(self) -> bool:
        """Whether one replicate is large enough to be cut into 64 groups of its items, each a block of its own."""
        return isinstance(self.shape, Streaming) and self.items >= GROUPED_ITEMS

    @cached_property
    def items(self) -> int:
        """Items of one replicate of a stream; 0 for another shape."""
        return self.shape.items(**self.parameters) if isinstance(self.shape, Streaming) else 0

    def items_of_group(self, group: int) -> int:
        """Items in one of the 64 groups of a replicate: whole superblocks, the last one short."""
        size = self.superblock
        begin, end = self.superblocks * group // GROUPS, self.superblocks * (group + 1) // GROUPS
        return min(end * size, self.items) - begin * size

    @property
    def superblocks(self) -> int:
        """Superblocks of a replicate of a stream."""
        return -(-self.items // self.superblock)

    @cached_property
    def pieces(self) -> int:
        """Pieces in which a group is added up, one after the other; it depends on the parameters alone.

        A thread block of a GPU takes a piece. The pieces of a group are whole superblocks, as the groups are.
        """
        wanted = min(self.draws // PIECE_DRAWS, self.superblocks // PIECE_SUPERBLOCKS) // GROUPS
        return int(np.clip(wanted, 1, LARGEST_PIECES))

    @cached_property
    def superblock(self) -> int:
        """Items that 256 calls of the generator serve."""
        assert isinstance(self.shape, Streaming)
        return LANES * Layout(self.shape).items_per_call

    @property
    def scalars(self) -> int:
        """Number of replicate-wide scalars at the head of a group's row."""
        return len(self.shape.scalars) if isinstance(self.shape, Streaming) else 0

    @cached_property
    def keeps_values(self) -> bool:
        """Whether a row holds each replicate's output instead of sums over them."""
        outputs = ("", *self.experiment.also)
        return any(isinstance(self.experiment.estimator_of(output, self.parameters), Quantile) for output in outputs)

    @property
    def units_per_replicate(self) -> int:
        """Units of work in one replicate."""
        return GROUPS if self.grouped else 1

    @property
    def block_size(self) -> int:
        """Units in a full block; it depends on the parameters alone."""
        return 1 if self.grouped else int(np.clip(BLOCK_DRAWS // self.draws, 1, LARGEST_BLOCK))

    @property
    def draws_per_block(self) -> int:
        """Normals in a full block."""
        return self.draws * self.block_size // self.units_per_replicate

    def blocks(self, replicates: int) -> Iterator[Block]:
        """Blocks that make up a number of replicates; only the last can be short."""
        units, size = replicates * self.units_per_replicate, self.block_size
        return (Block(first, min(size, units - first)) for first in range(0, units, size))

    @cached_property
    def exponents(self) -> np.ndarray:
        """Powers of the outputs whose sums a row holds: int64 [monomial, output], all up to degree three."""
        outputs = len(self.outputs)
        powers = [p for p in itertools.product(range(DEGREE + 1), repeat=outputs) if 0 < sum(p) <= DEGREE]
        return np.array(sorted(powers, key=lambda p: (sum(p), p)), np.int64).reshape(-1, outputs)

    def prepare(self) -> None:
        """Build the kernel now, so that threads find one and the same."""
        Kernel.of(self)

    def compute(self, block: Block, share: Share = map) -> np.ndarray:
        """The row of one block, float64: the only place where numbers are drawn.

        Args:
            block: which one.
            share: who goes over the parts of a long replicate.

        Raises:
            ValueError: the task asks for fast arithmetic, which a CPU does not have.
        """
        self._require_exact()
        return Kernel.of(self).row(self, block, share)

    def values(self, first: int, count: int) -> np.ndarray:
        """Outputs of each of some replicates: float64 [replicate, output].

        Raises:
            ValueError: as for :meth:`compute`.
        """
        self._require_exact()
        return Kernel.of(self).values(self, first, count)

    def _require_exact(self) -> None:
        if self.arithmetic != "exact":
            raise ValueError(ON_CPU)

    def finish(self, raw: np.ndarray) -> np.ndarray:
        """Outputs of replicates from their rows of scalars and sums, in the kernel's own arithmetic."""
        return Kernel.of(self).finish(raw)


class Kernel:
    """A compiled shape with its arguments at hand."""

    def __init__(self, task: Task) -> None:
        shape, parameters = task.shape, task.parameters
        self.outputs = len(task.outputs)
        self.key = tuple(np.uint64(k) for k in stream_key(task.seed, task.label))
        if isinstance(shape, Streaming):
            lengths = {name: length_of(name, parameters) for name in Layout(shape).lengths}
            self.stream: StreamKernel | None = StreamKernel(shape, parameters, lengths, module_of)
            self.items, self.width = self.stream.items, self.stream.width
            self.arguments: tuple[Any, ...] = self.stream.numbers, self.stream.lengths
        else:
            self.stream, self.module = None, build(shape)
            self.given, self.passes = shape.arguments(**parameters), shape.passes
            self.arguments = self.named(all_arguments(shape))
            self.scratch = shape.scratch(**parameters)
            if shape.passes:
                self.own = self.named(arguments_of(shape.kernel))
                self.plan = np.array(shape.passes.plan(**self.given), np.float64)

    def named(self, names: Iterable[str]) -> tuple[int | float, ...]:
        """Arguments of a replicate by name."""
        return tuple(self.given[name] for name in names)

    @staticmethod
    def of(task: Task) -> "Kernel":
        """The task's kernel, built on first use."""
        kernel = task.__dict__.get("_kernel")
        if kernel is None:
            kernel = Kernel(task)
            object.__setattr__(task, "_kernel", kernel)
        return kernel

    def row(self, task: Task, block: Block, share: Share = map) -> np.ndarray:
        """Draw a block and reduce it to its row."""
        if task.grouped:
            return self.groups(task, block.first, block.count)[0]
        return self.reduced(task, self.values(task, block.first, block.count, share))

    def groups(self, task: Task, first: int, count: int) -> np.ndarray:
        """Rows of some groups of large replicates: scalars, and the sums of a group's pieces from first to last."""
        raw = self.raw(first * task.pieces, count * task.pieces, GROUPS * task.pieces)
        raw = raw.reshape(count, task.pieces, self.width)
        total = raw[:, 0].copy()
        for piece in range(1, task.pieces):
            total[:, task.scalars :] += raw[:, piece, task.scalars :]
        return total

    def reduced(self, task: Task, values: np.ndarray) -> np.ndarray:
        """The row of a block from the outputs of its replicates."""
        if task.keeps_values:
            return values.ravel()
        row = np.empty(len(task.exponents))
        monomial_sums(values, task.exponents, row)
        return row

    def values(self, task: Task, first: int, count: int, share: Share = map) -> np.ndarray:
        """Outputs of each replicate of a run of them."""
        if task.parts > 1:
            return self.in_parts(task, first, count, share)
        if self.stream is not None:
            return self.stream.finish(self.raw(first, count))
        values = np.empty((count, self.outputs))
        begin = (task.draws, self.plan, np.empty((1, self.passes.sums))) if self.passes else ()
        self.module.block(*self.key, first, np.empty(self.scratch), values, *begin, *self.arguments)
        return values

    def in_parts(self, task: Task, first: int, count: int, share: Share = map) -> np.ndarray:
        """Outputs of long replicates, one after the other: passes over their parts, and a decision after each."""
        assert self.passes is not None
        values, decide = np.empty((count, self.outputs)), getattr(self.module, self.passes.decide.__name__)
        given = self.named(arguments_of(self.passes.decide))
        for replicate, out in enumerate(values, first):
            plan, sums, found = self.plan.copy(), np.empty((task.parts, self.passes.sums)), False
            while not found:
                found = decide(plan, sums, self.pass_over(task, replicate, plan, sums, share), out, *given)
        return values

    def pass_over(self, task: Task, replicate: int, plan: np.ndarray, sums: np.ndarray, share: Share) -> np.ndarray:
        """One pass over a replicate: write the sums of its parts, give what is kept of all of them."""
        step = -(-task.parts // SHARES)

        def some(first: int) -> np.ndarray:
            kept, last = np.full(self.scratch, np.nan), min(first + step, task.parts)
            place = np.uint64(replicate), first, last, task.part_draws, task.draws
            filled = self.module.pass_over(*self.key, *place, plan, sums, kept, *self.own)
            return kept[: min(filled, self.scratch)].copy()

        return np.concatenate(list(share(some, range(0, task.parts, step))))[: self.scratch]

    def raw(self, first: int, count: int, parts: int = 1) -> np.ndarray:
        """Rows of scalars and sums of a run of replicates of a stream, or of the parts that each is cut into."""
        assert self.stream is not None
        return self.stream.raw(self.key, first, count, parts)

    def finish(self, raw: np.ndarray) -> np.ndarray:
        """Outputs of replicates of a stream from their rows of scalars and sums."""
        assert self.stream is not None
        return self.stream.finish(raw)


def canonical(parameters: Mapping[str, Any]) -> str:
    """Parameters as JSON with sorted names, so that equal parameters are equal text.

    Example:
        >>> canonical({"n": 64, "d_v": None})
        '{"d_v":null,"n":64}'
    """
    return json.dumps(dict(parameters), sort_keys=True, separators=(",", ":"))


def fingerprint(experiment: Experiment) -> str:
    """Hash of an experiment's source: its file with those it takes functions from, or what was typed in a notebook."""
    known: dict[Path, str] = {}
    typed = set()
    own = (experiment.estimator, experiment.evaluated_at, experiment.reliable, *experiment.also.values())
    for function in (*experiment.modes.values(), *own):
        path = getattr(sys.modules.get(function.__module__), "__file__", None)
        if path is not None and Path(path).exists():
            read_sources(Path(path), known)
        else:
            typed.add(source_of(function))
    return hashlib.sha256("\0".join(sorted({*known.values(), *typed})).encode()).hexdigest()
