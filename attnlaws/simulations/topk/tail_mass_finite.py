"""Simulate softmax rows with scores of several laws and measure the probability outside the k largest."""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.rows import tail_share
from attnlaws.simulations.stream import fill_normals64

NORMALS = {"gaussian": 1, "exponential": 2, "laplace": 3, "uniform": 2}
"""How many normals make a score."""
KINDS = tuple(NORMALS)


def tail_mass(k0, k1, replicate, scratch, out, n, k, sigma, kind, normals):
    """Make n scores of normals, and add up the weights outside the k largest."""
    scores, ordered, drawn = scratch[:n], scratch[n : 2 * n], scratch[2 * n : (2 + normals) * n]
    fill_normals64(k0, k1, replicate, np.uint64(0), drawn)
    for i in range(n):
        if kind == 0:
            scores[i] = drawn[i]
        else:
            one, two = drawn[normals * i], drawn[normals * i + 1]
            energy = (one * one + two * two) / 2.0
            if kind == 1:
                scores[i] = energy
            elif kind == 2:
                scores[i] = drawn[3 * i + 2] * np.sqrt(2.0 * energy)
            else:
                scores[i] = pexp64(-energy)
    out[0] = tail_share(scores, ordered, k, sigma)


def rows(*, n: int, k: int, scores: str, **_: Any) -> Replicate:
    """One softmax row a replicate.

    Raises:
        ValueError: nothing would be dropped.
    """
    if k >= n:
        raise ValueError(f"k = {k}: must be an integer >= 1 and < n = {n} (something must be dropped)")
    normals = NORMALS[scores]
    return Replicate(
        kernel=tail_mass,
        arguments=lambda *, n, k, sigma, scores, **_: {
            "n": n,
            "k": k,
            "sigma": float(sigma),
            "kind": KINDS.index(scores),
            "normals": normals,
        },
        scratch=lambda *, n, **_: (2 + normals) * n,
        size=lambda *, n, **_: normals * n,
        outputs=("tail_mass",),
    )


def reference(draws: dict[str, np.ndarray], *, n: int, k: int, sigma: float, scores: str, **_: Any) -> dict[str, float]:
    """One row, spelt out in NumPy."""
    drawn = draws["items"].astype(np.float64).reshape(n, NORMALS[scores])
    if scores == "gaussian":
        score = drawn[:, 0]
    elif scores == "laplace":
        score = drawn[:, 2] * np.sqrt((drawn[:, :2] ** 2).sum(axis=1))
    else:
        energy = (drawn**2).sum(axis=1) / 2
        score = energy if scores == "exponential" else np.exp(-energy)
    weights = np.sort(np.exp(sigma * (score - score.max())))
    return {"tail_mass": float(weights[: n - k].sum() / weights.sum())}


EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("tail_mass")),
    arithmetic_error=1e-10,
    arithmetic_reason="float64 weights are good to 1e-15 times their logarithm",
)

if __name__ == "__main__":
    run.main(__file__)
