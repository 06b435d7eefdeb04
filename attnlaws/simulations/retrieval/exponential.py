"""Simulate the interference of exponential-kernel retrieval: stored pairs, one of them asked for by its own key."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from sympy import Expr, Integer, Rational, Symbol, exp, log, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Dot, Draw, Experiment, Smooth, Streaming

QUERY, SIGNAL, KEY, TWIN = Draw("query", "d_k"), Draw("signal", "d_k"), Draw("key", "d_k"), Draw("twin", "d_k")
SCORE, OTHER = Draw("score"), Draw("other")

N, D_K, TAU = Symbol("n"), Symbol("d_k"), Symbol("tau")
NORM2, SIGNAL_NORM2, LEVEL = Symbol("query_norm2"), Symbol("signal_norm2"), Symbol("level")

TILT = Rational(3, 4)
"""How far importance sampling goes: most of the spread is gone, and what is left still shows in the error bar."""

FEWEST, MOST = 16, 4096
BIAS = 1e-4
LIKELY_REPLICATES = 256


def norm2_of(draw: Draw, rate: Expr, tilt: Expr) -> tuple[Expr, Expr]:
    """A squared norm drawn so that values exp(-rate norm2) spread less, and the logarithm of its likelihood ratio.

    Each component is multiplied by c with 1/c^2 = 1 + 2 tilt rate; at tilt 1 the values would not spread at all.
    """
    shrink = 1 + 2 * tilt * rate
    norm2 = Dot(draw.symbol, draw.symbol) / shrink
    return norm2, -D_K * log(shrink) / 2


def literal(*, convention: str, **_: Any) -> Streaming:
    """Keys in full: their dot products with the query, weighed against the query's own."""
    weights = [exp(2 * Dot(key.symbol, QUERY.symbol) / TAU - LEVEL) for key in (KEY, TWIN)]
    scalars = {"query_norm2": Dot(QUERY.symbol, QUERY.symbol), "level": 2 * Dot(QUERY.symbol, QUERY.symbol) / TAU**2}
    signal = {"signal": exp(2 * NORM2 / TAU)}
    return _stream(convention, (KEY, TWIN), weights, scalars, (QUERY,), LEVEL, Integer(0), signal, 0.0)


def collapsed(*, convention: str, **_: Any) -> Streaming:
    """An equal law with fewer draws: given the query, scores are independent N(0, |query|^2)."""
    return _scored(Integer(0), convention)


def tilted(*, convention: str, **_: Any) -> Streaming:
    """The same by importance sampling: queries and scores are drawn where they count, and weighed accordingly."""
    return _scored(TILT, convention)


def _scored(tilt: Expr, convention: str) -> Streaming:
    """Scores in place of keys, shifted by a part of what the weight 2 score/tau asks for.

    With spread s = |query|/tau a weight is exp(2 s z) for a standard normal z. Drawn as z + 2 tilt s and multiplied by
    the ratio of the densities it is exp(2 (1 - tilt) s z) times exp(4 s^2 (tilt - tilt^2/2)).
    """
    rates = {"expectation": 2 / TAU - 2 / TAU**2, "ratio": -2 / TAU**2, "geometric": Integer(0)}
    norm2, weighing = norm2_of(QUERY, rates[convention], tilt)
    scale = 4 * NORM2 / TAU**2 * (tilt - tilt**2 / 2)
    correction = weighing + tilt * rates[convention] * NORM2
    weights = [exp(2 * (1 - tilt) * Symbol("spread") * draw.symbol - LEVEL) for draw in (SCORE, OTHER)]
    scalars = {
        "query_norm2": norm2,
        "spread": sqrt(norm2) / TAU,
        "level": 2 * (1 - tilt) ** 2 * norm2 / TAU**2,
    }
    signal, shared = {}, (QUERY,)
    if convention == "ratio":
        shared = (QUERY, SIGNAL)
        scalars["signal_norm2"], weighing = norm2_of(SIGNAL, -2 / TAU, tilt)
        signal = {"signal": exp(2 * (1 - tilt) * SIGNAL_NORM2 / TAU + weighing)}
    return _stream(convention, (SCORE, OTHER), weights, scalars, shared, scale + LEVEL, correction, signal, float(tilt))


