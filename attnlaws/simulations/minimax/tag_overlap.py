"""Simulate random unit tags and the largest overlap of one of them with the others."""

from typing import Any

import numpy as np

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64
from attnlaws.simulations.experiment import Experiment, Quantile, Replicate
from attnlaws.simulations.stream import fill_normals64
from attnlaws.simulations.sums import dot64


def tags(k0, k1, replicate, scratch, out, documents, d_k):
    """Draw Gaussian vectors, normalize them by their lengths, and find the largest cosine with the first."""
    normals = scratch[: documents * d_k]
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    asked = normals[:d_k]
    length = np.sqrt(dot64(asked, asked))
    largest = -1.0
    for i in range(1, documents):
        tag = normals[d_k * i : d_k * (i + 1)]
        largest = max(largest, dot64(tag, asked) / (np.sqrt(dot64(tag, tag)) * length))
    out[0] = largest


def cosines(k0, k1, replicate, scratch, out, documents, d_k):
    """The same cosines by their law, from two normals each: a uniform angle, and the radius of two coordinates."""
    normals = scratch[: 2 * documents]
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    largest = -1.0
    for i in range(1, documents):
        x, y = normals[2 * i], normals[2 * i + 1]
        rho2 = x * x + y * y
        radius2 = 1.0 - pexp64(-rho2 / np.float64(d_k - 2))
        largest = max(largest, x * np.sqrt(radius2 / rho2))
    out[0] = largest


def literal(**_: Any) -> Replicate:
    """Tags in full."""
    return _rows(tags, lambda *, documents, d_k, **_: documents * d_k)


def collapsed(**_: Any) -> Replicate:
    """Two draws a tag."""
    return _rows(cosines, lambda *, documents, **_: 2 * documents)


def _rows(kernel: Any, size: Any) -> Replicate:
    return Replicate(
        kernel=kernel,
        arguments=lambda *, documents, d_k, **_: {"documents": documents, "d_k": d_k},
        scratch=size,
        size=size,
        outputs=("overlap",),
    )


def reference(draws: dict[str, np.ndarray], *, mode: str, documents: int, d_k: int, **_: Any) -> dict[str, float]:
    """One set of tags, spelt out in NumPy."""
    normals = draws["items"].astype(np.float64).reshape(documents, -1)
    if mode == "literal":
        unit = normals / np.linalg.norm(normals, axis=1, keepdims=True)
        return {"overlap": float(np.max(unit[1:] @ unit[0]))}
    x, y = normals[1:].T
    radius = np.sqrt(-np.expm1(-(x**2 + y**2) / (d_k - 2)))
    return {"overlap": float(np.max(radius * np.cos(np.arctan2(y, x))))}


EXPERIMENT = Experiment(
    modes={"literal": literal, "collapsed": collapsed},
    reference=reference,
    estimator=lambda **_: Quantile("overlap"),
    arithmetic_error=1e-11,
    arithmetic_reason="float64 cosines; 1 - exp(-x) loses a factor of the dimension",
)

if __name__ == "__main__":
    run.main(__file__)
