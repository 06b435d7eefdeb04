"""A softmax row cut to its k largest weights loses at most 1/(1 + k/(n - k) exp(gap)), the gap being at the cut.

The gap is the difference between the smallest score that is kept and the largest that is dropped; n counts the scores
that are not masked. Replace every kept weight by the smallest of them and every dropped one by the largest: the head
can only become lighter and the tail heavier. Equality holds exactly where all kept scores are equal and all dropped
ones are. The bound is true for every row and loose for most: with Gaussian scores it hardly sees how widely they are
spread (``topk.gap_bound_rate``).

Outputs: ``bound``, which below the range of float64 is its smallest number, never 0; ``log``, its natural logarithm,
good for any gap; ``looseness``, the bound over the tail mass itself.
"""

# ruff: noqa: N801  (the classes are functions, named as formulas write them)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from flint import arb

from attnlaws.theory.claim import Bound, LooserAccuracy, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.ordered import INDEX, LENGTH, dropped, dropped_odds, kept, weight
from attnlaws.theory.parameter import Parameter, integer, real, rows
from attnlaws.theory.stable import Stable, standard
from attnlaws.theory.steps import AtMost, Definition, Derivation

LOGITS = Parameter("logits", "scores of the keys, one row or many", rows(), role="instance")
KEPT = Parameter("k", "number of keys kept, of those with the largest scores", integer(1, 10**9, fewer_than="logits"))
SIMULATION = (
    Parameter("n", "number of keys", integer(2, 10**6), role="simulation"),
    Parameter("sigma", "standard deviation of the scores", real(above=0, maximum=35), role="simulation"),
    Parameter("step", "distance of the levels that scores are rounded to, 0 for none", real(minimum=0, maximum=100),
              default=0, role="simulation"),
)  # fmt: skip
PARAMETERS = (LOGITS, KEPT, *SIMULATION)
logits, k = LOGITS.symbol, KEPT.symbol

SMALLEST = float(np.nextafter(0.0, 1.0))
ROUNDING = LooserAccuracy(2e-13, "a difference of scores of up to 690 is rounded before its exponential is taken")


# --- rows in decreasing order ---------------------------------------------------------------------------------------


def in_order(scores: np.ndarray) -> np.ndarray:
    """Rows in decreasing order, what is masked at the end."""
    return -np.sort(-np.asarray(scores, np.float64), axis=-1)


def at_rank(ordered: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """The score of a rank, from 1 for the largest; rows [..., n] and ranks [...]."""
    place = np.broadcast_to(np.asarray(rank).astype(np.int64) - 1, ordered.shape[:-1])
    return np.take_along_axis(ordered, place[..., None], axis=-1)[..., 0]


def log_sum(scores: np.ndarray) -> np.ndarray:
    """The logarithm of the sum of the exponentials along the last axis; one of them at least is finite."""
    top = np.max(scores, axis=-1, keepdims=True)
    return top[..., 0] + np.log(np.sum(np.exp(scores - top), axis=-1))


def log_head(ordered: np.ndarray, k: np.ndarray) -> np.ndarray:
    """The logarithm of the weight of the k largest scores, relative to the largest."""
    stays = np.arange(ordered.shape[-1]) < np.asarray(k)[..., None]
    return log_sum(np.where(stays, ordered - ordered[..., :1], -np.inf))


def count_of(ordered: np.ndarray) -> np.ndarray:
    """How many scores of each row are not masked."""
    return np.isfinite(ordered).sum(axis=-1)


# --- functions of rows ----------------------------------------------------------------------------------------------


class log_odds(Stable):
    """The logarithm of the weight dropped over the weight of the k largest, of softmax rows in any order.

    Example:
        >>> round(float(log_odds.routine()(np.array([0.0, -800.0]), 1.0)), 9)
        -800.0
    """

    latex_name = r"\ln\omega"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n] and how many are kept [...]."""

        def value(rows: np.ndarray, k: np.ndarray) -> np.ndarray:
            ordered = in_order(rows)
            goes = np.arange(ordered.shape[-1]) >= np.asarray(k)[..., None]
            return log_sum(np.where(goes, ordered - ordered[..., :1], -np.inf)) - log_head(ordered, k)

        return value

    @staticmethod
    def ball(row: Any, k: Any) -> Any:
        """The same in Arb balls, for a row in decreasing order."""
        return dropped_odds.ball(row, k).log()

    def standard(self) -> Any:
        """The two sums."""
        return sp.log(standard(dropped_odds(*self.args)))


class gap_log_odds(Stable):
    """ln((n - k)/k) less the gap between the scores of rank k and k + 1, of rows in any order."""

    latex_name = r"g"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n] and how many are kept [...]."""

        def value(rows: np.ndarray, k: np.ndarray) -> np.ndarray:
            ordered = in_order(rows)
            return np.log((count_of(ordered) - k) / k) + (at_rank(ordered, k + 1) - at_rank(ordered, k))

        return value

    @staticmethod
    def ball(row: Any, k: Any) -> Any:
        """The same in Arb balls, for a row in decreasing order."""
        count = int(k.unique_fmpz())
        return (arb(len(row) - count) / count).log() + row[count] - row[count - 1]

    def standard(self) -> Any:
        """The formula, for a row in decreasing order."""
        row, k = self.args
        return sp.log((LENGTH - k) / k) + row[k + 1] - row[k]


