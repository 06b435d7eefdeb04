"""Simulate the interference of values that share a mean: weighted values of all pairs but the target's, added up."""

import math
from typing import Any

import numpy as np
from sympy import Expr, Max, Symbol, exp, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Dot, Draw, Experiment, Smooth, Streaming, VectorSum

QUERY, KEY, SCORE = Draw("query", "d_k"), Draw("key", "d_k"), Draw("score")
AXIS, VALUE, DIRECTION = Draw("axis", "d_v"), Draw("value", "d_v"), Draw("direction", "d_v")
N, SIGMA, MEAN, SPREAD, D_V = (Symbol(name) for name in ("n", "sigma", "mean_norm", "spread_norm", "d_v"))
QUERY_NORM, AXIS_NORM = Symbol("query_norm"), Symbol("axis_norm")
TOTAL, ALONG, SQUARES, READ = Symbol("total"), Symbol("along"), Symbol("squares"), Symbol("read")
LIKELY_REPLICATES = 256


def weight(kernel: str, score: Expr) -> Expr:
    """A pair's weight; the exponential kernel's is taken relative to exp(sigma^2), the root of its mean square."""
    if kernel == "relu":
        return Max(score, 0)
    return exp(score - SIGMA**2) if kernel == "exponential" else score


def literal(*, kernel: str, **_: Any) -> Streaming:
    """Keys and values in full: dot products with the query, and the values mu + delta added up.

    The mean mu lies along a random axis, and delta is normal with components of variance spread_norm^2/d_v.
    """
    amount = weight(kernel, SIGMA * Dot(KEY.symbol, QUERY.symbol) / QUERY_NORM)
    return Streaming(
        items=distractors,
        shared=(QUERY, AXIS),
        item=(KEY, VALUE),
        scalars={
            "query_norm": sqrt(Dot(QUERY.symbol, QUERY.symbol)),
            "axis_norm": sqrt(Dot(AXIS.symbol, AXIS.symbol)),
        },
        sums={"total": amount, "along": amount * Dot(VALUE.symbol, AXIS.symbol) / AXIS_NORM},
        vector_sums=(VectorSum("read", amount, VALUE),),
        outputs={"power": power(ALONG, Dot(READ, READ))},
    )


def collapsed(*, kernel: str, **_: Any) -> Streaming:
    """An equal law with fewer draws: given the weights, the sum of the deltas is one normal vector.

    Its components have the variance of one value's times the sum of the squared weights.
    """
    amount = weight(kernel, SIGMA * SCORE.symbol)
    along = Dot(DIRECTION.symbol, AXIS.symbol) / sqrt(Dot(AXIS.symbol, AXIS.symbol))
    return Streaming(
        items=distractors,
        shared=(DIRECTION, AXIS),
        item=(SCORE,),
        scalars={"direction_along": along, "direction_norm2": Dot(DIRECTION.symbol, DIRECTION.symbol)},
        sums={"total": amount, "squares": amount**2},
        outputs={"power": power(sqrt(SQUARES) * Symbol("direction_along"), SQUARES * Symbol("direction_norm2"))},
    )


def power(along: Expr, norm2: Expr) -> Expr:
    """The power of mu times the sum of the weights, plus the weighted sum of the deltas.

    Args:
        along: the weighted sum of standard normal vectors, its component along mu.
        norm2: its squared norm.
    """
    cross = 2 * MEAN * SPREAD * TOTAL * along / sqrt(D_V)
    return MEAN**2 * TOTAL**2 + cross + SPREAD**2 * norm2 / D_V


def distractors(*, n: int, **_: Any) -> int:
    """Stored pairs other than the one asked for."""
    return n - 1


def estimator(*, kernel: str, sigma: float, **_: Any) -> Smooth:
    """The mean power, at its own scale."""
    scale = math.exp(2 * sigma**2) if kernel == "exponential" else 1.0
    return Smooth(scale * Symbol("power"))


def reference(
    draws: dict[str, np.ndarray],
    *,
    mode: str,
    kernel: str,
    sigma: float,
    mean_norm: float,
    spread_norm: float,
    d_v: int,
    **_: Any,
) -> dict[str, float]:
    """One replicate, spelt out in NumPy: every value with its mean, weighed and added up."""
    axis = draws["axis"].astype(np.float64)
    mean = mean_norm * axis / math.sqrt(axis @ axis)
    if mode == "literal":
        query = draws["query"].astype(np.float64)
        scores = sigma * draws["key"].astype(np.float64) @ query / math.sqrt(query @ query)
    else:
        scores = sigma * draws["score"].astype(np.float64)
    weights = {"linear": scores, "relu": np.maximum(scores, 0.0), "exponential": np.exp(scores - sigma**2)}[kernel]
    if mode == "literal":
        read = weights @ (mean + spread_norm / math.sqrt(d_v) * draws["value"].astype(np.float64))
    else:
        deviation = math.sqrt(weights @ weights) * draws["direction"].astype(np.float64)
        read = weights.sum() * mean + spread_norm / math.sqrt(d_v) * deviation
    return {"power": float(read @ read)}


def reliable(*, n: int, kernel: str, sigma: float, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    sampled = math.log(n * LIKELY_REPLICATES)
    if kernel == "exponential" and sampled < 8 * sigma**2:
        return f"ln(n {LIKELY_REPLICATES}) = {sampled:.1f} is below 8 sigma^2: single scores carry the mean"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": literal, "collapsed": collapsed},
    reference=reference,
    estimator=estimator,
    reliable=reliable,
    arithmetic_error=1e-5,
    arithmetic_reason="float32 scores, weights and values: relative errors near 1e-6, averaged over many",
)

if __name__ == "__main__":
    run.main(__file__)
