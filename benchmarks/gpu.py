"""Time the kernels on an NVIDIA GPU: first that they are right, then rates, then ratios to CuPy and PyTorch.

    python benchmarks/gpu.py            # under 8 minutes; writes benchmarks/results/DATE-DEVICE.json

Nothing is timed unless everything that is exact is equal to the CPU's bits, and everything that is fast is within the
error that is stated for it. Rates are of the fastest of several runs, with the slowest beside them;
ratios are taken in one process, on one GPU, at one size. Peers make an array of all keys in memory, as one would write
it down without a fused kernel.
"""

import argparse
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from attnlaws import __version__, registry
from attnlaws.report.gpu_results import newest, with_newest
from attnlaws.simulations.estimate import difference
from attnlaws.simulations.experiment import Arithmetic, Experiment
from attnlaws.simulations.gpu import GpuKernel, Gpus
from attnlaws.simulations.simulate import make_task
from attnlaws.simulations.task import GROUPS, Block, Task

FOLDER = Path(__file__).parent / "results"
DIMENSION = 64
REPEATS = 5
LITERAL = {"d_k": DIMENSION, "d_v": None, "convention": "expectation"}
EXPONENTIAL = {"d_k": DIMENSION, "tau": 8.0, "convention": "expectation"}
Size = tuple[str, str, dict[str, Any]]
SIZES: tuple[Size, ...] = (
    ("retrieval.linear", "literal", {"n": 1 << 27, **LITERAL}),
    ("retrieval.linear", "collapsed", {"n": 1 << 32, **LITERAL}),
    ("retrieval.exponential", "collapsed", {"n": 1 << 32, **EXPONENTIAL}),
    ("topk.tail_mass", "literal", {"n": 1 << 16, "kappa": 0.1, "sigma": 2.0}),
    ("topk.tail_mass", "window", {"n": 10**12, "kappa": 1e-3, "sigma": 2.0}),
)
"""What is timed: one large replicate of a stream or of passes over parts, many of a kernel that is one thread block."""
GROWTH: tuple[Size, ...] = tuple(
    ("retrieval.linear", "collapsed", {"n": 10**power, **LITERAL}) for power in (9, 10, 11, 12)
)
"""One law at sizes that lie far apart: a stream's rate should not depend on its length."""
ROWS = 4096


class Turn(NamedTuple):
    """What a thread does for one call of the generator, which gives four normals.

    Attributes:
        instructions: all of them.
        special: those of the special-function unit: its functions, and conversions between float32 and float64.
    """

    instructions: int
    special: int


NORMALS = 4
"""Normals of a call."""
INSTRUCTIONS = {
    ("retrieval.linear", "literal", "exact"): Turn(142, 2),
    ("retrieval.linear", "literal", "fast"): Turn(88, 8),
    ("retrieval.linear", "collapsed", "exact"): Turn(172, 6),
    ("retrieval.linear", "collapsed", "fast"): Turn(113, 9),
    ("retrieval.exponential", "collapsed", "exact"): Turn(263, 6),
    ("retrieval.exponential", "collapsed", "fast"): Turn(125, 13),
    ("topk.tail_mass", "window", "exact"): Turn(260, 3),
    ("topk.tail_mass", "window", "fast"): Turn(206, 9),
}
"""A turn of the loop over calls, of which a window keeps no score, for sm_90 and NVRTC 13.0.

tests/kernels/test_instruction_counts.py counts them.
"""
ISSUED, SPECIAL = 128, 16
"""Threads for which a multiprocessor issues an instruction in one cycle, four schedulers of 32, and those for which its
special-function units begin one."""


PARTS = {"of_ceiling": "what the GPU can issue", "of_special": "its special functions"}


def task_of(law_id: str, mode: str, point: dict[str, Any]) -> Task:
    """The task of a law at a point, seed 0."""
    law = registry.law(law_id)
    return make_task(law, registry.simulation(law_id), law.validate(**point), 0, mode)


def in_fast(gpus: Gpus, task: Task) -> Task:
    """The same in fast arithmetic."""
    return replace(task, arithmetic="fast", hardware=gpus.hardware)


def arithmetics(task: Task) -> tuple[Arithmetic, ...]:
    """What a task can be computed in."""
    return ("exact", "fast") if task.shape.precision == "float32" else ("exact",)


