"""Simulate how far the log SNR of exponential-kernel retrieval spreads over targets.

A target's mean interference is not known but estimated from distractors, and the noise of that estimate would add to
the spread. So each target gets two samples of distractors that share nothing: given the target the two logarithms are
independent, and their covariance over targets is the variance of what they have in common.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from sympy import Expr, Rational, Symbol, log, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Smooth, Streaming
from attnlaws.simulations.retrieval import exponential
from attnlaws.simulations.retrieval.exponential import LEVEL, NORM2, TAU, TILT

BIAS = 1e-3
FEWEST, MOST = 8, 4096
FIRST, SECOND, PRODUCT = Symbol("first"), Symbol("second"), Symbol("product")


def literal(**parameters: Any) -> Streaming:
    """Keys in full: their dot products with the target, weighed against the target's own."""
    return _two_samples(exponential.literal(convention="geometric", **parameters), Rational(0))


def collapsed(**parameters: Any) -> Streaming:
    """An equal law with fewer draws: given the target, scores are independent N(0, |target|^2)."""
    return _two_samples(exponential.collapsed(convention="geometric", **parameters), Rational(0))


def tilted(**parameters: Any) -> Streaming:
    """The same by importance sampling: scores are drawn where they count, and weighed accordingly."""
    return _two_samples(exponential.tilted(convention="geometric", **parameters), TILT)


def _two_samples(stream: Streaming, tilt: Expr) -> Streaming:
    """The stream of the geometric convention, whose two samples are reported apart."""
    shift = LEVEL + 4 * NORM2 / TAU**2 * (tilt - tilt**2 / 2) - 2 * NORM2 / TAU
    logs = [-log(Symbol(name) / Symbol("count")) - shift for name in ("noise2", "twin2")]
    return replace(
        stream,
        items=lambda **p: sample(tilt=float(tilt), **p),
        outputs={"first": logs[0], "second": logs[1], "product": logs[0] * logs[1]},
    )


def sample(*, d_k: int, tau: float, tilt: float) -> int:
    """Distractors from which each sample takes its mean: as many as bring the bias below ``BIAS``, if affordable."""
    wanted = bias(d_k=d_k, tau=tau, tilt=tilt, size=1) / BIAS
    return math.ceil(min(max(wanted, FEWEST), MOST))


def bias(*, d_k: int, tau: float, tilt: float, size: int) -> float:
    """The relative error that the logarithm of a sample mean leaves in the spread, to leading order in 1/size.

    The logarithm of a mean of m weights misses v(x)/(2 m), where v = exp(b x) - 1 with b = 4 (1 - tilt)^2/tau^2 is
    their relative variance at squared norm x. The logarithm is linear in x, so what counts is the slope of v regressed
    on x, cov(x, v)/var(x) = b (1 - 2 b)^(-d_k/2 - 1), over twice m times the logarithm's own slope.

    Example:
        >>> round(bias(d_k=4, tau=4.0, tilt=0.0, size=100), 4)
        0.0267
    """
    rate = 4 * (1 - tilt) ** 2 / tau**2
    if rate >= 0.5:
        return math.inf
    slope = rate * math.exp(min(-(d_k / 2 + 1) * math.log1p(-2 * rate), 100.0))
    return slope / (2 * size * 2 * (tau - 1) / tau**2)


def reference(draws: dict[str, np.ndarray], *, mode: str, d_k: int, tau: float) -> dict[str, float]:
    """One replicate, spelt out in NumPy; likelihood ratios come from the densities themselves."""
    tilt = float(TILT) if mode == "tilted" else 0.0
    query = draws["query"].astype(np.float64)
    norm2 = float(query @ query)

    def log_snr(key: str, score: str) -> float:
        if mode == "literal":
            weights = np.exp((draws[key].astype(np.float64) @ query - norm2) / tau)
            return -math.log(np.mean(weights**2))
        shift = 2 * tilt * math.sqrt(norm2) / tau
        z = draws[score].astype(np.float64) + shift
        ratio = np.exp(((z - shift) ** 2 - z**2) / 2)
        return -math.log(np.mean(ratio * np.exp(2 * (math.sqrt(norm2) * z - norm2) / tau)))

    first, second = log_snr("key", "score"), log_snr("twin", "other")
    return {"first": first, "second": second, "product": first * second}


def reliable(*, mode: str, d_k: int, tau: float) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    tilt = float(TILT) if mode == "tilted" else 0.0
    left_over = bias(d_k=d_k, tau=tau, tilt=tilt, size=sample(d_k=d_k, tau=tau, tilt=tilt))
    if left_over > 1.01 * BIAS:
        return f"{MOST} distractors leave a bias of {left_over:.1g} of the spread"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": literal, "collapsed": collapsed, "tilted": tilted},
    reference=reference,
    estimator=lambda **_: Smooth(sqrt(PRODUCT - FIRST * SECOND)),
    reliable=reliable,
    arithmetic_error=1.1e-3,
    arithmetic_reason="samples of distractors are large enough for a bias below 1e-3; float32 scores leave 1e-5",
)

if __name__ == "__main__":
    run.main(__file__)
