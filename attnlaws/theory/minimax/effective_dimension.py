"""A sample of size n resolves D axes of the inputs, those longer than the cells at which noise and bias balance.

The axes of the inputs shrink as exp(-kappa j^alpha). At the level v = ln(1/h) of cells of width h the box has
exp(H(v)) of them, H(v) = sum over j of (v - kappa j^alpha) where that is positive; with d_q coordinates of the query
beside it and a functional of Hoelder exponent beta the balance is log_n = (2 beta + d_q) v + H(v). D counts the axes
with kappa j^alpha <= v. It grows like the power 1/(1 + alpha) of ln n: a sample of 10^12 resolves nine axes at
alpha = 1, kappa = 1/2. For a Lipschitz functional and alpha = 1 axis D + 1 opens at ln n = kappa (D + 1)(D + 4)/2.

Output ``smoothed``: the same without steps, with an integral in place of the sum in which each axis stands for the unit
interval around its number. The steps swing about it by a half either way.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory import box
from attnlaws.theory.box import alpha, axes, beta, count, d_q, kappa, log_n, smooth_count
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.steps import ROOT, Definition, Derivation, Equals, Solves

WEIGHT = 2 * beta + d_q
"""What a unit of the level costs before any axis opens."""
HALF = sp.Rational(1, 2)
place = sp.Symbol("X", positive=True)
"""The place along the axes, as a real number, at which one is as long as a cell; ``smoothed`` is a half less."""
LAST = kappa * place**alpha
MEAN_COURSE = kappa * (
    WEIGHT * place**alpha + (place - HALF) * place**alpha - (place ** (1 + alpha) - HALF ** (1 + alpha)) / (1 + alpha)
)
"""The log_n at which the smooth balance reaches a place."""


def smooth_place(log_n: Any, alpha: Any, kappa: Any, beta: Any, d_q: Any) -> np.ndarray:
    """The place that the smooth balance reaches, 1/2 where it does not reach the first axis.

    Args:
        log_n: as in ``box.balance``.
        alpha: likewise.
        kappa: likewise.
        beta: likewise.
        d_q: likewise.

    Example:
        >>> float(smooth_place(13.8, 1.0, 0.5, 1.0, 0).round(3))
        6.063
    """
    n, a, scale, smoothness, query = np.broadcast_arrays(
        *(np.asarray(value, float) for value in (log_n, alpha, kappa, beta, d_q))
    )
    weight = 2 * smoothness + query
    low, high = np.full(n.shape, np.log(0.5)), np.full(n.shape, np.log(float(box.MOST_AXES)))
    for _ in range(64):
        middle = (low + high) / 2
        at = np.exp(middle)
        cells = (weight + at - 0.5) * at**a - (at ** (1 + a) - 0.5 ** (1 + a)) / (1 + a)
        low, high = np.where(scale * cells <= n, middle, low), np.where(scale * cells <= n, high, middle)
    return np.exp(low)


def smooth_place_ball(digits: int, log_n: Any, alpha: Any, kappa: Any, beta: Any, d_q: Any) -> Any:
    """A ball around the same place, by an interval Newton step in the logarithms.

    Args:
        digits: decimal digits aimed at.
        log_n: as for :func:`smooth_place`.
        alpha: likewise.
        kappa: likewise.
        beta: likewise.
        d_q: likewise.
    """
    from flint import arb, ctx

    from attnlaws.theory.balls import exact, newton

    guess = float(np.log(smooth_place(*(float(value) for value in (log_n, alpha, kappa, beta, d_q)))))
    with ctx.workprec(int(3.33 * digits) + 120):
        n, a, scale, weight = exact(log_n), exact(alpha), exact(kappa), 2 * exact(beta) + exact(d_q)
        half = arb(1) / 2
        if n <= scale * weight * half**a:
            return half

        def cells(t: Any) -> Any:
            return (weight - half) * (a * t).exp() + (a * ((1 + a) * t).exp() + half ** (1 + a)) / (1 + a)

        def slope(t: Any) -> Any:
            return a * ((weight - half) * (a * t).exp() + ((1 + a) * t).exp()) / cells(t)

        return newton(lambda t: (scale * cells(t) / n).log(), slope, guess).exp()


def smoothed(**given: Any) -> np.ndarray:
    """The number of axes without steps."""
    return smooth_place(**given) - 0.5


def smoothed_ball(*, digits: int, **given: Any) -> Any:
    """The same as a ball."""
    return smooth_place_ball(digits, **given) - 0.5


def _axes(**given: Any) -> np.ndarray:
    return box.balance(**given)[1]


def _axes_ball(*, digits: int, **given: Any) -> Any:
    return box.balance_ball(digits, **given)[1]


SOURCE = Source(
    "arXiv:2602.01863",
    "effective dimension of the upper bound",
    "reconstructed",
    title="Transformers as Measure-Theoretic Associative Memory: A Statistical Perspective",
    authors="Kawata, Ryotaro and Suzuki, Taiji",
    year="2026",
    note="the paper's text was not read; notes of it give the order (ln n)^(1/(1 + alpha)). The box, the balance and "
    "every constant are derived here",
)
STEPS_OF_LAW = (
    {"alpha": 1.0, "kappa": 0.5},
    {"alpha": 2.0, "kappa": 0.15},
    {"alpha": 0.5, "kappa": 1.0},
)
LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=box.PARAMETERS,
    quantity="number of axes that n samples resolve, D",
    source=SOURCE,
    derivations=(
        Derivation(
            (
                Definition(
                    WEIGHT * kappa * axes**alpha + count(kappa * axes**alpha),
                    "the balance at the level of axis D: twice u = beta v for the noise, v for each coordinate of the "
                    "query, and the logarithm of the number of cells, ln(s_j/h) for every longer axis",
                ),
                Solves(axes, log_n, ROOT, "the largest whole D at which that is log_n at most; counted"),
            ),
            value=_axes,
            enclosure=_axes_ball,
            accuracy=LooserAccuracy(1e-12, "a whole number; log_n within 1e-12 of a step could fall on either side"),
        ),
        Derivation(
            (
                Definition(
                    WEIGHT * LAST + smooth_count(LAST, place, HALF),
                    "the same at a place X between the axes, each axis being the unit interval around its number",
                ),
                Equals(MEAN_COURSE, "the integral of a power"),
                Equals(ROOT, "X - 1/2 where that is log_n, 0 where even X = 1/2 is beyond it; found by bisection"),
            ),
            value=smoothed,
            enclosure=smoothed_ball,
            accuracy=LooserAccuracy(1e-9, "the difference of X and 1/2, which cancels where the first axis is near"),
            output="smoothed",
        ),
    ),
    claim=Equal(),
    regime="the volumetric balance, exact at every n; what it says of a risk holds up to powers of D",
    grid=Grid(across="log_n", series=STEPS_OF_LAW, values=(5.0, 14.0, 28.0, 230.0, 1000.0), logx=True,
              extra=({"log_n": 40.0, "alpha": 1.0, "kappa": 0.5, "beta": 0.5, "d_q": 4},)),
    sabotages={
        "one axis more": ROOT + 1,
        "the leading power of ln n alone": (1 / alpha + 1) ** (1 / (1 + alpha)) * (log_n / kappa) ** (1 / (1 + alpha)),
        "the power alpha/(1 + alpha)": ROOT * (log_n / kappa) ** ((alpha - 1) / (1 + alpha)),
        "axes from 0, not from 1/2": {"smoothed": ROOT + HALF},
    },
)  # fmt: skip
