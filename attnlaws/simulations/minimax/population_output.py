"""Simulate the mean softmax output over Gaussian tokens whose scores spread so widely that few of them count."""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Smooth, Streaming
from attnlaws.simulations.minimax import clt_breakdown


def tokens_in_full(**parameters: Any) -> Streaming:
    """Tokens as vectors."""
    return clt_breakdown.tokens_in_full(**parameters)


def places(**parameters: Any) -> Streaming:
    """Tokens by their places on the query."""
    return clt_breakdown.places(**parameters)


def reference(draws: dict[str, np.ndarray], **parameters: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    return clt_breakdown.reference(draws, **parameters)


EXPERIMENT = Experiment(
    modes={"literal": tokens_in_full, "collapsed": places},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("along")),
    arithmetic_error=1e-10,
    arithmetic_reason="float64 weights with relative errors below 1e-15 times their logarithm, summed in a tree",
)

if __name__ == "__main__":
    run.main(__file__)