class logistic(Stable):
    """1/(1 + exp(-x)); where that is below the range of float64, the smallest number above 0: it bounds from above."""

    latex_name = r"\operatorname{logistic}"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays."""
        from scipy import special

        def value(x: np.ndarray) -> np.ndarray:
            # Below -708 the exponential is subnormal, with an error of up to one unit, which is added.
            upward = np.where(x == -np.inf, 0.0, np.exp(np.minimum(x, -708.0)) + SMALLEST)
            return np.where(x < -708.0, upward, special.expit(x))

        return value

    @staticmethod
    def ball(x: Any) -> Any:
        """The same in Arb balls."""
        return 1 / (1 + (-x).exp())

    def standard(self) -> Any:
        """The quotient."""
        return 1 / (1 + sp.exp(-standard(self.args[0])))


class log_logistic(Stable):
    """-ln(1 + exp(-x)), on the whole axis."""

    scipy_name, latex_name = "log_expit", r"\ln\operatorname{logistic}"

    @staticmethod
    def ball(x: Any) -> Any:
        """The same in Arb balls."""
        return -(-x).exp().log1p()

    def standard(self) -> Any:
        """The logarithm."""
        return -sp.log(1 + sp.exp(-standard(self.args[0])))


# --- the law --------------------------------------------------------------------------------------------------------

TOTAL = sp.Sum(weight(logits)(INDEX), (INDEX, 1, LENGTH))
TAIL_MASS = dropped(weight(logits), k) / (kept(weight(logits), k) + dropped(weight(logits), k))


def bounded_tail(odds: Any, reason: str) -> tuple[Derivation, ...]:
    """The derivations of a bound on the tail mass, from the logarithm of a bound on dropped over kept weight.

    Args:
        odds: the logarithm, in functions of the row.
        reason: why it is a bound.
    """
    looseness = sp.exp(log_logistic(odds) - log_logistic(log_odds(logits, k)))
    chains = {
        "bound": (
            Definition(TAIL_MASS, "the weight dropped over all weight, of a row in decreasing order"),
            AtMost(logistic(odds), reason),
        ),
        "log": (
            Definition(sp.log(TAIL_MASS), "logarithm of the weight dropped over all weight"),
            AtMost(log_logistic(odds), reason),
        ),
        "looseness": (
            Definition(sp.Sum(weight(logits)(INDEX) / TOTAL, (INDEX, 1, LENGTH)), "all probability, which is 1"),
            AtMost(looseness, "the bound over what it bounds"),
        ),
    }
    return tuple(Derivation(steps, accuracy=ROUNDING, output=output) for output, steps in chains.items())


class mean_dropped(Stable):
    """The mean of the dropped scores less the score of rank k: what a bound may not use in the place of the largest."""

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n] and how many are kept [...]."""

        def value(rows: np.ndarray, k: np.ndarray) -> np.ndarray:
            ordered = in_order(rows)
            goes = (np.arange(ordered.shape[-1]) >= np.asarray(k)[..., None]) & np.isfinite(ordered)
            return np.sum(ordered, axis=-1, where=goes) / (count_of(ordered) - k) - at_rank(ordered, k)

        return value


class count_odds(Stable):
    """The number of keys dropped over the number kept."""

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n] and how many are kept [...]."""
        return lambda rows, k: (count_of(np.asarray(rows)) - k) / k


GAP = gap_log_odds(logits, k)

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="bound on the tail mass",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "Theorem 4.5 (single boundary gap)",
        "secondary",
        note="the formula was read in a transcription by others; it is derived here, and the case of equality is ours",
        year="2025",
    ),
    derivations=bounded_tail(
        GAP, "kept weights are at least that of rank k, dropped ones at most that of rank k + 1, and odds/(1 + odds) "
        "increases"
    ),
    claim=Bound("upper", sure=True),
    delta=1e-9,
    delta_reason="an inequality between finite sums for every row: nothing but rounding is granted",
    regime="every row and every k < n; an equality where there is one level of scores on either side of the cut",
    grid=Grid(
        across="k",
        series=({"n": 64, "sigma": 0.5, "step": 0.0},
            {"n": 64, "sigma": 2.0, "step": 0.0}, {"n": 64, "sigma": 2.0, "step": 8.0}),
        values=(1, 4, 16, 32),
        logx=True,
    ),
    sabotages={
        "the numbers of keys left out": {"bound": logistic(GAP - sp.log(count_odds(logits, k)))},
        "the numbers of keys the wrong way up": {"bound": logistic(GAP - 2 * sp.log(count_odds(logits, k)))},
        "the mean of the dropped scores in the place of the largest": {
            "bound": logistic(sp.log(count_odds(logits, k)) + mean_dropped(logits, k))
        },
    },
)  # fmt: skip
