"""A staircase of a few scores below the cut bounds the mass of the dropped keys; on all of them it is the mass itself.

The ranks k = r_0 < r_1 < ... = n grow by a fixed ratio, r' = min(n, max(r + 1, floor(ratio r))), and every score of the
ranks r + 1 to r' is replaced by the largest of them, that of rank r + 1. With H the weight of the k largest, the tail
mass is at most T/(H + T) with T the sum of (r' - r) exp(score of rank r + 1): an upper sum that takes about
ln(n/k)/ln(ratio) scores. As the ratio grows it becomes ``topk.head_bound``; as the ratio falls to 1, the tail mass.

Outputs: ``bound``, which below the range of float64 is its smallest number, never 0; ``log``, its natural logarithm;
``looseness``, the bound over the tail mass itself.
"""

# ruff: noqa: N801  (the classes are functions, named as formulas write them)
from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from flint import arb

from attnlaws.theory.claim import Bound, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, real
from attnlaws.theory.stable import Stable
from attnlaws.theory.topk.gap_bound import (
    KEPT,
    LOGITS,
    SIMULATION,
    bounded_tail,
    count_of,
    in_order,
    k,
    log_head,
    log_sum,
    logistic,
    logits,
)

RATIO = Parameter("ratio", "ratio of the ranks at which the scores are looked at", real(above=1, maximum=1e6),
                  default=1.25)  # fmt: skip
PARAMETERS = (LOGITS, KEPT, RATIO, *SIMULATION)
ratio = RATIO.symbol


@lru_cache(maxsize=4096)
def ranks(n: int, k: int, ratio: float) -> tuple[int, ...]:
    """The ranks from k to n that bound the stairs.

    Example:
        >>> ranks(20, 4, 1.5)
        (4, 6, 9, 13, 19, 20)
    """
    numerator, denominator = float(ratio).as_integer_ratio()  # whole numbers: no product is rounded up to one
    found = [k]
    while found[-1] < n:
        found.append(min(n, max(found[-1] + 1, numerator * found[-1] // denominator)))
    return tuple(found)


def _stairs(place: Callable[[np.ndarray], np.ndarray], width: Callable[[np.ndarray], np.ndarray]) -> Callable[..., Any]:
    """The logarithm of a staircase over the weight of the head.

    Args:
        place: ranks of the scores that the stairs take, counted from 0, from the ranks that bound them.
        width: how often each counts.
    """

    def value(rows: np.ndarray, k: np.ndarray, ratio: np.ndarray) -> np.ndarray:
        ordered = in_order(rows)
        shape = ordered.shape[:-1]
        settings = np.stack([np.broadcast_to(a, shape).ravel() for a in (count_of(ordered), k, ratio)], axis=-1)
        relative = (ordered - ordered[..., :1]).reshape(-1, ordered.shape[-1])
        tail = np.empty(len(relative))
        for n, kept, factor in np.unique(settings, axis=0):
            same = (settings == (n, kept, factor)).all(axis=-1)
            stairs = np.array(ranks(int(n), int(kept), float(factor)))
            tail[same] = log_sum(relative[same][:, place(stairs)] + np.log(width(stairs)))
        return tail.reshape(shape) - log_head(ordered, k)

    return value


class stairs_log_odds(Stable):
    """The logarithm of the staircase above the dropped weights over the weight of the k largest, rows in any order."""

    latex_name = r"u"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n], how many are kept [...] and the ratio [...]."""
        return _stairs(lambda r: r[:-1], np.diff)

    @staticmethod
    def ball(row: Any, k: Any, ratio: Any) -> Any:
        """The same in Arb balls, for a row in decreasing order."""
        here, tail = int(k.unique_fmpz()), arb(0)
        head = sum(((score - row[0]).exp() for score in row[:here]), arb(0))
        while here < len(row):
            following = min(len(row), max(here + 1, int((ratio * here).floor().unique_fmpz())))
            tail += (following - here) * (row[here] - row[0]).exp()
            here = following
        return (tail / head).log()

    def standard(self) -> Any:
        """No sum over one index says it shorter."""
        return self


class lower_stairs(Stable):
    """The staircase below the dropped weights."""

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n], how many are kept [...] and the ratio [...]."""
        return _stairs(lambda r: r[1:] - 1, np.diff)


class thin_stairs(Stable):
    """The scores that the stairs take, each once."""

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n], how many are kept [...] and the ratio [...]."""
        return _stairs(lambda r: r[:-1], lambda r: np.ones(r.size - 1))


class first_stair(Stable):
    """The first stair without the others."""

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n], how many are kept [...] and the ratio [...]."""
        return _stairs(lambda r: r[:1], lambda r: r[1:2] - r[:1])


STAIRS = stairs_log_odds(logits, k, ratio)

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="bound on the tail mass",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "section 4, a bound from several gaps",
        "reconstructed",
        note="that there is a bound from several gaps of the ordered scores is known from the abstract; its formula "
        "was not read. This is the natural one: an upper sum on ranks that grow by a ratio",
        year="2025",
    ),
    derivations=bounded_tail(
        STAIRS,
        "on each stair weights are at most the first of them, and odds/(1 + odds) increases with the odds",
    ),
    claim=Bound("upper", sure=True),
    delta=1e-9,
    delta_reason="an inequality between finite sums for every row: nothing but rounding is granted",
    regime="every row and every k < n; an equality where scores are equal on each stair",
    grid=Grid(
        across="k",
        series=(
            {"n": 64, "sigma": 0.5, "ratio": 1.25, "step": 0.0},
            {"n": 64, "sigma": 2.0, "ratio": 1.25, "step": 0.0},
            {"n": 64, "sigma": 2.0, "ratio": 2.0, "step": 4.0},
        ),
        values=(1, 4, 16, 32),
        logx=True,
    ),
    sabotages={
        "the smallest score of each stair": {"bound": logistic(lower_stairs(logits, k, ratio))},
        "each stair counted once": {"bound": logistic(thin_stairs(logits, k, ratio))},
        "only the first stair": {"bound": logistic(first_stair(logits, k, ratio))},
    },
)
