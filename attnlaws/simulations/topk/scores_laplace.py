"""Simulate softmax rows with Laplace scores: the mass outside the k largest, and how many keys lose a share eps."""

import numpy as np

from attnlaws.simulations import run
from attnlaws.simulations.stream import fill_normals64
from attnlaws.simulations.topk.scores_exponential import cut, experiment_of, pairs


def laplace(k0, k1, replicate, scratch, out, n, k, b, eps):
    """Draw n Laplace scores and cut the row.

    Half the square of two normals is exponential, and independent of the angle, hence of the first one's sign.
    """
    fill_normals64(k0, k1, replicate, np.uint64(0), scratch[: 2 * n])
    for i in range(n):
        x, y = scratch[2 * i], scratch[2 * i + 1]
        size = 0.5 * (x * x + y * y)
        scratch[i] = size if x > 0.0 else -size
    cut(scratch[:n], scratch[n : 2 * n], k, b, eps, out)


EXPERIMENT = experiment_of(laplace, lambda draws, b: b * np.sign(draws["items"][::2]) * pairs(draws))

if __name__ == "__main__":
    run.main(__file__)
