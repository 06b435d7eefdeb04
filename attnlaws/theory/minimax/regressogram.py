"""A regressogram of a linear function risks V + (V + noise^2) E[1/N; N > 0] + (1 - 1/M)^n E Fbar^2, for every n.

The input is uniform on a box with semi-axes s_j = exp(-kappa j^alpha), j = 1, ..., J, which is cut into M = m_1 m_2 m_3
m_4 equal cells. The estimator answers with the mean of the noisy values that fell into a cell, or with zero where none
did. For a linear function with gradient g its risk is exact at every n: V = sum of g_j^2 w_j^2/12 is what a constant
cannot follow within a cell of widths w_j = 2 s_j/m_j, N is the number of the n samples in a cell, binomial with chance
1/M, and E Fbar^2 = sum of g_j^2 (s_j^2/3 - w_j^2/12) is what an empty cell costs. Risks are in units of (L S_0)^2, the
noise in units of L S_0.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.box import ALPHA, KAPPA, semi_axis
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, choice, integer, real
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Equals, Using

MOST_AXES, SPLIT = 16, 4
PARAMETERS = (
    Parameter("n", "number of samples", integer(1, 10**6)),
    ALPHA,
    KAPPA,
    Parameter("J", "number of coordinates", integer(SPLIT, MOST_AXES)),
    *(Parameter(f"m_{axis}", f"cells along axis {axis}", integer(1, 100), default=1) for axis in range(1, SPLIT + 1)),
    Parameter("noise", "standard deviation of the noise", real(minimum=0, maximum=100), unit="L S_0"),
    Parameter("direction", "gradient: equal along all axes, or along the first", choice("diagonal", "first")),
)
n, alpha, kappa, J, *splits, noise = (parameter.symbol for parameter in PARAMETERS[:-1])
j, k, x = sp.Symbol("j", integer=True, positive=True), sp.Symbol("k", integer=True, positive=True), sp.Symbol("x")

M = sp.Mul(*splits)
SQUARE = semi_axis(j) ** 2
"""The square of semi-axis j."""


RECIPROCAL = Source(
    "Grab, Savage 1954",
    "the recurrence for the mean of the reciprocal of a positive binomial variable",
    "secondary",
    title="Tables of the Expected Value of 1/X for Positive Bernoulli and Poisson Variables",
    authors="Grab, Edwin L. and Savage, I. Richard",
    year="1954",
)


def weighed(along: Any, rest: Any, direction: str) -> Any:
    """A sum over the axes of squared gradient components times ``along(s_j^2, m_j)``, ``rest(s_j^2)`` without a cut."""
    cut = [along(SQUARE.subs(j, axis), m) for axis, m in enumerate(splits, 1)]
    if direction == "first":
        return cut[0]
    return (sp.Add(*cut) + sp.Sum(rest(SQUARE), (j, SPLIT + 1, J))) / J


UNIFORM = sp.Integral(x**2, (x, -1, 1)) / 2
"""The variance of a uniform variable on [-1, 1]; within a cell a coordinate is s_j/m_j times one, and a constant."""


def chance(count: Any) -> Any:
    """The chance that a cell holds so many of the n samples."""
    return sp.binomial(n, count) * (1 / M) ** count * (1 - 1 / M) ** (n - count)


def _harmonic_mean(samples: int, cells: float) -> float:
    """E[1/N; N > 0] for a binomial N: the sum of p^(n-k) (1 - p^k)/k, all terms positive, with p = 1 - 1/cells."""
    if cells == 1:
        return 1.0 / samples
    log_p = np.log1p(-1.0 / cells)
    count = np.arange(1.0, samples + 1.0)
    return float(np.sum(np.exp((samples - count) * log_p) * -np.expm1(count * log_p) / count))


harmonic_mean = lru_cache(maxsize=4096)(_harmonic_mean)
"""The same, kept: a curve over kappa has one n and one M."""


def cells_risk(direction: str, *, n: Any, alpha: Any, kappa: Any, J: Any, noise: Any, **cells: Any) -> np.ndarray:
    """The risk in float64, every parameter an array."""
    parts = np.stack([np.asarray(cells[f"m_{axis}"], np.float64) for axis in range(1, SPLIT + 1)])
    total = parts.prod(axis=0)
    inner, between = np.zeros(total.shape), np.zeros(total.shape)
    for axis in range(1, MOST_AXES + 1 if direction == "diagonal" else 2):
        share = np.where(axis <= J, 1 / J, 0.0) if direction == "diagonal" else 1.0
        third = share * np.exp(-2 * kappa * axis**alpha) / 3
        m = parts[axis - 1] if axis <= SPLIT else 1.0
        inner, between = inner + third / m**2, between + third * (1 - 1 / m**2)
    each = np.vectorize(lambda samples, cells: harmonic_mean(int(samples), float(cells)), otypes=[np.float64])
    empty = np.exp(n * np.log1p(-1 / total))
    return np.asarray(inner + (inner + noise**2) * each(n, total) + empty * between)


def _inverse_count(n: int, cells: int) -> Any:
    """E[1/N; N > 0] in balls, by its definition: binomial chances from the largest down on both sides.

    The ratio of two neighboring terms falls away from the largest, so a geometric series bounds what is left out.
    """
    from flint import arb, ctx

    if cells == 1:
        return 1 / arb(n)
    p = 1 / arb(cells)
    odds = p / (1 - p)
    middle = min(n, max(1, (n + 1) // cells))
    log_top = (
        arb(n + 1).lgamma()
        - arb(middle + 1).lgamma()
        - arb(n - middle + 1).lgamma()
        + middle * p.log()
        + (n - middle) * (-p).log1p()
    )
    top, small = log_top.exp() / middle, arb(2) ** -ctx.prec
    total = top
    for step in (1, -1):
        term, count, ratio = top, middle, arb(1)
        while 1 <= count + step <= n:
            up = odds * (n - count) * count / (count + 1) ** 2 if step == 1 else 0
            down = count * count / (odds * (n - count + 1) * (count - 1)) if step == -1 else 0
            ratio = up if step == 1 else down
            term, count = term * ratio, count + step
            total += term
            if ratio < 0.9 and term < total * small:
                total += arb(0, (term * ratio / (1 - ratio)).upper())
                break
    return total


def _ball(direction: str) -> Any:
    def enclosure(*, digits: int, n: int, alpha: Any, kappa: Any, J: int, noise: Any, **cells: int) -> Any:
        from flint import arb, ctx

        from attnlaws.theory.balls import exact

        with ctx.workprec(4 * digits + 60):
            parts = [cells[f"m_{axis}"] for axis in range(1, SPLIT + 1)]
            total = math.prod(parts)
            squares = [(-2 * exact(kappa) * arb(axis) ** exact(alpha)).exp() for axis in range(1, J + 1)]
            squares = squares if direction == "diagonal" else squares[:1]
            whole, inner = arb(0), arb(0)
            for axis, square in enumerate(squares):
                whole += square / 3 / len(squares)
                inner += square / 3 / len(squares) / (parts[axis] if axis < SPLIT else 1) ** 2
            filled = _inverse_count(n, total)
            return inner + (inner + exact(noise) ** 2) * filled + (1 - 1 / arb(total)) ** n * (whole - inner)

    return enclosure


def _derivation(direction: str) -> Derivation:
    def risk(variance: Any, spread: Any, terms: Any) -> Any:
        return variance + (variance + noise**2) * sp.Sum(terms, (k, 1, n)) + (1 - 1 / M) ** n * spread

    def parts(unit: Any) -> tuple[Any, Any]:
        held = weighed(lambda square, m: unit * square / m**2, lambda square: unit * square, direction)
        return held, weighed(lambda square, m: unit * square * (1 - 1 / m**2), lambda _: sp.S.Zero, direction)

    variance, spread = parts(UNIFORM)
    inner, between = parts(sp.Rational(1, 3))
    geometric = (1 - 1 / M) ** (n - k) * (1 - (1 - 1 / M) ** k) / k
    return Derivation(
        (
            Definition(
                risk(variance, spread, chance(k) / k),
                "within a cell the function varies by V, and the mean of k noisy values at random places is off by "
                "(V + noise^2)/k, averaged over binomial k; an empty cell answers zero, and the square of the "
                "function's mean there is, over all cells, the variance that the cells do not hold",
            ),
            Equals(
                risk(inner, between, chance(k) / k),
                "a uniform variable on [-1, 1] has variance 1/3",
                Using((UNIFORM, sp.Rational(1, 3))),
            ),
            Cites(
                risk(inner, between, geometric),
                RECIPROCAL,
                "the mean of 1/N over N > 0 is (1 - 1/M) times that of one sample less, plus (1 - (1 - 1/M)^n)/n",
            ),
            Equals(ROOT, "added up"),
        ),
        when={"direction": direction},
        value=lambda **given: cells_risk(direction, **given),
        enclosure=_ball(direction),
        accuracy=LooserAccuracy(1e-12, "a sum of up to a million powers with exponents of up to 700"),
    )


FIRST = sp.exp(-2 * kappa) / 3
"""What the first axis alone has of the variance."""
FIRST_WITHIN = FIRST / splits[0] ** 2
FIRST_EMPTY = (1 - 1 / M) ** n * (FIRST - FIRST_WITHIN)
HALVED = {"alpha": 1.0, "kappa": 0.5, "J": 8, "noise": 0.2}

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="mean square error / (L S_0)^2",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2602.01863",
        "a finite-dimensional surrogate of the recalled measure's coordinates",
        "reconstructed",
        title="Transformers as Measure-Theoretic Associative Memory: A Statistical Perspective",
        authors="Kawata, Ryotaro and Suzuki, Taiji",
        year="2026",
        note="the paper was not read; the box, the estimator and its exact risk are ours",
    ),
    derivations=(_derivation("diagonal"), _derivation("first")),
    claim=Equal(),
    regime="every n and partition, empty cells included",
    grid=Grid(
        across="n",
        series=(
            {**HALVED, "m_1": 4, "m_2": 3, "m_3": 2, "direction": "diagonal"},
            {**HALVED, "m_1": 4, "m_2": 3, "m_3": 2, "direction": "first"},
        ),
        values=(15, 40, 120),
        logx=True,
        extra=({**HALVED, "noise": 0.1, "n": 60, "m_1": 4, "m_2": 3, "m_3": 2, "m_4": 2, "direction": "diagonal"},),
    ),
    sabotages={
        "every cell holds n/M samples": {"first": FIRST_WITHIN + (FIRST_WITHIN + noise**2) * M / n + FIRST_EMPTY},
        "samples at the centers of their cells": {
            "first": FIRST_WITHIN
            + noise**2 * (ROOT - FIRST_WITHIN - FIRST_EMPTY) / (FIRST_WITHIN + noise**2)
            + FIRST_EMPTY
        },
        "empty cells cost nothing": {"first": ROOT - FIRST_EMPTY},
        "cells of half the width": {"first": ROOT - FIRST_WITHIN * 3 / 4},
    },
)
