"""The least distance across a cut of value vectors is the smallest edge of their maximum spanning tree.

A cut sets some of the vectors apart from the others, at least one on either side. The distance across it is the largest
one between two vectors on different sides, which is what the bound on a cut row's output asks for. The tree joins all
vectors by edges of the largest total length. A set of keys that is chosen by its weights has a distance across its cut
of at least this, whatever the weights; the set for which it is this one takes no account of them, so that it can have a
far larger tail mass. The bound is a product of both, and nothing is said here about its least value.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.cut_routines import norm
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.ordered import LENGTH
from attnlaws.theory.parameter import Parameter, integer, vectors
from attnlaws.theory.stable import Stable
from attnlaws.theory.steps import ROOT, Definition, Derivation, Equals

PARAMETERS = (
    Parameter("values", "value vectors, one set or many", vectors(fewest=2), role="instance"),
    Parameter("count", "number of vectors; all cuts are tried", integer(2, 12), role="simulation"),
    Parameter("d_v", "dimension of the vectors", integer(1, 10**4), role="simulation"),
)
values = PARAMETERS[0].symbol
t, cut = sp.Symbol("t", positive=True), sp.Symbol("b", integer=True, positive=True)


class across_cut(Stable):  # noqa: N801
    """Largest distance between vectors whose bits in the number of a cut differ; the last vector's bit is 0."""

    latex_name = r"\operatorname{across}"

    def standard(self) -> Any:
        """A maximum over pairs stays as it is."""
        return self


class widest(Stable):  # noqa: N801
    """Largest distance of two vectors."""

    latex_name = r"\operatorname{widest}"

    @classmethod
    def routine(cls) -> Callable[..., Any]:
        """The function of arrays."""
        return lambda sets: np.max(norm(sets[..., :, None, :] - sets[..., None, :, :]), axis=(-2, -1))


class linkage(Stable):  # noqa: N801
    """Largest edge of the minimum spanning tree: the largest gap between two parts."""

    latex_name = r"\operatorname{linkage}"

    @classmethod
    def routine(cls) -> Callable[..., Any]:
        """The function of arrays."""
        return lambda sets: -_weakest(sets, -1.0)


def smallest_edge(*, values: np.ndarray) -> np.ndarray:
    """The smallest edge of the maximum spanning tree of sets of vectors, by growing it from the first vector.

    Example:
        >>> float(smallest_edge(values=np.array([[0.0], [1.0], [5.0]])))
        4.0
    """
    return _weakest(values, 1.0)


def _weakest(sets: np.ndarray, sign: float) -> np.ndarray:
    """The least of ``sign`` times the edges of the tree for which their total is largest (Prim)."""
    count = sets.shape[-2]
    joined = np.zeros(sets.shape[:-1], bool)
    joined[..., 0] = True
    edge = sign * norm(sets - sets[..., :1, :])
    weakest = np.full(sets.shape[:-2], np.inf)
    for _ in range(count - 1):
        free = np.where(joined, -np.inf, edge)
        nearest = np.argmax(free, axis=-1)[..., None]
        weakest = np.minimum(weakest, np.max(free, axis=-1))
        np.put_along_axis(joined, nearest, True, -1)
        edge = np.maximum(edge, sign * norm(sets - np.take_along_axis(sets, nearest[..., None], -2)))
    return weakest


def largest_connecting(*, digits: int, values: tuple[tuple[Fraction, ...], ...]) -> Any:
    """The largest distance at which the pairs that are at least so far apart connect all vectors, in an Arb ball."""
    from flint import ctx

    from attnlaws.theory.balls import exact

    count = len(values)
    pairs = sorted(
        (
            (sum((x - y) ** 2 for x, y in zip(values[i], values[j], strict=True)), i, j)
            for i in range(count)
            for j in range(i)
        ),
        reverse=True,
    )
    part, edges = list(range(count)), []
    for square, i, j in pairs:
        if part[i] != part[j]:
            part = [part[i] if name == part[j] else name for name in part]
            edges.append(square)
    with ctx.workdps(digits + 10):
        return exact(Fraction(edges[-1])).sqrt()


LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="distance across the best cut [units of the values]",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "Theorem 5.8 (partition by a maximum spanning tree)",
        "reconstructed",
        note="that a maximum spanning tree of the values serves to choose the partition was read in a description by "
        "others, its formula was not; this is the statement for the distance across the cut",
        year="2025",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    sp.Integral(
                        sp.Product(sp.Heaviside(across_cut(values, cut) - t), (cut, 1, 2 ** (LENGTH - 1) - 1)),
                        (t, 0, sp.oo),
                    ),
                    "the least distance across any of the 2^(n-1) - 1 cuts, as the length of the range below all",
                ),
                Equals(
                    ROOT,
                    "across every cut there is an edge of the tree, no longer than the distance across it; without its "
                    "smallest edge the tree falls into two parts, and no pair across that cut is farther apart, or it "
                    "would have been an edge instead",
                ),
            ),
            value=smallest_edge,
            enclosure=largest_connecting,
        ),
    ),
    claim=Equal(),
    delta=1e-9,
    delta_reason="both are one of the distances: nothing but rounding is left",
    regime="every set of two vectors or more",
    grid=Grid(
        across="count",
        series=({"d_v": 1}, {"d_v": 3}, {"d_v": 16}),
        values=(2, 5, 9),
    ),
    sabotages={
        "half the edge, as for a radius": ROOT / 2,
        "the largest distance of all": widest(values),
        "the minimum spanning tree": linkage(values),
    },
)
