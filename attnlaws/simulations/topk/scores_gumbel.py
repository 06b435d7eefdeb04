"""Simulate softmax rows with Gumbel scores and measure the probability outside the k largest."""

import numpy as np

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import plog64
from attnlaws.simulations.rows import tail_share
from attnlaws.simulations.stream import fill_normals64
from attnlaws.simulations.topk.scores_exponential import pairs, tail_experiment_of


def gumbel(k0, k1, replicate, scratch, out, n, k, b):
    """Draw n Gumbel scores, minus the logarithms of exponential variables, and add up the weights outside."""
    fill_normals64(k0, k1, replicate, np.uint64(0), scratch[: 2 * n])
    for i in range(n):
        x, y = scratch[2 * i], scratch[2 * i + 1]
        scratch[i] = -plog64(0.5 * (x * x + y * y))
    out[0] = tail_share(scratch[:n], scratch[n : 2 * n], k, b)


EXPERIMENT = tail_experiment_of(gumbel, lambda draws, b: -b * np.log(pairs(draws)))

if __name__ == "__main__":
    run.main(__file__)
