"""Draw keys and a query, and score blocks of keys from the largest bound down until the rest is certified small."""

import math
from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.stream import fill_normals64

BLOCK = 16


def certified(k0, k1, replicate, scratch, out, n, d, size, sigma, eps):
    """Bound each block's scores by its center and its radius, and open blocks until the others are bounded by eps."""
    query, keys = scratch[:d], scratch[d : d + n * d]
    blocks = (n + size - 1) // size
    center = scratch[d + n * d : 2 * d + n * d]
    bounds = scratch[2 * d + n * d : 2 * d + n * d + blocks]
    masses = scratch[2 * d + n * d + blocks : 2 * d + n * d + 2 * blocks]
    fill_normals64(k0, k1, replicate, np.uint64(0), scratch[: d + n * d])
    norm2 = 0.0
    for j in range(d):
        norm2 += query[j] * query[j]
    scale = sigma / np.sqrt(norm2)  # scores are sigma times a standard normal variable
    largest = 0.0
    for b in range(blocks):
        first, last = b * size, min(n, b * size + size)
        for j in range(d):
            center[j] = 0.0
            for i in range(first, last):
                center[j] += keys[i * d + j]
            center[j] = center[j] / np.float64(last - first)
        radius2, product = 0.0, 0.0
        for i in range(first, last):
            distance2 = 0.0
            for j in range(d):
                distance2 += (keys[i * d + j] - center[j]) * (keys[i * d + j] - center[j])
            radius2 = distance2 if distance2 > radius2 else radius2
        for j in range(d):
            product += query[j] * center[j]
        bounds[b] = scale * product + sigma * np.sqrt(radius2)
        largest = bounds[b] if b == 0 or bounds[b] > largest else largest
    allowed, head, rest, count = eps / (1.0 - eps), 0.0, 0.0, 0
    for b in range(blocks):
        first, last = b * size, min(n, b * size + size)
        masses[b] = 0.0
        for i in range(first, last):
            product = 0.0
            for j in range(d):
                product += query[j] * keys[i * d + j]
            masses[b] += pexp64(scale * product - largest)
        bounds[b] = np.float64(last - first) * pexp64(bounds[b] - largest)
        rest += bounds[b]
    while rest > allowed * head:
        best = 0
        for b in range(blocks):
            best = b if bounds[b] > bounds[best] else best
        head += masses[best]
        count += min(n, best * size + size) - best * size
        bounds[best] = -1.0
        rest = 0.0
        for b in range(blocks):
            rest += bounds[b] if bounds[b] > 0.0 else 0.0
    out[0] = np.float64(count) / np.float64(n)


def _blocks(n: int) -> int:
    return math.ceil(n / BLOCK)


def rows(**_: Any) -> Replicate:
    """One query and its keys a replicate."""
    return Replicate(
        kernel=certified,
        arguments=lambda *, n, d, sigma, eps, **_: {
            "n": n,
            "d": d,
            "size": BLOCK,
            "sigma": float(sigma),
            "eps": float(eps),
        },
        scratch=lambda *, n, d, **_: (n + 2) * d + 2 * _blocks(n),
        size=lambda *, n, d, **_: (n + 1) * d,
        outputs=("fraction",),
    )


def reference(draws: dict[str, np.ndarray], *, eps: float, sigma: float, n: int, d: int, **_: Any) -> dict[str, float]:
    """One query, spelt out in NumPy.

    Raises:
        AssertionError: the certificate is not sound: a block has more mass than its bound, or too much mass is left.
    """
    normals = draws["items"].astype(np.float64).reshape(n + 1, d)
    query, keys = normals[0] * sigma / np.linalg.norm(normals[0]), normals[1:]
    weights = np.exp(keys @ query)
    blocks = np.array_split(np.arange(n), range(BLOCK, n, BLOCK))
    centers = [keys[block].mean(axis=0) for block in blocks]
    radii = [np.linalg.norm(keys[block] - c, axis=1).max() for block, c in zip(blocks, centers, strict=True)]
    bounds = [block.size * np.exp(query @ c + sigma * r) for block, c, r in zip(blocks, centers, radii, strict=True)]
    assert all(weights[block].sum() <= bound * (1 + 1e-12) for block, bound in zip(blocks, bounds, strict=True))
    order = np.argsort(bounds)[::-1]
    for opened in range(len(blocks) + 1):
        scored = np.concatenate([blocks[b] for b in order[:opened]] or [np.zeros(0, int)])
        if sum(bounds[b] for b in order[opened:]) <= eps / (1 - eps) * weights[scored].sum():
            break
    assert weights[scored].sum() >= (1 - eps) * weights.sum() * (1 - 1e-12)
    return {"fraction": scored.size / n}


EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("fraction")),
    arithmetic_error=1e-12,
    arithmetic_reason="a count; masses are good to 1e-13, and only a tie with the share left would be seen",
)

if __name__ == "__main__":
    run.main(__file__)
