"""Simulate softmax rows with scores from two Gaussians: the mass outside the k largest, and how many lose a share."""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.stream import fill_normals64
from attnlaws.simulations.topk.scores_exponential import cut, cut_row
from attnlaws.simulations.topk.tail_mass import kept


def mixture(k0, k1, replicate, scratch, out, n, k, split, shift, sigma, spread, eps):
    """Draw two normals a key: one below the split puts it into the second component, the other is its score there."""
    fill_normals64(k0, k1, replicate, np.uint64(0), scratch[: 2 * n])
    for i in range(n):
        side, x = scratch[2 * i], scratch[2 * i + 1]
        scratch[i] = shift + spread * x if side < split else sigma * x
    cut(scratch[:n], scratch[n : 2 * n], k, 1.0, eps, out)


def _arguments(
    *, n: int, kappa: float, share: float, shift: float, sigma: float, spread: float, eps: float, **_: Any
) -> dict[str, int | float]:
    from scipy import special

    return {
        "n": n,
        "k": kept(n=n, kappa=kappa),
        "split": float(special.ndtri(share)),
        "shift": float(shift),
        "sigma": float(sigma),
        "spread": float(spread),
        "eps": float(eps),
    }


def rows(**_: Any) -> Replicate:
    """One softmax row a replicate."""
    return Replicate(
        kernel=mixture,
        arguments=_arguments,
        scratch=lambda *, n, **_: 2 * n,
        size=lambda *, n, **_: 2 * n,
        outputs=("tail_mass", "k_eps"),
    )


def reference(
    draws: dict[str, np.ndarray],
    *,
    kappa: float,
    share: float,
    shift: float,
    sigma: float,
    spread: float,
    eps: float,
    **_: Any,
) -> dict[str, float]:
    """One row, spelt out in NumPy."""
    from scipy import special

    side, x = draws["items"].astype(np.float64).reshape(-1, 2).T
    return cut_row(np.where(special.ndtr(side) < share, shift + spread * x, sigma * x), kappa, eps)


def reliable(*, n: int, share: float, shift: float, sigma: float, spread: float, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    first, second = (
        np.logaddexp(
            np.log1p(-share) + (power * sigma) ** 2 / 2, np.log(share) + power * shift + (power * spread) ** 2 / 2
        )
        for power in (1, 2)
    )
    if np.log(n) < second - 2 * first:
        return f"n = {n} is below E w^2/(E w)^2 = {np.exp(second - 2 * first):.3g}: a few weights carry the mass"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("tail_mass")),
    also={"k_eps": lambda **_: Smooth(Symbol("k_eps"))},
    evaluated_at=lambda *, n, kappa, **_: {"kappa": kept(n=n, kappa=kappa) / n},
    reliable=reliable,
    arithmetic_error=1e-12,
    arithmetic_reason="float64 weights are good to 1e-15 times their logarithm",
)

if __name__ == "__main__":
    run.main(__file__)
