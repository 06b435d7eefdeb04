"""Simulate softmax rows with Gaussian logits and measure the probability outside the k largest."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Passes, Replicate, Smooth
from attnlaws.simulations.rows import tail_share
from attnlaws.simulations.stream import fill_normals64
from attnlaws.simulations.window import SUMS, decide_tail, first_window, part_of_tail, window_of


def tail_mass(k0, k1, replicate, scratch, out, n, k, sigma):
    """Draw n logits and add up the weights outside the k largest."""
    scores, ordered = scratch[:n], scratch[n : 2 * n]
    fill_normals64(k0, k1, replicate, np.uint64(0), scores)
    out[0] = tail_share(scores, ordered, k, sigma)


def window(k0, k1, replicate, first, last, plan, sums, kept, filled, sigma):
    """The same without storing n logits: only those between two levels, where the k-th largest is."""
    return part_of_tail(k0, k1, replicate, first, last, plan, sums, kept, filled, sigma)


def window_decision(plan, sums, kept, out, k, sigma):
    """The result of a pass, or the levels of another one."""
    return decide_tail(plan, sums, kept, out, k, sigma)


def kept(*, n: int, kappa: float, **_: Any) -> int:
    """K = ceil(kappa n), with kappa read as the decimal number that was written.

    Raises:
        ValueError: nothing would be left to lose.

    Example:
        >>> kept(n=100, kappa=0.07)
        7
    """
    k = math.ceil(Fraction(repr(float(kappa))) * n)
    if k >= n:
        raise ValueError(f"kappa = {kappa}: must leave k = ceil(kappa n) = {k} below n = {n}")
    return k


def rows(*, n: int, **_: Any) -> Replicate:
    """One softmax row a replicate."""
    return Replicate(
        kernel=tail_mass,
        arguments=lambda *, n, sigma, kappa, **_: {"n": n, "k": kept(n=n, kappa=kappa), "sigma": float(sigma)},
        scratch=lambda *, n, **_: 2 * n,
        size=lambda *, n, **_: n,
        outputs=("tail_mass",),
    )


def streamed(*, n: int, kappa: float, **_: Any) -> Replicate:
    """The same row from the float32 stream, of which some 16 sqrt(k) scores are kept."""
    found = window_of(n, kept(n=n, kappa=kappa))
    return Replicate(
        kernel=window,
        arguments=lambda *, n, sigma, kappa, **_: {"k": kept(n=n, kappa=kappa), "sigma": float(sigma), **found},
        scratch=lambda **_: int(found["room"]),
        size=lambda *, n, **_: n,
        outputs=("tail_mass",),
        precision="float32",
        passes=Passes(window_decision, lambda *, low, high, **_: first_window(low, high), SUMS),
    )


def reference(draws: dict[str, np.ndarray], *, n: int, kappa: float, sigma: float, **_: Any) -> dict[str, float]:
    """One row, spelt out in NumPy."""
    weights = np.exp(sigma * np.sort(draws["items"].astype(np.float64)))
    return {"tail_mass": float(weights[: n - kept(n=n, kappa=kappa)].sum() / weights.sum())}


def reliable(*, n: int, sigma: float, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    if math.log(n) < sigma**2 / 2:
        return f"ln n = {math.log(n):.1f} is below sigma^2 / 2: single scores carry the mass (frozen phase)"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": rows, "window": streamed},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("tail_mass")),
    evaluated_at=lambda *, n, kappa, **_: {"kappa": kept(n=n, kappa=kappa) / n},
    reliable=reliable,
    arithmetic_error=1e-5,
    arithmetic_reason="float32 normals are off by 1e-7 in the mean over the weights, hence a mass by sigma times that; "
    "the literal mode's float64 weights are good to 1e-15 times sigma |score|",
)

if __name__ == "__main__":
    run.main(__file__)