def _stream(
    convention: str,
    draws: tuple[Draw, Draw],
    weights: list[Expr],
    scalars: dict[str, Expr],
    shared: tuple[Draw, ...],
    scale: Expr,
    correction: Expr,
    signal: dict[str, Expr],
    tilt: float,
) -> Streaming:
    """What all modes share: squared weights are added up, and the target's weight divides them at the end.

    They are added relative to exp(level), about their mean, because float32 would underflow in high dimensions.
    """
    noise = Symbol("noise2") * exp(scale - 2 * NORM2 / TAU + correction)
    if convention == "geometric":
        return Streaming(
            items=lambda **p: sample(tilt=tilt, **p) // 2,
            shared=shared,
            item=draws,
            scalars=scalars,
            sums={"noise2": weights[0], "twin2": weights[1], "count": Integer(1)},
            outputs={"log_inverse_snr": _log_mean() + scale - 2 * NORM2 / TAU},
        )
    outputs = {"inverse_snr": noise}
    if convention == "ratio":
        outputs = {"noise": Symbol("noise2") * exp(scale + correction), **signal}
    return Streaming(
        items=distractors,
        shared=shared,
        item=draws[:1],
        scalars=scalars,
        sums={"noise2": weights[0]},
        outputs=outputs,
    )


def _log_mean() -> Expr:
    """The logarithm of the mean interference of n - 1 distractors, from two samples of a half each.

    The logarithm of a sample mean is biased by the inverse of the sample size; twice that of both halves together less
    the mean of those of the halves is not.
    """
    first, second = Symbol("noise2"), Symbol("twin2")
    return 2 * log((first + second) / 2) - (log(first) + log(second)) / 2 + log((N - 1) / Symbol("count"))


def sample(*, d_k: int, tau: float, tilt: float, **_: Any) -> int:
    """Distractors from which the geometric convention takes their mean, for one query.

    An even number, at which the bias that two halves leave is below ``BIAS``, or the largest that is affordable.
    """
    wanted = math.sqrt(bias(d_k=d_k, tau=tau, tilt=tilt, size=1) / BIAS)
    return 2 * math.ceil(min(max(wanted, FEWEST), MOST) / 2)


def bias(*, d_k: int, tau: float, tilt: float, size: int) -> float:
    """What the pooled logarithm of a sample mean misses, to leading order, at a query of typical norm.

    A lognormal weight of relative variance v has relative third moment v^3 + 3 v^2, and the logarithm of a mean of m
    weights the expectation -v/(2 m) + ((v^3 + 3 v^2)/3 - 3 v^2/4)/m^2; twice it at m less once at m/2 keeps twice the
    second term, with its sign turned.

    Example:
        >>> round(bias(d_k=4, tau=2.0, tilt=0.0, size=100), 3)
        10.409
    """
    variance = math.expm1(min(4 * (1 - tilt) ** 2 * d_k / tau**2, 30.0))
    return (variance**2 / 2 + 2 * variance**3 / 3) / size**2


def distractors(*, n: int, **_: Any) -> int:
    """Stored pairs other than the one asked for."""
    return n - 1


def estimator(*, convention: str, **_: Any) -> Smooth:
    """The estimator of the convention asked for."""
    if convention == "ratio":
        return Smooth(Symbol("noise") / Symbol("signal"))
    if convention == "geometric":
        return Smooth(exp(Symbol("log_inverse_snr")))
    return Smooth(Symbol("inverse_snr"))


def reference(
    draws: dict[str, np.ndarray], *, mode: str, n: int, d_k: int, tau: float, convention: str
) -> dict[str, float]:
    """One replicate, spelt out in NumPy; likelihood ratios come from the densities themselves."""
    tilt = float(TILT) if mode == "tilted" else 0.0
    rate = {"expectation": 2 / tau - 2 / tau**2, "ratio": -2 / tau**2, "geometric": 0.0}[convention]

    def log_density(vector: np.ndarray, variance: float) -> float:
        return float(-vector @ vector / (2 * variance) - vector.size * math.log(variance) / 2)

    def drawn(name: str, rate: float) -> tuple[np.ndarray, float]:
        variance = 1 / (1 + 2 * tilt * rate)
        vector = draws[name].astype(np.float64) * math.sqrt(variance)
        return vector, log_density(vector, 1.0) - log_density(vector, variance)

    query, weighing = drawn("query", rate)
    norm2 = float(query @ query)

    def squares(key: str, score: str) -> np.ndarray:
        if mode == "literal":
            return np.exp(2 * (draws[key].astype(np.float64) @ query - norm2) / tau)
        shift = 2 * tilt * math.sqrt(norm2) / tau
        z = draws[score].astype(np.float64) + shift
        ratio = np.exp(((z - shift) ** 2 - z**2) / 2)
        return np.exp(2 * (math.sqrt(norm2) * z - norm2) / tau) * ratio

    first = squares("key", "score")
    if convention == "geometric":
        halves = first.mean(), squares("twin", "other").mean()
        pooled = 2 * math.log(sum(halves) / 2) - (math.log(halves[0]) + math.log(halves[1])) / 2
        return {"log_inverse_snr": math.log(n - 1) + pooled}
    inverse = float(first.sum()) * math.exp(weighing)
    if convention == "expectation":
        return {"inverse_snr": inverse}
    target, signal_weighing = (query, 0.0) if mode == "literal" else drawn("signal", -2 / tau)
    return {
        "noise": inverse * math.exp(2 * norm2 / tau),
        "signal": math.exp(2 * float(target @ target) / tau + signal_weighing),
    }


