"""Draw rows of scores and count how many of the largest weights make up all but eps."""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.selection import kept_of_weights
from attnlaws.simulations.topk.gap_bound import fill_scores, instance

OUTPUTS = ("range", "participation", "fano")


def count_of_row(k0, k1, replicate, scratch, out, n, sigma, step, eps):
    """Draw n scores, make weights of them, and count; every output of the law bounds the same number."""
    weights = scratch[:n]
    fill_scores(k0, k1, replicate, weights, sigma, step)
    largest = weights[0]
    for i in range(n):
        largest = weights[i] if weights[i] > largest else largest
    for i in range(n):
        weights[i] = pexp64(weights[i] - largest)
    kept = np.float64(kept_of_weights(weights, eps))
    out[0] = kept
    out[1] = kept
    out[2] = kept


def rows(**_: Any) -> Replicate:
    """One row a replicate."""
    return Replicate(
        kernel=count_of_row,
        arguments=lambda *, n, sigma, step, eps, **_: {
            "n": n, "sigma": float(sigma), "step": float(step), "eps": float(eps),
        },
        scratch=lambda *, n, **_: n,
        size=lambda *, n, **_: n,
        outputs=OUTPUTS,
    )  # fmt: skip


def reference(draws: dict[str, np.ndarray], *, sigma: float, step: float, eps: float, **_: Any) -> dict[str, float]:
    """One row, spelt out in NumPy: sorted, and summed up from the smallest weight."""
    scores = sigma * draws["items"].astype(np.float64)
    scores = np.sort(step * np.round(scores / step) if step > 0 else scores)
    lost = np.cumsum(np.exp(scores - scores[-1]))
    kept = float(scores.size - np.searchsorted(lost, eps * lost[-1], side="right"))
    return dict.fromkeys(OUTPUTS, kept)


EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("range")),
    instance=instance,
    arithmetic_error=1e-10,
    arithmetic_reason="a count: weights are whole multiples of 2^-62 of the largest, and their sums exact",
)

if __name__ == "__main__":
    run.main(__file__)
