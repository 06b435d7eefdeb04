"""What an index keeps of its keys: for every node of a tree what bounds its mass, and a prefix of every key.

All that is stored may be rounded as it likes, because what it misses is measured afterwards, and rounded up.
"""

from typing import NamedTuple

import numpy as np

from attnlaws.estimators.key_index.clustering import Tree
from attnlaws.estimators.key_index.rounding import U, gamma, largest_eigenvalue_up, norms_up

RANKS = (16, 8, 4, 2)
"""The ranks of a prefix, as parts of d."""


class Nodes(NamedTuple):
    """Summaries of nodes, one row each; every number but the centers and corners is an upper bound.

    Attributes:
        center: any point near the mean of the keys, [node, d].
        slip: how far it is from the mean.
        radius: how far the farthest key is from it.
        spread: the largest variance of the keys in any direction, about it.
        weight: how many keys there are, as a float.
        low: the least coordinates of the keys, [node, d]; empty where boxes are not used.
        high: the largest.
        residual: the largest norm of what a key loses to its prefix, [node, rank].
    """

    center: np.ndarray
    slip: np.ndarray
    radius: np.ndarray
    spread: np.ndarray
    weight: np.ndarray
    low: np.ndarray
    high: np.ndarray
    residual: np.ndarray


class Prefix(NamedTuple):
    """The first coordinates of keys along the directions in which keys are long.

    Attributes:
        basis: about orthonormal columns, [d, rank].
        ranks: how many columns each stage has, ascending.
        part: coordinates of each key, [n, rank].
        residual: upper bounds of the norms of key - basis part, [n, stage].
        longest: an upper bound of the norms of the keys.
        slip: with norms of query and key, a bound on everything that was rounded.
        query_slip: with the square of the norm of a query, what was rounded of its rest beyond the basis.
    """

    basis: np.ndarray
    ranks: np.ndarray
    part: np.ndarray
    residual: np.ndarray
    longest: float
    slip: float
    query_slip: float


def summary_type(keys: np.ndarray) -> type[np.floating]:
    """The type that summaries are stored in: as wide as the keys, float32 at least."""
    return np.float32 if keys.dtype.itemsize <= 4 and keys.dtype.kind == "f" else np.float64


def up(values: np.ndarray, kind: type[np.floating]) -> np.ndarray:
    """Values of float64 in another type, never smaller."""
    narrow = values.astype(kind)
    return np.where(narrow.astype(np.float64) < values, np.nextafter(narrow, kind(np.inf)), narrow).astype(kind)


def node_summaries(keys: np.ndarray, tree: Tree, prefix: Prefix | None, kind: type[np.floating], box: bool) -> Nodes:
    """Summaries of every node.

    Args:
        keys: [n, d] in float64, in the order of the tree.
        tree: the nodes.
        prefix: the prefixes of the keys, if there are any.
        kind: type to store in.
        box: whether corners are kept too.
    """
    count, d = len(tree.first), keys.shape[1]
    center = np.empty((count, d), kind)
    slip, radius, spread = np.empty(count), np.empty(count), np.empty(count)
    corners = np.empty((2, count if box else 0, d), kind)
    residual = np.empty((count, 0 if prefix is None else len(prefix.ranks)), kind)
    for node, (a, b) in enumerate(zip(tree.first, tree.last, strict=True)):
        part = keys[a:b]
        mean = part.mean(axis=0)
        center[node] = mean
        stored = center[node].astype(np.float64)
        offsets = part - stored
        sizes = norms_up(part)
        # The mean itself is off by its additions, and by those of the offsets from what was stored.
        slip[node] = norms_up(mean - stored) + gamma(b - a + 8) * sizes.max()
        radius[node] = (norms_up(offsets) + 2 * U * sizes).max()
        spread[node] = largest_eigenvalue_up(offsets) * (1 + 8 * U)
        if box:
            corners[:, node] = part.min(axis=0), part.max(axis=0)
        if prefix is not None:
            residual[node] = prefix.residual[a:b].max(axis=0)
    weight = (tree.last - tree.first).astype(np.float64)
    slips, radii, spreads = (up(values, kind) for values in (slip, radius, spread))
    return Nodes(center, slips, radii, spreads, weight, corners[0], corners[1], residual)


def prefixes(keys: np.ndarray, ranks: tuple[int, ...], kind: type[np.floating]) -> Prefix:
    """Prefixes along the directions that hold most of the squares of the keys.

    With the stored parts p, let e = k - B p for each key, and f = q - B a for a query with a near B'q. Then
    q.k = a.p + (B'q - a).p + a.B'e + f.e, and with D = B'B - 1 and h = p - B'k, B'e = -(h + D p). So only f.e can be
    large, and the rest is at most |q| |k| times the slip that is returned.
    """
    d = keys.shape[1]
    basis = np.linalg.eigh(keys.T @ keys)[1][:, ::-1][:, : max(ranks, default=0)].copy()
    part = (keys @ basis).astype(kind)
    wide = part.astype(np.float64)
    residual = np.empty((len(keys), len(ranks)))
    sizes = norms_up(keys)
    frobenius = float(np.sqrt((basis * basis).sum())) * (1 + gamma(basis.size + 8))
    defect = basis.T @ basis - np.eye(basis.shape[1])
    skew = float(np.sqrt((defect * defect).sum())) * (1 + gamma(defect.size + 8)) + gamma(d) * frobenius**2
    unit = float(np.finfo(kind).eps)
    for stage, rank in enumerate(ranks):
        lost = keys - wide[:, :rank] @ basis[:, :rank].T
        residual[:, stage] = norms_up(lost) + gamma(rank + 8) * (1 + frobenius**2) * sizes
    rounded = 1.5 * frobenius**2 * (3 * gamma(d + 8) + skew + gamma(d + 8))
    slip = rounded + 3 * frobenius**2 * unit
    return Prefix(basis, np.array(ranks, np.int64), part, up(residual, kind), float(sizes.max()), slip, rounded)
