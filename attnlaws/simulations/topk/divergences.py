"""Draw softmax rows, cut them to their k largest weights, and evaluate every divergence from its definition."""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64, plog64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.selection import kth_largest
from attnlaws.simulations.stream import fill_normals64

OUTPUTS = ("tv", "kl", "chi_square", "hellinger", "renyi", "reverse_renyi", "jensen_shannon", "odds")


def divergences(k0, k1, replicate, scratch, out, n, k, sigma, order):
    """Draw n logits, normalize all of them and the k largest of them, add up each divergence key by key."""
    scores, ordered = scratch[:n], scratch[n : 2 * n]
    fill_normals64(k0, k1, replicate, np.uint64(0), scores)
    largest = scores[0]
    for i in range(n):
        scores[i] = sigma * scores[i]
        ordered[i] = scores[i]
        largest = scores[i] if i == 0 or scores[i] > largest else largest
    threshold = kth_largest(ordered, k)
    above = 0
    for i in range(n):
        above += scores[i] > threshold
    spare = k - above  # of the keys equal to the threshold so many are kept, the first ones
    total, head = 0.0, 0.0
    for i in range(n):
        weight = pexp64(scores[i] - largest)
        taken = scores[i] > threshold or (scores[i] == threshold and spare > 0)
        spare -= taken and scores[i] == threshold
        ordered[i] = 1.0 if taken else 0.0
        total += weight
        head += weight if taken else 0.0
    tv, kl, chi, affinity, forward, backward, middle, lost = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    log_total, log_head, log_two = plog64(total), plog64(head), plog64(2.0)
    for i in range(n):
        log_p = scores[i] - largest - log_total
        p = pexp64(log_p)
        if ordered[i] > 0.0:
            log_q = scores[i] - largest - log_head
            q = pexp64(log_q)
            log_m = plog64(p + q) - log_two
            tv += abs(p - q)
            kl += q * (log_q - log_p)
            chi += (q - p) * (q - p) / p
            affinity += np.sqrt(p * q)
            forward += pexp64(order * log_q + (1.0 - order) * log_p)
            backward += pexp64(order * log_p + (1.0 - order) * log_q)
            middle += p * (log_p - log_m) + q * (log_q - log_m)
        else:
            tv += p
            chi += p
            middle += p * log_two
            lost += p
    out[0] = tv / 2.0
    out[1] = kl
    out[2] = chi
    out[3] = 1.0 - affinity
    out[4] = plog64(forward) / (order - 1.0)
    out[5] = plog64(backward) / (order - 1.0)
    out[6] = middle / 2.0
    out[7] = lost / (1.0 - lost)


def rows(*, n: int, k: int, order: float, **_: Any) -> Replicate:
    """One softmax row a replicate.

    Raises:
        ValueError: nothing would be dropped, or a definition divides by zero.
    """
    if k >= n:
        raise ValueError(f"k = {k}: must be an integer >= 1 and < n = {n} (something must be dropped)")
    if order >= 1:
        raise ValueError(f"order = {order}: must be a real number in (0, 1) (the reverse divergence is simulated too)")
    return Replicate(
        kernel=divergences,
        arguments=lambda *, n, k, sigma, order, **_: {"n": n, "k": k, "sigma": float(sigma), "order": float(order)},
        scratch=lambda *, n, **_: 2 * n,
        size=lambda *, n, **_: n,
        outputs=OUTPUTS,
    )


def instance(draws: dict[str, np.ndarray], *, sigma: float, **_: Any) -> dict[str, np.ndarray]:
    """The rows of some replicates, as a caller of the law would give them."""
    return {"logits": sigma * draws["items"]}


def reference(
    draws: dict[str, np.ndarray], *, k: int, sigma: float, order: float, **parameters: Any
) -> dict[str, float]:
    """One row, spelt out in NumPy."""
    logits = np.sort(sigma * draws["items"].astype(np.float64))[::-1]
    p = np.exp(logits - logits[0])
    p /= p.sum()
    q = np.where(np.arange(p.size) < k, p, 0.0)
    q /= q.sum()
    m, on = (p + q) / 2, q > 0
    return {
        "tv": float(np.abs(p - q).sum() / 2),
        "kl": float((q[on] * np.log(q[on] / p[on])).sum()),
        "chi_square": float(((q - p) ** 2 / p).sum()),
        "hellinger": float(((np.sqrt(p) - np.sqrt(q)) ** 2).sum() / 2),
        "renyi": float(np.log((q[on] ** order * p[on] ** (1 - order)).sum()) / (order - 1)),
        "reverse_renyi": float(np.log((p[on] ** order * q[on] ** (1 - order)).sum()) / (order - 1)),
        "jensen_shannon": float((p * np.log(p / m)).sum() + (q[on] * np.log(q[on] / m[on])).sum()) / 2,
        "odds": float(p[~on].sum() / p[on].sum()),
    }


EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("tv")),
    instance=instance,
    arithmetic_error=1e-10,
    arithmetic_reason="logarithms and sums are rounded to 1e-15; divergences go down to about 1e-5 on the grid",
)

if __name__ == "__main__":
    run.main(__file__)
