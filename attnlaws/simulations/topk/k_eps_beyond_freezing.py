"""Simulate softmax rows whose mass is carried by few keys, and the mean number of keys that make up all but eps."""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.topk import k_eps


def rows(**parameters: Any) -> Replicate:
    """One softmax row a replicate."""
    return k_eps.rows(**parameters)


def reference(draws: dict[str, np.ndarray], **parameters: Any) -> dict[str, float]:
    """One row, spelt out in NumPy."""
    return k_eps.reference(draws, **parameters)


EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("fraction")),  # from 1/n to 1, so that its mean needs no rare rows
    arithmetic_error=1e-12,
    arithmetic_reason="a count; weights are good to 1e-14, and only a tie with the share lost would be seen",
)

if __name__ == "__main__":
    run.main(__file__)
