"""Measure the simulators against their peers: ratios taken in one process, both sides on one core."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from attnlaws.console import console
from attnlaws.simulations.estimate import Estimate, combine
from attnlaws.simulations.experiment import Quantile
from attnlaws.simulations.simulate import make_task, whole
from attnlaws.simulations.task import Block, Task

DIMENSION = 64
LITERAL_ITEMS, COLLAPSED_ITEMS, NUMPY_ITEMS = 1 << 19, 1 << 23, 1 << 17
NUMPY_ROWS = 4096
AGREE = 6.0


@dataclass(frozen=True)
class Comparison:
    """One ratio: how many times as fast as its peer, on one core.

    Attributes:
        name: what is compared.
        ratio: of the fastest runs of both sides.
        lowest: the smallest ratio over the repeats, taken pairwise.
        highest: the largest one.
        gate: the ratio below which the project counts it as a fault.
        items: items a second, this side (tells nothing about another machine).
        agree: difference of the two sides' estimates in standard errors.
    """

    name: str
    ratio: float
    lowest: float
    highest: float
    gate: float
    items: float
    agree: float


def bench_command(repeats: int, as_json: bool) -> int:
    """Run all comparisons and print them; 1 if one misses its gate."""
    rows = compare(whole("repeats", repeats, 1))
    if as_json:
        print(json.dumps({"comparisons": [asdict(row) for row in rows]}))
    else:
        _show(rows)
    return 0 if all(row.ratio >= row.gate for row in rows) else 1


def _show(rows: list[Comparison]) -> None:
    from rich.table import Table

    table = Table(
        title=f"Linear retrieval at d_k = {DIMENSION}: keys a second on one core, as ratios", title_justify="left"
    )
    for name in ("comparison", "times as fast", "spread", "gate", "sides differ by"):
        table.add_column(name, justify="left" if name == "comparison" else "right")
    for row in rows:
        verdict = "" if row.ratio >= row.gate else "  missed"
        table.add_row(
            row.name,
            f"{row.ratio:.1f}{verdict}",
            f"{row.lowest:.1f} to {row.highest:.1f}",
            f"{row.gate:g}",
            f"{row.agree:.1f} SE",
        )
    console().print(table)


def compare(repeats: int) -> list[Comparison]:
    """Literal and collapsed linear retrieval against NumPy, each in its usual best form.

    Raises:
        ValueError: the two sides of a comparison disagree; there is no ratio to print then.
    """
    literal, collapsed = _ours("literal", LITERAL_ITEMS), _ours("collapsed", COLLAPSED_ITEMS)
    blocked, scalar = _numpy(_numpy_literal, NUMPY_ITEMS), _numpy(_numpy_collapsed, LITERAL_ITEMS)
    rows = [
        _compared("literal against NumPy float32, keys in blocks", literal, blocked, 8, repeats),
        _compared("collapsed against NumPy float32, keys in blocks", collapsed, blocked, 300, repeats),
        _compared("collapsed against NumPy float32, collapsed", collapsed, scalar, 6, repeats),
    ]
    torch = _torch()
    if torch is not None:
        rows.append(_compared("literal against PyTorch float32, keys in blocks", literal, torch, 3, repeats))
    return rows


Side = Callable[[int], tuple[float, Estimate]]
"""Runs once with a seed; returns items a second and the mean square of a score over |q|^2, which must be 1."""


def _compared(name: str, ours: Side, peer: Side, gate: float, repeats: int) -> Comparison:
    """Alternate both sides, so that a busy machine slows them alike."""
    ours(0)
    peer(0)
    speeds, differences = [], []
    for repeat in range(1, repeats + 1):
        (fast, mine), (slow, other) = ours(repeat), peer(repeat)
        speeds.append((fast, slow))
        differences.append((mine.mean - other.mean) / np.hypot(mine.standard_error, other.standard_error))
    worst = float(max(differences, key=abs))
    if abs(worst) > AGREE:
        raise ValueError(f"{name}: the sides disagree by {worst:.1f} standard errors; no ratio is printed")
    ratios = [fast / slow for fast, slow in speeds]
    best = max(fast for fast, _ in speeds)
    return Comparison(name, best / max(slow for _, slow in speeds), min(ratios), max(ratios), gate, best, worst)


def _ours(mode: str, items: int) -> Side:
    """One replicate of the law's own experiment on one thread."""
    from attnlaws import registry

    law, experiment = registry.law("retrieval.linear"), registry.simulation("retrieval.linear")

    def side(seed: int) -> tuple[float, Estimate]:
        point = law.validate(n=items + 1, d_k=DIMENSION, convention="geometric")
        task = make_task(law, experiment, point, seed, mode)
        assert not isinstance(experiment.estimator(**point), Quantile)
        blocks = list(task.blocks(1))
        task.prepare()
        start = time.perf_counter()
        rows = {block: task.compute(block) for block in blocks}
        return items / (time.perf_counter() - start), _mean_square(task, rows, items)

    return side


