"""How much random samples add to Pinsker's risk: the Gram matrix of the modes is the identity in the mean only.

With Lambda = diag(a/(mu - a)) and the Gram matrix G = I + E of n samples, the mean loss of the ridge estimator over
signs and noise is tr (G + Lambda)^-1 over the effective sample size. To second order in E, whose mean is 0, that is
sum c_k + sum_kl c_k^2 c_l Var(phi_k phi_l)/n, c = 1 - a/mu, and the cosines of two modes have
E phi_k^2 phi_l^2 = (3/2)^m with m the number of axes along which both have the same frequency, which is not 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np

from attnlaws.theory.lattice import pinsker, stiffness

ROWS = 256


def indices(limit: float, axes: list[float]) -> Iterator[tuple[int, ...]]:
    """The frequencies of all modes with a^2 below a limit.

    Example:
        >>> list(indices(20.0, [2.0, 18.0]))
        [(0, 0), (1, 0), (2, 0), (3, 0), (0, 1)]
    """
    if not axes:
        yield ()
        return
    *others, last = axes
    frequency = 0
    while (left := limit - last * frequency * frequency) > 0:
        for rest in indices(left, others):
            yield (*rest, frequency)
        frequency += 1


@lru_cache(maxsize=256)
def risk(samples: float, sigma: float, alpha: float, kappa: float) -> float:
    """Pinsker's risk and the first correction for random samples.

    Args:
        samples: their number n.
        sigma: standard deviation of the noise; the effective sample size is n/sigma^2.
        alpha: power of the index in the logarithm of the semi-axes.
        kappa: their rate of decay.

    Example:
        >>> round(risk(100.0, 0.3, 1.0, 1.0), 6)
        0.00472
    """
    cut = pinsker(math.log(samples) - 2 * math.log(sigma), alpha, kappa)
    axes = stiffness(cut.cutoff**2, alpha, kappa)
    frequencies = np.array(list(indices(cut.cutoff**2, axes)), dtype=np.int32).reshape(-1, len(axes))
    weights = 1 - np.sqrt(frequencies.astype(np.float64) ** 2 @ np.array(axes)) / cut.cutoff
    pairs = -float((weights**3).sum())
    for start in range(0, weights.size, ROWS):
        part = frequencies[start : start + ROWS]
        matches = np.zeros((len(part), weights.size), np.int32)
        for column, other in zip(part.T, frequencies.T, strict=True):
            matches += (column[:, None] == other) & (other > 0)
        pairs += float(weights[start : start + ROWS] ** 2 @ (1.5**matches @ weights))
    return cut.risk + pairs / samples / cut.size


def risk_ball(samples: Any, sigma: Any, alpha: Any, kappa: Any) -> Any:
    """The same in Arb balls, by inclusion and exclusion: (3/2)^m is the sum of 2^-|A| over sets A of equal axes."""
    from flint import arb

    from attnlaws.theory.balls import exact
    from attnlaws.theory.lattice_balls import cut_ball, stiffness_balls

    log_size = (exact(samples) / exact(sigma) ** 2).log()
    size, cut = log_size.exp(), cut_ball(log_size, alpha, kappa)
    if not cut.cutoff.is_finite():
        return cut.cutoff
    limit = float((cut.cutoff**2).mid())
    axes = stiffness_balls(limit, alpha, kappa)
    modes = list(indices(limit, [float(axis.mid()) for axis in axes]))
    if not cut.count.contains(len(modes)):
        return arb("nan")
    groups: dict[Any, list[Any]] = {}
    cubes = arb(0)
    for mode in modes:
        square = sum((axis * k**2 for axis, k in zip(axes, mode, strict=True)), arb(0))
        weight = 1 - square.sqrt() / cut.cutoff
        cubes += weight**3
        present = [(axis, k) for axis, k in enumerate(mode) if k]
        for length in range(len(present) + 1):
            for common in combinations(present, length):
                sums = groups.setdefault(common, [arb(0), arb(0)])
                sums[0] += weight**2
                sums[1] += weight
    pairs = sum((first * second / 2 ** len(common) for common, (first, second) in groups.items()), arb(0))
    return cut.risk + (pairs - cubes) / exact(samples) / size
