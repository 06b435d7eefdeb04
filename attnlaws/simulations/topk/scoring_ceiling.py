"""Score keys with Gaussian logits one after the other, until only a share of the softmax mass is left."""

import math
from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.stream import fill_normals64


def scored(k0, k1, replicate, scratch, out, n, sigma, eps):
    """Draw n logits, and leave out as many of the last ones as the share allows."""
    weights = scratch[:n]
    fill_normals64(k0, k1, replicate, np.uint64(0), weights)
    largest = weights[0]
    for i in range(n):
        largest = weights[i] if weights[i] > largest else largest
    total = 0.0
    for i in range(n):
        weights[i] = pexp64(sigma * (weights[i] - largest))
        total += weights[i]
    left, count = weights[n - 1], n
    while count > 1 and left <= eps * total:
        count -= 1
        left += weights[count - 1]
    out[0] = np.float64(count) / np.float64(n)


def rows(**_: Any) -> Replicate:
    """One softmax row a replicate."""
    return Replicate(
        kernel=scored,
        arguments=lambda *, n, sigma, eps, **_: {"n": n, "sigma": float(sigma), "eps": float(eps)},
        scratch=lambda *, n, **_: n,
        size=lambda *, n, **_: n,
        outputs=("fraction",),
    )


def reference(draws: dict[str, np.ndarray], *, eps: float, sigma: float, n: int, **_: Any) -> dict[str, float]:
    """One row, spelt out in NumPy: the share after each key, from the first one on."""
    weights = np.exp(sigma * draws["items"].astype(np.float64))
    left = np.cumsum(weights[::-1])[::-1]
    return {"fraction": max(1, int((left > eps * left[0]).sum())) / n}


def reliable(*, n: int, sigma: float, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    if math.log(n) < sigma**2 / 2:
        return f"ln n = {math.log(n):.1f} is below sigma^2 / 2: single scores carry the mass (frozen phase)"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("fraction")),
    reliable=reliable,
    arithmetic_error=1e-12,
    arithmetic_reason="a count; weights are good to 1e-14, and only a tie with the share left would be seen",
)

if __name__ == "__main__":
    run.main(__file__)
