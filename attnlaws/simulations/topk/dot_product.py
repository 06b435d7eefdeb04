"""Simulate attention of Gaussian queries over Gaussian keys and measure the probability outside the k largest."""

import math
from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.rows import tail_share
from attnlaws.simulations.stream import fill_normals64
from attnlaws.simulations.sums import dot64
from attnlaws.simulations.topk.tail_mass import kept


def dot_product(k0, k1, replicate, scratch, out, n, k, d, scale):
    """Draw a query and n keys, and add up the softmax weights outside the k largest inner products."""
    normals, scores, spare = scratch[: d * (n + 1)], scratch[d * (n + 1) :][:n], scratch[d * (n + 1) + n :][:n]
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    for i in range(n):
        scores[i] = dot64(normals[:d], normals[d * (i + 1) : d * (i + 2)])
    out[0] = tail_share(scores, spare, k, scale / np.sqrt(np.float64(d)))


def collapsed(k0, k1, replicate, scratch, out, n, k, d, scale):
    """The same scores by their law given the query: independent and normal, of the query's length."""
    normals, spare = scratch[: d + n], scratch[d + n : d + 2 * n]
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    length = np.sqrt(dot64(normals[:d], normals[:d]) / np.float64(d))
    out[0] = tail_share(normals[d : d + n], spare, k, scale * length)


def _arguments(*, n: int, kappa: float, d: int, scale: float, **_: Any) -> dict[str, int | float]:
    return {"n": n, "k": kept(n=n, kappa=kappa), "d": d, "scale": float(scale)}


def rows(**_: Any) -> Replicate:
    """One query a replicate."""
    return Replicate(
        kernel=dot_product,
        arguments=_arguments,
        scratch=lambda *, n, d, **_: d * (n + 1) + 2 * n,
        size=lambda *, n, d, **_: d * (n + 1),
        outputs=("tail_mass",),
    )


def lengths(**_: Any) -> Replicate:
    """One query a replicate, of which the scores show the length alone."""
    return Replicate(
        kernel=collapsed,
        arguments=_arguments,
        scratch=lambda *, n, d, **_: d + 2 * n,
        size=lambda *, n, d, **_: d + n,
        outputs=("tail_mass",),
    )


def reference(
    draws: dict[str, np.ndarray], mode: str, *, n: int, kappa: float, d: int, scale: float, **_: Any
) -> dict[str, float]:
    """One query, spelt out in NumPy."""
    items = draws["items"].astype(np.float64)
    query, rest = items[:d], items[d:]
    scores = rest.reshape(n, d) @ query if mode == "literal" else np.linalg.norm(query) * rest
    weights = np.exp(scale * np.sort(scores) / math.sqrt(d))
    return {"tail_mass": float(weights[: n - kept(n=n, kappa=kappa)].sum() / weights.sum())}


def reliable(*, n: int, d: int, scale: float, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    if d <= 2 * scale**2 or math.log(n) < scale**2 / 2:
        return "a large part of the queries is so long that single scores carry the mass (frozen phase)"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": rows, "collapsed": lengths},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("tail_mass")),
    evaluated_at=lambda *, n, kappa, **_: {"kappa": kept(n=n, kappa=kappa) / n},
    reliable=reliable,
    arithmetic_error=1e-10,
    arithmetic_reason="float64 inner products and weights are good to 1e-13 times the score",
)

if __name__ == "__main__":
    run.main(__file__)
