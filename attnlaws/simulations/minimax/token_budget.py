"""Simulate documents of T tokens: the empirical means of D cosines against their true values, which are zero."""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.stream import fill_normals64
from attnlaws.theory.minimax.token_budget import balance


def coefficients(k0, k1, replicate, scratch, out, tokens, size):
    """Draw tokens with a uniform angle, and add up sqrt(2) cos(j angle) for j up to the size, by their recurrence."""
    normals, sums = scratch[: 2 * tokens], scratch[2 * tokens :]
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    for j in range(size):
        sums[j] = 0.0
    for t in range(tokens):
        x, y = normals[2 * t], normals[2 * t + 1]
        cosine = x / np.sqrt(x * x + y * y)
        before, here = 1.0, cosine
        for j in range(size):
            sums[j] += here
            before, here = here, 2.0 * cosine * here - before
    total = 0.0
    for j in range(size):
        mean = sums[j] / np.float64(tokens)
        total += 2.0 * (mean * mean)
    out[0] = total


def _size(*, log_n: float, alpha: float, kappa: float, **_: Any) -> int:
    return balance(float(log_n), float(alpha), float(kappa))[1]


def _arguments(*, tokens: int, **point: Any) -> dict[str, int | float]:
    return {"tokens": tokens, "size": _size(**point)}


def _scratch(*, tokens: int, **point: Any) -> int:
    return 2 * tokens + _size(**point)


def documents(**_: Any) -> Replicate:
    """One document a replicate."""
    return Replicate(
        kernel=coefficients,
        arguments=_arguments,
        scratch=_scratch,
        size=lambda *, tokens, **_: 2 * tokens,
        outputs=("error",),
    )


def estimator(*, tokens: int, log_n: float, alpha: float, kappa: float, **_: Any) -> Smooth:
    """The error falls as 1/T: from what it is at some number of tokens follows where it meets exp(-2 u)."""
    exponent = balance(float(log_n), float(alpha), float(kappa))[0]
    return Smooth(Symbol("error") * tokens * float(np.exp(2 * exponent)))


def reference(draws: dict[str, np.ndarray], *, mode: str, tokens: int, **point: Any) -> dict[str, float]:
    """One document, spelt out in NumPy."""
    x, y = draws["items"].astype(np.float64).reshape(tokens, 2).T
    angle = np.arctan2(y, x)
    means = [np.mean(np.sqrt(2) * np.cos(j * angle)) for j in range(1, _size(**point) + 1)]
    return {"error": float(np.sum(np.square(means)))}


EXPERIMENT = Experiment(
    modes={"literal": documents},
    reference=reference,
    estimator=estimator,
    arithmetic_error=1e-9,
    arithmetic_reason="float64 cosines; the recurrence loses a factor of the square of their number",
)

if __name__ == "__main__":
    run.main(__file__)
