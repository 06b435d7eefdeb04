"""Simulate the interference of retrieval through a ReLU with a bias: stored pairs, one asked for by its own key."""

import math
from typing import Any

import numpy as np
from sympy import Expr, Integer, Max, Symbol, exp, log, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Dot, Draw, Experiment, Smooth, Streaming
from attnlaws.simulations.retrieval.exponential import distractors

QUERY, KEY, SCORE = Draw("query", "d_k"), Draw("key", "d_k"), Draw("score")

RHO, BIAS, NOISE2 = Symbol("rho"), Symbol("bias"), Symbol("noise2")

LIKELY_REPLICATES = 256
FEWEST_CARRIERS = 10
DEEPEST = 36.0


def literal(**_: Any) -> Streaming:
    """Keys in full: their dot products with a query of a random direction, in units of its norm."""
    scalars = {"shrink": 1 / sqrt(Dot(QUERY.symbol, QUERY.symbol))}
    return _stream(KEY, _square(Symbol("shrink") * Dot(KEY.symbol, QUERY.symbol)), (QUERY,), scalars, Integer(1))


def collapsed(**_: Any) -> Streaming:
    """An equal law with fewer draws: whatever the query, scores in units of its norm are independent N(0, 1)."""
    return _stream(SCORE, _square(SCORE.symbol), (), {}, Integer(1))


def tilted(**_: Any) -> Streaming:
    """The same by importance sampling: scores are drawn about the threshold, and weighed by the ratio of densities.

    With z drawn as y + bias the ratio is exp(-bias y - bias^2/2); only y > 0 counts, where its first factor is below 1.
    """
    beyond = Max(SCORE.symbol, Integer(0))
    return _stream(SCORE, beyond**2 * exp(-BIAS * beyond), (), {}, exp(-(BIAS**2) / 2))


def _square(z: Expr) -> Expr:
    """The squared weight of a score that is z times its standard deviation, over rho^2."""
    return Max(z - BIAS, Integer(0)) ** 2


def _stream(draw: Draw, square: Expr, shared: tuple[Draw, ...], scalars: dict[str, Expr], scale: Expr) -> Streaming:
    """What all modes share: squared weights over rho^2 are added up, and the target's divides them at the end."""
    return Streaming(
        items=distractors,
        shared=shared,
        item=(draw,),
        scalars=scalars,
        sums={"noise2": square},
        outputs={"inverse_snr": NOISE2 * scale / (RHO - BIAS) ** 2},
    )


def reference(draws: dict[str, np.ndarray], *, mode: str, rho: float, bias: float, **_: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy; the likelihood ratio comes from the densities themselves."""
    ratios: Any = 1.0
    if mode == "literal":
        query = draws["query"].astype(np.float64)
        scores = draws["key"].astype(np.float64) @ (query * rho / np.linalg.norm(query))
    else:
        shift = bias if mode == "tilted" else 0.0
        z = draws["score"].astype(np.float64) + shift
        scores = rho * z
        ratios = np.exp(((z - shift) ** 2 - z**2) / 2)
    weights = np.where(scores > bias * rho, scores - bias * rho, 0.0)
    return {"inverse_snr": float(np.sum(weights**2 * ratios)) / (rho**2 - bias * rho) ** 2}


def reliable(*, mode: str, n: int, bias: float, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    if mode == "tilted":
        return f"bias = {bias:g}: squared weights underflow in float64" if bias > DEEPEST else ""
    # The variance of (z - b)^2 is carried by scores around z (z - b) = 4, where (z - b)^4 exp(-z^2/2) has its peak.
    peak = (bias + math.sqrt(bias**2 + 16)) / 2
    carriers = n * LIKELY_REPLICATES * math.erfc(peak / math.sqrt(2)) / 2
    if carriers < FEWEST_CARRIERS:
        return f"the spread is carried by scores beyond {peak:.1f} standard deviations: hardly one is drawn"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": literal, "collapsed": collapsed, "tilted": tilted},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("inverse_snr")),
    also={
        "log": lambda **_: Smooth(log(Symbol("inverse_snr"))),
        "log_capacity": lambda *, n, **_: Smooth(log(float(n - 1)) - log(Symbol("inverse_snr"))),
    },
    reliable=reliable,
    arithmetic_error=1e-4,
    arithmetic_reason="float32 scores: a few 1e-7 of a score, of which the bias leaves a part",
)

if __name__ == "__main__":
    run.main(__file__)
