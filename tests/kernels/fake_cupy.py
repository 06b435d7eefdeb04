"""What gpu.py needs of CuPy, on this machine's processor: arrays are NumPy's, kernels are compiled behind host.cuh."""

import ctypes
import hashlib
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
from host_build import Compiler

C_TYPES = {
    np.uint32: ctypes.c_uint32,
    np.uint64: ctypes.c_uint64,
    np.int64: ctypes.c_int64,
    np.float64: ctypes.c_double,
}


HELD = 8
"""Thread blocks that a multiprocessor holds."""


class CUDARuntimeError(RuntimeError):
    """As CuPy calls it."""


class FakeCupy:
    """A module with so many GPUs of so much memory.

    Attributes:
        launched: (kernel, number of thread blocks, GPU) of every launch.
    """

    def __init__(self, compiler: Compiler, gpus: int = 1, free: int = 1 << 30, processors: int = 1) -> None:
        self.compiler, self.free, self.processors = compiler, free, processors
        self.launched: list[tuple[str, int, int]] = []
        self.thread = threading.local()  # as in CuPy, every thread has a current GPU of its own
        self.busy = threading.Lock()
        runtime = SimpleNamespace(
            getDeviceCount=lambda: gpus,
            getDeviceProperties=lambda number: {"name": f"toy {number}".encode()},
            CUDARuntimeError=CUDARuntimeError,
        )
        driver = SimpleNamespace(occupancyMaxActiveBlocksPerMultiprocessor=lambda function, threads, shared: HELD)
        nvrtc = SimpleNamespace(getVersion=lambda: (12, 0))
        self.cuda = SimpleNamespace(
            runtime=runtime, nvrtc=nvrtc, driver=driver, Device=lambda number=None: _Device(self, number)
        )
        self.asarray = self.asnumpy = np.asarray
        self.zeros = np.zeros

    def empty(self, shape: Any) -> np.ndarray:
        """Memory that was not written to shows."""
        return np.full(shape, np.nan)

    def RawModule(self, *, code: str, options: tuple[str, ...], backend: str) -> Any:
        assert (backend, options) == ("nvrtc", ("--std=c++17",))
        name = hashlib.sha256(code.encode()).hexdigest()[:16]
        library = self.compiler.library(code, f"gpu_{name}")
        return SimpleNamespace(get_function=lambda kernel: _Function(self, library, kernel))

    def _launch(self, library: ctypes.CDLL, kernel: str, grid: tuple, block: tuple, arguments: tuple) -> None:
        assert block == (256,)
        self.launched.append((kernel, grid[0], getattr(self.thread, "gpu", 0)))
        given = [
            ctypes.c_void_p(value.ctypes.data) if isinstance(value, np.ndarray) else C_TYPES[type(value)](value)
            for value in arguments
        ]
        with self.busy:  # host.cuh has one barrier and one shared memory for all
            getattr(library, f"launch_{kernel}")(ctypes.c_uint(grid[0]), *given)


class _Function:
    kernel = SimpleNamespace(ptr=0)

    def __init__(self, cupy: FakeCupy, library: ctypes.CDLL, name: str) -> None:
        self.cupy, self.library, self.name = cupy, library, name

    def __call__(self, *call: Any) -> None:
        self.cupy._launch(self.library, self.name, *call)


class _Device:
    def __init__(self, cupy: FakeCupy, number: int | None) -> None:
        self.cupy, self.number, self.before = cupy, number, 0
        self.mem_info = (cupy.free, 2 * cupy.free)
        self.attributes = {"MultiProcessorCount": cupy.processors, "ClockRate": 2_000_000}

    def synchronize(self) -> None:
        """Every launch here has ended when it returns."""

    def __enter__(self) -> None:
        assert self.number is not None
        self.before, self.cupy.thread.gpu = getattr(self.cupy.thread, "gpu", 0), self.number

    def __exit__(self, *_: object) -> None:
        self.cupy.thread.gpu = self.before
