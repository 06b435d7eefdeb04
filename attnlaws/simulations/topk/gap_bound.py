"""Draw rows of scores, Gaussian or on a few levels, and measure the probability outside the k largest weights."""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import plog64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.primitives import kernel
from attnlaws.simulations.rows import tail_share
from attnlaws.simulations.stream import fill_normals64

OUTPUTS = ("bound", "log", "looseness")
NEAREST = 6755399441055744.0
"""1.5 * 2^52: added and taken away, it leaves the nearest whole number of a float64 below 2^51."""


@kernel
def fill_scores(k0, k1, replicate, scores, sigma, step):
    """Fill an array with normal scores, rounded to multiples of the step where it is not 0."""
    fill_normals64(k0, k1, replicate, np.uint64(0), scores)
    for i in range(scores.size):
        score = sigma * scores[i]
        if step > 0.0:
            score = step * ((score / step + 6755399441055744.0) - 6755399441055744.0)
        scores[i] = score


def tail_of_row(k0, k1, replicate, scratch, out, n, k, sigma, step):
    """Draw n scores; report the tail mass, its logarithm, and 1: what each output of the law bounds."""
    scores, ordered = scratch[:n], scratch[n : 2 * n]
    fill_scores(k0, k1, replicate, scores, sigma, step)
    tail = tail_share(scores, ordered, k, 1.0)
    out[0] = tail
    out[1] = plog64(tail)
    out[2] = 1.0


def rows(*, n: int, k: int, **_: Any) -> Replicate:
    """One row a replicate.

    Raises:
        ValueError: nothing would be dropped.
    """
    if k >= n:
        raise ValueError(f"k = {k}: must be an integer >= 1 and < n = {n} (something must be dropped)")
    return Replicate(
        kernel=tail_of_row,
        arguments=lambda *, n, k, sigma, step, **_: {"n": n, "k": k, "sigma": float(sigma), "step": float(step)},
        scratch=lambda *, n, **_: 2 * n,
        size=lambda *, n, **_: n,
        outputs=OUTPUTS,
    )


def instance(draws: dict[str, np.ndarray], *, sigma: float, step: float, **_: Any) -> dict[str, np.ndarray]:
    """The rows of some replicates, as a caller of the law would give them."""
    scores = sigma * draws["items"]
    return {"logits": step * ((scores / step + NEAREST) - NEAREST) if step > 0 else scores}


def reference(draws: dict[str, np.ndarray], *, k: int, sigma: float, step: float, **_: Any) -> dict[str, float]:
    """One row, spelt out in NumPy."""
    scores = sigma * draws["items"].astype(np.float64)
    scores = np.sort(step * np.round(scores / step) if step > 0 else scores)[::-1]
    weights = np.exp(scores - scores[0])
    tail = weights[k:].sum() / weights.sum()
    return {"bound": float(tail), "log": float(np.log(tail)), "looseness": 1.0}


ARITHMETIC_ERROR = 1e-10
ARITHMETIC_REASON = "sums and a logarithm are rounded to 1e-15; logarithms of tail masses go down to about 1e-4"

EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("bound")),
    instance=instance,
    arithmetic_error=ARITHMETIC_ERROR,
    arithmetic_reason=ARITHMETIC_REASON,
)

if __name__ == "__main__":
    run.main(__file__)
