"""Draw the largest of n normal scores as a Poisson process, and take the weights below them by their mean."""

import math
from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64, plog64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.stream import fill_normals64

SPARE = 10.0
"""Standard deviations of the number of candidates for which there is room."""


def sampler(k0, k1, replicate, scratch, out, room, level, area, log_rest, log_rest_squares, sigma, eps):
    """Thin a process of density area level exp(-level (x - level)) to the normal one above the level, from the top."""
    normals, weights = scratch[: 4 * room], scratch[4 * room : 5 * room]
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    time, top, count = 0.0, level, 0
    total, squares = 0.0, 0.0
    for i in range(room):
        a, b, c, d = normals[4 * i], normals[4 * i + 1], normals[4 * i + 2], normals[4 * i + 3]
        time += (a * a + b * b) / 2.0
        above = plog64(area / time) / level
        if above > 0.0 and c * c + d * d >= above * above:  # with chance exp(-above^2/2)
            top = level + above if count == 0 else top
            weights[count] = pexp64(sigma * (level + above - top))
            total += weights[count]
            squares += weights[count] * weights[count]
            count += 1
    rest = pexp64(log_rest - sigma * top)
    squares += pexp64(log_rest_squares - 2.0 * sigma * top)
    total += rest
    keys, lost = count + 1, rest
    while keys > 1 and lost <= eps * total:
        keys -= 1
        lost += weights[keys - 1]
    out[0] = squares / (total * total)
    out[1] = np.float64(keys)


def process(*, n: int, sigma: float, drawn: int, **_: Any) -> Replicate:
    """The largest scores of one row a replicate.

    Raises:
        ValueError: so many scores are drawn that they are not rare.
    """
    if 10 * drawn > n:
        raise ValueError(f"drawn = {drawn}: must be at most a tenth of n = {n} (only rare scores are Poisson)")
    from scipy import special

    level = -float(special.ndtri(drawn / n))
    area = n * math.exp(-(level**2) / 2) / math.sqrt(2 * math.pi) / level
    room = math.ceil(area + SPARE * math.sqrt(area))
    rests = [
        math.log(n) + (power * sigma) ** 2 / 2 + float(special.log_ndtr(level - power * sigma)) for power in (1, 2)
    ]
    return Replicate(
        kernel=sampler,
        arguments=lambda *, sigma, eps, **_: {
            "room": room,
            "level": level,
            "area": area,
            "log_rest": rests[0],
            "log_rest_squares": rests[1],
            "sigma": float(sigma),
            "eps": float(eps),
        },
        scratch=lambda **_: 5 * room,
        size=lambda **_: 4 * room,
        outputs=("participation", "keys"),
    )


def reference(
    draws: dict[str, np.ndarray], *, n: int, sigma: float, drawn: int, eps: float, **_: Any
) -> dict[str, float]:
    """One row, spelt out in NumPy and SciPy."""
    from scipy import stats

    level = stats.norm.isf(drawn / n)
    normals = draws["items"].astype(np.float64).reshape(-1, 4)
    times = np.cumsum((normals[:, :2] ** 2).sum(axis=1) / 2)
    above = np.log(n * stats.norm.pdf(level) / level / times) / level
    inside = (above > 0) & ((normals[:, 2:] ** 2).sum(axis=1) >= above**2)
    scores = level + above[inside]
    weights = np.exp(sigma * (scores - scores[0]))
    rest, rest_squares = (
        np.exp(
            np.log(n) + (power * sigma) ** 2 / 2 + stats.norm.logcdf(level - power * sigma) - power * sigma * scores[0]
        )
        for power in (1, 2)
    )
    total = weights.sum() + rest
    lost = rest + np.concatenate([np.cumsum(weights[::-1])[::-1], [0.0]])
    enough = np.flatnonzero(lost <= eps * total)
    return {
        "participation": float(((weights**2).sum() + rest_squares) / total**2),
        "keys": float(max(1, enough[0]) if enough.size else weights.size + 1),
    }


EXPERIMENT = Experiment(
    modes={"literal": process},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("participation")),
    arithmetic_error=2e-3,
    arithmetic_reason="counts of scores are Poisson, which changes the mean by about 1/n; the weights below the level "
    "are replaced by their mean, which changes it by three times their squared shares, 2e-4 with 64 scores drawn",
)

if __name__ == "__main__":
    run.main(__file__)
