"""On cells of width at most h, a regressogram risks at most min(sum w_j^2/12, max w_j^2/pi^2) + M/n_eff, at the best h.

The input is uniform on a box with semi-axes s_j = exp(-kappa j^alpha), j = 1, 2, ..., the function is any that is
1-Lipschitz, and it is observed in Gaussian white noise, as by n_eff = n (L S_0/sigma)^2 samples: the mean of a cell of
chance 1/M is known up to a variance of M/n_eff. Axis j is cut into the fewest cells of width w_j <= h; the law takes
the h that makes the bound least, which no other partition beats where this was searched for. Risks are in units of
(L S_0)^2. With a random design there is more to pay: see `minimax.regressogram`.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.box import ALPHA, KAPPA, LOG_N
from attnlaws.theory.claim import Bound, LooserAccuracy, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import real
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Equals

PARAMETERS = (
    replace(LOG_N, domain=real(minimum=0, maximum=50)),
    replace(ALPHA, domain=real(minimum=0.5, maximum=4)),
    replace(KAPPA, domain=real(minimum=0.1, maximum=5)),
)
log_n, alpha, kappa = (parameter.symbol for parameter in PARAMETERS)
j, k = sp.Symbol("j", integer=True, positive=True), sp.Symbol("k", integer=True, positive=True)
x, y, h = sp.Symbol("x", real=True), sp.Symbol("y", real=True), sp.Symbol("h", positive=True)
cells = sp.Symbol("M", integer=True, positive=True)
function, width = sp.Function("F"), sp.Function("w")

POINCARE = Source(
    "Payne, Weinberger 1960",
    "the best constant of Poincare's inequality on convex domains",
    "secondary",
    title="An optimal Poincare inequality for convex domains",
    authors="Payne, L. E. and Weinberger, H. F.",
    year="1960",
)
NEGLIGIBLE = 23.0
"""Axes whose semi-axis is below exp(-NEGLIGIBLE) times the first do not change 16 digits of a sum of squares."""


def semi_axes(alpha: float, kappa: float) -> np.ndarray:
    """The semi-axes of the box, as far as they are not negligible.

    Example:
        >>> semi_axes(1.0, 1.0)[:2].round(4).tolist()
        [0.3679, 0.1353]
    """
    last = math.ceil((1 + NEGLIGIBLE / kappa) ** (1 / alpha))
    return np.exp(-kappa * np.arange(1.0, last + 1) ** alpha)


@lru_cache(maxsize=4096)
def partition(log_n: float, alpha: float, kappa: float) -> tuple[float, tuple[int, ...]]:
    """The least bound, and the numbers of cells along the axes that are cut, from the widest cell down.

    Cells are cut one axis at a time, always along the axis whose cells are widest: every partition into the fewest
    cells of width at most h comes up.

    Example:
        >>> partition(9.2, 1.0, 1.0)[1]
        (6, 2)
    """
    semi = semi_axes(alpha, kappa)
    squares = float(np.sum(semi**2))
    counts, widest, log_cells = [1], [(-float(semi[0]), 0)], 0.0
    best: tuple[float, tuple[int, ...]] = (math.inf, ())
    while (noise := math.exp(log_cells - log_n)) < best[0]:
        half = -widest[0][0]
        if (bound := min(squares / 3, 4 * half**2 / math.pi**2) + noise) < best[0]:
            best = bound, tuple(counts)
        axis = heapq.heappop(widest)[1]
        if counts[axis] == 1 and axis + 1 < len(semi):
            counts.append(1)
            heapq.heappush(widest, (-float(semi[axis + 1]), axis + 1))
        old, counts[axis] = counts[axis], counts[axis] + 1
        squares -= float(semi[axis]) ** 2 * (1 / old**2 - 1 / counts[axis] ** 2)
        log_cells += math.log(counts[axis] / old)
        heapq.heappush(widest, (-float(semi[axis]) / counts[axis], axis))
    split = tuple(count for count in best[1] if count > 1)
    return _bound(log_n, semi, split), split


def _bound(log_n: float, semi: np.ndarray, split: tuple[int, ...]) -> float:
    half = semi / np.concatenate([split, np.ones(len(semi) - len(split))])
    variance = min(float(np.sum(half**2)) / 3, 4 * float(half.max()) ** 2 / math.pi**2)
    return variance + math.prod(split) * math.exp(-log_n)


def _value(log_n: Any, alpha: Any, kappa: Any) -> np.ndarray:
    each = np.vectorize(lambda *point: partition(*map(float, point))[0], otypes=[np.float64])
    return np.asarray(each(log_n, alpha, kappa))


def _enclosure(*, digits: int, log_n: Any, alpha: Any, kappa: Any) -> Any:
    """Every h at which some axis gets another cell is tried; those near the least bound are evaluated in balls."""
    from flint import arb, ctx

    from attnlaws.theory.balls import exact

    semi = semi_axes(float(alpha), float(kappa))
    counts = _candidates(float(log_n), semi)
    half = np.maximum.reduce(semi[: counts.shape[1] + 1] / np.pad(counts, ((0, 0), (0, 1)), constant_values=1), axis=1)
    rest = np.sum(semi[counts.shape[1] :] ** 2)
    square = (np.sum((semi[: counts.shape[1]] / counts) ** 2, axis=1) + rest) / 3
    bounds = np.minimum(square, 4 * half**2 / math.pi**2) + np.exp(np.sum(np.log(counts), axis=1) - float(log_n))
    near = counts[bounds <= bounds.min() * (1 + 1e-9)]
    with ctx.workprec(4 * digits + 60):
        axes = [(-exact(kappa) * arb(axis) ** exact(alpha)).exp() for axis in range(1, len(semi) + 1)]
        power = exact(alpha)
        last, inverse = 2 * exact(kappa) * arb(len(semi)) ** power, 1 / power
        # Of the axes that are left out: at most the integral.
        left = last.gamma_upper(inverse) / (power * (2 * exact(kappa)) ** inverse)
        tail = sum((axis**2 for axis in axes[counts.shape[1] :]), arb(0)) + arb(0, left.upper())
        least = arb("inf")
        for row in near.tolist():
            widths = [axis / int(count) for axis, count in zip(axes, [*row, 1], strict=False)]
            largest = max(widths, key=lambda one: float(one.mid()))
            inside = (sum((one**2 for one in widths[: len(row)]), arb(0)) + tail) / 3
            variance = inside.min(4 * largest**2 / arb.pi() ** 2)
            least = least.min(variance + math.prod(map(int, row)) * (-exact(log_n)).exp())
        return least


def _candidates(log_n: float, semi: np.ndarray) -> np.ndarray:
    """Numbers of cells along the axes that can be cut, one row for each h down to where noise alone is too much."""

    def rows(h: np.ndarray, cut: np.ndarray) -> np.ndarray:
        return np.maximum(1, np.ceil(2 * cut / h[:, None] * (1 - 1e-12)))

    grid = 2 * semi[0] * np.exp(-np.linspace(0, log_n + 1, 400))
    noise = np.array([np.sum(np.log(rows(h[None], semi[2 * semi > h]))) - log_n for h in grid])
    coarse = np.min(np.logaddexp(2 * np.log(grid / math.pi), noise))
    lowest = grid[np.flatnonzero(noise <= coarse)[-1]] * math.exp(-(log_n + 1) / 399)
    reached = semi[2 * semi > lowest]
    places = [2 * axis / np.arange(1, math.ceil(2 * axis / lowest) + 1) for axis in reached]
    return rows(np.unique(np.concatenate([*places, [2 * semi[0]]])), reached)


squares: Any = sp.Sum(width(j, h) ** 2, (j, 1, sp.oo))
within = sp.Integral((function(k, x) - function(k, y)) ** 2 / 2, (x, 0, 1), (y, 0, 1))
power = alpha / (1 + alpha)

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="worst mean square error / (L S_0)^2",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2602.01863",
        "an upper bound at finite n for a surrogate of its rate",
        "reconstructed",
        title="Transformers as Measure-Theoretic Associative Memory: A Statistical Perspective",
        authors="Kawata, Ryotaro and Suzuki, Taiji",
        year="2026",
        note="the paper was not read; the box, the estimator and the bound are ours",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    sp.Sum(within, (k, 1, cells)) / cells + cells * sp.exp(-log_n),
                    "variance within the cells, half the mean squared difference of the function F at two independent "
                    "places of cell k (here numbered from 0 to 1 in any way that keeps volumes), and variance M/n_eff "
                    "of each cell's mean",
                ),
                Cites(
                    sp.Min(squares / 12, (width(1, h) / sp.pi) ** 2) + cells * sp.exp(-log_n),
                    POINCARE,
                    "upper bounds: a difference of function values is at most the distance, whose mean square is the "
                    "sum of w_j^2/6; and the variance of a function of mean squared slope 1 on a box is at most the "
                    "largest w_j^2/pi^2, with axes numbered by width",
                ),
                Equals(ROOT, "the least over h, with w_j = 2 s_j/m_j and m_j the fewest cells of width at most h"),
            ),
            value=_value,
            enclosure=_enclosure,
            accuracy=LooserAccuracy(1e-12, "exp(-log_n) and sums over up to 50 000 axes"),
        ),
    ),
    claim=Bound("upper", sure=False),
    regime="every n_eff; simulated for a linear function along the widest cells, which takes up 82 % of the bound on "
    "its variance",
    grid=Grid(
        across="log_n",
        series=({"alpha": 1.0, "kappa": 1.0}, {"alpha": 1.0, "kappa": 0.5}),
        values=(4.6, 6.9, 9.2, 11.5),
        extra=({"alpha": 2.0, "kappa": 0.15, "log_n": 8.0},),
    ),
    sabotages={
        "the leading exponential alone": sp.exp(
            -2 * kappa ** (1 - power) * power ** (-power) * log_n**power,
        ),
        "the balance of entropy and samples, for alpha = 1": sp.exp(
            3 * kappa - sp.sqrt(kappa * (8 * log_n + 9 * kappa))
        ),
        "variance or noise, not both": ROOT / 2,
        "the rate of a parametric problem": sp.exp(-log_n),
    },
)
