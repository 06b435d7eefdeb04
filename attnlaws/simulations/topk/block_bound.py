"""Draw rows of scores, keep the blocks with the largest scores, and measure the probability outside of them."""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.selection import kth_largest
from attnlaws.simulations.topk.gap_bound import fill_scores, instance


def outside_of_blocks(k0, k1, replicate, scratch, out, n, k, size, sigma, step):
    """Draw n scores, find the largest of each block, and add up what lies in the blocks that are kept, and outside."""
    blocks = (n + size - 1) // size
    scores, largest, ordered = scratch[:n], scratch[n : n + blocks], scratch[n + blocks : n + 2 * blocks]
    fill_scores(k0, k1, replicate, scores, sigma, step)
    top = scores[0]
    for b in range(blocks):
        largest[b] = scores[b * size]
        for i in range(b * size, min(n, (b + 1) * size)):
            largest[b] = max(largest[b], scores[i])
        ordered[b] = largest[b]
        top = max(top, largest[b])
    kept = max(1, k // size)
    threshold = kth_largest(ordered, kept)
    spare = kept
    for b in range(blocks):
        spare -= largest[b] > threshold
    inside, outside = 0.0, 0.0
    for b in range(blocks):
        mass = 0.0
        for i in range(b * size, min(n, (b + 1) * size)):
            mass += pexp64(scores[i] - top)
        tie = largest[b] == threshold
        stays = largest[b] > threshold or (tie and spare > 0)
        spare -= tie
        inside += mass if stays else 0.0
        outside += 0.0 if stays else mass
    out[0] = outside / (inside + outside)
    out[1] = outside / (inside + outside)


def rows(*, n: int, k: int, size: int, **_: Any) -> Replicate:
    """One row a replicate.

    Raises:
        ValueError: nothing would be dropped.
    """
    if k >= n or size >= n:
        raise ValueError(f"k = {k}, size = {size}: must be below n = {n} (something must be dropped)")
    return Replicate(
        kernel=outside_of_blocks,
        arguments=lambda *, n, k, size, sigma, step, **_: {
            "n": n, "k": k, "size": size, "sigma": float(sigma), "step": float(step),
        },
        scratch=lambda *, n, size, **_: n + 2 * (-(-n // size)),
        size=lambda *, n, **_: n,
        outputs=("bound", "scored"),
    )  # fmt: skip


def reference(
    draws: dict[str, np.ndarray], *, k: int, size: int, sigma: float, step: float, **_: Any
) -> dict[str, float]:
    """One row, spelt out in NumPy."""
    scores = sigma * draws["items"].astype(np.float64)
    scores = step * np.round(scores / step) if step > 0 else scores
    weights = np.exp(scores - scores.max())
    parts = [slice(start, start + size) for start in range(0, scores.size, size)]
    best = sorted(parts, key=lambda part: -scores[part].max())[: max(1, k // size)]  # stable: of equal ones the first
    outside = 1 - sum(weights[part].sum() for part in best) / weights.sum()
    return {"bound": float(outside), "scored": float(outside)}


EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("bound")),
    instance=instance,
    arithmetic_error=1e-10,
    arithmetic_reason="sums of positive terms, each rounded to 1e-15",
)

if __name__ == "__main__":
    run.main(__file__)
