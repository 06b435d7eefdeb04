"""The theta function of the cosine modes of one axis, its logarithm's derivatives, and their sums over many axes.

theta(x) = sum of exp(-x k^2) over k = 0, 1, 2, ... is the Laplace transform of the squared norms of one axis's modes.
On axes whose modes are spaced like j^(b/2) the transform of all modes is the product of theta(c t j^b).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

FAR = 45.0
"""Beyond this argument ln theta is below 1e-19."""
NEAR = 2.0
"""Below this argument Poisson's sum is the shorter one."""
ORDERS = 4
"""ln theta and its first three derivatives in ln x."""


def logarithms(x: np.ndarray) -> np.ndarray:
    """The logarithm of theta, and its derivatives of order 1, 2 and 3 in ln x, as rows.

    Example:
        >>> logarithms(np.array([1.0]))[:2].round(6).tolist()
        [[0.326652], [-0.319014]]
    """
    out = np.empty((ORDERS, x.size))
    near = x < NEAR
    out[:, near], out[:, ~near] = _by_poisson(x[near]), _by_series(x[~near])
    return out


def _of_ratios(value: np.ndarray, first: np.ndarray, second: np.ndarray, third: np.ndarray) -> list[np.ndarray]:
    """Derivatives of ln(1 + value) from those of the value."""
    a, b, c = (part / (1 + value) for part in (first, second, third))
    return [np.log1p(value), a, b - a * a, c - 3 * a * b + 2 * a * a * a]


def _by_series(x: np.ndarray) -> np.ndarray:
    square = np.arange(1.0, 6.0)[:, None] ** 2
    y = square * x
    weight = np.exp(-y)
    moments = (1 + 0 * y, -y, y * y - y, -(y**3) + 3 * y * y - y)
    return np.array(_of_ratios(*((weight * moment).sum(axis=0) for moment in moments)))


def _by_poisson(x: np.ndarray) -> np.ndarray:
    y = np.minimum((math.pi * np.arange(1.0, 4.0)[:, None]) ** 2 / x, 800.0)  # exp(-800) is 0
    weight = 2 * np.exp(-y)
    moments = (1 + 0 * y, y, y * y - y, y**3 - 3 * y * y + y)
    root = np.sqrt(x / math.pi)
    parts = [root / 2**order + (weight * moment).sum(axis=0) for order, moment in enumerate(moments)]
    out = np.array(_of_ratios(*parts))
    out[0] += 0.5 * np.log(math.pi / x) - math.log(2)
    out[1] -= 0.5
    return out


def sums(scale: float, b: float) -> np.ndarray:
    """The sums of ln theta(scale j^b) over j = 1, 2, ..., and of its three derivatives in the scale's logarithm.

    Example:
        >>> sums(1e-4, 2.0)[0].round(3)  # about 1.24829/sqrt(scale), plus a quarter of ln(scale), minus 0.859
        np.float64(121.668)
    """
    number = math.ceil((FAR / scale) ** (1 / b)) + 1
    return logarithms(scale * np.arange(1.0, number + 1) ** b).sum(axis=1)


def sums_ball(scale: Any, b: Any) -> list[Any]:
    """The same as Arb balls, by the series alone down to the argument 1/2; the rest is a proven remainder.

    Args:
        scale: a ball.
        b: a ball.
    """
    from flint import arb

    # Beyond FAR + 5 each order is below 4 x^3 exp(-x), and the sum over what is beyond less than the number before
    # it times the first, because x grows by more than 1 within so many axes.
    number = math.ceil((float((FAR + 5) / scale)) ** (1 / float(b))) + 1
    totals = [arb(0)] * ORDERS
    for j in range(1, number + 1):
        parts = _ball(scale * arb(j) ** b)
        totals = [total + part for total, part in zip(totals, parts, strict=True)]
    return [total + arb(0, number * 1e-16) for total in totals]


def _ball(x: Any) -> list[Any]:
    from flint import arb

    poisson = not x > 0.5
    step = arb.pi() ** 2 / x if poisson else x
    sign = -1 if poisson else 1
    base = (-step).exp()
    parts = [arb(0)] * ORDERS
    for k in range(1, 12):
        y = step * (k * k)
        if y > 60:  # what follows is below 1e-20 together
            break
        weight = base ** (k * k) * (2 if poisson else 1)
        square = y * y
        moments = (arb(1), -sign * y, square - y, sign * (3 * square - square * y - y))
        parts = [part + weight * moment for part, moment in zip(parts, moments, strict=True)]
    if poisson:
        root = (x / arb.pi()).sqrt()
        parts = [part + root / 2**order for order, part in enumerate(parts)]
    parts = [part + arb(0, 1e-20) for part in parts]
    total = 1 + parts[0]
    a, b, c = (part / total for part in parts[1:])
    out = [total.log(), a, b - a * a, c - 3 * a * b + 2 * a * a * a]
    if poisson:
        out[0] += (arb.pi() / x).log() / 2 - arb(2).log()
        out[1] -= 0.5
    return out
