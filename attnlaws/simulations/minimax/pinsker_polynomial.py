"""Simulate Pinsker's rule at the least favorable signal with m derivatives, coordinate by coordinate."""

import math
from typing import Any

import numpy as np
from sympy import Float, Symbol

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.minimax import pinsker_exponential


def _size(log_n: float | None) -> float:
    if log_n is None:
        raise ValueError("log_n = None: must be a real number to be simulated (the limit has no noise)")
    return float(log_n)


def literal(*, log_n: float | None, m: float, **_: Any) -> Replicate:
    """The sequence model of the law."""
    return pinsker_exponential.shape(_size(log_n), m, 0.0)


def reference(draws: dict[str, np.ndarray], *, log_n: float | None, m: float, **_: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    return pinsker_exponential.naive(draws, _size(log_n), m, 0.0)


def estimator(*, log_n: float | None, m: float, **_: Any) -> Smooth:
    """The mean loss, which is in units of the noise's variance, in units of the rate."""
    return Smooth(Symbol("loss") * Float(math.exp(-_size(log_n) / (2 * m + 1))))


EXPERIMENT = Experiment(
    modes={"literal": literal},
    reference=reference,
    estimator=estimator,
    arithmetic_error=1e-10,
    arithmetic_reason="float64; a ratio (k/N)^m is off by 1e-16 times its exponent, which is below 30",
)

if __name__ == "__main__":
    run.main(__file__)
