"""Draw softmax rows and value vectors, cut the rows, and add up chi^2 and the variances key by key."""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.primitives import kernel
from attnlaws.simulations.stream import fill_normals64
from attnlaws.simulations.topk.output_error import (
    cut_rows,
    distance_of_means,
    instance,
    softmax_cut,
    weights_and_values,
)

OUTPUTS = ("error", "chi_square", "kept_variance")


@kernel
def variance(values, weights, d_v):
    """Mean square distance of vectors (one after the other in an array) from their mean; the weights add to 1."""
    total = 0.0
    for c in range(d_v):
        mean = 0.0
        for i in range(weights.size):
            mean += weights[i] * values[i * d_v + c]
        for i in range(weights.size):
            total += weights[i] * (values[i * d_v + c] - mean) * (values[i * d_v + c] - mean)
    return total


def output_variance(k0, k1, replicate, scratch, out, n, d_v, k, sigma):
    """Draw n logits and n values, and evaluate the error and both bounds on it from their definitions."""
    drawn = scratch[: n + n * d_v]
    p, q = scratch[n + n * d_v : 2 * n + n * d_v], scratch[2 * n + n * d_v : 3 * n + n * d_v]
    fill_normals64(k0, k1, replicate, np.uint64(0), drawn)
    softmax_cut(drawn[:n], p, q, k, sigma)
    chi, head = 0.0, 0.0
    for i in range(n):
        chi += (q[i] - p[i]) * (q[i] - p[i]) / p[i]
        head += p[i] if q[i] > 0.0 else 0.0
    whole, within = variance(drawn[n:], p, d_v), variance(drawn[n:], q, d_v)
    out[0] = distance_of_means(drawn[n:], p, q, d_v)
    out[1] = np.sqrt(chi * whole)
    out[2] = np.sqrt(chi * (whole - head * within))


def rows(**parameters: Any) -> Replicate:
    """One softmax row with its values a replicate."""
    return cut_rows(output_variance, OUTPUTS, **parameters)


def reference(draws: dict[str, np.ndarray], **parameters: Any) -> dict[str, float]:
    """One row, spelt out in NumPy."""
    p, q, values = weights_and_values(draws, **parameters)
    whole, within = (float(w @ ((values - w @ values) ** 2).sum(axis=1)) for w in (p, q))
    chi, head = float(((q - p) ** 2 / p).sum()), float(p[q > 0].sum())
    return {
        "error": float(np.linalg.norm(p @ values - q @ values)),
        "chi_square": float(np.sqrt(chi * whole)),
        "kept_variance": float(np.sqrt(chi * (whole - head * within))),
    }


EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("error")),
    instance=instance,
    arithmetic_error=1e-9,
    arithmetic_reason="outputs are rounded to 1e-15 of the values and differ by more than 1e-6 on the grid; variances "
    "and their difference likewise",
)

if __name__ == "__main__":
    run.main(__file__)
