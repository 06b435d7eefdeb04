"""Simulate the interference of retrieval by a Gaussian kernel: stored pairs, one of them asked for by its own key."""

import math
from typing import Any

import numpy as np
from sympy import Expr, Integer, Rational, Symbol, exp, log, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Dot, Draw, Experiment, Smooth, Streaming
from attnlaws.simulations.retrieval.exponential import norm2_of
from attnlaws.simulations.retrieval.linear_sphere import distractors

QUERY, KEY = Draw("query", "d_k"), Draw("key", "d_k")
D_K, TAU, NORM2 = Symbol("d_k"), Symbol("tau"), Symbol("query_norm2")
LEVEL, SCALE = Symbol("level"), Symbol("scale")
OWN = Dot(KEY.symbol, KEY.symbol)

TILT = Rational(3, 4)
"""How far importance sampling goes: most of the spread is gone, and what is left still shows in the error bar."""

LIKELY_REPLICATES = 256


def literal(**_: Any) -> Streaming:
    """Keys in full, and their distances from the query."""
    return _stream(Integer(0))


def tilted(**_: Any) -> Streaming:
    """The same by importance sampling: the query is drawn shorter, and keys around it, and they are weighed."""
    return _stream(TILT)


def _stream(tilt: Expr) -> Streaming:
    """Weights are added up relative to exp(level), the mean of one given the query.

    At a tilt t keys come from the normal distribution proportional to exp(-|k|^2/2 - t |k - q|^2/tau), which is
    narrow q + sqrt(width) z with width = tau/(tau + 2 t) and narrow = 1 - width. The likelihood ratio leaves
    exp(-(1 - t) |k - q|^2/tau) of the weight, times the mean of exp(-t |k - q|^2/tau) given q. Queries are tilted by
    the mean of the whole weight given q, which falls as exp(-|q|^2/(tau + 2)).
    """
    width = TAU / (TAU + 2 * tilt)
    rate = 1 / (TAU + 2)
    norm2, weighing = norm2_of(QUERY, rate, tilt)
    length = sqrt(norm2 / Dot(QUERY.symbol, QUERY.symbol))
    distance2 = (
        width**2 * NORM2 + width * OWN - 2 * width * sqrt(width) * Symbol("length") * Dot(KEY.symbol, QUERY.symbol)
    )
    drawn = -tilt * NORM2 / (TAU + 2 * tilt) + D_K * log(width) / 2  # the mean of exp(-t |k - q|^2/tau) given q
    whole = -NORM2 / (TAU + 2) + D_K * log(TAU / (TAU + 2)) / 2
    norm: Any = {NORM2: norm2}
    return Streaming(
        items=distractors,
        shared=(QUERY,),
        item=(KEY,),
        scalars={
            "query_norm2": norm2,
            "length": length,
            "level": (whole - drawn).subs(norm),
            "scale": (whole + weighing + tilt * rate * NORM2).subs(norm),
        },
        sums={"noise2": exp(-(1 - tilt) * distance2 / TAU - LEVEL)},
        outputs={"inverse_snr": Symbol("noise2") * exp(SCALE)},
    )


def reference(draws: dict[str, np.ndarray], *, mode: str, d_k: int, tau: float, **_: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy; likelihood ratios come from the densities themselves."""
    tilt = float(TILT) if mode == "tilted" else 0.0

    def log_density(vectors: np.ndarray, variance: float) -> np.ndarray:
        return -np.sum(vectors**2, axis=-1) / (2 * variance) - d_k * math.log(variance) / 2

    drawn, variance = draws["query"].astype(np.float64), 1 / (1 + 2 * tilt / (tau + 2))
    query = drawn * math.sqrt(variance)
    weighing = log_density(query, 1.0) - log_density(query, variance)
    width = tau / (tau + 2 * tilt)
    keys = (1 - width) * query + draws["key"].astype(np.float64) * math.sqrt(width)
    ratio = log_density(keys, 1.0) - log_density(keys - (1 - width) * query, width)
    weights = np.exp(-np.sum((keys - query) ** 2, axis=1) / tau + ratio + weighing)
    return {"inverse_snr": float(weights.sum())}


def reliable(*, mode: str, n: int, d_k: int, tau: float) -> str:
    """Why the error bar cannot be trusted, or nothing.

    It comes from squares of the weights: single pairs carry these where none is likely to be as close as counts. A
    squared weight exp(-2 |k_j - k_i|^2/tau) counts where a squared distance is smaller by s = tau/(tau + 8), and a
    chi-square variable is that small with probability exp(-d_k (s - 1 - ln(s))/2).
    """
    small = tau / (tau + 8)
    rare = d_k * (small - 1 - math.log(small)) / 2
    drawn = math.log(n * LIKELY_REPLICATES)
    if mode != "tilted" and drawn < rare:
        return f"ln(n {LIKELY_REPLICATES}) = {drawn:.1f} is below {rare:.1f}: single pairs carry the mean"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": literal, "tilted": tilted},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("inverse_snr")),
    also={"log": lambda **_: Smooth(log(Symbol("inverse_snr")))},
    reliable=reliable,
    arithmetic_error=1e-4,
    arithmetic_reason="float32 distances and exponentials: 1e-5 of a weight",
)

if __name__ == "__main__":
    run.main(__file__)
