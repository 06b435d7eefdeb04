"""Kernels on NVIDIA GPUs: the only module that imports CuPy.

The text of :mod:`attnlaws.simulations.cuda_source` is compiled by NVRTC on first use, and CuPy keeps the machine code
on disk under its text and the GPU's architecture. Rows of exact arithmetic have the bits of the CPU's: only the outputs
of replicates, or the sums of a part of a large one, come from the GPU, and what is made of them is made by the same
code. Rows of fast arithmetic are the GPU's own.
"""

import queue
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from typing import Any

import numpy as np

from attnlaws.simulations.cuda_source import kernel_source, round_keys, workspace_size
from attnlaws.simulations.experiment import Streaming
from attnlaws.simulations.lanes import LANES
from attnlaws.simulations.run import Submit, in_threads
from attnlaws.simulations.task import Block, Kernel, Share, Task

OPTIONS = ("--std=c++17",)
"""No option lets the compiler contract or approximate: every exact operation is an intrinsic that rounds once."""
SHARE = 0.5
"""Of the free memory, what workspace may take."""


class Gpus:
    """All GPUs of this machine, each computing a batch of blocks at a time.

    Attributes:
        hardware: the GPUs and the compiler, which decide the bits of fast arithmetic.

    Raises:
        ValueError: CuPy, a driver, a GPU or NVRTC is missing; says which.
    """

    batch_draws = 1 << 31

    def __init__(self) -> None:
        self.cupy = _cupy()
        self.workers = self.cupy.cuda.runtime.getDeviceCount()
        self.idle: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.texts: dict[str, str] = {}
        for number in range(self.workers):
            self.idle.put(number)
        names = {self.cupy.cuda.runtime.getDeviceProperties(i)["name"].decode() for i in range(self.workers)}
        self.device = f"cuda: {', '.join(sorted(names))}"
        version = ".".join(map(str, self.cupy.cuda.nvrtc.getVersion()))
        self.hardware = f"{self.device}; NVRTC {version}"

    def submitting(self, task: Task) -> AbstractContextManager[Submit]:
        """A thread for each GPU.

        Raises:
            ValueError: as for :meth:`prepare`.
        """
        self.prepare(task)
        return in_threads(self.workers, lambda blocks, _: self.rows(task, blocks))

    def prepare(self, task: Task) -> None:
        """Print the kernel's text, on one thread: SymPy is not made for several.

        Raises:
            ValueError: the law's kernel is not written in CUDA, or has no fast arithmetic.
        """
        text = kernel_source(task.shape, task.parameters, task.arithmetic)
        task.prepare()
        self.texts[task.identity] = text

    def rows(self, task: Task, blocks: Sequence[Block]) -> dict[Block, np.ndarray]:
        """The rows of some blocks of a task that is prepared; neighbors are computed in one launch.

        A replicate of several parts has launches of its own, of which all multiprocessors share the parts.

        Raises:
            MemoryError: one replicate needs more workspace than the GPU has free; says how much.
        """
        with self._device():
            kernel = GpuKernel(self.cupy, task, self.texts[task.identity])
            found: dict[Block, np.ndarray] = {}
            for run in _runs(blocks):
                found |= kernel.rows_of(task, run)
            return found

    @contextmanager
    def _device(self) -> Iterator[None]:
        """A GPU that nobody else of this run uses."""
        number = self.idle.get()
        try:
            with self.cupy.cuda.Device(number):
                yield
        finally:
            self.idle.put(number)


def _cupy() -> Any:
    """CuPy with a GPU behind it.

    Raises:
        ValueError: something is missing; says what.
    """
    demand = "backend = 'cuda': must be a backend that works here"
    try:
        import cupy  # pyright: ignore[reportMissingImports]  (an extra, and there is none for most machines)
    except ImportError as error:
        raise ValueError(f"{demand}; CuPy cannot be imported ({error}): pip install 'attnlaws[gpu]'") from error
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise ValueError(f"{demand}; no NVIDIA driver answers ({error})") from error
    if count == 0:
        raise ValueError(f"{demand}; the driver knows of no GPU")
    try:
        cupy.cuda.nvrtc.getVersion()
    except Exception as error:  # CuPy's loader has several, none of them public
        raise ValueError(f"{demand}; NVRTC cannot be loaded ({error}): pip install 'attnlaws[gpu]'") from error
    return cupy


def _runs(blocks: Sequence[Block]) -> list[list[Block]]:
    """Blocks whose units follow one another, together.

    Example:
        >>> [len(run) for run in _runs([Block(0, 2), Block(2, 2), Block(8, 1)])]
        [2, 1]
    """
    ordered = sorted(blocks, key=lambda block: block.first)
    cuts = [0, *(i for i, (a, b) in enumerate(pairwise(ordered), 1) if a.first + a.count != b.first), len(ordered)]
    return [ordered[a:b] for a, b in pairwise(cuts) if a < b]


