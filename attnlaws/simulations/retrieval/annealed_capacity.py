"""Simulate the capacity of a memory over Gaussian keys, which the formula for the mean is taken for."""

from typing import Any

import numpy as np

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Smooth, Streaming
from attnlaws.simulations.retrieval import capacity

KEYS = {"keys": "gaussian"}


def literal(**parameters: Any) -> Streaming:
    """Keys in full."""
    return capacity.literal(**KEYS, **parameters)


def collapsed(**parameters: Any) -> Streaming:
    """An equal law with fewer draws."""
    return capacity.collapsed(**KEYS, **parameters)


def estimator(**parameters: Any) -> Smooth:
    """Where the typical sum crosses one."""
    return capacity.estimator(**KEYS, **parameters)


def reference(draws: dict[str, np.ndarray], **parameters: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    return capacity.reference(draws, **KEYS, **parameters)


EXPERIMENT = Experiment(
    modes={"literal": literal, "collapsed": collapsed},
    reference=reference,
    estimator=estimator,
    arithmetic_error=capacity.EXPERIMENT.arithmetic_error,
    arithmetic_reason=capacity.EXPERIMENT.arithmetic_reason,
)

if __name__ == "__main__":
    run.main(__file__)
