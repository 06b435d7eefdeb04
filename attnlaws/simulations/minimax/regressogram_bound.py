"""Observe a hard function's cell means in white noise, and ask the regressogram at one random place of each cell."""

import math
from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.minimax.regressogram import fill_uniforms64, uniforms
from attnlaws.simulations.stream import fill_normals64
from attnlaws.theory.minimax.regressogram_bound import partition, semi_axes


def cellwise(k0, k1, replicate, scratch, out, cells, width, deviation):
    """The function is linear with slope one along the axis of the widest cells, so all cells are alike."""
    noise, places = scratch[:cells], scratch[cells : 2 * cells]
    fill_normals64(k0, k1, replicate, np.uint64(0), noise)
    fill_uniforms64(k0, k1, replicate, (cells + 1) // 2, places)
    total = 0.0
    for cell in range(cells):
        error = width * (places[cell] - 0.5) - deviation * noise[cell]
        total += error * error
    out[0] = total / np.float64(cells)


def _cells(*, log_n: float, alpha: float, kappa: float, **_: Any) -> int:
    return math.prod(partition(log_n, alpha, kappa)[1])


def observed(*, log_n: float, alpha: float, kappa: float, **_: Any) -> dict[str, int | float]:
    """What the kernel is told: the partition of the law, its widest cells, and the noise of a cell's mean."""
    split = partition(log_n, alpha, kappa)[1]
    cells = math.prod(split)
    width = max(2 * float(semi) / m for semi, m in zip(semi_axes(alpha, kappa), (*split, 1), strict=False))
    return {"cells": cells, "width": width, "deviation": math.sqrt(cells * math.exp(-log_n))}


def literal(**_: Any) -> Replicate:
    """One observation of the function a replicate."""
    return Replicate(
        kernel=cellwise,
        arguments=observed,
        scratch=lambda **point: 2 * _cells(**point),
        size=lambda **point: 4 * ((_cells(**point) + 1) // 2),
        outputs=("risk",),
    )


def reference(draws: dict[str, np.ndarray], **point: Any) -> dict[str, float]:
    """One observation, spelt out in NumPy: the function's values at the places asked, and the answers."""
    items, given = draws["items"].astype(np.float64), observed(**point)
    cells, width = int(given["cells"]), given["width"]
    noise = given["deviation"] * items[:cells]
    corners = width * np.arange(cells)
    asked = corners + width * uniforms(items[2 * ((cells + 1) // 2) :])[:cells]
    answers = corners + width / 2 + noise
    return {"risk": float(np.mean((asked - answers) ** 2))}


EXPERIMENT = Experiment(
    modes={"literal": literal},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("risk")),
    arithmetic_error=1e-12,
    arithmetic_reason="float64 throughout",
)

if __name__ == "__main__":
    run.main(__file__)
