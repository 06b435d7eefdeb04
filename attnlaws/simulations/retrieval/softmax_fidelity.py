"""Simulate softmax attention over Gaussian keys with the target's own key as the query, its norm fixed."""

import math
from typing import Any

import numpy as np
from sympy import Expr, Min, Symbol, exp, log, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Dot, Draw, Experiment, Smooth, Streaming

DIRECTION, KEY, SCORE = Draw("direction", "d_k"), Draw("key", "d_k"), Draw("score")
N, D_K, TAU = Symbol("n"), Symbol("d_k"), Symbol("tau")

LEVEL = Min(D_K / (2 * TAU**2), sqrt(2 * D_K * log(N)) / TAU)
"""Logarithm of the mean of exp(score), or of about the largest of n: what weights are added up relative to."""

LIKELY_REPLICATES = 4096


def _stream(draw: Draw, score: Expr, shared: tuple[Draw, ...], scalars: dict[str, Expr]) -> Streaming:
    weight, level = exp(score - Symbol("level")), Symbol("level")
    scale = exp(level - D_K / TAU)  # of a weight, relative to the target's
    others, squares = Symbol("others") * scale, Symbol("squares") * scale**2
    return Streaming(
        items=lambda *, n, **_: n - 1,
        shared=shared,
        item=(draw,),
        scalars=scalars | {"level": LEVEL},
        sums={"others": weight, "squares": weight**2},
        outputs={"mass": 1 / (1 + others), "mse": (others**2 + squares) / (1 + others) ** 2},
        precision="float64",
    )


def literal(**_: Any) -> Streaming:
    """Keys in full: their dot products with a query of squared norm d_k, whose direction is random."""
    size = {"shrink": sqrt(D_K / Dot(DIRECTION.symbol, DIRECTION.symbol)) / TAU}
    return _stream(KEY, Dot(KEY.symbol, DIRECTION.symbol) * Symbol("shrink"), (DIRECTION,), size)


def collapsed(**_: Any) -> Streaming:
    """An equal law with fewer draws: scores are independent normals of variance d_k."""
    return _stream(SCORE, SCORE.symbol * Symbol("spread"), (), {"spread": sqrt(D_K) / TAU})


def reference(draws: dict[str, np.ndarray], *, mode: str, d_k: int, tau: float, **_: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    if mode == "literal":
        query = draws["direction"].astype(np.float64)
        query *= np.sqrt(d_k / (query @ query))
        scores = draws["key"].astype(np.float64) @ query
    else:
        scores = np.sqrt(d_k) * draws["score"].astype(np.float64)
    logits = np.concatenate([[d_k], scores]) / tau
    weights = np.exp(logits - logits.max())
    mass = weights / weights.sum()
    return {"mass": float(mass[0]), "mse": float((1 - mass[0]) ** 2 + (mass[1:] ** 2).sum())}


def reliable(*, n: int, d_k: int, tau: float, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    # The variance of the error comes from scores at which the fourth power of a weight counts most, up to the target's.
    rarest = min(4 * math.sqrt(d_k) / tau, math.sqrt(d_k))
    seen = math.log(n * LIKELY_REPLICATES)
    if seen < rarest**2 / 2:
        return f"ln(n {LIKELY_REPLICATES}) = {seen:.1f} is below {rarest**2 / 2:.1f}: scores too rare to be drawn count"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": literal, "collapsed": collapsed},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("mass")),
    also={"mse": lambda **_: Smooth(Symbol("mse"))},
    reliable=reliable,
    arithmetic_error=1e-11,
    arithmetic_reason="float64 weights with relative errors below 1e-15 times their logarithm, summed in a tree",
)

if __name__ == "__main__":
    run.main(__file__)
