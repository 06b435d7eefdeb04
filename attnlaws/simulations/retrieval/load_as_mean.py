"""Simulate linear retrieval over Gaussian keys, the mean of which the load n/d_k is taken for."""

from typing import Any

import numpy as np

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Streaming
from attnlaws.simulations.retrieval import linear

MEAN = {"convention": "expectation", "d_v": None}


def literal(**parameters: Any) -> Streaming:
    """Keys in full."""
    return linear.literal(**MEAN, **parameters)


def collapsed(**parameters: Any) -> Streaming:
    """An equal law with fewer draws."""
    return linear.collapsed(**MEAN, **parameters)


def reference(draws: dict[str, np.ndarray], **parameters: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    return linear.reference(draws, **MEAN, **parameters)


def reliable(*, d_k: int, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    return linear.reliable(d_k=d_k, **MEAN)


EXPERIMENT = Experiment(
    modes={"literal": literal, "collapsed": collapsed},
    reference=reference,
    estimator=lambda **_: linear.estimator(**MEAN),
    reliable=reliable,
    arithmetic_error=linear.EXPERIMENT.arithmetic_error,
    arithmetic_reason=linear.EXPERIMENT.arithmetic_reason,
)

if __name__ == "__main__":
    run.main(__file__)
