"""Simulate exponential-kernel retrieval over Gaussian keys, the mean of which the typical-norm formula is taken for."""

from typing import Any

import numpy as np

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Streaming
from attnlaws.simulations.retrieval import exponential

MEAN = {"convention": "expectation"}


def literal(**parameters: Any) -> Streaming:
    """Keys in full."""
    return exponential.literal(**MEAN, **parameters)


def collapsed(**parameters: Any) -> Streaming:
    """An equal law with fewer draws."""
    return exponential.collapsed(**MEAN, **parameters)


def tilted(**parameters: Any) -> Streaming:
    """The same by importance sampling."""
    return exponential.tilted(**MEAN, **parameters)


def reference(draws: dict[str, np.ndarray], **parameters: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    return exponential.reference(draws, **MEAN, **parameters)


def reliable(**parameters: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    return exponential.reliable(**MEAN, **parameters)


EXPERIMENT = Experiment(
    modes={"literal": literal, "collapsed": collapsed, "tilted": tilted},
    reference=reference,
    estimator=lambda **_: exponential.estimator(**MEAN),
    reliable=reliable,
    arithmetic_error=exponential.EXPERIMENT.arithmetic_error,
    arithmetic_reason=exponential.EXPERIMENT.arithmetic_reason,
)

if __name__ == "__main__":
    run.main(__file__)
