"""Simulate softmax rows with Student scores and measure the probability outside the k largest.

A Student score with nu degrees of freedom is a normal over the root of a chi-square variable by its degrees of freedom:
so many further normals a key make it, wherefore nu must be whole to be simulated.
"""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.rows import tail_share
from attnlaws.simulations.stream import fill_normals64


def student(k0, k1, replicate, scratch, out, n, k, nu, sigma):
    """Draw nu + 1 normals a key, make a score of them, and add up the weights outside the k largest."""
    scores, ordered, drawn = scratch[:n], scratch[n : 2 * n], scratch[2 * n : (3 + nu) * n]
    fill_normals64(k0, k1, replicate, np.uint64(0), drawn)
    for i in range(n):
        square = 0.0
        for j in range(nu):
            part = drawn[(nu + 1) * i + 1 + j]
            square += part * part
        scores[i] = drawn[(nu + 1) * i] * np.sqrt(np.float64(nu) / square)
    out[0] = tail_share(scores, ordered, k, sigma)


def _degrees(nu: float) -> int:
    """The degrees of freedom, which are a number of normals here."""
    if nu != round(nu):
        raise ValueError(f"nu = {nu}: must be a whole number to be simulated")
    return round(nu)


def rows(*, n: int, k: int, nu: float, **_: Any) -> Replicate:
    """One softmax row a replicate.

    Raises:
        ValueError: nothing would be dropped, or a score is not made of whole normals.
    """
    if k >= n:
        raise ValueError(f"k = {k}: must be an integer >= 1 and < n = {n} (something must be dropped)")
    normals = _degrees(nu) + 1
    return Replicate(
        kernel=student,
        arguments=lambda *, n, k, nu, sigma, **_: {"n": n, "k": k, "nu": _degrees(nu), "sigma": float(sigma)},
        scratch=lambda *, n, **_: (2 + normals) * n,
        size=lambda *, n, **_: normals * n,
        outputs=("tail_mass",),
    )


def reference(draws: dict[str, np.ndarray], *, n: int, k: int, nu: float, sigma: float, **_: Any) -> dict[str, float]:
    """One row, spelt out in NumPy."""
    drawn = draws["items"].astype(np.float64).reshape(n, _degrees(nu) + 1)
    scores = drawn[:, 0] / np.sqrt((drawn[:, 1:] ** 2).mean(axis=1))
    weights = np.sort(np.exp(sigma * (scores - scores.max())))
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
