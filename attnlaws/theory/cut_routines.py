"""The functions of ``cut`` in float64, whatever the scale and the offset of the vectors, and in Arb balls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from flint import arb


def norm(vectors: np.ndarray, axis: int | tuple[int, ...] = -1) -> np.ndarray:
    """Euclidean norms along some axes, where the squares of elements may be beyond float64.

    Example:
        >>> float(norm(np.array([3e-200, 4e-200])))
        5e-200
    """
    scale = np.max(np.abs(vectors), axis=axis, keepdims=True)
    scale = np.where(scale > 0, scale, 1.0)
    return np.squeeze(scale, axis) * np.sqrt(np.sum((vectors / scale) ** 2, axis=axis))


class _Part:
    """The keys kept, or those dropped, of rows in decreasing order.

    Vectors are taken from that of the part's first key, so that an offset of all of them, however large, costs no
    digits.
    """

    def __init__(self, scores: np.ndarray, values: np.ndarray, here: np.ndarray) -> None:
        self.here = here
        self.empty = ~here.any(axis=-1)
        first = np.argmax(here, axis=-1)[..., None]
        weights = np.where(here, np.exp(scores - np.take_along_axis(scores, first, -1)), 0.0)
        self.shares = weights / np.maximum(np.sum(weights, axis=-1, keepdims=True), 1.0)
        self.origin = np.take_along_axis(values, first[..., None], -2)[..., 0, :]
        self.moved = np.where(here[..., None], values - self.origin[..., None, :], 0.0)
        self.mean = np.sum(self.shares[..., None] * self.moved, axis=-2)

    @property
    def spread(self) -> np.ndarray:
        return norm(np.sqrt(self.shares)[..., None] * (self.moved - self.mean[..., None, :]), axis=(-2, -1))


def _cut(rows: np.ndarray, values: np.ndarray, k: np.ndarray) -> tuple[_Part, _Part]:
    """The keys kept and the keys dropped."""
    order = np.argsort(-rows, axis=-1, kind="stable")
    scores, ranked = np.take_along_axis(rows, order, -1), np.take_along_axis(values, order[..., None], -2)
    stays, present = np.arange(rows.shape[-1]) < np.asarray(k)[..., None], np.isfinite(scores)
    scores = np.where(present, scores, 0.0)
    return _Part(scores, ranked, present & stays), _Part(scores, ranked, present & ~stays)


def gap(rows: np.ndarray, values: np.ndarray, k: np.ndarray) -> np.ndarray:
    """See ``cut.mean_gap``."""
    kept, dropped = _cut(rows, values, k)
    return np.where(dropped.empty, 0.0, norm((dropped.origin - kept.origin) + (dropped.mean - kept.mean)))


def root_of_dropped(rows: np.ndarray, values: np.ndarray, k: np.ndarray) -> np.ndarray:
    """See ``cut.spread_of_dropped``."""
    return _cut(rows, values, k)[1].spread


def root_of_kept(rows: np.ndarray, values: np.ndarray, k: np.ndarray) -> np.ndarray:
    """See ``cut.spread_of_kept``."""
    return _cut(rows, values, k)[0].spread


def root_of_all(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    """See ``cut.spread_of_all``."""
    return root_of_kept(rows, values, np.asarray(rows.shape[-1]))


def across(rows: np.ndarray, values: np.ndarray, k: np.ndarray) -> np.ndarray:
    """See ``cut.diameter``."""
    kept, dropped = _cut(rows, values, k)
    between = (dropped.origin - kept.origin)[..., None, :]
    found = np.zeros(rows.shape[:-1])
    for i in range(rows.shape[-1]):
        distance = norm(between + (dropped.moved - kept.moved[..., i : i + 1, :]))
        pairs = dropped.here & kept.here[..., i : i + 1]
        found = np.maximum(found, np.max(np.where(pairs, distance, 0.0), axis=-1))
    return found


def farthest(rows: np.ndarray, values: np.ndarray, k: np.ndarray) -> np.ndarray:
    """See ``cut.reach``."""
    kept, dropped = _cut(rows, values, k)
    distance = norm(dropped.moved + ((dropped.origin - kept.origin) - kept.mean)[..., None, :])
    return np.max(np.where(dropped.here, distance, 0.0), axis=-1)


def from_center(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    """See ``cut.radius``."""
    present = np.isfinite(rows)
    equal = _Part(np.zeros(rows.shape), values, present)
    return np.max(np.where(present, norm(equal.moved - equal.mean[..., None, :]), 0.0), axis=-1)


def longest(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    """See ``cut.largest_norm``."""
    return np.max(np.where(np.isfinite(rows), norm(values), 0.0), axis=-1)


# --- in Arb balls, for rows in decreasing order -----------------------------------------------------------------------

Ball = Any


def ball_norm(vector: Any) -> Ball:
    """Euclidean norm of a vector of balls."""
    return _ball_root(sum((x * x for x in vector), arb(0)))


def _ball_root(square: Ball) -> Ball:
    """The root of what is not negative, although its ball may reach below 0."""
    if square.lower() > 0:
        return square.sqrt()
    half = square.upper().sqrt() / 2
    return arb(half, half.upper())


def _ball_shares(row: list[Ball]) -> list[Ball]:
    weights = [(score - row[0]).exp() for score in row]
    return [w / sum(weights, arb(0)) for w in weights]


def ball_mean(row: list[Ball], values: list[list[Ball]]) -> list[Ball]:
    """Weighted mean of vectors, for the weights of a row."""
    shares = _ball_shares(row)
    return [sum((s * v[c] for s, v in zip(shares, values, strict=True)), arb(0)) for c in range(len(values[0]))]


def ball_spread(row: list[Ball], values: list[list[Ball]]) -> Ball:
    """Weighted root mean square distance of vectors from their mean; 0 of none."""
    if not row:
        return arb(0)
    mean = ball_mean(row, values)
    squares = (sum(((x - m) ** 2 for x, m in zip(v, mean, strict=True)), arb(0)) for v in values)
    return _ball_root(sum((s * square for s, square in zip(_ball_shares(row), squares, strict=True)), arb(0)))


def ball_largest(balls: Iterator[Ball]) -> Ball:
    """The largest of some balls that are not negative; 0 of none."""
    found = arb(0)
    for ball in balls:
        found = found.max(ball)
    return found


def ball_distances(center: list[Ball], values: list[list[Ball]]) -> Iterator[Ball]:
    """Distances of vectors from a point."""
    return (ball_norm([x - m for x, m in zip(v, center, strict=True)]) for v in values)
