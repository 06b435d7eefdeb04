"""Simulate softmax rows with Gaussian logits: is the number of keys that lose at most eps in the proven interval?"""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64
from attnlaws.simulations.experiment import Experiment, Quantile, Replicate, Smooth
from attnlaws.simulations.selection import kept_of_weights
from attnlaws.simulations.stream import fill_normals64
from attnlaws.theory.kept_interval import interval


def within(k0, k1, replicate, scratch, out, n, sigma, eps, lower, upper):
    """Draw n logits, make weights of them, and count the largest that make up all but eps."""
    weights = scratch[:n]
    fill_normals64(k0, k1, replicate, np.uint64(0), weights)
    largest = weights[0]
    for i in range(n):
        largest = weights[i] if weights[i] > largest else largest
    for i in range(n):
        weights[i] = pexp64(sigma * (weights[i] - largest))
    kept = kept_of_weights(weights, eps)
    out[0] = 1.0 if lower <= kept <= upper else 0.0
    out[1] = np.float64(kept)
    out[2] = np.float64(n - kept)


def _arguments(*, n: int, sigma: float, eps: float, confidence: float, **_: Any) -> dict[str, int | float]:
    lower, upper = interval(n, float(eps), float(sigma), float(confidence))[:2]
    return {"n": n, "sigma": float(sigma), "eps": float(eps), "lower": lower, "upper": upper}


def rows(**_: Any) -> Replicate:
    """One softmax row a replicate."""
    return Replicate(
        kernel=within,
        arguments=_arguments,
        scratch=lambda *, n, **_: n,
        size=lambda *, n, **_: n,
        outputs=("inside", "kept", "unused"),
    )


def reference(draws: dict[str, np.ndarray], **parameters: Any) -> dict[str, float]:
    """One row, spelt out in NumPy."""
    given = _arguments(**parameters)
    lost = np.cumsum(np.exp(given["sigma"] * np.sort(draws["items"].astype(np.float64))))
    kept = lost.size - int(np.searchsorted(lost, given["eps"] * lost[-1], side="right"))
    return {"inside": float(given["lower"] <= kept <= given["upper"]), "kept": kept, "unused": lost.size - kept}


EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("inside")),
    also={
        "lower": lambda *, confidence, **_: Quantile("kept", (1 - confidence) / 2),
        "unused": lambda *, confidence, **_: Quantile("unused", (1 - confidence) / 2),
    },
    arithmetic_error=1e-10,
    arithmetic_reason="counts; weights are good to 1e-14, and only a tie with the share lost would be seen",
)

if __name__ == "__main__":
    run.main(__file__)
