"""Pinsker's solution in Arb balls, by another walk over the lattice than that of :mod:`attnlaws.theory.lattice`.

Axes are taken from the shortest to the longest, and every point spreads into all that lie above it. Points are summed
in float64 by blocks with a proven bound on all roundings; the cutoff follows from the set of modes below a guess, and
holds because every mode near it is shown to lie on the side where it was counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from flint import arb

from attnlaws.theory.balls import exact
from attnlaws.theory.lattice import pinsker

BLOCK = 4096
SPREAD = 1 << 20
MARGIN = 1e-9
"""Relative distance from the guessed a^2 within which modes are looked at one by one."""
UNIT = 2.0**-53


class CutBall(NamedTuple):
    """Pinsker's solution as balls; they are no numbers where nothing was proven.

    Attributes:
        cutoff: mu.
        count: the number of modes below it.
        risk: the mean squared error.
        exponent: -d ln risk/d ln n.
    """

    cutoff: Any
    count: Any
    risk: Any
    exponent: Any


def stiffness_balls(limit: float, alpha: Any, kappa: Any) -> list[Any]:
    """The a^2 of the first mode of each axis, in balls, until one is certainly above the limit."""
    found: list[Any] = []
    while True:
        value = (arb.pi() / 2) ** 2 * (2 * exact(kappa) * arb(len(found) + 1) ** exact(alpha)).exp()
        if value > limit:
            return found
        found.append(value)


def _points(limit: float, axes: list[float]) -> Iterator[np.ndarray]:
    """All a_k^2 up to a limit, in blocks, and some a rounding above it."""
    waiting = [(np.zeros(1), len(axes))]
    while waiting:
        squares, left = waiting.pop()
        if not left:
            yield squares
            continue
        axis = axes[left - 1]
        counts = np.sqrt(np.maximum(limit - squares, 0.0) / axis).astype(np.int64) + 1
        if counts.sum() > SPREAD and squares.size > 1:
            half = squares.size // 2
            waiting += [(squares[:half], left), (squares[half:], left)]
            continue
        starts = np.repeat(np.cumsum(counts) - counts, counts)
        steps = (np.arange(starts.size) - starts).astype(np.float64)
        waiting.append((np.repeat(squares, counts) + axis * (steps * steps), left - 1))


def _blocks(values: np.ndarray) -> Iterator[float]:
    for start in range(0, values.size, BLOCK):
        yield float(values[start : start + BLOCK].sum())


def cut_ball(log_n: Any, alpha: Any, kappa: Any) -> CutBall:
    """Pinsker's solution, enclosed.

    Args:
        log_n: logarithm of the effective sample size, as a ball or an exact number.
        alpha: power of the index in the logarithm of the semi-axes.
        kappa: their rate of decay.
    """
    unknown = CutBall(*(arb("nan"),) * 4)
    guess = pinsker(*(float(exact(value).mid()) for value in (log_n, alpha, kappa))).cutoff ** 2
    balls = stiffness_balls(guess * (1 + 2 * MARGIN), alpha, kappa)
    axes = [float(ball.mid()) for ball in balls]
    # Squares, products and sums of terms that are not negative: a rounding each, and one of the axis itself. A ball
    # of an axis is far narrower than a rounding, as the working precision is above 64 bits.
    off = (len(axes) + 6) * UNIT
    count, first, second, near = 0, [], [], []
    for squares in _points(guess * (1 + MARGIN), axes):
        inside = squares[squares <= guess]
        near += squares[squares > guess * (1 - MARGIN)].tolist()
        count += inside.size
        second += _blocks(inside)
        first += _blocks(np.sqrt(inside))
    if count < 2:
        return unknown
    summed = (BLOCK + 8) * UNIT  # any order of a block's additions, and fsum's one rounding
    around = 1 + arb(0, 1) * (off + summed)
    size, total, squared = exact(log_n).exp(), arb(math.fsum(first)) * around, arb(math.fsum(second)) * around
    cutoff = (size + squared) / total
    square = cutoff**2
    if not (square > guess * (1 - MARGIN / 2) and square < guess * (1 + MARGIN / 2)):
        return unknown
    for value in near:
        ball = arb(value) * (1 + arb(0, 1) * off)
        if not (ball < square if value <= guess else ball > square):
            return unknown
    risk = (count - total / cutoff) / size
    return CutBall(cutoff, arb(count), risk, 1 - 1 / (square * risk))
