"""Blocks of keys that are known by count and largest score bound the mass that lies outside of those that are kept.

The row is cut into blocks of ``size`` consecutive keys, of which n_b are not masked, with largest score M_b. A budget
of k keys buys max(1, floor(k/size)) whole blocks; those with the largest M_b are kept. A kept block weighs at least
exp(M_b), a dropped one at most n_b exp(M_b). The kept set need not be that of the k largest scores.

Outputs: ``bound``, from counts and largest scores alone; ``scored``, with the scores of the kept blocks known. Both
bound the probability outside the kept blocks, and below the range of float64 they are its smallest number, never 0.
"""

# ruff: noqa: N801  (the classes are functions, named as formulas write them)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from flint import arb

from attnlaws.theory.claim import Bound, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.ordered import INDEX, LENGTH, weight
from attnlaws.theory.parameter import Parameter, integer
from attnlaws.theory.stable import Stable
from attnlaws.theory.steps import AtMost, Definition, Derivation
from attnlaws.theory.topk.gap_bound import LOGITS, ROUNDING, SIMULATION, log_sum, logistic, logits

PARAMETERS = (
    LOGITS,
    Parameter("k", "budget: number of keys that whole blocks are kept for, at least one block",
              integer(1, 10**9, fewer_than="logits")),
    Parameter("size", "number of keys in a block", integer(1, 4096, fewer_than="logits")),
    *SIMULATION,
)  # fmt: skip
k, size = (parameter.symbol for parameter in PARAMETERS[1:3])


def blocks_of(rows: np.ndarray, size: int) -> np.ndarray:
    """Rows as blocks [..., block, key], the last one filled up with masked keys."""
    rows = np.asarray(rows, np.float64)
    rest = -rows.shape[-1] % size
    filled = np.concatenate([rows, np.full((*rows.shape[:-1], rest), -np.inf)], axis=-1)
    return filled.reshape(*rows.shape[:-1], -1, size)


