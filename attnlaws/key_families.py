"""Keys and queries of six kinds, from what helps no index to what helps it most; equal seeds give equal keys."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from attnlaws.simulations.stream import normals

CLUSTER = 64  # keys of a cluster


@dataclass(frozen=True)
class Keys:
    """Keys and queries; logits are query . key / sqrt(d).

    Attributes:
        key: [n, d] in float32.
        query: [m, d] in float32.
    """

    key: np.ndarray
    query: np.ndarray


class _Draws:
    """Normals of a family, one stream for each thing that is drawn."""

    def __init__(self, seed: int, name: str) -> None:
        self.seed, self.name, self.number = seed, name, 0

    def __call__(self, *shape: int) -> np.ndarray:
        self.number += 1
        label = f"skipping {self.name}"
        return normals(self.seed, label, self.number, int(np.prod(shape))).reshape(shape)


def _independent(draw: _Draws, n: int, d: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    return draw(n, d), 2 * draw(m, d)


def _clustered(draw: _Draws, n: int, d: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    count = max(1, n // CLUSTER)
    centers = np.sqrt(0.9) * draw(count, d)
    member = np.argsort(draw(n)) % count
    aimed = np.argsort(draw(m)) % count
    return centers[member] + np.sqrt(0.1) * draw(n, d), 1.25 * centers[aimed]


def _heavy(draw: _Draws, n: int, d: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    direction = draw(n, d)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    student = draw(n, 1) / np.sqrt((draw(n, 3) ** 2).mean(axis=1, keepdims=True))
    return np.sqrt(d) * student * direction, 2 * draw(m, d)


def _spectral(draw: _Draws, n: int, d: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    size = 1 / np.arange(1, d + 1)
    key = size * draw(n, d)
    return key, _steep(key, size * draw(m, d), 2.5)


def _sequential(draw: _Draws, n: int, d: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    return _correlated(draw(n, d), 0.98), 2.2 * draw(m, d)


def _mixed(draw: _Draws, n: int, d: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    size = np.arange(1, d + 1) ** -0.75
    centers, token = draw(CLUSTER, d), np.argsort(draw(n)) % CLUSTER
    key = size * (_correlated(draw(n, d), 0.95) + centers[token]) / np.sqrt(2)
    query = _steep(key, size * (draw(m, d) + np.eye(d)[0]), 2.5)
    mean = query.mean(axis=0)
    key[0] = 6 * np.sqrt(d) * mean / (mean @ mean)  # a sink: a key that all queries look at
    return key, query


def _correlated(noise: np.ndarray, factor: float) -> np.ndarray:
    """A stationary sequence whose neighbors are correlated."""
    from scipy.signal import lfilter

    steps = noise * np.sqrt(1 - factor**2)
    steps[0] = noise[0]
    return np.asarray(lfilter([1.0], [1.0, -factor], steps, axis=0))


def _steep(key: np.ndarray, query: np.ndarray, sigma: float) -> np.ndarray:
    """Queries at the length that gives their logits this standard deviation."""
    logits = query @ key.T / np.sqrt(key.shape[1])
    return query * sigma / logits.std(axis=1, keepdims=True)


FAMILIES: dict[str, tuple[Callable[..., tuple[np.ndarray, np.ndarray]], str]] = {
    "independent": (_independent, "normal keys: nothing to find"),
    "clustered": (_clustered, "clusters of 64 keys; a query is aimed at one"),
    "heavy": (_heavy, "lengths of Student's t with 3 degrees of freedom"),
    "spectral": (_spectral, "variances i^-2 along the axes, of keys and queries"),
    "sequential": (_sequential, "neighbors correlated by 0.98"),
    "mixed": (_mixed, "variances i^-1.5, neighbors correlated by 0.95, 64 clusters and a sink"),
}


def family(name: str, *, n: int, d: int, queries: int, seed: int) -> Keys:
    """Keys and queries of one kind.

    Example:
        >>> family("spectral", n=100, d=8, queries=3, seed=0).key.shape
        (100, 8)
    """
    key, query = FAMILIES[name][0](_Draws(seed, name), n, d, queries)
    return Keys(key.astype(np.float32), query.astype(np.float32))
