"""Measure the simulators against their peers: ratios taken in one process, both sides on one core."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from attnlaws.bench_ceiling import ceiling
from attnlaws.bench_peers import (
    DIMENSION,
    AbsentPeerError,
    Side,
    jax_scan,
    linear,
    numpy_blocks,
    numpy_collapsed,
    numpy_stored,
    numpy_tail,
    tail,
    torch_blocks,
)
from attnlaws.console import console
from attnlaws.simulations.run import vectors
from attnlaws.simulations.simulate import whole

LITERAL_ITEMS, COLLAPSED_ITEMS, PEER_ITEMS, TAIL_SCORES = 1 << 19, 1 << 23, 1 << 17, 1 << 26
AGREE = 6.0


@dataclass(frozen=True)
class Contest:
    """What is compared.

    Attributes:
        name: both sides in words.
        ours: our side.
        peer: makes the other side; raises AbsentPeerError where there is none.
        gate: the ratio below which the project counts it as a fault; 0 for one that is reported only.
        goal: the ratio that the project wants to reach.
        same_bits: whether both sides compute the very same number.
    """

    name: str
    ours: Side
    peer: Callable[[], Side]
    gate: float = 0.0
    goal: float = 0.0
    same_bits: bool = False


@dataclass(frozen=True)
class Comparison:
    """One ratio: how many times as fast as its peer, on one core.

    Attributes:
        name: what is compared.
        ratio: of the fastest runs of both sides.
        lowest: the smallest ratio over the repeats, taken pairwise.
        highest: the largest one.
        gate: the ratio below which the project counts it as a fault; 0 where there is none.
        goal: the ratio that the project wants to reach; 0 where it has set itself none.
        items: items a second of processor time, this side (tells nothing about another machine).
        agree: difference of the two sides' estimates in standard errors; 0 where they have the same bits.
    """

    name: str
    ratio: float
    lowest: float
    highest: float
    gate: float
    goal: float
    items: float
    agree: float

    @property
    def missed(self) -> bool:
        """Whether the ratio is below its gate."""
        return self.ratio < self.gate


def contests() -> list[Contest]:
    """Linear retrieval in its literal and its collapsed mode, and the tail mass of one long row."""
    literal, collapsed = linear("literal", LITERAL_ITEMS), linear("collapsed", COLLAPSED_ITEMS)
    return [
        Contest("literal / NumPy float64, all keys stored", literal, lambda: numpy_stored(PEER_ITEMS)),
        Contest("literal / NumPy float32, keys in blocks", literal, lambda: numpy_blocks(PEER_ITEMS), 8, 16),
        Contest("literal / PyTorch float32, keys in blocks", literal, lambda: torch_blocks(PEER_ITEMS), 3, 6),
        Contest("literal / JAX float32, compiled scan", literal, lambda: jax_scan(PEER_ITEMS)),
        Contest("literal / C by hand", literal, lambda: ceiling(LITERAL_ITEMS), goal=0.8, same_bits=True),
        Contest("collapsed / NumPy float32, keys in blocks", collapsed, lambda: numpy_blocks(PEER_ITEMS), 300, 800),
        Contest("collapsed / NumPy float32, collapsed", collapsed, lambda: numpy_collapsed(LITERAL_ITEMS), 6, 12),
        Contest("top-k window / NumPy float32, partition", tail(TAIL_SCORES), lambda: numpy_tail(TAIL_SCORES)),
    ]


def bench_command(repeats: int, as_json: bool) -> int:
    """Run all comparisons and print them; 1 if one misses its gate."""
    rows, absent = compare(contests(), whole("repeats", repeats, 1))
    if as_json:
        found = {"vectors": vectors(), "comparisons": [asdict(row) for row in rows], "not_measured": absent}
        print(json.dumps(found))
    else:
        _show(rows, absent)
    return int(any(row.missed for row in rows))


def _show(rows: Sequence[Comparison], absent: dict[str, str]) -> None:
    from rich.table import Table

    title = f"Keys or scores a second on one core with {vectors()}, as ratios (linear retrieval at d_k = {DIMENSION})"
    table = Table(title=title, title_justify="left")
    for name in ("ours / peer", "times as fast", "spread", "gate", "goal", "sides differ by"):
        table.add_column(name, justify="left" if "peer" in name else "right")
    for row in rows:
        table.add_row(
            row.name,
            f"{row.ratio:.3g}{'  missed' if row.missed else ''}",
            f"{row.lowest:.3g} to {row.highest:.3g}",
            f"{row.gate:g}" if row.gate else "",
            f"{row.goal:g}" if row.goal else "",
            f"{row.agree:.1f} SE" if row.agree else "no bit",
        )
    console().print(table)
    for name, reason in absent.items():
        console().print(f"{name}: {reason}")


def compare(contests: Sequence[Contest], repeats: int) -> tuple[list[Comparison], dict[str, str]]:
    """Run contests.

    Returns:
        The comparisons, and for each contest without a peer the reason.

    Raises:
        ValueError: the two sides of a comparison disagree; there is no ratio to print then.
    """
    rows: list[Comparison] = []
    absent: dict[str, str] = {}
    for contest in contests:
        try:
            peer = contest.peer()
        except AbsentPeerError as reason:
            absent[contest.name] = str(reason)
        else:
            rows.append(_compared(contest, peer, repeats))
    return rows, absent


def _compared(contest: Contest, peer: Side, repeats: int) -> Comparison:
    """Alternate both sides, so that a machine whose speed changes slows them alike."""
    contest.ours(0)
    peer(0)
    speeds, differences = [], []
    for repeat in range(1, repeats + 1):
        (fast, mine), (slow, other) = contest.ours(repeat), peer(repeat)
        speeds.append((fast, slow))
        differences.append(_apart(contest, mine, other))
    ratios = [fast / slow for fast, slow in speeds]
    best = max(fast for fast, _ in speeds)
    return Comparison(
        name=contest.name,
        ratio=best / max(slow for _, slow in speeds),
        lowest=min(ratios),
        highest=max(ratios),
        gate=contest.gate,
        goal=contest.goal,
        items=best,
        agree=float(max(differences, key=abs)),
    )


def _apart(contest: Contest, mine: Any, other: Any) -> float:
    """The difference of two estimates in standard errors."""
    difference = (mine.mean - other.mean) / np.hypot(mine.standard_error, other.standard_error)
    if contest.same_bits and mine.mean != other.mean:
        raise ValueError(f"{contest.name}: must have equal bits, and are {mine.mean!r} and {other.mean!r}")
    if abs(difference) > AGREE:
        raise ValueError(f"{contest.name}: differ by {difference:.1f} standard errors; no ratio is printed")
    return difference
