"""Simulate the interference of exponential retrieval over keys on a sphere, one of them asked for by its own key."""

import math
from typing import Any

import numpy as np
from sympy import Expr, Integer, Max, Symbol, exp, log, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Dot, Experiment, Smooth, Streaming
from attnlaws.simulations.retrieval.linear_sphere import (
    D_K,
    FIRST,
    KEY,
    NOISE2,
    QUERY,
    SECOND,
    cosine,
    cosine_of_keys,
    cosines,
    distractors,
)

LIKELY_REPLICATES = 256
RATE = 2 * Symbol("radius") ** 2 / Symbol("tau")
"""A squared weight over the squared signal is exp(RATE (cos - 1))."""


def peak(d_k: int, rate: Any) -> tuple[Any, Any]:
    """The cosine at which exp(rate cos) counts most, and by how far the first normal has to be shifted to lie there.

    On the line second = 0 the cosine is sqrt(1 - exp(-m^2/(d - 2))), and rate cos - m^2/2 is largest where
    (1 - cos^2)/cos = (d - 2)/rate. In two dimensions the cosine does not depend on the normals' size.
    """
    if d_k == 2:
        return Integer(1), Integer(0)
    size = D_K - 2
    at = 2 * rate / (sqrt(size**2 + 4 * rate**2) + size)
    return at, sqrt(Max(-size * log(size * at / rate), 0))


def literal(*, d_k: int, **_: Any) -> Streaming:
    """Gaussian keys in full, normalized, and their dot products with the query."""
    return _stream(d_k, cosine_of_keys(), tilted=False, full=True)


def collapsed(*, d_k: int, **_: Any) -> Streaming:
    """An equal law with two draws an item; the query's direction makes no difference."""
    return _stream(d_k, cosine(d_k), tilted=False)


def tilted(*, d_k: int, **_: Any) -> Streaming:
    """The same by importance sampling: the first normal is shifted to where the weights count, and they are weighed."""
    return _stream(d_k, cosine(d_k, FIRST.symbol + Symbol("shift")), tilted=True)


def _stream(d_k: int, cos: Expr, *, tilted: bool, full: bool = False) -> Streaming:
    """What all modes share: squared weights are added up relative to exp(level), about their mean.

    A first normal shifted by m comes with the ratio of the densities exp(-m first - m^2/2).
    """
    at, shift = peak(d_k, Symbol("rate"))
    weight = Symbol("rate") * (cos - Symbol("best"))
    weight += -Symbol("shift") * FIRST.symbol if tilted else Symbol("shift") ** 2 / 2
    rate = {"rate": RATE}
    scalars = {name: e.subs(Symbol("rate"), RATE) for name, e in {"best": at, "shift": shift}.items()}
    norm = {"query_norm2": Dot(QUERY.symbol, QUERY.symbol)} if full else {}
    level = Symbol("rate") * (Symbol("best") - 1) - Symbol("shift") ** 2 / 2
    return Streaming(
        items=distractors,
        shared=(QUERY,) if full else (),
        item=(KEY,) if full else (FIRST, SECOND),
        scalars=rate | scalars | norm,
        sums={"noise2": exp(weight)},
        outputs={"inverse_snr": NOISE2 * exp(level)},
        precision="float32" if full else "float64",
    )


def _numbers(d_k: int, radius: float, tau: float, times: float = 1.0) -> tuple[float, float, float]:
    """The rate, and what ``peak`` gives at a multiple of it."""
    rate = times * 2 * radius**2 / tau
    at, shift = peak(d_k, Symbol("rate"))
    numbers = {"d_k": d_k, "rate": rate}
    return rate, float(at.subs(numbers)), float(shift.subs(numbers))


def reference(
    draws: dict[str, np.ndarray], *, mode: str, d_k: int, radius: float, tau: float, **_: Any
) -> dict[str, float]:
    """One replicate, spelt out in NumPy; likelihood ratios come from the densities themselves."""
    ratio = np.ones(1)
    if mode == "tilted":
        shift = _numbers(d_k, radius, tau)[2]
        moved = draws["first"] + shift
        ratio = np.exp((draws["first"] ** 2 - moved**2) / 2)
        draws = {**draws, "first": moved}
    cos = cosines(draws, mode=mode, d_k=d_k)
    return {"inverse_snr": float(np.sum(np.exp(2 * radius**2 * (cos - 1) / tau) * ratio))}


def reliable(*, mode: str, n: int, d_k: int, radius: float, tau: float) -> str:
    """Why the error bar cannot be trusted, or nothing.

    Its own error bar comes from the squares of the weights, exp(2 RATE cos): single ones carry them where none of the
    cosines drawn is likely to be where these count, shift^2/2 in the logarithm of the probability.
    """
    _, _, shift = _numbers(d_k, radius, tau, 2.0)
    drawn = math.log(n * LIKELY_REPLICATES)
    if mode != "tilted" and drawn < shift**2 / 2:
        return f"ln(n {LIKELY_REPLICATES}) = {drawn:.1f} is below {shift**2 / 2:.1f}: single cosines carry the mean"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": literal, "collapsed": collapsed, "tilted": tilted},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("inverse_snr")),
    also={"log": lambda **_: Smooth(log(Symbol("inverse_snr")))},
    reliable=reliable,
    arithmetic_error=1e-4,
    arithmetic_reason="float32 cosines and exponentials of the literal mode: 1e-5 of a weight",
)

if __name__ == "__main__":
    run.main(__file__)
