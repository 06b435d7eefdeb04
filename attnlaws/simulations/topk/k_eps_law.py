"""Simulate softmax rows with Gaussian logits: does it take more than k of the largest weights to lose at most eps?"""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.selection import kept_of_weights
from attnlaws.simulations.stream import fill_normals64


def exceeds(k0, k1, replicate, scratch, out, n, k, sigma, eps):
    """Draw n logits, make weights of them, and count the largest that make up all but eps."""
    weights = scratch[:n]
    fill_normals64(k0, k1, replicate, np.uint64(0), weights)
    largest = weights[0]
    for i in range(n):
        largest = weights[i] if weights[i] > largest else largest
    for i in range(n):
        weights[i] = pexp64(sigma * (weights[i] - largest))
    out[0] = 1.0 if kept_of_weights(weights, eps) > k else 0.0


def rows(**_: Any) -> Replicate:
    """One softmax row a replicate."""
    return Replicate(
        kernel=exceeds,
        arguments=lambda *, n, k, sigma, eps, **_: {"n": n, "k": k, "sigma": float(sigma), "eps": float(eps)},
        scratch=lambda *, n, **_: n,
        size=lambda *, n, **_: n,
        outputs=("exceeds",),
    )


def reference(draws: dict[str, np.ndarray], *, n: int, k: int, eps: float, sigma: float, **_: Any) -> dict[str, float]:
    """One row, spelt out in NumPy: the weights outside the k largest, against eps of all."""
    weights = np.sort(np.exp(sigma * draws["items"].astype(np.float64)))
    return {"exceeds": float(weights[: n - k].sum() > eps * weights.sum())}


EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("exceeds")),
    arithmetic_error=1e-10,
    arithmetic_reason="a comparison falls the other way where two masses agree to 1e-14",
)

if __name__ == "__main__":
    run.main(__file__)
