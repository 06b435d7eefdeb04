"""Simulate attention over documents of tokens with orthonormal tags, and the coefficient that it reads."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.minimax import noisy_tags


def _arguments(**parameters: Any) -> Mapping[str, int | float]:
    return noisy_tags.arguments(**parameters, eta=0.0)


def literal(**parameters: Any) -> Replicate:
    """Keys and values in full: tokens whose tags have no noise."""
    noisy = noisy_tags.literal(**parameters)
    return Replicate(
        kernel=noisy_tags.recalled,
        arguments=_arguments,
        scratch=noisy.scratch,
        size=noisy.size,
        outputs=noisy.outputs,
    )


def reference(draws: dict[str, np.ndarray], *, mode: str, **parameters: Any) -> dict[str, float]:
    """One context, spelt out in NumPy."""
    return noisy_tags.reference(draws, mode=mode, **parameters, eta=0.0)


EXPERIMENT = Experiment(
    modes={"literal": literal},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("error")),
    arithmetic_error=1e-10,
    arithmetic_reason="float64 weights good to 1e-14, and sums of them",
)

if __name__ == "__main__":
    run.main(__file__)
