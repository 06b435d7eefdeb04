"""Simulate softmax rows with uniform scores: the mass outside the k largest, and how many keys lose a share eps."""

import numpy as np

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64
from attnlaws.simulations.stream import fill_normals64
from attnlaws.simulations.topk.scores_exponential import cut, experiment_of, pairs


def uniform(k0, k1, replicate, scratch, out, n, k, width, eps):
    """Draw n uniform scores, each from half the square of two normals, which is exponential, and cut the row."""
    fill_normals64(k0, k1, replicate, np.uint64(0), scratch[: 2 * n])
    for i in range(n):
        x, y = scratch[2 * i], scratch[2 * i + 1]
        scratch[i] = pexp64(-0.5 * (x * x + y * y))
    cut(scratch[:n], scratch[n : 2 * n], k, width, eps, out)


EXPERIMENT = experiment_of(
    uniform, lambda draws, width: width * np.exp(-pairs(draws)), scale="width", reliable=lambda **_: ""
)

if __name__ == "__main__":
    run.main(__file__)
