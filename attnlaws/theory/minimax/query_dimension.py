"""Coordinates of the query that do not shrink cost little until there are as many of them as axes that are resolved.

A target that also depends on d_q coordinates of the query, of a size of the order of 1, has cells in them too, and the
balance becomes log_n = (2 beta + d_q) v + H(v). What is left of the exponent of the risk is v over that without them,
the first output, ``share``: the risk is the earlier one to this power. In the limit it is the r with
r^(1/p) + d_q (A/(ln n)^(1 - p)) r = 1, p = alpha/(1 + alpha), A = kappa^(1-p) p^(-p), so that d_q is harmless where it
is small beside (ln n)^(1/(1 + alpha)), the number of resolved axes. A query that is one of I tags, with a target of its
own each, divides n by I: harmless where ln I (``log_tags``) is small beside ln n.

Output ``half``: the number of coordinates, as a real number, that leaves half of the exponent (without tags).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory import box
from attnlaws.theory.box import alpha, axes, beta, count, d_q, j, kappa, log_n, semi_axis
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, real
from attnlaws.theory.steps import ROOT, Definition, Derivation, Equals

TAGS = Parameter(
    "log_tags", "ln of the number of tags that the query can be", real(minimum=0, maximum=1e5), default=0.0
)
PARAMETERS = (*box.PARAMETERS, TAGS)
log_tags = TAGS.symbol
p = box.EXPONENT
alone = sp.Symbol("D_0", integer=True, positive=True)
"""Axes that are resolved without the query."""


def level_with(size: Any, weight: Any, number: Any) -> Any:
    """The level of the balance where so many axes are resolved: it is linear between two steps."""
    return (size - sp.Sum(sp.log(semi_axis(j)), (j, 1, number))) / (weight + number)


def added(number: Any) -> Any:
    """What the axes add to ln n at level 0."""
    return kappa * sp.Sum(j**alpha, (j, 1, number))


BEFORE = level_with(log_n, 2 * beta, alone)


def _share(*, log_n: Any, alpha: Any, kappa: Any, beta: Any, d_q: Any, log_tags: Any) -> np.ndarray:
    left = box.balance(log_n - log_tags, alpha, kappa, beta, d_q)[0]
    return left / box.balance(log_n, alpha, kappa, beta)[0]


def _share_ball(*, digits: int, log_n: Any, alpha: Any, kappa: Any, beta: Any, d_q: Any, log_tags: Any) -> Any:
    left = box.balance_ball(digits, log_n - log_tags, alpha, kappa, beta, d_q)[0]
    return left / box.balance_ball(digits, log_n, alpha, kappa, beta)[0]


def half(*, log_n: Any, alpha: Any, kappa: Any, beta: Any = 1.0, **_: Any) -> np.ndarray:
    """Coordinates of the query that halve the exponent.

    Args:
        log_n: as in ``box.balance``.
        alpha: likewise.
        kappa: likewise.
        beta: likewise.

    Example:
        >>> float(half(log_n=13.8, alpha=1.0, kappa=0.5).round(3))
        6.062
    """
    middle = box.balance(log_n, alpha, kappa, beta)[0] / np.asarray(beta) / 2
    return (log_n - box.entropy(middle, alpha, kappa)) / middle - 2 * np.asarray(beta)


def _half_ball(*, digits: int, log_n: Any, alpha: Any, kappa: Any, beta: Any, **_: Any) -> Any:
    from attnlaws.theory.balls import exact

    middle = box.balance_ball(digits, log_n, alpha, kappa, beta)[0] / exact(beta) / 2
    return (exact(log_n) - box.entropy_ball(digits, middle, alpha, kappa)) / middle - 2 * exact(beta)


LEADING = kappa ** (1 - p) * p**-p * log_n ** (p - 1)
"""A (ln n)^(p - 1), the level over ln n to leading order."""

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="share of the exponent that is left, ln R over ln R without the query",
    source=Source(
        "arXiv:2602.01863",
        "conditions on the dimension and the number of tags",
        "reconstructed",
        note="the paper's text was not read; notes of it ask for d_1 of the order of (ln n)^(1/(1 + alpha)), or for "
        "I = n^o(1) tags alone. What more of them cost is derived here, for the box and the volumetric balance",
        year="2026",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    level_with(log_n - log_tags, 2 * beta + d_q, axes) / BEFORE,
                    "the level of the balance with the query over that without, D and D_0 axes being resolved",
                ),
                Equals(
                    (2 * beta + alone)
                    * (log_n - log_tags + added(axes))
                    / ((2 * beta + d_q + axes) * (log_n + added(alone))),
                    "the logarithm of an axis is -kappa j^alpha",
                ),
                Equals(ROOT, "with D and D_0 counted as for the effective dimension"),
            ),
            value=_share,
            enclosure=_share_ball,
            accuracy=LooserAccuracy(1e-12, "the level is continuous at a step; a few sums of powers are added"),
            output="share",
            below={"log_tags": log_n},
            exists="fewer than one sample per tag",
        ),
        Derivation(
            (
                Definition(
                    2 * (log_n - count(BEFORE / 2)) / BEFORE - 2 * beta,
                    "the d_q at which half the level balances, with D axes resolved there",
                ),
                Equals(
                    2 * (2 * beta + alone) * (log_n + added(axes)) / (log_n + added(alone)) - axes - 2 * beta,
                    "each of D axes adds half the level once",
                ),
                Equals(ROOT, "with D and D_0 counted"),
            ),
            value=half,
            enclosure=_half_ball,
            accuracy=LooserAccuracy(1e-12, "the level is continuous at a step; a few sums of powers are added"),
            output="half",
        ),
    ),
    claim=Equal(),
    regime="the volumetric balance, exact at every n; coordinates of a smaller size cost less",
    grid=Grid(
        across="d_q",
        series=tuple({"alpha": 1.0, "kappa": 0.5, "log_n": size} for size in (14.0, 60.0, 1000.0)),
        values=(1, 4, 16, 64),
        logx=True,
        extra=(
            {"alpha": 1.0, "kappa": 0.5, "log_n": 28.0, "log_tags": 7.0, "d_q": 0},
            {"alpha": 2.0, "kappa": 0.15, "log_n": 28.0, "beta": 0.5, "d_q": 3},
        ),
    ),
    sabotages={
        "harmless": 1 + 0 * d_q,
        "as if there were no axes": 2 * beta / (2 * beta + d_q),
        "to the first order": 1 / (1 + d_q * LEADING),
        "tags cost nothing": ROOT * (log_n / (log_n - log_tags)) ** p,
        "half the axes that are resolved": {"half": (log_n / (kappa * p)) ** (1 - p) / 2},
        "a power p of ln n": {"half": (log_n / kappa) ** p},
    },
)
