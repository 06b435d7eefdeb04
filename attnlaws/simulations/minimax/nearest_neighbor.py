"""Draw keys uniformly in a box, and the squared distance from a query to the nearest of them; nothing is stored."""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import fma32, pexp64, plog64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.philox import philox_call, philox_lanes
from attnlaws.simulations.primitives import aligned_stack, kernel

LANES = 256
UNIT = np.float32(2.0**-31)
"""What turns a word, read as signed, into a uniform number in [-1, 1]."""


@kernel
def gap_lanes(k0, k1, call, replicate, semi, query, squares, words, count):
    """Add to ``squares[i]`` the squared gaps along four axes between the query and the key of call ``call + i``."""
    aligned_stack()
    philox_lanes(k0, k1, call, np.uint64(0), replicate, words, count)
    s0, s1, s2, s3 = semi[0], semi[1], semi[2], semi[3]
    q0, q1, q2, q3 = -query[0], -query[1], -query[2], -query[3]
    for i in range(count):
        a = fma32(s0, np.float32(np.int32(words[0, i])), q0)
        b = fma32(s1, np.float32(np.int32(words[1, i])), q1)
        c = fma32(s2, np.float32(np.int32(words[2, i])), q2)
        d = fma32(s3, np.float32(np.int32(words[3, i])), q3)
        squares[i] = fma32(d, d, fma32(c, c, fma32(b, b, fma32(a, a, squares[i]))))


@kernel
def least(squares, count, best):
    """The least of the first ``count`` numbers and ``best``."""
    for i in range(count):
        best = min(best, squares[i])
    return best


def neighbor(k0, k1, replicate, scratch, out, n, axes, alpha, kappa):
    """The query comes from the first calls; then 256 keys at a time, four axes a call."""
    groups = (axes + 3) // 4
    semi, query = np.zeros(4 * groups, np.float32), np.zeros(4 * groups, np.float32)
    squares, words = np.empty(256, np.float32), np.empty((4, 256), np.uint32)
    for j in range(axes):
        semi[j] = np.float32(pexp64(-kappa * pexp64(alpha * plog64(np.float64(j + 1))))) * np.float32(2.0**-31)
    for g in range(groups):
        a, b, c, d = philox_call(k0, k1, np.uint64(g), np.uint64(0), replicate)
        query[4 * g] = semi[4 * g] * np.float32(np.int32(np.uint32(a)))
        query[4 * g + 1] = semi[4 * g + 1] * np.float32(np.int32(np.uint32(b)))
        query[4 * g + 2] = semi[4 * g + 2] * np.float32(np.int32(np.uint32(c)))
        query[4 * g + 3] = semi[4 * g + 3] * np.float32(np.int32(np.uint32(d)))
    best = np.float32(np.inf)
    for first in range(0, n, 256):
        count = min(256, n - first)
        squares[:] = np.float32(0.0)
        for g in range(groups):
            call = np.uint64(256 + first * groups + 256 * g)
            at = 4 * g
            gap_lanes(k0, k1, call, replicate, semi[at : at + 4], query[at : at + 4], squares, words, count)
        best = least(squares, count, best)
    out[0] = np.float64(best)


def literal(**_: Any) -> Replicate:
    """One query a replicate."""
    return Replicate(
        kernel=neighbor,
        arguments=lambda *, n, alpha, kappa, J, **_: {
            "n": n,
            "axes": J,
            "alpha": float(alpha),
            "kappa": float(kappa),
        },
        scratch=lambda **_: 1,
        size=lambda *, n, J, **_: 4 * LANES * (1 + -(-n // LANES) * -(-J // 4)),
        outputs=("risk",),
        precision="float32",
    )


def places(normals: np.ndarray) -> np.ndarray:
    """The uniform numbers on [-1, 1] of the words behind float32 normals, [call, 4].

    A pair's radius is made of the low 31 bits of its first word, whose top bit is the sign of the first normal; its
    angle within the first quadrant is the second word.
    """
    first, second = normals.reshape(-1, 2).T
    radius = np.exp(-(first**2 + second**2) / 2) - (first < 0)
    angle = np.arctan2(np.abs(second), np.abs(first)) * (4 / np.pi) - 1
    return np.stack([radius, angle], axis=1).reshape(-1, 4)


def reference(
    draws: dict[str, np.ndarray], *, n: int, alpha: float, kappa: float, J: int, **_: Any
) -> dict[str, float]:
    """One query and all keys, spelt out in NumPy."""
    semi, groups = np.exp(-kappa * np.arange(1.0, J + 1) ** alpha), -(-J // 4)
    calls = places(draws["items"].astype(np.float64))
    query = calls[:groups].reshape(-1)[:J]
    keys = calls[LANES:].reshape(-1, groups, LANES, 4).transpose(0, 2, 1, 3).reshape(-1, 4 * groups)[:n, :J]
    return {"risk": float(np.min((((keys - query) * semi) ** 2).sum(axis=1)))}


EXPERIMENT = Experiment(
    modes={"literal": literal},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("risk")),
    arithmetic_error=2e-5,
    arithmetic_reason="float32 coordinates are good to 6e-8 of an axis; at 10^7 keys the nearest is 0.02 away, so that "
    "a squared gap is good to 1e-5",
)

if __name__ == "__main__":
    run.main(__file__)