def compared_tasks() -> Iterator[tuple[str, Task]]:
    """Every law and mode, at some points of its grid and with few items, and what to call it."""
    for law_id in registry.ids():
        law, experiment = registry.law(law_id), registry.experiment(law_id)
        if not isinstance(experiment, Experiment):
            continue
        sizes = {p.name: 3000 for p in law.parameters if p.role == "simulation" and p.name == "n"}
        for mode in experiment.modes:
            for point in law.grid.points()[:: max(1, len(law.grid.points()) // 6)] if law.grid else []:
                yield f"{law_id}, mode {mode}, {point}", task_of(law_id, mode, {**sizes, **point})


def equal_bits(gpus: Gpus) -> int:
    """Compare the GPU's rows with the CPU's for every law and mode.

    Returns:
        How many rows were compared.

    Raises:
        SystemExit: a row differs; names the law, the mode and the point.
    """
    compared = 0
    for name, task in compared_tasks():
        gpus.prepare(task)
        for block, row in gpus.rows(task, [Block(0, 20), Block(100, 3)]).items():
            compared += 1
            if row.tobytes() != task.compute(block).tobytes():
                raise SystemExit(f"{name}: the GPU's row differs from the CPU's")
    return compared


def fast_error(gpus: Gpus) -> float:
    """Compare the outputs of replicates in fast arithmetic with the CPU's exact ones.

    Returns:
        The largest difference found, as a part of what is stated for it.

    Raises:
        SystemExit: a difference is larger than stated; names the law, the mode and the point.
    """
    worst = 0.0
    for name, task in compared_tasks():
        if "fast" not in arithmetics(task):
            continue
        fast, want = in_fast(gpus, task), task.values(0, 20)
        gpus.prepare(fast)
        got = GpuKernel(gpus.cupy, fast, gpus.texts[fast.identity]).values(fast, 0, 20)
        part = difference(task, got, want) / fast.arithmetic_error
        if not part <= 1:
            raise SystemExit(f"{name}: fast arithmetic is off by {part:.3g} times what is stated")
        worst = max(worst, part)
    return worst


def seconds(gpus: Gpus, action: Callable[[], Any], repeats: int) -> tuple[float, float]:
    """Fastest and slowest run, after one that is not counted."""
    taken = []
    for _ in range(repeats + 1):
        gpus.cupy.cuda.Device().synchronize()
        start = time.perf_counter()
        action()
        gpus.cupy.cuda.Device().synchronize()
        taken.append(time.perf_counter() - start)
    return min(taken[1:]), max(taken[1:])


def ceiling(gpus: Gpus, threads: int, operations: int) -> float:
    """Normals a second that one GPU could make if of so many operations a call as many threads began one a cycle."""
    attributes = gpus.cupy.cuda.Device().attributes
    cycles = attributes["MultiProcessorCount"] * attributes["ClockRate"] * 1e3
    return cycles * threads * NORMALS / operations


def rates(gpus: Gpus, sizes: Iterable[Size], rows: int, repeats: int) -> list[dict[str, Any]]:
    """Normals a second of each kernel that is timed, the launch and the copy back included.

    Where the kernel's instructions are counted, also the rate's part of what one GPU could do at its highest clock:
    issue instructions (``of_ceiling``), and begin those of the special-function units (``of_special``).
    """
    found = []
    for law_id, mode, point in sizes:
        exact = task_of(law_id, mode, point)
        count = 1 if exact.grouped or exact.parts > 1 else rows
        blocks = [Block(i, 1) for i in range(GROUPS)] if exact.grouped else [Block(0, count)]
        normals = exact.draws * count
        for arithmetic in arithmetics(exact):
            task = exact if arithmetic == "exact" else in_fast(gpus, exact)
            gpus.prepare(task)
            best, worst = seconds(gpus, lambda task=task, blocks=blocks: gpus.rows(task, blocks), repeats)
            found.append(
                {"law": law_id, "mode": mode, "arithmetic": arithmetic, "point": point, "normals": normals,
                 "seconds": best, "slowest": worst, "normals_per_second": normals / best}
            )  # fmt: skip
            turn = INSTRUCTIONS.get((law_id, mode, arithmetic))
            if turn is not None:
                found[-1]["of_ceiling"] = normals / best / ceiling(gpus, ISSUED, turn.instructions)
                found[-1]["of_special"] = normals / best / ceiling(gpus, SPECIAL, turn.special)
    return found


def flatness(growth: list[dict[str, Any]]) -> dict[str, float]:
    """Slowest of the rates at all sizes as a part of the fastest, by arithmetic."""
    by_arithmetic: dict[str, list[float]] = {}
    for row in growth:
        by_arithmetic.setdefault(row["arithmetic"], []).append(row["normals_per_second"])
    return {arithmetic: min(some) / max(some) for arithmetic, some in by_arithmetic.items()}


def peers(gpus: Gpus, keys: int, repeats: int) -> list[dict[str, Any]]:
    """The literal sum over ``keys`` keys written with arrays, and ours at the same size."""
    point = {"n": keys + 1, **LITERAL}
    task = task_of("retrieval.linear", "literal", point)
    gpus.prepare(task)
    blocks = [Block(i, 1) for i in range(GROUPS)] if task.grouped else [Block(0, 1)]
    ours, slowest = seconds(gpus, lambda: gpus.rows(task, blocks), repeats)
    cupy = gpus.cupy

    def with_cupy() -> float:
        query = cupy.random.standard_normal(DIMENSION, dtype=cupy.float32)
        scores = cupy.random.standard_normal((keys, DIMENSION), dtype=cupy.float32) @ query
        return float((scores.astype(cupy.float64) ** 2).sum())

    found = []
    for name, action in (("CuPy", with_cupy), ("PyTorch", _with_torch(keys))):
        if action is not None:
            best, worst = seconds(gpus, action, repeats)
            record = {"peer": name, "keys": keys, "ratio": best / ours, "lowest": best / slowest}
            found.append(record | {"peer_seconds": best, "peer_slowest": worst, "seconds": ours})
    return found


def _with_torch(keys: int) -> Callable[[], float] | None:
    try:
        import torch  # pyright: ignore[reportMissingImports]  (a peer, where it is installed)
    except ImportError:
        return None

    def action() -> float:
        query = torch.randn(DIMENSION, device="cuda")
        scores = torch.randn((keys, DIMENSION), device="cuda") @ query
        return float((scores.double() ** 2).sum())

    return action


def main() -> None:
    """Compare, time, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder of the results (default: benchmarks/results)")
    parser.add_argument("--peer-keys", type=int, default=1 << 24, help="keys that the peers hold (default: 2^24)")
    arguments = parser.parse_args()
    try:
        gpus = Gpus()
    except ValueError as error:
        raise SystemExit(str(error)) from error
    name = gpus.device.removeprefix("cuda: ")
    print(f"{name}: {equal_bits(gpus)} rows have the CPU's bits")
    worst = fast_error(gpus)
    print(f"fast arithmetic is off by at most {worst:.2g} of what is stated")
    now = datetime.now(UTC)
    record = {
        "device": name,
        "gpus": gpus.workers,
        "date": now.isoformat(timespec="seconds"),
        "attnlaws": __version__,
        "cupy": gpus.cupy.__version__,
        "driver": gpus.cupy.cuda.runtime.driverGetVersion(),
        "fast_error": worst,
        "rates": rates(gpus, SIZES, ROWS, REPEATS),
        "growth": rates(gpus, GROWTH, ROWS, REPEATS),
        "peers": peers(gpus, arguments.peer_keys, REPEATS),
    }
    for row in record["rates"] + record["growth"]:
        parts = (f", {row[key]:.0%} of {what}" for key, what in PARTS.items() if key in row)
        rate = f"{row['normals_per_second']:.3g} normals/s{''.join(parts)}"
        print(f"{row['law']}, {row['mode']}, {row['arithmetic']}, n = {row['point']['n']:.3g}: {rate}")
    for arithmetic, part in flatness(record["growth"]).items():
        print(f"{arithmetic}: the slowest size has {part:.0%} of the fastest one's rate")
    for row in record["peers"]:
        print(f"literal, {row['keys']:,} keys: {row['ratio']:.1f} times as fast as {row['peer']}")
    arguments.to.mkdir(parents=True, exist_ok=True)
    path = arguments.to / f"{now:%Y-%m-%d}-{re.sub('[^A-Za-z0-9]+', '-', name)}.json"
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(path)
    if arguments.to == FOLDER:
        readme = FOLDER.parent.parent / "README.md"
        readme.write_text(with_newest(readme.read_text("utf-8"), newest(FOLDER)), encoding="utf-8")


if __name__ == "__main__":
    main()