def reliable(*, mode: str, n: int, d_k: int, tau: float, convention: str, power: int = 0) -> str:
    """Why the error bar cannot be trusted, or nothing; a weight may have this power of the squared score as factor."""
    tilt = float(TILT) if mode == "tilted" else 0.0
    left = (1 - tilt) ** 2
    if convention == "geometric":
        left_over = bias(d_k=d_k, tau=tau, tilt=tilt, size=sample(d_k=d_k, tau=tau, tilt=tilt))
        return f"{MOST} distractors leave a bias of {left_over:.1g} in the logarithm" if left_over > BIAS else ""
    # Values exp(-rate norm2) under the tilted density have the second moment of exp(-(2 - tilt) rate norm2); squared
    # weights add exp(4 left norm2/tau^2).
    rates = {"expectation": (2 / tau - 2 / tau**2, left), "ratio": (-2 / tau**2, left)}
    checked = [rates[convention]] + ([(-2 / tau, 0.0)] if convention == "ratio" else [])
    densities = [(1 + 2 * tilt * rate, 1 + 2 * (2 - tilt) * rate - 8 * spread / tau**2) for rate, spread in checked]
    if min(map(min, densities)) <= 0:
        return f"tau = {tau:g}: the ratio has no variance over Gaussian keys in mode {mode}"
    for (_, spread), (drawn, carrying) in zip(checked, densities, strict=True):
        rare = norm_rarity(d_k, drawn / carrying)
        if (seen := math.log(LIKELY_REPLICATES)) < rare:
            return f"ln {LIKELY_REPLICATES} = {seen:.1f} is below {rare:.1f}: single keys carry the error bar"
        rare += score_rarity(math.sqrt(spread * d_k / carrying) / tau, power)
        if (seen := math.log(n * LIKELY_REPLICATES)) < rare:
            return f"ln(n {LIKELY_REPLICATES}) = {seen:.1f} is below {rare:.1f}: single scores carry the error bar"
    return ""


def norm_rarity(d_k: int, scale: float) -> float:
    """Minus the logarithm of how often the squared norm of a Gaussian key comes to ``scale`` times its typical size.

    To leading order: the rate at which a chi-square variable deviates that far.

    Example:
        >>> norm_rarity(32, 1.0), round(norm_rarity(32, 3.0), 2)
        (0.0, 14.42)
    """
    return d_k / 2 * (scale - 1 - math.log(scale))


def score_rarity(spread: float, power: int) -> float:
    """Minus the logarithm of how often the score comes by that carries the variance of a weight z^(2p) exp(2 s z).

    Its square times the normal density is largest where z = 2 s + 2 sqrt(s^2 + p).

    Args:
        spread: s, the standard deviation of a score in units of tau.
        power: p.

    Example:
        >>> score_rarity(1.0, 0)
        8.0
    """
    return (2 * spread + 2 * math.sqrt(spread**2 + power)) ** 2 / 2


MODES: dict[str, Callable[..., Streaming]] = {"literal": literal, "collapsed": collapsed, "tilted": tilted}

EXPERIMENT = Experiment(
    modes=MODES,
    reference=reference,
    estimator=estimator,
    reliable=reliable,
    arithmetic_error=1e-4,
    arithmetic_reason="float32 scores and exponentials: 1e-5 of a weight; the geometric convention is biased by 1e-4",
)

if __name__ == "__main__":
    run.main(__file__)
