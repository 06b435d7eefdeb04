"""Draw softmax rows and value vectors, average the values with all weights and with the k largest, and compare."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.primitives import kernel
from attnlaws.simulations.selection import kth_largest
from attnlaws.simulations.stream import fill_normals64


@kernel
def softmax_cut(scores, p, q, k, sigma):
    """The weights of a row, and those of the same row cut to its k largest, both normalized.

    Args:
        scores: float64 [n].
        p: result, float64 [n].
        q: result, float64 [n], 0 for the keys that are dropped.
        k: number of keys kept; of keys that tie, the first ones.
        sigma: factor of the scores.
    """
    largest = scores[0]
    for i in range(scores.size):
        q[i] = scores[i]
        largest = scores[i] if scores[i] > largest else largest
    threshold = kth_largest(q, k)
    spare = k
    for i in range(scores.size):
        spare -= scores[i] > threshold
    total, head = 0.0, 0.0
    for i in range(scores.size):
        taken = scores[i] > threshold or (scores[i] == threshold and spare > 0)
        spare -= taken and scores[i] == threshold
        p[i] = pexp64(sigma * (scores[i] - largest))
        q[i] = p[i] if taken else 0.0
        total += p[i]
        head += q[i]
    for i in range(scores.size):
        p[i] = p[i] / total
        q[i] = q[i] / head


@kernel
def distance_of_means(values, p, q, d_v):
    """Distance between the means of vectors, one after the other in an array, under two sets of weights."""
    square = 0.0
    for c in range(d_v):
        whole, cut = 0.0, 0.0
        for i in range(p.size):
            whole += p[i] * values[i * d_v + c]
            cut += q[i] * values[i * d_v + c]
        square += (whole - cut) * (whole - cut)
    return np.sqrt(square)


def output_error(k0, k1, replicate, scratch, out, n, d_v, k, sigma):
    """Draw n logits and n values, and measure how far the output moves when the row is cut, once for every bound."""
    drawn = scratch[: n + n * d_v]
    p, q = scratch[n + n * d_v : 2 * n + n * d_v], scratch[2 * n + n * d_v : 3 * n + n * d_v]
    fill_normals64(k0, k1, replicate, np.uint64(0), drawn)
    softmax_cut(drawn[:n], p, q, k, sigma)
    distance = distance_of_means(drawn[n:], p, q, d_v)
    for output in range(out.size):
        out[output] = distance


def cut_rows(kernel: Callable[..., None], outputs: tuple[str, ...], *, n: int, k: int, **_: Any) -> Replicate:
    """A shape for a kernel that starts from a softmax row and its values.

    Args:
        kernel: called with the arguments of ``output_error``.
        outputs: what it writes.
        n: number of keys.
        k: number of keys kept.

    Raises:
        ValueError: nothing would be dropped.
    """
    if k >= n:
        raise ValueError(f"k = {k}: must be an integer >= 1 and < n = {n} (something must be dropped)")
    return Replicate(
        kernel=kernel,
        arguments=lambda *, n, d_v, k, sigma, **_: {"n": n, "d_v": d_v, "k": k, "sigma": float(sigma)},
        scratch=lambda *, n, d_v, **_: (3 + d_v) * n,
        size=lambda *, n, d_v, **_: (1 + d_v) * n,
        outputs=outputs,
    )


def rows(**parameters: Any) -> Replicate:
    """One softmax row with its values a replicate."""
    return cut_rows(output_error, ("value",), **parameters)


def instance(draws: dict[str, np.ndarray], *, n: int, d_v: int, sigma: float, **_: Any) -> dict[str, np.ndarray]:
    """The rows and values of some replicates, as a caller of the law would give them."""
    items = draws["items"]
    return {"logits": sigma * items[..., :n], "values": items[..., n:].reshape(*items.shape[:-1], n, d_v)}


def weights_and_values(
    draws: dict[str, np.ndarray], *, k: int, **parameters: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """P, Q and the values of one row, spelt out in NumPy, in decreasing order of the scores."""
    given = instance(draws, **parameters)
    order = np.argsort(-given["logits"])
    p = np.exp(given["logits"][order])
    q = np.where(np.arange(p.size) < k, p, 0.0)
    return p / p.sum(), q / q.sum(), given["values"][order]


def reference(draws: dict[str, np.ndarray], **parameters: Any) -> dict[str, float]:
    """One row, spelt out in NumPy."""
    p, q, values = weights_and_values(draws, **parameters)
    return {"value": float(np.linalg.norm(p @ values - q @ values))}


EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("value")),
    instance=instance,
    arithmetic_error=1e-9,
    arithmetic_reason="both outputs are rounded to 1e-15 of the values; they differ by more than 1e-6 on the grid, but "
    "for one row in a hundred thousand where the values are single numbers",
)

if __name__ == "__main__":
    run.main(__file__)
