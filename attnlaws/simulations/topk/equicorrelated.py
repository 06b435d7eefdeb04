"""Simulate softmax rows whose scores are equally correlated, and measure the probability outside the k largest."""

import math
from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.rows import tail_share
from attnlaws.simulations.stream import fill_normals64
from attnlaws.simulations.topk.tail_mass import kept


def equicorrelated(k0, k1, replicate, scratch, out, n, k, sigma, own, common):
    """Draw n independent normals and one for all, make correlated scores of them, and add up the weights outside.

    A score is ``own`` times its normal's distance to their mean, and ``common`` times the last normal. The second
    output is the same of the n normals alone, times ``own``.
    """
    normals, scores, spare = scratch[: n + 1], scratch[n + 1 : 2 * n + 1], scratch[2 * n + 1 : 3 * n + 1]
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    total = 0.0
    for i in range(n):
        total += normals[i]
    mean = total / np.float64(n)
    for i in range(n):
        scores[i] = own * (normals[i] - mean) + common * normals[n]
    out[0] = tail_share(scores, spare, k, sigma)
    out[1] = tail_share(normals[:n], spare, k, sigma * own)


def parts(*, n: int, rho: float) -> dict[str, float]:
    """What a score is made of, by standard deviation: variances add up to 1, covariances to rho.

    Raises:
        ValueError: no n scores can be correlated like that.

    Example:
        >>> parts(n=3, rho=-0.5)["common"]
        0.0
    """
    if 1 + (n - 1) * rho < 0:
        raise ValueError(f"rho = {rho}: must be at least -1/(n - 1) = {-1 / (n - 1)}")
    return {"own": math.sqrt(1 - rho), "common": math.sqrt((1 + (n - 1) * rho) / n)}


def rows(**_: Any) -> Replicate:
    """One softmax row a replicate."""
    return Replicate(
        kernel=equicorrelated,
        arguments=lambda *, n, kappa, sigma, rho, **_: {
            "n": n,
            "k": kept(n=n, kappa=kappa),
            "sigma": float(sigma),
            **parts(n=n, rho=rho),
        },
        scratch=lambda *, n, **_: 3 * n + 1,
        size=lambda *, n, **_: n + 1,
        outputs=("tail_mass", "independent"),
    )


def reference(
    draws: dict[str, np.ndarray], *, n: int, kappa: float, sigma: float, rho: float, **_: Any
) -> dict[str, float]:
    """One row, spelt out in NumPy."""
    normals, common = draws["items"][:n].astype(np.float64), float(draws["items"][n])
    scores = math.sqrt(1 - rho) * (normals - normals.mean()) + math.sqrt((1 + (n - 1) * rho) / n) * common

    def outside(row: np.ndarray) -> float:
        weights = np.exp(np.sort(row))
        return float(weights[: n - kept(n=n, kappa=kappa)].sum() / weights.sum())

    return {"tail_mass": outside(sigma * scores), "independent": outside(sigma * math.sqrt(1 - rho) * normals)}


def reliable(*, n: int, sigma: float, rho: float, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    if math.log(n) < sigma**2 * (1 - rho) / 2:
        return f"ln n = {math.log(n):.1f} is below sigma^2 (1 - rho)/2: single scores carry the mass (frozen phase)"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("tail_mass")),
    evaluated_at=lambda *, n, kappa, **_: {"kappa": kept(n=n, kappa=kappa) / n},
    reliable=reliable,
    arithmetic_error=1e-12,
    arithmetic_reason="float64 weights are good to 1e-15 times sigma |score|",
)

if __name__ == "__main__":
    run.main(__file__)
