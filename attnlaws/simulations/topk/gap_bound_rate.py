"""Draw rows of Gaussian scores, sort them, and find the first k at which each bound certifies a loss of eps."""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.primitives import kernel
from attnlaws.simulations.stream import fill_normals64


@kernel
def sift(values, root, end):
    """Let an entry sink to its place in a heap whose smallest entry is the first."""
    entry = values[root]
    child = 2 * root + 1
    while child < end:
        if child + 1 < end and values[child + 1] < values[child]:
            child += 1
        if values[child] >= entry:
            break
        values[root] = values[child]
        root = child
        child = 2 * root + 1
    values[root] = entry


@kernel
def sort_down(values):
    """Put an array in decreasing order, in place (heapsort)."""
    for root in range(values.size // 2 - 1, -1, -1):
        sift(values, root, values.size)
    for end in range(values.size - 1, 0, -1):
        smallest = values[0]
        values[0] = values[end]
        values[end] = smallest
        sift(values, 0, end)


def certified(k0, k1, replicate, scratch, out, n, sigma, eps):
    """Draw n scores in decreasing order; the first k at which each bound is at most eps, over n."""
    scores = scratch[:n]
    fill_normals64(k0, k1, replicate, np.uint64(0), scores)
    sort_down(scores)
    odds = eps / (1.0 - eps)
    first_head, first_gap, head = n, n, 0.0
    k = 1
    while k < n and (first_head == n or first_gap == n):
        head += pexp64(sigma * (scores[k - 1] - scores[0]))
        below = np.float64(n - k)
        if first_head == n and below * pexp64(sigma * (scores[k] - scores[0])) <= odds * head:
            first_head = k
        if first_gap == n and below * pexp64(sigma * (scores[k] - scores[k - 1])) <= odds * np.float64(k):
            first_gap = k
        k += 1
    out[0] = np.float64(first_head) / np.float64(n)
    out[1] = np.float64(first_gap) / np.float64(n)


def rows(**_: Any) -> Replicate:
    """One row a replicate."""
    return Replicate(
        kernel=certified,
        arguments=lambda *, n, sigma, eps, **_: {"n": n, "sigma": float(sigma), "eps": float(eps)},
        scratch=lambda *, n, **_: n,
        size=lambda *, n, **_: n,
        outputs=("head", "gap"),
    )


def reference(draws: dict[str, np.ndarray], *, eps: float, sigma: float, n: int, **_: Any) -> dict[str, float]:
    """One row, spelt out in NumPy: both bounds at every k, and the first that is at most eps."""
    weights = np.exp(sigma * np.sort(draws["items"].astype(np.float64))[::-1])
    k = np.arange(1, n)
    tail = (n - k) * weights[1:]
    bounds = {"head": tail / (np.cumsum(weights)[:-1] + tail), "gap": tail / (k * weights[:-1] + tail)}
    return {name: float(np.append(k[bound <= eps], n)[0] / n) for name, bound in bounds.items()}


EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("head")),
    also={"gap": lambda **_: Smooth(Symbol("gap"))},
    reliable=lambda *, n, sigma, **_: (
        f"n = {n} is below exp(2 sigma^2): single scores carry the head" if np.log(n) < 2 * sigma**2 else ""
    ),
    arithmetic_error=1e-12,
    arithmetic_reason="counts, decided by weights that are good to 1e-14",
)

if __name__ == "__main__":
    run.main(__file__)