def kept_blocks(largest: np.ndarray, k: int, size: int) -> np.ndarray:
    """Which blocks are kept, from their largest scores [..., block]; of equal ones the first."""
    order = np.argsort(-largest, axis=-1, kind="stable")
    return np.argsort(order, axis=-1, kind="stable") < max(1, k // size)


def _log(numbers: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(numbers)


def _odds(
    head: Callable[[np.ndarray, np.ndarray], np.ndarray], tail: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> Callable[..., Any]:
    """The logarithm of dropped over kept weight, from bounds on the logarithm of the weight of each block.

    Args:
        head: the bound for a block that is kept, from its scores [..., key] and its largest score.
        tail: the bound for one that is dropped.
    """

    def one(rows: np.ndarray, k: int, size: int) -> np.ndarray:
        blocks = blocks_of(rows - np.max(rows, axis=-1, keepdims=True), size)
        largest = np.max(blocks, axis=-1)
        stays = kept_blocks(largest, k, size)
        goes = ~stays & np.isfinite(largest)
        kept = log_sum(np.where(stays, head(blocks, largest), -np.inf))
        dropped = np.full(kept.shape, -np.inf)
        some = goes.any(axis=-1)
        dropped[some] = log_sum(np.where(goes, tail(blocks, largest), -np.inf)[some])
        return dropped - kept

    def value(rows: np.ndarray, k: np.ndarray, size: np.ndarray) -> np.ndarray:
        shape = rows.shape[:-1]
        flat = rows.reshape(-1, rows.shape[-1])
        settings = np.stack([np.broadcast_to(a, shape).ravel() for a in (k, size)], axis=-1)
        result = np.empty(len(flat))
        for setting in np.unique(settings, axis=0):
            same = (settings == setting).all(axis=-1)
            result[same] = one(flat[same], *(int(number) for number in setting))
        return result.reshape(shape)

    return value


def lightest(blocks: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """The least weight of a block: its largest score alone."""
    return largest


def heaviest(blocks: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """The greatest weight of a block: every key as heavy as the heaviest."""
    return _log(np.isfinite(blocks).sum(axis=-1)) + largest


def weighed(blocks: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """The weight of a block whose scores are known."""
    return _log(np.exp(blocks).sum(axis=-1))  # relative to the row's largest score, which is in a kept block


def _kept_number(n: int, k: int, size: int) -> int:
    return min(n, max(1, k // size) * size)


def _largest_of(row: list[Any], size: int, start: int) -> list[tuple[int, Any]]:
    """Count and heaviest weight of the blocks from one key on, of a row in decreasing order."""
    return [(min(size, len(row) - b), (row[b] - row[0]).exp()) for b in range(start, len(row), size)]


class kept_keys(Stable):
    """How many keys the kept blocks hold, of rows in decreasing order: min(n, max(1, floor(k/size)) size)."""

    latex_name = "K"

    @staticmethod
    def ball(k: Any, size: Any, n: Any) -> Any:
        """A whole number."""
        return arb(_kept_number(*(int(number.unique_fmpz()) for number in (n, k, size))))

    def standard(self) -> Any:
        """The formula."""
        k, size, n = self.args
        return sp.Min(n, size * sp.Max(1, sp.floor(k / size)))


class summary_log_odds(Stable):
    """The logarithm of dropped over kept weight at the most, from the count and the largest score of each block."""

    latex_name = r"b"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n], budgets [...] and sizes [...]."""
        return _odds(lightest, heaviest)

    @staticmethod
    def ball(row: Any, k: Any, size: Any) -> Any:
        """The same in Arb balls, for a row in decreasing order."""
        each = int(size.unique_fmpz())
        start = _kept_number(len(row), int(k.unique_fmpz()), each)
        head = sum((top for _, top in _largest_of(row[:start], each, 0)), arb(0))
        return (sum((count * top for count, top in _largest_of(row, each, start)), arb(0)) / head).log()

    def standard(self) -> Any:
        """No sum over one index says it shorter."""
        return self


class scored_log_odds(Stable):
    """The same with the scores of the kept blocks known."""

    latex_name = r"c"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n], budgets [...] and sizes [...]."""
        return _odds(weighed, heaviest)

    @staticmethod
    def ball(row: Any, k: Any, size: Any) -> Any:
        """The same in Arb balls, for a row in decreasing order."""
        each = int(size.unique_fmpz())
        start = _kept_number(len(row), int(k.unique_fmpz()), each)
        head = sum(((score - row[0]).exp() for score in row[:start]), arb(0))
        return (sum((count * top for count, top in _largest_of(row, each, start)), arb(0)) / head).log()

    def standard(self) -> Any:
        """No sum over one index says it shorter."""
        return self


class uncounted(Stable):
    """Every dropped block as heavy as its heaviest key alone."""

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n], budgets [...] and sizes [...]."""
        return _odds(lightest, lightest)


class heavy_head(Stable):
    """Every kept key as heavy as the heaviest of its block."""

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n], budgets [...] and sizes [...]."""
        return _odds(heaviest, heaviest)


class block_means(Stable):
    """The mean score of a dropped block in the place of its largest; what is masked does not count."""

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n], budgets [...] and sizes [...]."""

        def mean(blocks: np.ndarray, largest: np.ndarray) -> np.ndarray:
            count = np.isfinite(blocks).sum(axis=-1)
            total = np.sum(np.where(np.isfinite(blocks), blocks, 0.0), axis=-1)
            return _log(count) + total / np.maximum(count, 1)

        return _odds(weighed, mean)


ALL: Any = sp.Sum(weight(logits)(INDEX), (INDEX, 1, LENGTH))
OUTSIDE: Any = sp.Sum(weight(logits)(INDEX), (INDEX, kept_keys(k, size, LENGTH) + 1, LENGTH)) / ALL
FORMS = {
    "bound": (summary_log_odds(logits, k, size), "each kept block weighs at least its heaviest key"),
    "scored": (scored_log_odds(logits, k, size), "the kept weight is known"),
}

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="bound on the probability outside the kept blocks",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "equation (4.4), blockwise bounds",
        "reconstructed",
        note="that bounds on the mass of each block bound the tail mass was read in descriptions by others; count and "
        "largest score, as what is known of a block, are our choice",
        year="2025",
    ),
    derivations=tuple(
        Derivation(
            (
                Definition(
                    OUTSIDE,
                    "weight outside the kept blocks over all weight. Keys are listed in decreasing order here; in "
                    "another order the same holds block by block",
                ),
                AtMost(
                    logistic(odds),
                    f"{reason}, and each dropped one at most its number of keys times its heaviest; odds/(1 + odds) "
                    "increases with the odds",
                ),
            ),
            accuracy=ROUNDING,
            output=output,
        )
        for output, (odds, reason) in FORMS.items()
    ),
    claim=Bound("upper", sure=True),
    delta=1e-9,
    delta_reason="an inequality between finite sums for every row: nothing but rounding is granted",
    regime="every row in any order; an equality for blocks of one key, and for the second output where scores are "
    "equal within each dropped block",
    grid=Grid(
        across="k",
        series=(
            {"n": 64, "sigma": 0.5, "size": 1, "step": 0.0},
            {"n": 64, "sigma": 2.0, "size": 4, "step": 0.0},
            {"n": 64, "sigma": 2.0, "size": 12, "step": 0.0},
            {"n": 64, "sigma": 2.0, "size": 4, "step": 16.0},
        ),
        values=(4, 16, 32),
        logx=True,
    ),
    sabotages={
        "dropped blocks without their numbers of keys": {"bound": logistic(uncounted(logits, k, size))},
        "kept keys as heavy as the heaviest of their block": {"bound": logistic(heavy_head(logits, k, size))},
        "mean scores of the dropped blocks": {"scored": logistic(block_means(logits, k, size))},
    },
)
