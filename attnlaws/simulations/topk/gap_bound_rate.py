"""Draw rows of Gaussian scores, sort them, and find the first k at which each bound certifies a loss of eps."""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.primitives import kernel
from attnlaws.simulations.selection import _equal_first, _pivot, _smaller_first
from attnlaws.simulations.stream import fill_normals64


@kernel
def sort_up(values):
    """Put an array without NaN in increasing order, in place (quicksort, with the parts that are left on a stack)."""
    parts = np.empty((64, 2), np.int64)
    parts[0, 0], parts[0, 1], waiting = 0, values.size, 1
    while waiting > 0:
        waiting -= 1
        low, high = parts[waiting, 0], parts[waiting, 1]
        while high - low > 12:
            pivot = _pivot(values, low, high)
            smaller = _smaller_first(values, low, high, pivot)
            equal = _equal_first(values, smaller, high, pivot)
            # The longer part waits, so that no more than ln n/ln 2 of them do.
            if smaller - low < high - equal:
                parts[waiting, 0], parts[waiting, 1] = equal, high
                high = smaller
            else:
                parts[waiting, 0], parts[waiting, 1] = low, smaller
                low = equal
            waiting += 1
        for i in range(low + 1, high):
            entry, place = values[i], i
            while place > low and values[place - 1] > entry:
                values[place] = values[place - 1]
                place -= 1
            values[place] = entry


def certified(k0, k1, replicate, scratch, out, n, sigma, eps):
    """Draw n scores and sort them; the first k at which each bound is at most eps, over n."""
    scores = scratch[:n]
    fill_normals64(k0, k1, replicate, np.uint64(0), scores)
    sort_up(scores)
    odds = eps / (1.0 - eps)
    first_head, first_gap, head = n, n, 0.0
    k = 1
    while k < n and (first_head == n or first_gap == n):
        here, following = scores[n - k], scores[n - k - 1]
        head += pexp64(sigma * (here - scores[n - 1]))
        below = np.float64(n - k)
        if first_head == n and below * pexp64(sigma * (following - scores[n - 1])) <= odds * head:
            first_head = k
        if first_gap == n and below * pexp64(sigma * (following - here)) <= odds * np.float64(k):
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
