"""Simulate the interference of retrieval through a power of the score: stored pairs, one asked for by its own key."""

import math
from typing import Any

import numpy as np
from sympy import Expr, Integer, Max, Symbol, exp, log, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Dot, Draw, Experiment, Smooth, Streaming

QUERY, KEY, SCORE = Draw("query", "d_k"), Draw("key", "d_k"), Draw("score")

QUERY_NORM2, TYPICAL, SHRINK = Symbol("query_norm2"), Symbol("typical"), Symbol("shrink")

LIKELY_REPLICATES = 256
FEWEST_CARRIERS = 10


def literal(*, p: int, **choices: Any) -> Streaming:
    """Keys in full: their dot products with the query, raised to the power."""
    shrink = {"shrink": 1 / sqrt(Dot(QUERY.symbol, QUERY.symbol))}
    return _stream(KEY, SHRINK * Dot(KEY.symbol, QUERY.symbol), shrink, p, **choices)


def collapsed(*, p: int, **choices: Any) -> Streaming:
    """An equal law with fewer draws: given the query, scores are independent N(0, |query|^2)."""
    return _stream(SCORE, SCORE.symbol, {}, p, **choices)


def _stream(
    draw: Draw, score: Expr, scalars: dict[str, Expr], p: int, *, kernel: str, convention: str, **_: Any
) -> Streaming:
    """What both modes share: powers of scores in units of |query| are added up, all of them and the positive ones.

    In these units float32 neither overflows nor loses small ones. Given the query, the interference is a power of its
    norm times a number that does not depend on it, so the geometric convention averages the two factors apart.
    """
    noise = Symbol("positive2" if kernel == "rectified" else "noise2")
    outputs: dict[str, Expr] = {"inverse_snr": noise / QUERY_NORM2**p}
    if convention == "ratio":
        outputs = {"noise": noise * TYPICAL**p, "signal": TYPICAL ** (2 * p)}
    if convention == "geometric":
        outputs = {"noise": noise, "log_signal": p * log(QUERY_NORM2)}
    return Streaming(
        items=lambda *, n, **_: n - 1,
        shared=(QUERY,),
        item=(draw,),
        scalars={
            "query_norm2": Dot(QUERY.symbol, QUERY.symbol),
            "typical": Dot(QUERY.symbol, QUERY.symbol) / Symbol("d_k"),
            **scalars,
        },
        sums={"noise2": score ** (2 * p), "positive2": Max(score, Integer(0)) ** (2 * p)},
        outputs=outputs,
    )


def estimator(*, d_k: int, p: int, convention: str, **_: Any) -> Smooth:
    """The estimator of the convention asked for."""
    if convention == "ratio":
        return Smooth(Symbol("noise") / Symbol("signal") / float(d_k) ** p)
    if convention == "geometric":
        return Smooth(Symbol("noise") * exp(-Symbol("log_signal")))
    return Smooth(Symbol("inverse_snr"))


def reference(
    draws: dict[str, np.ndarray], *, mode: str, d_k: int, p: int, kernel: str, convention: str, **_: Any
) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    query = draws["query"].astype(np.float64)
    norm = float(np.linalg.norm(query))
    scores = draws["key"].astype(np.float64) @ query if mode == "literal" else norm * draws["score"].astype(np.float64)
    weights = np.where(scores > 0, scores, 0.0) ** p if kernel == "rectified" else scores**p
    noise, signal = float(weights @ weights), (norm**2) ** (2 * p)
    if convention == "ratio":
        return {"noise": noise / d_k**p, "signal": signal / d_k ** (2 * p)}
    if convention == "geometric":
        return {"noise": noise / norm ** (2 * p), "log_signal": 2 * p * math.log(norm)}
    return {"inverse_snr": noise / signal}


def reliable(*, n: int, d_k: int, p: int, convention: str, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    if convention == "expectation" and d_k <= 4 * p:
        return f"the inverse SNR has no variance unless d_k > 4 p = {4 * p}"
    # The variance of z^(2 p) is carried by scores around z^2 = 4 p, where z^(4 p) exp(-z^2/2) has its peak.
    carriers = n * LIKELY_REPLICATES * math.erfc(math.sqrt(2 * p))
    if carriers < FEWEST_CARRIERS:
        return f"the spread is carried by scores beyond {math.sqrt(4 * p):.1f} standard deviations: hardly one is drawn"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": literal, "collapsed": collapsed},
    reference=reference,
    estimator=estimator,
    reliable=reliable,
    arithmetic_error=1e-5,
    arithmetic_reason="float32 scores carry relative errors near 1e-7, 2 p times that in a weight; sums are float64",
)

if __name__ == "__main__":
    run.main(__file__)
