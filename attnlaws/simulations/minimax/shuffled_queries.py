"""Simulate two documents with opposite tags, queries whose tag may be wrong, and attention that ignores the tags."""

from typing import Any

import numpy as np
from scipy import special
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64, plog64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.stream import fill_normals64


def answered(k0, k1, replicate, scratch, out, modes, alpha, threshold):
    """Ask for one of two documents, by its tag or by the other one, and compare the answers with the target."""
    normals = scratch[: 2 * modes + 2]
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    tag = 1.0 if normals[2 * modes] > 0.0 else -1.0
    asked = -tag if normals[2 * modes + 1] < threshold else tag
    target, other, guess = 0.0, 0.0, 0.0
    for j in range(modes):  # a weight exp(-700) is none
        weight = pexp64(-min(700.0, pexp64(alpha * plog64(np.float64(j + 1)))))
        here, there = normals[j], normals[modes + j]
        mean = (here + there) / 2.0
        target += weight * (here * here)
        other += weight * (there * there)
        guess += weight * (mean * mean + 0.5)
    answer = tag * target if asked == tag else asked * other
    out[0] = (tag * target - answer) * (tag * target - answer)
    out[1] = (target - guess) * (target - guess)


def queries(**_: Any) -> Replicate:
    """One context and one query a replicate."""
    return Replicate(
        kernel=answered,
        arguments=lambda *, alpha, modes, flipped, **_: {
            "modes": modes,
            "alpha": float(alpha),
            "threshold": float(special.ndtri(flipped)) if flipped < 1 else 1e3,
        },
        scratch=lambda *, modes, **_: 2 * modes + 2,
        size=lambda *, modes, **_: 2 * modes + 2,
        outputs=("penalty", "uniform"),
    )


def reference(
    draws: dict[str, np.ndarray], *, mode: str, alpha: float, modes: int, flipped: float, **_: Any
) -> dict[str, float]:
    """One query, spelt out in NumPy."""
    items = draws["items"].astype(np.float64)
    documents, (side, coin) = items[: 2 * modes].reshape(2, modes), items[2 * modes :]
    weights = np.exp(-(np.arange(1, modes + 1) ** alpha))
    sums = (documents**2) @ weights
    tag = 1.0 if side > 0 else -1.0
    wrong = special.ndtr(coin) < flipped
    answer = -tag * sums[1] if wrong else tag * sums[0]
    mean = documents.mean(axis=0)
    return {
        "penalty": float((tag * sums[0] - answer) ** 2),
        "uniform": float((sums[0] - (mean**2 + 0.5) @ weights) ** 2),
    }


EXPERIMENT = Experiment(
    modes={"literal": queries},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("penalty")),
    also={"uniform": lambda **_: Smooth(Symbol("uniform"))},
    arithmetic_error=1e-11,
    arithmetic_reason="float64 sums of up to a thousand terms, with weights good to 1e-14",
)

if __name__ == "__main__":
    run.main(__file__)