def _mean_square(task: Task, rows: dict[Block, Any], items: int) -> Estimate:
    """Mean square of a score over |q|^2, whose exact standard error is sqrt(2 / items)."""
    noise = combine(task, rows)
    power = noise.mean
    if "log_signal" in task.outputs:
        from dataclasses import replace

        from sympy import Symbol

        from attnlaws.simulations.experiment import Smooth

        plain = replace(task, experiment=replace(task.experiment, estimator=lambda **_: Smooth(Symbol("noise"))))
        power = combine(plain, rows).mean
    return Estimate(power / items, float(np.sqrt(2 / items)), items)


def _numpy(body: Callable[[np.random.Generator, int], float], items: int) -> Side:
    def side(seed: int) -> tuple[float, Estimate]:
        generator = np.random.Generator(np.random.SFC64(seed))
        start = time.perf_counter()
        value = body(generator, items)
        return items / (time.perf_counter() - start), Estimate(value, float(np.sqrt(2 / items)), items)

    return side


def _numpy_literal(generator: np.random.Generator, items: int) -> float:
    """What people write: blocks of keys, a matrix product, a sum of squares; NumPy's fastest generator."""
    query = generator.standard_normal(DIMENSION, np.float32)
    keys, total = np.empty((NUMPY_ROWS, DIMENSION), np.float32), 0.0
    for _ in range(items // NUMPY_ROWS):
        generator.standard_normal(out=keys, dtype=np.float32)
        scores = keys @ query
        total += float(scores @ scores)
    return total / items / float(query @ query)


def _numpy_collapsed(generator: np.random.Generator, items: int) -> float:
    """The same equal law that the collapsed mode draws."""
    scores, total = np.empty(NUMPY_ROWS * 16, np.float32), 0.0
    for _ in range(items // scores.size):
        generator.standard_normal(out=scores, dtype=np.float32)
        total += float(scores @ scores)
    return total / items


def _torch() -> Side | None:
    """PyTorch on one thread, where it is installed."""
    try:
        import torch  # type: ignore[import-not-found]
    except ImportError:
        return None

    def side(seed: int) -> tuple[float, Estimate]:
        torch.set_num_threads(1)
        generator = torch.Generator().manual_seed(seed)
        query, keys, total = torch.randn(DIMENSION, generator=generator), torch.empty(NUMPY_ROWS, DIMENSION), 0.0
        start = time.perf_counter()
        for _ in range(NUMPY_ITEMS // NUMPY_ROWS):
            keys.normal_(generator=generator)
            scores = keys @ query
            total += float(scores @ scores)
        elapsed = time.perf_counter() - start
        value = total / NUMPY_ITEMS / float(query @ query)
        return NUMPY_ITEMS / elapsed, Estimate(value, float(np.sqrt(2 / NUMPY_ITEMS)), NUMPY_ITEMS)

    return side
