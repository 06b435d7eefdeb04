"""Simulate who has the largest score when a stored Gaussian key is asked for by itself."""

from typing import Any

import numpy as np
from sympy import Expr, Float, Max, Min, Symbol, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Dot, Draw, Experiment, Smooth, Streaming
from attnlaws.theory.retrieval.top1 import LAW

QUERY, KEY, SCORE = Draw("query", "d_k"), Draw("key", "d_k"), Draw("score")

STEEP = Float(1e30)
"""Makes a step of a ramp: the smallest difference of two float32 numbers near 1 is far above its inverse."""
LIKELY_REPLICATES = 4096
ENOUGH = 10


def _stream(draw: Draw, lead: Expr, scalars: dict[str, Expr]) -> Streaming:
    wins = Min(1, Max(0, lead * STEEP))
    return Streaming(
        items=lambda *, n, **_: n - 1,
        shared=(QUERY,),
        item=(draw,),
        scalars=scalars,
        sums={"above": wins},
        outputs={
            "correct": 1 - Min(1, Symbol("above")),
            "error": Min(1, Symbol("above")),
            "union": Symbol("above"),
        },
    )


def literal(**_: Any) -> Streaming:
    """Keys in full: their dot products with the query, against the query's own."""
    norm2: dict[str, Expr] = {"query_norm2": Dot(QUERY.symbol, QUERY.symbol)}
    return _stream(KEY, Dot(KEY.symbol, QUERY.symbol) - Symbol("query_norm2"), norm2)


def collapsed(**_: Any) -> Streaming:
    """An equal law with fewer draws: given the query, scores are independent N(0, |query|^2)."""
    return _stream(SCORE, SCORE.symbol - Symbol("norm"), {"norm": sqrt(Dot(QUERY.symbol, QUERY.symbol))})


def reference(draws: dict[str, np.ndarray], *, mode: str, **_: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    query = draws["query"].astype(np.float64)
    own = query @ query
    literal_scores = mode == "literal"
    scores = draws["key"].astype(np.float64) @ query if literal_scores else draws["score"] * np.sqrt(own)
    above = int((scores > own).sum())
    return {"correct": float(above == 0), "error": float(above > 0), "union": float(above)}


def reliable(*, n: int, d_k: int, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    expected = LIKELY_REPLICATES * float(LAW(n=n, d_k=d_k, output="union"))
    if expected < ENOUGH:
        return f"{LIKELY_REPLICATES} readings would miss the target {expected:.2g} times"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": literal, "collapsed": collapsed},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("correct")),
    also={"error": lambda **_: Smooth(Symbol("error")), "union": lambda **_: Smooth(Symbol("union"))},
    reliable=reliable,
    arithmetic_error=1e-5,
    arithmetic_reason="float32 scores: a comparison falls the other way where two scores agree to 1e-6",
)

if __name__ == "__main__":
    run.main(__file__)
