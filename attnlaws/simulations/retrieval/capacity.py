"""Simulate an exponential-kernel memory around its capacity: the sum of weights at two sizes, and where it reaches one.

The first size is the law's own answer; where the typical sum crosses 1 is read off the simulated sums at that size and
at twice that size, along a straight line in the logarithms. At the crossing itself the line has no error.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from sympy import Expr, Float, Symbol, exp, log, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Dot, Draw, Experiment, Smooth, Streaming
from attnlaws.simulations.retrieval.linear_sphere import cosine
from attnlaws.theory.retrieval.capacity import LAW

QUERY, KEY, TWIN = Draw("query", "d_k"), Draw("key", "d_k"), Draw("twin", "d_k")
SCORES = (Draw("score"), Draw("other"))
ANGLES = ((Draw("first"), Draw("second")), (Draw("third"), Draw("fourth")))
D_K, TAU, QUERY_NORM2 = Symbol("d_k"), Symbol("tau"), Symbol("query_norm2")
HALVES = (Symbol("sum"), Symbol("twin_sum"))


def literal(*, keys: str, **_: Any) -> Streaming:
    """Keys in full, and a query of norm sqrt(d_k)."""
    scores = [Dot(key.symbol, QUERY.symbol) * sqrt(D_K / QUERY_NORM2) for key in (KEY, TWIN)]
    if keys == "sphere":
        lengths = [sqrt(D_K / Dot(key.symbol, key.symbol)) for key in (KEY, TWIN)]
        scores = [score * length for score, length in zip(scores, lengths, strict=True)]
    return _sums((KEY, TWIN), scores, (QUERY,), {"query_norm2": Dot(QUERY.symbol, QUERY.symbol)})


def collapsed(*, keys: str, d_k: int, **_: Any) -> Streaming:
    """An equal law with fewer draws: normal scores, or the cosine of a random direction from two normals."""
    if keys == "gaussian":
        return _sums(SCORES, [sqrt(D_K) * score.symbol for score in SCORES])
    cosines = [cosine(d_k, first.symbol, second.symbol) for first, second in ANGLES]
    return _sums((*ANGLES[0], *ANGLES[1]), [D_K * one for one in cosines])


def _sums(
    draws: tuple[Draw, ...],
    scores: Sequence[Expr],
    shared: tuple[Draw, ...] = (),
    scalars: dict[str, Expr] | None = None,
) -> Streaming:
    """Two sums of as many weights each, relative to the target's; an item adds a weight to both."""
    first, second = HALVES
    return Streaming(
        items=pairs,
        shared=shared,
        item=draws,
        scalars=scalars or {},
        sums={str(half): exp(2 * (score - D_K) / TAU) for half, score in zip(HALVES, scores, strict=True)},
        outputs={"log_half": (log(first) + log(second)) / 2, "log_whole": log(first + second)},
    )


def pairs(**parameters: Any) -> int:
    """Weights in each of the two sums: what the law holds to be the capacity, in whole numbers.

    Raises:
        ValueError: there is no dimension, so that there is no such number.
    """
    if parameters["d_k"] is None:
        raise ValueError("d_k = None: must be an integer to be simulated (the limit of many dimensions has no memory)")
    return max(1, round(math.exp(parameters["d_k"] * float(LAW(**parameters)))))


def estimator(*, d_k: int, **parameters: Any) -> Smooth:
    """Where the line through both sizes crosses zero."""
    start = math.log(pairs(d_k=d_k, **parameters))
    half, whole = Symbol("log_half"), Symbol("log_whole")
    return Smooth((Float(start) - half * Float(math.log(2)) / (whole - half)) / d_k)


def reference(
    draws: dict[str, np.ndarray], *, mode: str, tau: float, keys: str, d_k: int, **_: Any
) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    wide = {name: values.astype(np.float64) for name, values in draws.items()}
    if mode == "literal":
        direction = wide["query"] / np.linalg.norm(wide["query"])
        lengths = [
            np.linalg.norm(wide[name], axis=1) / math.sqrt(d_k) if keys == "sphere" else 1.0 for name in ("key", "twin")
        ]
        pairs = zip(("key", "twin"), lengths, strict=True)
        scores = [wide[name] @ direction * math.sqrt(d_k) / length for name, length in pairs]
    elif keys == "gaussian":
        scores = [math.sqrt(d_k) * wide[name] for name in ("score", "other")]
    else:
        planes = [wide[a] + 1j * wide[b] for a, b in (("first", "second"), ("third", "fourth"))]
        radii = [1.0 if d_k == 2 else np.sqrt(-np.expm1(-(np.abs(z) ** 2) / (d_k - 2))) for z in planes]
        scores = [d_k * radius * np.cos(np.angle(z)) for radius, z in zip(radii, planes, strict=True)]
    first, second = (float(np.exp(2 * (score - d_k) / tau).sum()) for score in scores)
    return {"log_half": (math.log(first) + math.log(second)) / 2, "log_whole": math.log(first + second)}


EXPERIMENT = Experiment(
    modes={"literal": literal, "collapsed": collapsed},
    reference=reference,
    estimator=estimator,
    arithmetic_error=1e-5,
    arithmetic_reason="float32 scores carry relative errors near 1e-7, which the exponent 2 d_k/tau multiplies",
)

if __name__ == "__main__":
    run.main(__file__)
