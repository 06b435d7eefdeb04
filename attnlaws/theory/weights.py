"""Laws of one weight, by the moments that Arb can enclose."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

from flint import arb, ctx


class Weights(Protocol):
    """What is known of one weight, at the current precision; its law is that of its inverse.

    Attributes:
        scale: about the standard deviation of its logarithm: good choices of moments follow from it.
        decay: |E w^-(x + iy)| is at most E w^-x exp(-decay y^2/2).
    """

    scale: float
    decay: float

    def moment(self, z: Any) -> Any:
        """E w^-z, for a complex or a real ball."""
        ...


class Lognormal:
    """w = exp(a g) for a standard normal g.

    Args:
        spread: a, at the current precision.

    Example:
        >>> Lognormal(lambda: arb(2)).moment(arb(1)).str(6, radius=False)
        '7.38906'
    """

    def __init__(self, spread: Callable[[], arb]) -> None:
        self.spread = spread
        self.scale = float(spread())
        self.decay = self.scale**2

    def moment(self, z: Any) -> Any:
        """E w^-z = exp(a^2 z^2/2)."""
        a = self.spread()
        return (a * a * z * z / 2).exp()


class OnSphere:
    """w = exp(b x) for the cosine x of two random directions in d dimensions.

    Args:
        steepness: b, at the current precision.
        d: dimension, at least 2.

    Example:
        >>> bool(OnSphere(lambda: arb(2), 3).moment(arb(1)).overlaps(arb(2).sinh() / 2))
        True
    """

    decay = 0.0

    def __init__(self, steepness: Callable[[], arb], d: int) -> None:
        self.steepness, self.d = steepness, d
        self.scale = float(steepness()) / math.sqrt(d)

    def moment(self, z: Any) -> Any:
        """E w^-z = 0F1(; d/2; (b z)^2/4): with real z, no other point of a line Re z has a larger modulus."""
        size = abs(float(abs(self.steepness() * z / 2).mid()))
        with ctx.workprec(ctx.prec + int(3 * size)):  # terms of the series are up to exp(2 size), and cancel
            half = self.steepness() * z / 2
            return (half * half).hypgeom_0f1(type(half)(self.d) / 2)


def log_moment(weights: Weights, x: float) -> float:
    """The logarithm of E w^x, roughly: what is chosen by it is not what is proven by it."""
    return float(weights.moment(arb(x)).log())
