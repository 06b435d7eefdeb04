"""Simulate softmax rows with Gaussian logits, correlated or not: how the number of keys that lose eps varies."""

import math
from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.selection import kept_of_weights
from attnlaws.simulations.stream import fill_normals64
from attnlaws.theory.topk.k_eps import LAW as K_EPS


def moments(k0, k1, replicate, scratch, out, n, sigma, eps, correlation, fraction, threshold):
    """Draw n logits; the number of keys less its limit n f, over sqrt(n), squared, and less what is zero in the mean.

    That is the sum over the keys of min(r, 1) - eps r - f, with r the weight over that of the threshold: it follows the
    number of keys up or down in each row, so that the rest hardly varies.
    """
    weights = scratch[:n]
    fill_normals64(k0, k1, replicate, np.uint64(0), weights)
    fresh = np.sqrt(1.0 - correlation * correlation)
    for i in range(1, n):
        weights[i] = correlation * weights[i - 1] + fresh * weights[i]
    largest, followed = weights[0], 0.0
    for i in range(n):
        largest = weights[i] if weights[i] > largest else largest
        ratio = pexp64(sigma * (weights[i] - threshold))
        followed += min(ratio, 1.0) - eps * ratio - fraction
    for i in range(n):
        weights[i] = pexp64(sigma * (weights[i] - largest))
    excess = kept_of_weights(weights, eps) - n * fraction
    out[0] = excess / np.sqrt(np.float64(n))
    out[1] = excess * excess / n
    out[2] = excess - followed


def _arguments(*, n: int, sigma: float, eps: float, correlation: float | None, **_: Any) -> dict[str, int | float]:
    from scipy import special

    return {
        "n": n,
        "sigma": float(sigma),
        "eps": float(eps),
        "correlation": float(correlation or 0.0),
        "fraction": float(K_EPS(eps=eps, sigma=sigma)),
        "threshold": float(sigma + special.ndtri(eps)),
    }


def rows(**_: Any) -> Replicate:
    """One softmax row a replicate."""
    return Replicate(
        kernel=moments,
        arguments=_arguments,
        scratch=lambda *, n, **_: n,
        size=lambda *, n, **_: n,
        outputs=("excess", "square", "bias"),
    )


def reference(draws: dict[str, np.ndarray], *, mode: str, **parameters: Any) -> dict[str, float]:
    """One row, spelt out in NumPy."""
    given = _arguments(**parameters)
    n, sigma, eps, phi = (given[name] for name in ("n", "sigma", "eps", "correlation"))
    scores = draws["items"].astype(np.float64)
    for i in range(1, scores.size):
        scores[i] = phi * scores[i - 1] + math.sqrt(1 - phi**2) * scores[i]
    lost = np.cumsum(np.exp(sigma * np.sort(scores)))
    excess = n - int(np.searchsorted(lost, eps * lost[-1], side="right")) - n * given["fraction"]
    ratio = np.exp(sigma * (scores - given["threshold"]))
    followed = float((np.minimum(ratio, 1) - eps * ratio - given["fraction"]).sum())
    return {"excess": excess / math.sqrt(n), "square": excess**2 / n, "bias": excess - followed}


def reliable(*, n: int, sigma: float, correlation: float | None, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    phi = correlation or 0.0
    alike = n * (1 - phi) / (1 + phi)
    if alike < math.exp(4 * sigma**2):
        return f"n = {n} stands for {alike:.1f} independent keys, fewer than exp(4 sigma^2): a few carry the variance"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("square") - Symbol("excess") ** 2),
    also={"bias": lambda **_: Smooth(Symbol("bias"))},
    reliable=reliable,
    arithmetic_error=1e-9,
    arithmetic_reason="whole numbers of keys, and float64 sums that are up to 1e4 times larger than the bias",
)

if __name__ == "__main__":
    run.main(__file__)
