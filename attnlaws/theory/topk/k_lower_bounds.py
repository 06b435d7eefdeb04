"""Losing at most a share eps of n softmax weights takes no fewer keys than their range, squares and entropy allow.

k_eps is the smallest number of keys, from the largest weight down, that leaves a share of at most eps. Three numbers
that it never falls below, for any row of n scores that are not masked, with probabilities p:

* ``range``: n (1 - eps)/(1 - eps + eps exp(B)), B being the largest score less the smallest. Kept weights are at most
  exp(B) times dropped ones. Equality, but for rounding up, where all scores are equal.
* ``participation``: (1 - eps)^2 / sum of p^2, by the inequality of Cauchy and Schwarz on the kept keys.
* ``fano``: exp((S - h(eps) - eps ln n)/(1 - eps)) with S the entropy and h that of one toss that fails with probability
  eps, in nats. With tau the share that is lost, S is at most h(tau) + (1 - tau) ln k + tau ln n, and what this leaves
  for ln k falls as tau grows, since its derivative has the sign of S + ln tau - ln n.
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
from attnlaws.theory.ordered import INDEX, LENGTH
from attnlaws.theory.parameter import Parameter, real
from attnlaws.theory.stable import Stable
from attnlaws.theory.steps import AtLeast, Definition, Derivation
from attnlaws.theory.topk.gap_bound import LOGITS, SIMULATION, at_rank, count_of, in_order, logits
from attnlaws.theory.vocabulary import log1p

EPS = Parameter("eps", "share of the softmax mass that may be lost", real(above=0, maximum=0.99))
PARAMETERS = (LOGITS, EPS, *SIMULATION)
eps = EPS.symbol


def _weights(rows: np.ndarray) -> np.ndarray:
    """Weights relative to the largest of a row."""
    rows = np.asarray(rows, np.float64)
    return np.exp(rows - np.max(rows, axis=-1, keepdims=True))


class _RowFunction(Stable):
    """A function of rows alone, that no formula in them says shorter."""

    def standard(self) -> Any:
        """Itself."""
        return self


class keys(_RowFunction):
    """How many scores of a row are not masked."""

    latex_name = "n"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n]."""
        return lambda rows: count_of(np.asarray(rows)).astype(np.float64)

    @staticmethod
    def ball(row: Any) -> Any:
        """The same in Arb balls."""
        return arb(len(row))


class score_range(_RowFunction):
    """The largest score less the smallest one that is not masked."""

    latex_name = "B"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n]."""

        def value(rows: np.ndarray) -> np.ndarray:
            ordered = in_order(rows)
            return ordered[..., 0] - at_rank(ordered, count_of(ordered))

        return value

    @staticmethod
    def ball(row: Any) -> Any:
        """The same in Arb balls, for a row in decreasing order."""
        return row[0] - row[-1]


class participation(_RowFunction):
    """One over the sum of the squares of the softmax probabilities.

    Example:
        >>> float(participation.routine()(np.zeros(8)))
        8.0
    """

    latex_name = "R"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n]."""
        return lambda rows: np.sum(_weights(rows), axis=-1) ** 2 / np.sum(_weights(rows) ** 2, axis=-1)

    @staticmethod
    def ball(row: Any) -> Any:
        """The same in Arb balls."""
        weights = [(score - row[0]).exp() for score in row]
        return sum(weights, arb(0)) ** 2 / sum((w**2 for w in weights), arb(0))


class entropy(_RowFunction):
    """The entropy of the softmax probabilities, in nats.

    Example:
        >>> float(entropy.routine()(np.zeros(8)) / np.log(8))
        1.0
    """

    latex_name = "S"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n]."""

        def value(rows: np.ndarray) -> np.ndarray:
            below = in_order(rows)
            below = below - below[..., :1]
            weights = np.exp(below)
            total = np.sum(weights, axis=-1)
            moment = np.sum(np.where(np.isfinite(below), -below, 0.0) * weights, axis=-1)
            return np.log(total) + moment / total  # both parts are positive

        return value

    @staticmethod
    def ball(row: Any) -> Any:
        """The same in Arb balls."""
        weights = [(score - row[0]).exp() for score in row]
        total = sum(weights, arb(0))
        return -sum((w / total * (w / total).log() for w in weights), arb(0))


class loses_more(_RowFunction):
    """1 where a row cut to its k largest weights loses more than a share eps, else 0."""

    latex_name = r"\mathbf 1_{\tau>\epsilon}"

    @staticmethod
    def ball(row: Any, k: Any, eps: Any) -> Any:
        """The answer, not a number where the balls do not tell."""
        weights = [(score - row[0]).exp() for score in row]
        lost = sum(weights[int(k.unique_fmpz()) :], arb(0)) - eps * sum(weights, arb(0))
        return arb(1) if lost > 0 else arb(0) if lost <= 0 else arb("nan")


K_EPS = sp.Sum(loses_more(logits, INDEX - 1, eps), (INDEX, 1, LENGTH))
TOSS = -eps * sp.log(eps) - (1 - eps) * log1p(-eps)

FORMS: dict[str, tuple[sp.Expr, str]] = {
    "range": (
        keys(logits) * (1 - eps) / (1 - eps + eps * sp.exp(score_range(logits))),
        "at most k exp(B) + n - k smallest weights make up the whole, and n - k of them at least are lost",
    ),
    "participation": (
        (1 - eps) ** 2 * participation(logits),
        "the square of the kept probability, which is at least 1 - eps, is at most k times the sum of the squares",
    ),
    "fano": (
        sp.exp((entropy(logits) - TOSS - eps * sp.log(keys(logits))) / (1 - eps)),
        "entropy is that of kept or dropped, plus at most ln k and ln n within them, weighted; worst at a loss of eps",
    ),
}

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="bound on the number of keys k_eps",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "the smallest certified k",
        "reconstructed",
        note="bounds from below on the paper's k_eps; they are derived here and not known to be in the paper",
        year="2025",
    ),
    derivations=tuple(
        Derivation(
            (
                Definition(K_EPS, "how many of the cuts k = 0, 1, ... lose more than eps: the first that does not"),
                AtLeast(form, reason),
            ),
            accuracy=LooserAccuracy(
                1e-12, "exponentials of a range of up to 690, or of an entropy divided by 1 - eps, down to 0.01"
            ),
            output=output,
        )
        for output, (form, reason) in FORMS.items()
    ),
    claim=Bound("lower", sure=True),
    delta=1e-9,
    delta_reason="an inequality between finite sums for every row: nothing but rounding is granted",
    regime="every row; the range says most where scores are close together, the others where they are spread",
    grid=Grid(
        across="eps",
        series=(
            {"n": 64, "sigma": 0.5, "step": 0.0},
            {"n": 64, "sigma": 2.0, "step": 0.0},
            {"n": 64, "sigma": 5.0, "step": 0.0},
            {"n": 64, "sigma": 0.5, "step": 8.0},
        ),
        values=(0.01, 0.1, 0.5),
        logx=True,
    ),
    sabotages={
        "the kept share of the keys, whatever the range": {"range": keys(logits) * (1 - eps)},
        "the kept share once, not squared": {"participation": (1 - eps) * participation(logits)},
        "the entropy of the toss left out": {
            "fano": sp.exp((entropy(logits) - eps * sp.log(keys(logits))) / (1 - eps))
        },
        "the exponential of the entropy": {"fano": sp.exp(entropy(logits))},
    },
)
