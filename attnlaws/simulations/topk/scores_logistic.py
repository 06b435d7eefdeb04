"""Simulate softmax rows with logistic scores and measure the probability outside the k largest."""

import numpy as np

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64, plog64
from attnlaws.simulations.rows import tail_share
from attnlaws.simulations.stream import fill_normals64
from attnlaws.simulations.topk.scores_exponential import pairs, tail_experiment_of


def logistic(k0, k1, replicate, scratch, out, n, k, b):
    """Draw n logistic scores, the logarithms of the odds of uniform variables, and add up the weights outside.

    Half the square of two normals is exponential, e, and exp(-e) uniform, of odds 1/(exp(e) - 1). What cancels for
    small e is below 1e-15/e of the odds.
    """
    fill_normals64(k0, k1, replicate, np.uint64(0), scratch[: 2 * n])
    for i in range(n):
        x, y = scratch[2 * i], scratch[2 * i + 1]
        scratch[i] = -plog64(pexp64(0.5 * (x * x + y * y)) - 1.0)
    out[0] = tail_share(scratch[:n], scratch[n : 2 * n], k, b)


EXPERIMENT = tail_experiment_of(logistic, lambda draws, b: -b * np.log(np.expm1(pairs(draws))))

if __name__ == "__main__":
    run.main(__file__)
