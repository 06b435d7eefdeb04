"""Simulate the interference of retrieval through s exp(s/tau): stored pairs, one of them asked for by its own key."""

import math
from typing import Any

import numpy as np
from sympy import Expr, Integer, Symbol, exp, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Dot, Draw, Experiment, Smooth, Streaming
from attnlaws.simulations.retrieval import exponential
from attnlaws.simulations.retrieval.exponential import KEY, LEVEL, NORM2, QUERY, SCORE, TAU, TILT, norm2_of

SHRINK, SPREAD = Symbol("shrink"), Symbol("spread")

RATE = 2 / TAU - 2 / TAU**2
"""The rate at which the ratio of a given target falls with its squared norm, but for a power of it."""


def literal(**_: Any) -> Streaming:
    """Keys in full: their dot products with the query."""
    score = Dot(KEY.symbol, QUERY.symbol)
    norm2 = Dot(QUERY.symbol, QUERY.symbol)
    scalars = {"query_norm2": norm2, "level": 2 * norm2 / TAU**2, "shrink": 1 / sqrt(norm2)}
    return _stream(KEY, (SHRINK * score) ** 2 * exp(2 * score / TAU - LEVEL), scalars, LEVEL)


def collapsed(**_: Any) -> Streaming:
    """An equal law with fewer draws: given the query, scores are independent N(0, |query|^2)."""
    return _scored(Integer(0))


def tilted(**_: Any) -> Streaming:
    """The same by importance sampling, as for the exponential kernel: draws where its weights count."""
    return _scored(TILT)


def _scored(tilt: Expr) -> Streaming:
    """Scores in place of keys, shifted by a part of what the exponential asks for; see the exponential kernel."""
    norm2, weighing = norm2_of(QUERY, RATE, tilt)
    score = SCORE.symbol + 2 * tilt * SPREAD
    weight = score**2 * exp(2 * (1 - tilt) * SPREAD * SCORE.symbol - LEVEL)
    scalars = {"query_norm2": norm2, "spread": sqrt(norm2) / TAU, "level": 2 * (1 - tilt) ** 2 * norm2 / TAU**2}
    scale = 4 * NORM2 / TAU**2 * (tilt - tilt**2 / 2) + LEVEL
    return _stream(SCORE, weight, scalars, scale + weighing + tilt * RATE * NORM2)


def _stream(draw: Draw, weight: Expr, scalars: dict[str, Expr], scale: Expr) -> Streaming:
    """What all modes share: squared weights, scores in units of |query|, are added up relative to exp(level)."""
    return Streaming(
        items=exponential.distractors,
        shared=(QUERY,),
        item=(draw,),
        scalars=scalars,
        sums={"noise2": weight},
        outputs={"inverse_snr": Symbol("noise2") * exp(scale - 2 * NORM2 / TAU) / NORM2},
    )


def reference(draws: dict[str, np.ndarray], *, mode: str, d_k: int, tau: float, **_: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy; likelihood ratios come from the densities themselves."""
    tilt = float(TILT) if mode == "tilted" else 0.0
    variance = 1 / (1 + 2 * tilt * (2 / tau - 2 / tau**2))
    query = draws["query"].astype(np.float64) * math.sqrt(variance)
    norm2 = float(query @ query)
    ratios = np.exp(norm2 / (2 * variance) + d_k * math.log(variance) / 2 - norm2 / 2)
    if mode == "literal":
        scores = draws["key"].astype(np.float64) @ query
    else:
        shift = 2 * tilt * math.sqrt(norm2) / tau
        z = draws["score"].astype(np.float64) + shift
        scores = math.sqrt(norm2) * z
        ratios = ratios * np.exp(((z - shift) ** 2 - z**2) / 2)
    return {"inverse_snr": float(np.sum((scores / norm2) ** 2 * np.exp(2 * (scores - norm2) / tau) * ratios))}


def reliable(*, mode: str, n: int, d_k: int, tau: float) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    if d_k <= 4:
        return "the inverse SNR has no variance unless d_k > 4"
    return exponential.reliable(mode=mode, n=n, d_k=d_k, tau=tau, convention="expectation", power=1)


EXPERIMENT = Experiment(
    modes={"literal": literal, "collapsed": collapsed, "tilted": tilted},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("inverse_snr")),
    reliable=reliable,
    arithmetic_error=1e-4,
    arithmetic_reason="float32 scores and exponentials: 1e-5 of a weight",
)

if __name__ == "__main__":
    run.main(__file__)
