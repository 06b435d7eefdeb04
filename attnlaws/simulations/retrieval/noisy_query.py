"""Simulate the interference of exponential retrieval: stored pairs, one of them asked for by its key and some noise."""

import math
from typing import Any

import numpy as np
from sympy import Expr, Rational, Symbol, exp, log, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Dot, Draw, Experiment, Smooth, Streaming
from attnlaws.simulations.retrieval.linear_sphere import distractors

TARGET, NOISE, KEY, SCORE = Draw("target", "d_k"), Draw("disturbance", "d_k"), Draw("key", "d_k"), Draw("score")
D_K, TAU, SIZE = Symbol("d_k"), Symbol("tau"), Symbol("noise")
NORM2, OVERLAP, LEVEL, SCALE = (Symbol(name) for name in ("query_norm2", "overlap", "level", "scale"))

TILT = Rational(3, 4)
"""How far importance sampling goes: most of the spread is gone, and what is left still shows in the error bar."""

LIKELY_REPLICATES = 256


def literal(**_: Any) -> Streaming:
    """Keys in full, and their dot products with the query, which is the target's key and noise."""
    target, cross, noise = _products()
    norm2 = target + 2 * SIZE * cross + SIZE**2 * noise
    score = Dot(KEY.symbol, TARGET.symbol) + SIZE * Dot(KEY.symbol, NOISE.symbol)
    return Streaming(
        items=distractors,
        shared=(TARGET, NOISE),
        item=(KEY,),
        scalars={"level": 2 * norm2 / TAU**2, "overlap": target + SIZE * cross},
        sums={"noise2": exp(2 * score / TAU - LEVEL)},
        outputs={"inverse_snr": Symbol("noise2") * exp(LEVEL - 2 * OVERLAP / TAU)},
    )


def collapsed(**_: Any) -> Streaming:
    """An equal law with fewer draws: given the query, scores are independent N(0, |query|^2)."""
    return _scored(Rational(0))


def tilted(**_: Any) -> Streaming:
    """The same by importance sampling: targets, noise and scores are drawn where they count, and weighed."""
    return _scored(TILT)


def _products() -> tuple[Expr, Expr, Expr]:
    """Inner products of the two shared draws."""
    first, second = TARGET.symbol, NOISE.symbol
    return Dot(first, first), Dot(first, second), Dot(second, second)


def form(tau: Any, noise: Any) -> tuple[Any, Any, Any]:
    """The quadratic form A in (target, noise) of which exp is the mean ratio given both: A11, A12, A22."""
    a, b = 2 / tau**2, 2 / tau
    return a - b, (a - b / 2) * noise, a * noise**2


def factor(tau: Any, noise: Any, tilt: Any) -> tuple[Any, Any, Any]:
    """What (target, noise) is made of at a tilt, as a lower triangle L11, L21, L22.

    Normals with the density proportional to exp(-x.x/2 + tilt x.A x) have the precision P = I - 2 tilt A, and
    L L^T = P^-1.
    """
    a11, a12, a22 = (2 * tilt * a for a in form(tau, noise))
    p11, p12, p22 = 1 - a11, -a12, 1 - a22
    determinant = p11 * p22 - p12**2
    return (p22 / determinant) ** Rational(1, 2), -p12 / (p22 * determinant) ** Rational(1, 2), p22 ** Rational(-1, 2)


