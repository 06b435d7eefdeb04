"""Pinsker's rule in the Gaussian sequence model: which coordinates are estimated, and how much each is shrunk.

Observed are y_j = theta_j + n^(-1/2) z_j with standard normal z_j, and sum a_j^2 theta_j^2 <= 1 for semi-axes 1/a_j. Of
all rules c_j y_j the one with c_j = max(1 - a_j/mu, 0) has the smallest largest risk, if sum a_j (mu - a_j)_+ = n; that
risk is the sum of the c_j over n. Everything is computed from ln n and ln a_j, so that neither need be a float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from attnlaws.theory.balls import exact
from attnlaws.theory.claim import Source

NEGLIGIBLE = 45.0
"""Coordinates whose ln a_j is so far below the largest add exp(-45), 3e-20, each to the sums."""

STEPS = (1e-18, 1e-12)
"""Half the width, in ln mu, of the interval that is shown to hold it: the wider where mu is all but a semi-axis."""

PINSKER = Source(
    "Pinsker 1980",
    "minimax risk over an ellipsoid of a signal in Gaussian noise",
    "secondary",
    title="Optimal filtration of square-integrable signals in Gaussian noise",
    authors="Pinsker, M. S.",
    year="1980",
    note="the text was not read; the result is standard",
)

LogAxes = Callable[[np.ndarray], np.ndarray]
"""ln a_j for an array of coordinates j = 1, 2, ...; it increases."""


def _reach(active: int, log_axes: LogAxes) -> tuple[np.ndarray, float]:
    """The ln a_j - ln a_N for the coordinates up to N = active that are not negligible, and ln a_N.

    They are compared with the last but one, since the last adds nothing to its own threshold.
    """

    def log_axis(place: int) -> float:
        return float(log_axes(np.array([float(place)]))[0])

    top, level = log_axis(active), log_axis(max(active - 1, 1)) - NEGLIGIBLE
    low, high = 0, active - 1  # coordinates up to `low` are negligible, those after `high` are not
    while low < high:
        middle = (low + high + 1) // 2
        if log_axis(middle) < level:
            low = middle
        else:
            high = middle - 1
    return log_axes(np.arange(low + 1.0, active + 1.0)) - top, top


def log_threshold(active: int, log_axes: LogAxes) -> float:
    """The ln n beyond which coordinate ``active`` is estimated too: ln of sum a_j (a_N - a_j); -inf for the first."""
    below, top = _reach(active, log_axes)
    gap = float(-(np.exp(below) * np.expm1(below)).sum())
    return 2 * top + math.log(gap) if gap > 0 else -math.inf


def solve(log_n: float, log_axes: LogAxes) -> tuple[int, float, float]:
    """The rule at a sample size.

    Args:
        log_n: ln n.
        log_axes: ln a_j.

    Returns:
        The number of coordinates that are estimated, ln mu, and n times the risk, the sum of the c_j.

    Example:
        >>> active, log_mu, total = solve(math.log(6), lambda j: np.log(j))  # a_j = j: (1 + 2 + 3) mu - 14 = 6
        >>> active, round(math.exp(log_mu), 12), round(total, 12)
        (3, 3.333333333333, 1.2)
    """
    low, high = 1, 2
    while log_threshold(high, log_axes) < log_n:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if log_threshold(middle, log_axes) < log_n:
            low = middle
        else:
            high = middle
    below, top = _reach(low, log_axes)
    relative = np.exp(below)
    ratio = (math.exp(log_n - 2 * top) + float((relative * relative).sum())) / float(relative.sum())  # mu over a_N
    return low, top + math.log(ratio), low - float(relative.sum()) / ratio


def enclosed(log_n: Any, active: int, guess: float, log_axis: Callable[[Any], Any]) -> list[Any]:
    """Balls around the ratios a_j/mu below 1, from the last to the first not negligible; empty if a guess fails.

    The equation of mu is not solved as ``solve`` does it, which eliminates mu by hand: its two sides are compared
    left and right of a value of ln mu, and the coordinates that are counted in are confirmed.

    Args:
        log_n: ln n, exact.
        active: the number of coordinates estimated, a guess that is confirmed.
        guess: ln mu, a guess that is improved.
        log_axis: ln a_j as a ball, for a whole j.
    """
    from flint import arb

    axes: list[Any] = []
    rest: Any = arb(0)  # bounds what the coordinates that are left out add
    for j in range(active, 0, -1):
        axes.append(log_axis(j))
        if axes[-1] < axes[min(1, len(axes) - 1)] - NEGLIGIBLE - 5:
            rest = arb(0, (arb(j) * (axes[-1] - guess + 1).exp()).upper())
            break
    half, zero = exact(log_n) / 2, arb(0)

    def excess(log_mu: Any) -> tuple[Any, Any, list[Any]]:
        """By how much n is too small for mu, in logarithms, which increases with ln mu; and what that is made of."""
        ratios = [(axis - log_mu).exp() for axis in axes]
        gap: Any = sum(((ratio * (1 - ratio)).max(zero) for ratio in ratios), start=rest)
        return 2 * (log_mu - half) + gap.log(), gap, ratios

    value, gap, ratios = excess(arb(guess))
    slope = 1 + sum((ratio * ratio for ratio in ratios), start=zero) / gap
    move = value / slope  # where a coordinate has only just come in, Newton's step overshoots
    center = (guess - move).mid() if abs(move) < STEPS[-1] else arb(guess)
    for step in STEPS:
        around = center + arb(0, step)
        inside = excess(center - step)[0] < 0 < excess(center + step)[0]
        if inside and not (axes[0] > around or log_axis(active + 1) < around):
            ratios = [(axis - around).exp().min(arb(1)) for axis in axes]
            return [ratios[0] + rest + arb(0, 2 * step), *ratios[1:]]
    return []
