"""Draw value vectors and try every cut of them."""

from itertools import product
from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.stream import fill_normals64


def best_cut(k0, k1, replicate, scratch, out, count, d_v):
    """Draw vectors, and find the cut whose farthest pair is nearest. The last vector is on one side always."""
    values, square = scratch[: count * d_v], scratch[count * d_v : count * (d_v + count)]
    fill_normals64(k0, k1, replicate, np.uint64(0), values)
    for i in range(count):
        for j in range(i):
            total = 0.0
            for c in range(d_v):
                step = values[i * d_v + c] - values[j * d_v + c]
                total += step * step
            square[i * count + j] = total
    least = 0.0
    for cut in range(1, 1 << (count - 1)):
        across = 0.0
        for i in range(count):
            for j in range(i):
                apart = ((cut >> i) & 1) != ((cut >> j) & 1)
                across = max(across, square[i * count + j]) if apart else across
        least = across if cut == 1 or across < least else least
    out[0] = np.sqrt(least)


def sets(**_: Any) -> Replicate:
    """One set of vectors a replicate."""
    return Replicate(
        kernel=best_cut,
        arguments=lambda *, count, d_v, **_: {"count": count, "d_v": d_v},
        scratch=lambda *, count, d_v, **_: count * (d_v + count),
        size=lambda *, count, d_v, **_: count * d_v,
        outputs=("value",),
    )


def instance(draws: dict[str, np.ndarray], *, count: int, d_v: int, **_: Any) -> dict[str, np.ndarray]:
    """The vectors of some replicates, as a caller of the law would give them."""
    items = draws["items"]
    return {"values": items.reshape(*items.shape[:-1], count, d_v)}


def reference(draws: dict[str, np.ndarray], *, count: int, **parameters: Any) -> dict[str, float]:
    """One set, spelt out in NumPy."""
    (values,) = instance(draws, count=count, **parameters).values()
    distance = np.linalg.norm(values[:, None] - values, axis=-1)
    sides = (np.array(side, bool) for side in product((False, True), repeat=count))
    return {"value": min(distance[side][:, ~side].max() for side in sides if side.any() and not side.all())}


EXPERIMENT = Experiment(
    modes={"literal": sets},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("value")),
    instance=instance,
    arithmetic_error=1e-12,
    arithmetic_reason="one distance of a pair, rounded to 1e-15",
)

if __name__ == "__main__":
    run.main(__file__)