def _scored(tilt: Expr) -> Streaming:
    """Scores in place of keys, shifted by a part of what the weight 2 score/tau asks for, as for an exact query.

    With spread s = |query|/tau a weight is exp(2 s z) for a standard normal z. Drawn as z + 2 tilt s and multiplied by
    the ratio of the densities it is exp(2 (1 - tilt) s z) times exp(4 s^2 (tilt - tilt^2/2)).
    """
    l11, l21, l22 = factor(TAU, SIZE, tilt)
    a11, a12, a22 = form(TAU, SIZE)
    first, cross, second = _products()
    target = l11**2 * first
    overlap = l11 * l21 * first + l11 * l22 * cross
    noise = l21**2 * first + 2 * l21 * l22 * cross + l22**2 * second
    weighing = D_K * log(l11 * l22) - tilt * (a11 * target + 2 * a12 * overlap + a22 * noise)
    norm2 = target + 2 * SIZE * overlap + SIZE**2 * noise
    return Streaming(
        items=distractors,
        shared=(TARGET, NOISE),
        item=(SCORE,),
        scalars={
            "query_norm2": norm2,
            "overlap": target + SIZE * overlap,
            "weighing": weighing,
            "spread": sqrt(norm2) / TAU,
        },
        sums={
            "noise2": exp(
                2 * (1 - tilt) * Symbol("spread") * SCORE.symbol - 2 * (1 - tilt) ** 2 * Symbol("spread") ** 2
            )
        },
        outputs={
            "inverse_snr": Symbol("noise2") * exp(2 * NORM2 / TAU**2 - 2 * OVERLAP / TAU + Symbol("weighing")),
        },
    )


def reference(
    draws: dict[str, np.ndarray], *, mode: str, d_k: int, tau: float, noise: float, **_: Any
) -> dict[str, float]:
    """One replicate, spelt out in NumPy; likelihood ratios come from the densities themselves."""
    tilt = float(TILT) if mode == "tilted" else 0.0
    a11, a12, a22 = form(tau, noise)
    precision = np.eye(2) - 2 * tilt * np.array([[a11, a12], [a12, a22]])
    upper = np.linalg.cholesky(precision[::-1, ::-1])[::-1, ::-1]  # precision = upper upper^T
    drawn = np.stack([draws["target"], draws["disturbance"]]).astype(np.float64)
    pair = np.linalg.solve(upper.T, drawn)  # lower triangular, so that the first is made of the first alone
    ratio = -np.sum(pair**2) / 2 + np.sum(pair * (precision @ pair)) / 2 - d_k * np.log(np.linalg.det(precision)) / 2
    query = pair[0] + noise * pair[1]
    if mode == "literal":
        scores = draws["key"].astype(np.float64) @ query
    else:
        shift = 2 * tilt * np.linalg.norm(query) / tau
        z = draws["score"].astype(np.float64) + shift
        scores = np.linalg.norm(query) * z
        ratio = ratio + ((z - shift) ** 2 - z**2) / 2
    return {"inverse_snr": float(np.sum(np.exp(2 * (scores - pair[0] @ query) / tau + ratio)))}


def reliable(*, mode: str, n: int, d_k: int, tau: float, noise: float) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    tilt = float(TILT) if mode == "tilted" else 0.0
    left = (1 - tilt) ** 2
    a11, a12, a22 = form(tau, noise)
    # A squared value has the form (2 - tilt) A, and its squared weights 4 left |query|^2/tau^2 on top of that.
    more = 4 * left / tau**2
    squared = [(2 - tilt) * a + more * b for a, b in zip((a11, a12, a22), (1, noise, noise**2), strict=True)]
    p11, p12, p22 = 1 - 2 * squared[0], -2 * squared[1], 1 - 2 * squared[2]
    if p11 <= 0 or p11 * p22 - p12**2 <= 0:
        return f"tau = {tau:g}, noise = {noise:g}: the ratio has no variance over keys and noise in mode {mode}"
    effective = 8 * left * d_k * (1 + noise**2) / tau**2
    if math.log(n * LIKELY_REPLICATES) < effective:
        drawn = math.log(n * LIKELY_REPLICATES)
        return f"ln(n {LIKELY_REPLICATES}) = {drawn:.1f} is below {effective:.1f}: single scores carry the mean"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": literal, "collapsed": collapsed, "tilted": tilted},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("inverse_snr")),
    also={"log": lambda **_: Smooth(log(Symbol("inverse_snr")))},
    reliable=reliable,
    arithmetic_error=1e-4,
    arithmetic_reason="float32 scores and exponentials: 1e-5 of a weight",
)

if __name__ == "__main__":
    run.main(__file__)
