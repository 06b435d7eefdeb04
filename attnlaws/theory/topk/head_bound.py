"""A softmax row cut to its k largest weights, of sum H, loses at most M/(H + M), M being n - k times the next weight.

The scores that are kept are known, so their weight need not be bounded; every dropped weight is replaced by the largest
of them, that of rank k + 1. The bound needs no more than the kept scores and one number that no other score exceeds. It
is never above ``topk.gap_bound``, and equal to the tail mass exactly where all dropped scores are equal.

Outputs: ``bound``, which below the range of float64 is its smallest number, never 0; ``log``, its natural logarithm;
``looseness``, the bound over the tail mass itself.
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
from attnlaws.theory.ordered import LENGTH, kept, weight
from attnlaws.theory.stable import Stable
from attnlaws.theory.topk.gap_bound import (
    PARAMETERS,
    at_rank,
    bounded_tail,
    count_odds,
    count_of,
    in_order,
    k,
    log_head,
    logistic,
    logits,
)


class head_log_odds(Stable):
    """The logarithm of n - k times the weight of rank k + 1 over the weight of the k largest, of rows in any order."""

    latex_name = r"h"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n] and how many are kept [...]."""

        def value(rows: np.ndarray, k: np.ndarray) -> np.ndarray:
            ordered = in_order(rows)
            following = at_rank(ordered, k + 1) - ordered[..., 0]
            return np.log(count_of(ordered) - k) + following - log_head(ordered, k)

        return value

    @staticmethod
    def ball(row: Any, k: Any) -> Any:
        """The same in Arb balls, for a row in decreasing order."""
        count = int(k.unique_fmpz())
        head = sum(((score - row[count]).exp() for score in row[:count]), arb(0))
        return ((len(row) - count) / head).log()

    def standard(self) -> Any:
        """The formula, for a row in decreasing order."""
        row, k = self.args
        return sp.log((LENGTH - k) * sp.exp(row[k + 1]) / kept(weight(row), k))


class rank_log_odds(Stable):
    """ln((n - k)/k) plus the score of rank k + 1 less the largest: all kept keys taken to be as heavy as the first."""

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n] and how many are kept [...]."""

        def value(rows: np.ndarray, k: np.ndarray) -> np.ndarray:
            ordered = in_order(rows)
            return np.log((count_of(ordered) - k) / k) + at_rank(ordered, k + 1) - ordered[..., 0]

        return value


class last_log_odds(Stable):
    """The bound with the smallest score of the row in the place of the largest dropped one."""

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n] and how many are kept [...]."""

        def value(rows: np.ndarray, k: np.ndarray) -> np.ndarray:
            ordered = in_order(rows)
            count = count_of(ordered)
            return np.log(count - k) + at_rank(ordered, count) - ordered[..., 0] - log_head(ordered, k)

        return value


HEAD = head_log_odds(logits, k)

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="bound on the tail mass",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "Theorem 4.5, with the head's weight in full",
        "reconstructed",
        note="the sharper form of a bound that was read in a transcription by others; whether the paper has it is not "
        "known to us",
        year="2025",
    ),
    derivations=bounded_tail(
        HEAD, "dropped weights are at most that of rank k + 1, and odds/(1 + odds) increases with the odds"
    ),
    claim=Bound("upper", sure=True),
    delta=1e-9,
    delta_reason="an inequality between finite sums for every row: nothing but rounding is granted",
    regime="every row and every k < n; an equality where all dropped scores are equal",
    grid=Grid(
        across="k",
        series=(
            {"n": 64, "sigma": 0.5, "step": 0.0},
            {"n": 64, "sigma": 2.0, "step": 0.0},
            {"n": 64, "sigma": 2.0, "step": 8.0},
        ),
        values=(1, 4, 16, 32),
        logx=True,
    ),
    sabotages={
        "every kept key as heavy as the first": {"bound": logistic(rank_log_odds(logits, k))},
        "one dropped key in the place of n - k": {"bound": logistic(HEAD - sp.log(count_odds(logits, k)) - sp.log(k))},
        "the smallest score of the row in the place of rank k + 1": {"bound": logistic(last_log_odds(logits, k))},
    },
)
