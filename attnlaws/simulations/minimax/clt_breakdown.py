"""Simulate softmax attention over Gaussian tokens however sharp: its output along the query, its spread across."""

from typing import Any

import numpy as np
from sympy import Symbol, exp

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Smooth, Streaming
from attnlaws.simulations.minimax import token_covariance

OUTPUTS = {
    "along": Symbol("along"),
    "ratio": Symbol("tokens") * exp(-(Symbol("s") ** 2)) * Symbol("across"),
}


def tokens_in_full(**_: Any) -> Streaming:
    """Tokens as vectors."""
    return token_covariance.literal({}, OUTPUTS)


def places(**_: Any) -> Streaming:
    """Tokens by their places on the query."""
    return token_covariance.collapsed({}, OUTPUTS)


def reference(draws: dict[str, np.ndarray], *, tokens: int, s: float, **_: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    share, place, across = token_covariance.softmax(draws, s)
    return {"along": float(share @ place), "ratio": float(tokens * np.exp(-(s**2)) * across)}


EXPERIMENT = Experiment(
    modes={"literal": tokens_in_full, "collapsed": places},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("along")),
    also={"ratio": lambda **_: Smooth(Symbol("ratio"))},
    arithmetic_error=1e-10,
    arithmetic_reason="float64 weights with relative errors below 1e-15 times their logarithm, summed in a tree",
)

if __name__ == "__main__":
    run.main(__file__)
