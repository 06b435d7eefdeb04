"""Draw samples in a box, average their noisy values cell by cell, and integrate the squared error over the box."""

import itertools
import math
from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import fma64, pexp64, plog64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.philox import philox_call
from attnlaws.simulations.primitives import kernel
from attnlaws.simulations.stream import fill_normals64

MOST_CELLS = 1 << 20


@kernel
def fill_uniforms64(k0, k1, replicate, first, out):
    """The uniforms on (0, 1] behind the normals of the calls from ``first`` on: two a call, by its two 64-bit words."""
    for i in range(0, out.size, 2):
        a, b, c, d = philox_call(k0, k1, np.uint64(first + i // 2), np.uint64(0), replicate)
        out[i] = fma64(np.float64(np.uint64(a | (b << np.uint64(32)))), 2.0**-64, 2.0**-65)
        if i + 1 < out.size:
            out[i + 1] = fma64(np.float64(np.uint64(c | (d << np.uint64(32)))), 2.0**-64, 2.0**-65)


def uniforms(normals: np.ndarray) -> np.ndarray:
    """What :func:`fill_uniforms64` gives where the stream gives these normals: radii and angles of pairs."""
    first, second = normals.reshape(-1, 2).T
    radius, angle = np.exp(-(first**2 + second**2) / 2), np.arctan2(second, first) / (2 * np.pi) % 1
    return np.stack([radius, angle], axis=1).ravel()


def histogram(
    k0, k1, replicate, scratch, out, n, axes, m_1, m_2, m_3, m_4, alpha, kappa, noise, first
):  # fmt: skip
    """Noise from the first calls, places from those behind; then the mean of each cell and its squared distance."""
    cells = m_1 * m_2 * m_3 * m_4
    normals, places = scratch[:n], scratch[n : n + axes]
    sums, counts = scratch[n + axes :][:cells], scratch[n + axes + cells :][:cells]
    semi, share = scratch[n + axes + 2 * cells :][:axes], scratch[n + 2 * axes + 2 * cells :][:axes]
    split = scratch[n + 3 * axes + 2 * cells :][:4]
    split[0], split[1], split[2], split[3] = m_1, m_2, m_3, m_4
    within = 0.0
    for j in range(axes):
        semi[j] = pexp64(-kappa * pexp64(alpha * plog64(np.float64(j + 1))))
        share[j] = np.sqrt(1.0 / np.float64(axes)) if first == 0 else (1.0 if j == 0 else 0.0)
        width = share[j] * 2.0 * semi[j] / (split[j] if j < 4 else 1.0)
        within += width * width / 12.0
    for cell in range(cells):
        sums[cell], counts[cell] = 0.0, 0.0
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    calls, before = (axes + 1) // 2, (n + 1) // 2
    for i in range(n):
        fill_uniforms64(k0, k1, replicate, before + i * calls, places)
        cell, value = 0, noise * normals[i]
        for j in range(axes):
            value += share[j] * semi[j] * (2.0 * places[j] - 1.0)
            if j < 4:
                cell = cell * int(split[j]) + int(min(places[j] * split[j], split[j] - 1.0))
        sums[cell] += value
        counts[cell] += 1.0
    total = 0.0
    for cell in range(cells):
        center, rest = 0.0, cell
        for back in range(4):
            j = 3 - back
            parts = int(split[j])
            center += share[j] * semi[j] * (np.float64(2 * (rest % parts) + 1) / split[j] - 1.0)
            rest //= parts
        answer = sums[cell] / counts[cell] if counts[cell] > 0.0 else 0.0
        total += (answer - center) * (answer - center)
    out[0] = within + total / np.float64(cells)


def literal(**_: Any) -> Replicate:
    """One training set a replicate."""
    return Replicate(
        kernel=histogram,
        arguments=_arguments,
        scratch=lambda *, n, J, m_1, m_2, m_3, m_4, **_: n + 3 * J + 2 * m_1 * m_2 * m_3 * m_4 + 4,
        size=lambda *, n, J, **_: 2 * ((n + 1) // 2 + n * ((J + 1) // 2)),
        outputs=("risk",),
    )


def _arguments(
    *, n: int, alpha: float, kappa: float, J: int, noise: float, direction: str, **cells: int
) -> dict[str, int | float]:
    if math.prod(cells.values()) > MOST_CELLS:
        raise ValueError(f"m_1 m_2 m_3 m_4 = {math.prod(cells.values())}: must be at most {MOST_CELLS} to be simulated")
    numbers = {"alpha": float(alpha), "kappa": float(kappa), "noise": float(noise)}
    return {"n": n, "axes": J, **cells, **numbers, "first": int(direction == "first")}


def reference(
    draws: dict[str, np.ndarray],
    *,
    n: int,
    alpha: float,
    kappa: float,
    J: int,
    noise: float,
    direction: str,
    **rest: Any,
) -> dict[str, float]:
    """One training set, spelt out in NumPy; every cell is integrated by two Gauss nodes an axis, exact for squares."""
    items = draws["items"].astype(np.float64)
    split = [rest[f"m_{axis}"] for axis in range(1, 5)] + [1] * (J - 4)
    semi = np.exp(-kappa * np.arange(1.0, J + 1) ** alpha)
    gradient = np.full(J, J**-0.5) if direction == "diagonal" else np.eye(J)[0]
    places = uniforms(items[2 * ((n + 1) // 2) :]).reshape(n, -1)[:, :J]
    values = (semi * (2 * places - 1)) @ gradient + noise * items[:n]
    inside = np.minimum((places * split).astype(int), np.array(split) - 1)
    nodes = np.array(list(itertools.product((-(3**-0.5), 3**-0.5), repeat=J)))
    risks = []
    for cell in itertools.product(*map(range, split)):
        mine = values[(inside == cell).all(axis=1)]
        answer = mine.mean() if mine.size else 0.0
        at = semi * ((2 * np.array(cell) + 1 + nodes) / split - 1)
        risks.append(((at @ gradient - answer) ** 2).mean())
    return {"risk": float(np.mean(risks))}


EXPERIMENT = Experiment(
    modes={"literal": literal},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("risk")),
    arithmetic_error=1e-11,
    arithmetic_reason="float64 sums over the samples of a cell, and exponentials good to 1e-15 times their argument",
)

if __name__ == "__main__":
    run.main(__file__)
