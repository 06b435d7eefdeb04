"""Draw the largest weights of a frozen row from the arrivals of a Poisson process, and the rest by their mean."""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64, plog64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.stream import fill_normals64

OUTPUTS = ("tail_mass", "participation", "ratio")
FEWEST, EACH = 64, 8
"""Arrivals that are drawn: so many for each key that is kept, and no fewer."""


def arrivals(k0, k1, replicate, scratch, out, terms, k, m):
    """Add up the weights of the first arrivals, relative to the largest, and of those beyond in the mean."""
    normals = scratch[: 2 * terms]
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    time, first, log_time = 0.0, 0.0, 0.0
    total, squares, lost, last_kept, first_lost = 0.0, 0.0, 0.0, 1.0, 1.0
    for i in range(terms):
        time += (normals[2 * i] * normals[2 * i] + normals[2 * i + 1] * normals[2 * i + 1]) / 2.0
        log_time = plog64(time)
        first = log_time if i == 0 else first
        weight = pexp64((first - log_time) / m)
        total += weight
        squares += weight * weight
        lost += weight if i >= k else 0.0
        last_kept = weight if i == k - 1 else last_kept
        first_lost = weight if i == k else first_lost
    # Beyond time g the mean sum of the weights u^(-1/m) is m/(1 - m) g^(1 - 1/m); of their squares, the same with 2/m.
    rest = pexp64(first / m + (1.0 - 1.0 / m) * log_time) * m / (1.0 - m)
    rest_squares = pexp64(2.0 * first / m + (1.0 - 2.0 / m) * log_time) * m / (2.0 - m)
    total += rest
    out[0] = (lost + rest) / total
    out[1] = (squares + rest_squares) / (total * total)
    out[2] = first_lost / last_kept


def terms_of(k: int) -> int:
    """How many arrivals are drawn.

    Example:
        >>> terms_of(1), terms_of(100)
        (64, 800)
    """
    return max(FEWEST, EACH * k)


def process(**_: Any) -> Replicate:
    """One row without end a replicate."""
    return Replicate(
        kernel=arrivals,
        arguments=lambda *, m, k, **_: {"terms": terms_of(k), "k": k, "m": float(m)},
        scratch=lambda *, k, **_: 2 * terms_of(k),
        size=lambda *, k, **_: 2 * terms_of(k),
        outputs=OUTPUTS,
    )


def reference(draws: dict[str, np.ndarray], *, m: float, k: int, **_: Any) -> dict[str, float]:
    """One row, spelt out in NumPy."""
    times = np.cumsum((draws["items"].astype(np.float64).reshape(-1, 2) ** 2).sum(axis=1) / 2)
    weights = times ** (-1 / m)
    rest = times[-1] ** (1 - 1 / m) / (1 / m - 1)
    rest_squares = times[-1] ** (1 - 2 / m) / (2 / m - 1)
    total = weights.sum() + rest
    return {
        "tail_mass": float((weights[k:].sum() + rest) / total),
        "participation": float(((weights**2).sum() + rest_squares) / total**2),
        "ratio": float(weights[k] / weights[k - 1]),
    }


EXPERIMENT = Experiment(
    modes={"literal": process},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("tail_mass")),
    also={
        "participation": lambda **_: Smooth(Symbol("participation")),
        "ratio": lambda **_: Smooth(Symbol("ratio")),
    },
    arithmetic_error=3e-4,
    arithmetic_reason="the weights beyond the last arrival are replaced by their mean, which moves the mean of a share "
    "by less than the mean of their squared shares: below 6e-5 for m up to 0.8",
)

if __name__ == "__main__":
    run.main(__file__)
