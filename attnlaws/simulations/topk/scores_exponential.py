"""Simulate softmax rows with exponential scores: the mass outside the k largest, and how many keys lose a share eps.

The rows of other score laws are cut by the same functions.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.primitives import kernel
from attnlaws.simulations.rows import tail_share
from attnlaws.simulations.selection import kept_of_weights
from attnlaws.simulations.stream import fill_normals64
from attnlaws.simulations.topk.tail_mass import kept


@kernel
def cut(scores, spare, k, scale, eps, out):
    """Report the mass outside the k largest weights exp(scale score), and k_eps/n; ``spare`` is scratch."""
    n, largest = scores.size, scores[0]
    out[0] = tail_share(scores, spare, k, scale)
    for i in range(n):
        largest = scores[i] if scores[i] > largest else largest
    for i in range(n):
        spare[i] = pexp64(scale * (scores[i] - largest))
    out[1] = np.float64(kept_of_weights(spare, eps)) / np.float64(n)


def exponential(k0, k1, replicate, scratch, out, n, k, b, eps):
    """Draw n exponential scores, each half the square of two normals, and cut the row."""
    fill_normals64(k0, k1, replicate, np.uint64(0), scratch[: 2 * n])
    for i in range(n):
        x, y = scratch[2 * i], scratch[2 * i + 1]
        scratch[i] = 0.5 * (x * x + y * y)
    cut(scratch[:n], scratch[n : 2 * n], k, b, eps, out)


def cut_row(scores: np.ndarray, kappa: float, eps: float) -> dict[str, float]:
    """The same of one row of scores, spelt out in NumPy."""
    weights = np.exp(np.sort(scores) - np.max(scores))
    lost, n = np.cumsum(weights), weights.size
    return {
        "tail_mass": float(weights[: n - kept(n=n, kappa=kappa)].sum() / weights.sum()),
        "k_eps": float(1 - np.searchsorted(lost, eps * lost[-1], side="right") / n),
    }


def pairs(draws: dict[str, np.ndarray]) -> np.ndarray:
    """Half the sums of the squares of two normals each: standard exponential variables."""
    items = draws["items"].astype(np.float64).reshape(-1, 2)
    return np.sum(items**2, axis=1) / 2


def experiment_of(
    replicate: Callable[..., None],
    scores: Callable[..., np.ndarray],
    scale: str = "b",
    reliable: Callable[..., str] | None = None,
) -> Experiment:
    """The experiment of rows whose independent scores are made of two normals each, and have one scale.

    Args:
        replicate: the kernel; it reports the tail mass and k_eps/n.
        scores: ``scores(draws, scale)``, a row of them in NumPy.
        scale: the parameter that is the scale.
        reliable: why the error bar cannot be trusted, or nothing; by default where the weights have no variance.
    """
    found = tail_experiment_of(replicate, scores, scale, reliable)

    def rows(**_: Any) -> Replicate:
        return _rows(
            replicate,
            ("tail_mass", "k_eps"),
            lambda *, n, kappa, eps, **parameters: {**_arguments(scale, n, kappa, parameters), "eps": float(eps)},
        )

    def reference(draws: dict[str, np.ndarray], *, kappa: float, eps: float, **parameters: Any) -> dict[str, float]:
        return cut_row(scores(draws, parameters[scale]), kappa, eps)

    also = {"k_eps": lambda **_: Smooth(Symbol("k_eps"))}
    return dataclasses.replace(found, modes={"literal": rows}, reference=reference, also=also)


def tail_experiment_of(
    replicate: Callable[..., None],
    scores: Callable[..., np.ndarray],
    scale: str = "b",
    reliable: Callable[..., str] | None = None,
) -> Experiment:
    """The same where the kernel reports the tail mass alone."""

    def rows(**_: Any) -> Replicate:
        return _rows(
            replicate,
            ("tail_mass",),
            lambda *, n, kappa, **parameters: _arguments(scale, n, kappa, parameters),
        )

    def reference(draws: dict[str, np.ndarray], *, kappa: float, **parameters: Any) -> dict[str, float]:
        return {"tail_mass": cut_row(scores(draws, parameters[scale]), kappa, 0.5)["tail_mass"]}

    return Experiment(
        modes={"literal": rows},
        reference=reference,
        estimator=lambda **_: Smooth(Symbol("tail_mass")),
        evaluated_at=lambda *, n, kappa, **_: {"kappa": kept(n=n, kappa=kappa) / n},
        reliable=reliable or no_variance,
        arithmetic_error=1e-8,
        arithmetic_reason="float64 scores are good to 1e-15 times their size, and 1e-9 where they are very small",
    )


def _arguments(scale: str, n: int, kappa: float, parameters: dict[str, Any]) -> dict[str, int | float]:
    return {"n": n, "k": kept(n=n, kappa=kappa), scale: float(parameters[scale])}


def _rows(replicate: Callable[..., None], outputs: tuple[str, ...], arguments: Callable[..., Any]) -> Replicate:
    """Rows of scores that take two normals each."""
    return Replicate(
        kernel=replicate,
        arguments=arguments,
        scratch=lambda *, n, **_: 2 * n,
        size=lambda *, n, **_: 2 * n,
        outputs=outputs,
    )


def no_variance(*, b: float, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    if b >= 0.5:
        return f"b = {b}: from 1/2 on the weights have no variance, and rows approach the limit more slowly than 1/n"
    return ""


EXPERIMENT = experiment_of(exponential, lambda draws, b: b * pairs(draws))

if __name__ == "__main__":
    run.main(__file__)
