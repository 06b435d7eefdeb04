"""Simulate retrieval through a gated unit with two key sets: stored pairs, one asked for by the sum of its two keys.

Two quantities are simulated. The ratio of means takes the interference of every other pair and the signal as they come.
The median is one over targets, of the ratio's mean over the other pairs: a replicate is one target, in full, and that
mean is put in as the theory has it, |q|^4/2 for the mean square weight of another pair. What is put in is what the
ratio of means has in its numerator, where it is simulated.
"""

from typing import Any

import numpy as np
from sympy import Expr, Integer, Max, Symbol, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Dot, Draw, Experiment, Quantile, Smooth, Streaming
from attnlaws.simulations.retrieval.exponential import distractors

TARGET, TARGET_GATE = Draw("target", "d_k"), Draw("target_gate", "d_k")
KEY, GATE, SCORE, GATE_SCORE = Draw("key", "d_k"), Draw("gate", "d_k"), Draw("score"), Draw("gate_score")
MEAN, ACROSS = Draw("mean", "d_k"), Draw("across")
ENTRY, GATE_ENTRY = Draw("entry"), Draw("gate_entry")

N = Symbol("n")
NORM2, SIGNAL, SHRINK, NOISE = Symbol("query_norm2"), Symbol("weight"), Symbol("shrink"), Symbol("noise2")


def literal(*, convention: str, **_: Any) -> Streaming:
    """Keys and gates in full: their dot products with the query; for the median the target's alone, by coordinates."""
    if convention == "median":
        key, gate = ENTRY.symbol, GATE_ENTRY.symbol
        sums = {"key2": key**2, "gate2": gate**2, "overlap": key * gate}
        key2, gate2, overlap = (Symbol(name) for name in sums)
        weight = Max(key2 + overlap, Integer(0)) * (gate2 + overlap)
        return _targets((ENTRY, GATE_ENTRY), (), sums, key2 + gate2 + 2 * overlap, weight)
    key, gate = TARGET.symbol, TARGET_GATE.symbol
    key2, gate2, overlap = Dot(key, key), Dot(gate, gate), Dot(key, gate)
    scores = [SHRINK * (Dot(each.symbol, key) + Dot(each.symbol, gate)) for each in (KEY, GATE)]
    norm2 = key2 + gate2 + 2 * overlap
    weight = Max(key2 + overlap, Integer(0)) * (gate2 + overlap)
    return _pairs((KEY, GATE), (TARGET, TARGET_GATE), scores, norm2, weight)


def collapsed(*, convention: str, **_: Any) -> Streaming:
    """An equal law with fewer draws: half the sum of the target's keys, a normal across it, and normal scores."""
    across = Symbol("across_keys") if convention == "median" else ACROSS.symbol
    x = Symbol("half") if convention == "median" else Dot(MEAN.symbol, MEAN.symbol)
    weight = Max(x + sqrt(x) * across, Integer(0)) * (x - sqrt(x) * across)
    if convention == "median":
        return _targets((ENTRY,), (ACROSS,), {"half": ENTRY.symbol**2}, 2 * x, weight)
    return _pairs((SCORE, GATE_SCORE), (MEAN, ACROSS), [SCORE.symbol, GATE_SCORE.symbol], 2 * x, weight)


def _targets(
    item: tuple[Draw, ...], shared: tuple[Draw, ...], sums: dict[str, Expr], norm2: Expr, weight: Expr
) -> Streaming:
    """Targets, coordinate by coordinate: the mean interference given the query over the target's squared weight."""
    return Streaming(
        items=lambda *, d_k, **_: d_k,
        shared=shared,
        item=item,
        scalars={f"{draw.name}_keys": draw.symbol for draw in shared},
        sums=sums,
        outputs={"inverse_snr": (N - 1) * norm2**2 / (2 * weight**2)},
    )


def _pairs(
    item: tuple[Draw, ...], shared: tuple[Draw, ...], scores: list[Expr], norm2: Expr, weight: Expr
) -> Streaming:
    """Pairs: squared weights are added up in units of |q|^4; the means of noise and of signal are taken apart."""
    return Streaming(
        items=distractors,
        shared=shared,
        item=item,
        scalars={"query_norm2": norm2, "weight": weight, "shrink": 1 / sqrt(norm2)},
        sums={"noise2": (Max(scores[0], Integer(0)) * scores[1]) ** 2},
        outputs={"noise": NOISE * NORM2**2, "signal": SIGNAL**2},
    )


def estimator(*, convention: str, **_: Any) -> Smooth | Quantile:
    """The estimator of the convention asked for."""
    if convention == "median":
        return Quantile("inverse_snr", 0.5)
    return Smooth(Symbol("noise") / Symbol("signal"))


def reference(draws: dict[str, np.ndarray], *, mode: str, n: int, convention: str, **_: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    wide = {name: np.asarray(values, dtype=np.float64) for name, values in draws.items()}
    if mode == "literal":
        names = ("entry", "gate_entry") if convention == "median" else ("target", "target_gate")
        key, gate = (wide[name].ravel() for name in names)
        query = key + gate
        norm2, weight = float(query @ query), max(float(key @ query), 0.0) * float(gate @ query)
    else:
        half, across = wide["entry" if convention == "median" else "mean"].ravel(), float(wide["across"].item())
        x = float(half @ half)
        norm2, weight = 2 * x, max(x + x**0.5 * across, 0.0) * (x - x**0.5 * across)
    if convention == "median":
        return {"inverse_snr": (n - 1) * norm2**2 / 2 / weight**2 if weight else np.inf}
    if mode == "literal":
        scores, gates = wide["key"] @ query, wide["gate"] @ query
    else:
        scores, gates = (norm2**0.5 * wide[name].ravel() for name in ("score", "gate_score"))
    return {"noise": float(np.sum((np.maximum(scores, 0) * gates) ** 2)), "signal": weight**2}


EXPERIMENT = Experiment(
    modes={"literal": literal, "collapsed": collapsed},
    reference=reference,
    estimator=estimator,
    arithmetic_error=1e-5,
    arithmetic_reason="float32 normals carry relative errors near 1e-7; a weight is a difference of sums in float64",
)

if __name__ == "__main__":
    run.main(__file__)
