"""Draw softmax rows and distributions on k of their keys, better ones with less noise, and measure how far apart.

The keys are the k largest of the scores plus noise, their weights those of the scores plus other noise: without noise
the row itself, cut; with much of it, any keys and any weights.
"""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64, plog64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.selection import kth_largest
from attnlaws.simulations.stream import fill_normals64

OUTPUTS = ("tv", "kl", "chi_square", "hellinger", "jensen_shannon")


def sparse(k0, k1, replicate, scratch, out, n, k, sigma, noise):
    """Draw n scores and twice as much noise; add up each divergence of the sparse row from the whole one."""
    normals, ordered = scratch[: 3 * n], scratch[3 * n : 4 * n]
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    scores, choice, weights = normals[:n], normals[n : 2 * n], normals[2 * n :]
    top, best = -np.inf, -np.inf
    for i in range(n):
        scores[i] = sigma * scores[i]
        choice[i] = scores[i] + noise * choice[i]
        weights[i] = scores[i] + noise * weights[i]
        ordered[i] = choice[i]
        top, best = max(top, scores[i]), max(best, weights[i])
    threshold = kth_largest(ordered, k)
    total, kept = 0.0, 0.0
    for i in range(n):
        scores[i] = pexp64(scores[i] - top)
        weights[i] = pexp64(weights[i] - best) if choice[i] >= threshold else 0.0
        total += scores[i]
        kept += weights[i]
    tv, kl, chi, hellinger, middle, log_two = 0.0, 0.0, 0.0, 0.0, 0.0, plog64(2.0)
    for i in range(n):
        p, q = scores[i] / total, weights[i] / kept
        tv += abs(p - q)
        chi += (q - p) * (q - p) / p
        root = np.sqrt(p) - np.sqrt(q)
        hellinger += root * root
        log_m = plog64((p + q) / 2.0)
        middle += p * (plog64(p) - log_m) if q > 0.0 else p * log_two
        if q > 0.0:
            kl += q * (plog64(q) - plog64(p))
            middle += q * (plog64(q) - log_m)
    out[0] = tv / 2.0
    out[1] = kl
    out[2] = chi
    out[3] = hellinger / 2.0
    out[4] = middle / 2.0


def rows(*, n: int, k: int, **_: Any) -> Replicate:
    """One softmax row and one distribution on k of its keys a replicate.

    Raises:
        ValueError: nothing would be dropped.
    """
    if k >= n:
        raise ValueError(f"k = {k}: must be an integer >= 1 and < n = {n} (something must be dropped)")
    return Replicate(
        kernel=sparse,
        arguments=lambda *, n, k, sigma, noise, **_: {"n": n, "k": k, "sigma": float(sigma), "noise": float(noise)},
        scratch=lambda *, n, **_: 4 * n,
        size=lambda *, n, **_: 3 * n,
        outputs=OUTPUTS,
    )


def instance(draws: dict[str, np.ndarray], *, n: int, sigma: float, **_: Any) -> dict[str, np.ndarray]:
    """The rows of some replicates, as a caller of the law would give them."""
    return {"logits": sigma * draws["items"][:, :n]}


def reference(
    draws: dict[str, np.ndarray], *, n: int, k: int, sigma: float, noise: float, **_: Any
) -> dict[str, float]:
    """One row, spelt out in NumPy."""
    z, a, b = draws["items"].astype(np.float64).reshape(3, n)
    p, q = np.exp(sigma * z), np.zeros(n)
    chosen = np.argsort(-(sigma * z + noise * a))[:k]
    q[chosen] = np.exp(sigma * z[chosen] + noise * b[chosen])
    p, q = p / p.sum(), q / q.sum()
    m, on = (p + q) / 2, q > 0
    return {
        "tv": float(np.maximum(p - q, 0).sum()),
        "kl": float((q[on] * np.log(q[on] / p[on])).sum()),
        "chi_square": float((q**2 / p).sum() - 1),
        "hellinger": float(1 - np.sqrt(p * q).sum()),
        "jensen_shannon": float((p * np.log(p / m)).sum() + (q[on] * np.log(q[on] / m[on])).sum()) / 2,
    }


EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("tv")),
    instance=instance,
    arithmetic_error=1e-10,
    arithmetic_reason="logarithms and sums are rounded to 1e-15; divergences go down to about 1e-3 on the grid",
)

if __name__ == "__main__":
    run.main(__file__)
