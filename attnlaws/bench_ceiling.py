"""The literal simulator against the same numbers in hand-written C, compiled where there is a compiler."""

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from attnlaws.bench_peers import AbsentPeerError, Side, linear_task, mean_square_error, timed
from attnlaws.simulations.estimate import Estimate
from attnlaws.simulations.stream import stream_key

SOURCE = Path(__file__).with_name("ceiling.c")
COMPILERS = ("cc", "gcc", "clang")
# Nothing is contracted or reassociated: the bits are compared. The two about scheduling interleave the chains.
OPTIONS = ("-std=gnu11", "-O3", "-march=native", "-ffp-contract=off", "-fschedule-insns", "-fsched-pressure")


def ceiling(items: int) -> Side:
    """What the literal mode computes, by hand; its estimate has the kernel's bits.

    Args:
        items: keys, a multiple of 256.

    Raises:
        AbsentPeerError: there is no compiler, it fails, or the processor has no vectors that the source is written for.
    """
    noise = _compiled()

    def side(seed: int) -> tuple[float, Estimate]:
        task = linear_task("literal", items, seed)
        key = stream_key(task.seed, task.label)
        return timed(lambda: noise(*key, 0, items) / items, items, mean_square_error(items))

    return side


@lru_cache
def _compiled() -> Callable[[int, int, int, int], float]:
    """The function of the compiled source."""
    from llvmlite.binding import get_host_cpu_features

    features = get_host_cpu_features()
    if not (features.get("avx2") and features.get("fma")):
        raise AbsentPeerError("the processor has neither AVX2 nor AVX-512")
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        raise AbsentPeerError("no C compiler")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ceiling.so"
        command = [compiler, *OPTIONS, "-shared", "-fPIC", "-o", str(path), str(SOURCE)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise AbsentPeerError(
                f"{Path(compiler).name} cannot compile {SOURCE.name}: {done.stderr.strip().splitlines()[0]}"
            )
        function = ctypes.CDLL(str(path)).noise
    word = ctypes.c_uint32
    function.argtypes, function.restype = (word, word, word, word), ctypes.c_double
    return function
