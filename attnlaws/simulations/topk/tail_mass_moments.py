"""Simulate softmax rows with Gaussian logits: how the probability outside the k largest weights varies."""

import math
from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.rows import tail_share
from attnlaws.simulations.stream import fill_normals64
from attnlaws.simulations.topk.tail_mass import kept
from attnlaws.theory.topk.tail_mass import LAW as TAIL_MASS


def moments(k0, k1, replicate, scratch, out, n, k, sigma, limit, level):
    """Draw n logits; the tail mass less its limit, squared, and n times it less what is known to be zero in the mean.

    That is the sum over the keys of min(r, level) - limit r, less its mean, with r the weight over its mean: it follows
    the tail mass up or down in each row, so that the rest hardly varies.
    """
    scores, ordered = scratch[:n], scratch[n : 2 * n]
    fill_normals64(k0, k1, replicate, np.uint64(0), scores)
    excess = tail_share(scores, ordered, k, sigma) - limit
    followed = 0.0
    for i in range(n):
        weight = pexp64(sigma * scores[i] - sigma * sigma / 2.0)
        followed += min(weight, level) - limit * weight
    out[0] = excess
    out[1] = excess * excess
    out[2] = n * excess - (followed - level * k)


def _arguments(*, n: int, kappa: float, sigma: float, **_: Any) -> dict[str, int | float]:
    from scipy import special

    k = kept(n=n, kappa=kappa)
    level = math.exp(-sigma * float(special.ndtri(k / n)) - sigma**2 / 2)
    return {"n": n, "k": k, "sigma": float(sigma), "limit": float(TAIL_MASS(kappa=k / n, sigma=sigma)), "level": level}


def rows(**_: Any) -> Replicate:
    """One softmax row a replicate."""
    return Replicate(
        kernel=moments,
        arguments=_arguments,
        scratch=lambda *, n, **_: 2 * n,
        size=lambda *, n, **_: n,
        outputs=("excess", "square", "bias"),
    )


def reference(draws: dict[str, np.ndarray], *, n: int, kappa: float, sigma: float, **_: Any) -> dict[str, float]:
    """One row, spelt out in NumPy."""
    given = _arguments(n=n, kappa=kappa, sigma=sigma)
    weights = np.exp(sigma * np.sort(draws["items"].astype(np.float64)) - sigma**2 / 2)
    excess = float(weights[: n - int(given["k"])].sum() / weights.sum()) - given["limit"]
    followed = np.minimum(weights, given["level"]) - given["limit"] * weights - given["level"] * given["k"] / n
    return {"excess": excess, "square": excess**2, "bias": float(n * excess - followed.sum())}


def reliable(*, n: int, sigma: float, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    if math.log(n) < 4 * sigma**2:
        return f"ln n = {math.log(n):.1f} is below 4 sigma^2: a few squares of weights carry the variance"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda *, n, **_: Smooth(n * (Symbol("square") - Symbol("excess") ** 2)),
    also={"bias": lambda **_: Smooth(Symbol("bias"))},
    evaluated_at=lambda *, n, kappa, **_: {"kappa": kept(n=n, kappa=kappa) / n},
    reliable=reliable,
    arithmetic_error=1e-9,
    arithmetic_reason="float64 weights; the bias is a difference of sums that are up to 1e4 times larger",
)

if __name__ == "__main__":
    run.main(__file__)