class GpuKernel(Kernel):
    """A compiled shape on the current GPU, with its arguments there.

    The task is prepared: its own kernel is at hand, and a batch, which a GPU may compute in a millisecond, needs no
    other, whose text would have to be printed first.
    """

    def __init__(self, cupy: Any, task: Task, text: str) -> None:
        vars(self).update(vars(Kernel.of(task)))
        self.cupy = cupy
        self.code = cupy.RawModule(code=text, options=OPTIONS, backend="nvrtc")
        self.space = workspace_size(task.shape, task.parameters)

    def rows_of(self, task: Task, run: Sequence[Block]) -> dict[Block, np.ndarray]:
        """Rows of blocks that follow one another."""
        first, count = run[0].first, sum(block.count for block in run)
        if task.grouped:
            return dict(zip(run, self.groups(task, first, count), strict=True))
        values = self.values(task, first, count)
        return {b: self.reduced(task, values[b.first - first : b.first - first + b.count]) for b in run}

    def values(self, task: Task, first: int, count: int, share: Share = map) -> np.ndarray:
        """Outputs of each replicate of a run of them."""
        if task.parts > 1:
            return self.in_parts(task, first, count, share)
        if isinstance(task.shape, Streaming):
            raw, out = self._raw_there(first, count, 1), self.cupy.empty((count, self.outputs))
            self._launch("outputs", -(-count // LANES), np.uint64(count), *self._there(), raw, out)
            return self.cupy.asnumpy(out)
        out, grid = self.cupy.empty((count, self.outputs)), self._grid("replicates", count)
        scratch = self._workspace(grid)
        units = np.uint64(first), np.uint64(count)
        begin = (np.int64(task.draws), self.cupy.asarray(self.plan)) if self.passes else ()
        self._launch(
            "replicates", grid, self._keys(), *units, scratch, np.uint64(self.space), out, *begin, *self._typed()
        )
        return self.cupy.asnumpy(out)

    def pass_over(self, task: Task, replicate: int, plan: np.ndarray, sums: np.ndarray, share: Share) -> np.ndarray:
        """One pass over a replicate, whose parts the multiprocessors share."""
        cupy, room = self.cupy, self.scratch
        there, kept, filled = cupy.empty(sums.shape), cupy.empty(room), cupy.zeros(1, np.uint64)
        grid = min(task.parts, self._held("parts"))
        sizes = np.uint64(task.parts), np.int64(task.part_draws), np.int64(task.draws)
        arrays = cupy.asarray(plan), there, kept, np.uint64(room), filled
        self._launch("parts", grid, self._keys(), np.uint32(replicate), *sizes, *arrays, *self._typed())
        sums[:] = cupy.asnumpy(there)
        return cupy.asnumpy(kept[: min(int(cupy.asnumpy(filled)[0]), room)])

    def _typed(self) -> Iterator[Any]:
        """The arguments of a replicate's kernel."""
        return (np.int64(value) if isinstance(value, int) else np.float64(value) for value in self.arguments)

    def raw(self, first: int, count: int, parts: int = 1) -> np.ndarray:
        """Rows of scalars and sums of a run of replicates of a stream, or of the parts that each is cut into."""
        return self.cupy.asnumpy(self._raw_there(first, count, parts))

    def _raw_there(self, first: int, count: int, parts: int) -> Any:
        """The same, left on the GPU."""
        out, grid = self.cupy.empty((count, self.width)), self._grid("rows", count)
        units = np.uint64(first), np.uint64(count), np.uint64(parts), np.int64(self.items)
        space = self._workspace(grid), np.uint64(self.space)
        self._launch("rows", grid, self._keys(), *units, *self._there(), out, *space)
        return out

    def _keys(self) -> Any:
        """The keys of Philox's rounds, on the GPU."""
        return self.cupy.asarray(round_keys(self.key))

    def _there(self) -> tuple[Any, Any]:
        """Parameters and lengths of a stream, on the GPU."""
        numbers, lengths = self.arguments
        return self.cupy.asarray(numbers), self.cupy.asarray(lengths)

    def _grid(self, name: str, count: int) -> int:
        """Thread blocks: as many of this kernel as the GPU holds at a time and its memory has workspace for."""
        free = self.cupy.cuda.Device().mem_info[0]
        fitting = int(free * SHARE) // (8 * max(self.space, 1))
        if fitting == 0:
            raise MemoryError(f"a replicate needs {8 * self.space:,} bytes of workspace; the GPU has {free:,} free")
        return min(count, fitting, self._held(name))

    def _held(self, name: str) -> int:
        """Thread blocks of a kernel that the GPU holds at a time.

        They take the units in turn. With more blocks than that, the last ones would have the GPU for themselves.
        """
        driver, device = self.cupy.cuda.driver, self.cupy.cuda.Device()
        function = self.code.get_function(name).kernel
        held = driver.occupancyMaxActiveBlocksPerMultiprocessor(function.ptr, LANES, 0)
        return held * device.attributes["MultiProcessorCount"]

    def _workspace(self, grid: int) -> Any:
        return self.cupy.empty(max(grid * self.space, 1))

    def _launch(self, name: str, grid: int, *arguments: Any) -> None:
        self.code.get_function(name)((grid,), (LANES,), arguments)
