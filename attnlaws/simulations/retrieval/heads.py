"""Simulate the interference of one stored pair in H heads with independent keys, read one by one and averaged.

A replicate is one pair other than the target, since interferences of different pairs add up, and its items are the
heads. Every head has a query of its own; a rotation of its keys brings it onto one and the same vector.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from sympy import Expr, Symbol, exp, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Dot, Draw, Experiment, Smooth, Streaming
from attnlaws.simulations.retrieval.exponential import TILT

QUERY, KEY, SCORE = Draw("query", "d_k"), Draw("key", "d_k"), Draw("score")
HEADS, SIGMA, QUERY_NORM = Symbol("heads"), Symbol("sigma"), Symbol("query_norm")
TOTAL, SQUARES, ALONE = Symbol("total"), Symbol("squares"), Symbol("alone")
FEWEST_REPLICATES = 4096


def literal(*, kernel: str, **_: Any) -> Streaming:
    """Keys in full: their dot products with the query, whose norm is such that scores have spread sigma.

    For the exponential kernel keys are drawn shifted along the query, to where squared weights count, and weighed.
    """
    z = Dot(KEY.symbol, QUERY.symbol) / QUERY_NORM
    return replace(
        _stream(kernel, z),
        shared=(QUERY,),
        item=(KEY,),
        scalars={"query_norm": sqrt(Dot(QUERY.symbol, QUERY.symbol))},
    )


def tilted(*, kernel: str, **_: Any) -> Streaming:
    """An equal law with fewer draws: scores in place of keys."""
    return _stream(kernel, SCORE.symbol)


def _stream(kernel: str, z: Expr) -> Streaming:
    """From a head's standard normal ``z``, a score over sigma before its shift: interference alone and averaged."""
    weight, square = SIGMA * z, SIGMA**2 * z**2
    if kernel == "exponential":
        weight, square = weights(z, SIGMA, TILT)
    return Streaming(
        items=number_of_heads,
        item=(SCORE,),
        sums={"total": weight, "squares": weight**2, "alone": square},
        outputs={"alone": ALONE / HEADS, "averaged": (ALONE + TOTAL**2 - SQUARES) / HEADS**2},
    )


def weights(z: Expr, sigma: Expr, tilt: Expr) -> tuple[Expr, Expr]:
    """A weight exp(score) and its square, relative to a mean square of 1, times a shifted score's likelihood.

    With z drawn as z + a, a = 2 tilt sigma, and L = exp(-a z - a^2/2), the weight over exp(sigma^2) times L is
    exp((1 - 2 tilt) sigma z + ...), its square times L is exp(2 (1 - tilt) sigma z + ...). Two heads' weights take both
    heads' ratios, which are the factors of their product.
    """
    weight = exp((1 - 2 * tilt) * sigma * z + (2 * tilt - 2 * tilt**2 - 1) * sigma**2)
    square = exp(2 * (1 - tilt) * sigma * z - 2 * (1 - tilt) ** 2 * sigma**2)
    return weight, square


def number_of_heads(*, heads: int, **_: Any) -> int:
    """Heads: a replicate's items."""
    return heads


def reference(
    draws: dict[str, np.ndarray], *, mode: str, heads: int, sigma: float, kernel: str, **_: Any
) -> dict[str, float]:
    """One replicate, spelt out in NumPy: every pair of heads, each with its likelihood ratio from the densities."""
    shift = 2 * float(TILT) * sigma if kernel == "exponential" else 0.0
    if mode == "literal":
        query = draws["query"].astype(np.float64)
        query = query / math.sqrt(query @ query)
        z = (draws["key"].astype(np.float64) + shift * query) @ query
    else:
        z = draws["score"].astype(np.float64) + shift
    ratio = np.exp(((z - shift) ** 2 - z**2) / 2)
    weight = np.exp(sigma * z - sigma**2) if kernel == "exponential" else sigma * z
    products = np.outer(weight * ratio, weight * ratio)
    products[np.diag_indices(heads)] = weight**2 * ratio
    return {"alone": float(np.trace(products)) / heads, "averaged": float(products.sum()) / heads**2}


def reliable(*, heads: int, sigma: float, kernel: str, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    left = 0.0 if kernel == "linear" else float((1 - TILT) ** 2)
    sampled = math.log(heads * FEWEST_REPLICATES)
    if sampled < 8 * left * sigma**2:
        return (
            f"ln(heads {FEWEST_REPLICATES}) = {sampled:.1f} is below {8 * left:g} sigma^2: single scores carry the mean"
        )
    return ""


EXPERIMENT = Experiment(
    modes={"literal": literal, "tilted": tilted},
    reference=reference,
    estimator=lambda **_: Smooth(ALONE / Symbol("averaged")),
    reliable=reliable,
    arithmetic_error=1e-5,
    arithmetic_reason="float32 scores and exponentials: relative errors near 1e-6 of a weight, averaged over many",
)

if __name__ == "__main__":
    run.main(__file__)
