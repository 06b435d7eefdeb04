"""Draw softmax rows, drop their smallest weights up to a share eps, and add up the squares of what changes.

Given the weights, the mean over independent values with mean zero of the squared error is the sum of (P - Q)^2 times
their variance, and that of the squared output is the sum of P^2 times it: the values need not be drawn.
"""

import math
from typing import Any

import numpy as np
from sympy import Symbol, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.selection import kept_of_weights
from attnlaws.simulations.stream import fill_normals64
from attnlaws.simulations.topk.output_error import softmax_cut


def output_noise(k0, k1, replicate, scratch, out, n, sigma, eps):
    """Draw n logits, cut the row to the fewest weights that lose at most eps, and compare squares."""
    scores, p, q = scratch[:n], scratch[n : 2 * n], scratch[2 * n : 3 * n]
    fill_normals64(k0, k1, replicate, np.uint64(0), scores)
    largest = scores[0]
    for i in range(n):
        largest = scores[i] if scores[i] > largest else largest
    for i in range(n):
        p[i] = pexp64(sigma * (scores[i] - largest))
    softmax_cut(scores, p, q, kept_of_weights(p, eps), sigma)
    changed, whole = 0.0, 0.0
    for i in range(n):
        changed += (p[i] - q[i]) * (p[i] - q[i])
        whole += p[i] * p[i]
    out[0] = n * changed
    out[1] = n * whole


def rows(**_: Any) -> Replicate:
    """One softmax row a replicate."""
    return Replicate(
        kernel=output_noise,
        arguments=lambda *, n, sigma, eps, **_: {"n": n, "sigma": float(sigma), "eps": float(eps)},
        scratch=lambda *, n, **_: 3 * n,
        size=lambda *, n, **_: n,
        outputs=("changed", "whole"),
    )


def reference(draws: dict[str, np.ndarray], *, n: int, sigma: float, eps: float, **_: Any) -> dict[str, float]:
    """One row, spelt out in NumPy: sorted, and summed up from the smallest weight."""
    weights = np.exp(sigma * np.sort(draws["items"].astype(np.float64)))
    lost = np.cumsum(weights)
    dropped = int(np.searchsorted(lost, eps * lost[-1], side="right"))
    p, q = weights / weights.sum(), np.where(np.arange(n) < dropped, 0.0, weights)
    return {"changed": n * float(((p - q / q.sum()) ** 2).sum()), "whole": n * float((p**2).sum())}


def reliable(*, n: int, sigma: float, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    if math.log(n) < 4 * sigma**2:
        return f"ln n = {math.log(n):.1f} is below 4 sigma^2: single scores carry the sum of the squares"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda **_: Smooth(sqrt(Symbol("changed") / Symbol("whole"))),
    reliable=reliable,
    arithmetic_error=1e-8,
    arithmetic_reason="weights and sums of n terms are rounded to n times 1e-16, at n up to 1e7",
)

if __name__ == "__main__":
    run.main(__file__)
