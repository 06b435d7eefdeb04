"""Simulate softmax rows with Gaussian logits, and the chance that two draws from one row are different keys."""

from typing import Any

import numpy as np
from sympy import Symbol, exp, log, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Draw, Experiment, Smooth, Streaming

SCORE = Draw("score")
N, SIGMA, TOTAL = Symbol("n"), Symbol("sigma"), Symbol("total")


def literal(**_: Any) -> Streaming:
    """Every weight and its square, relative to the level of about the largest; float64, as weights differ by powers."""
    weight = exp(SIGMA * SCORE.symbol - Symbol("level"))
    return Streaming(
        items=lambda *, n, **_: n,
        item=(SCORE,),
        scalars={"level": SIGMA * sqrt(2 * log(N))},
        sums={"total": weight, "squares": weight**2},
        outputs={"differ": 1 - Symbol("squares") / TOTAL**2},
        precision="float64",
    )


def reference(draws: dict[str, np.ndarray], *, sigma: float, **_: Any) -> dict[str, float]:
    """One row, spelt out in NumPy."""
    weights = np.exp(sigma * draws["score"].astype(np.float64))
    shares = weights / weights.sum()
    return {"differ": float(1 - (shares**2).sum())}


EXPERIMENT = Experiment(
    modes={"literal": literal},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("differ")),
    arithmetic_error=1e-11,
    arithmetic_reason="float64 weights with relative errors below 1e-15 times their logarithm, summed in a tree",
)

if __name__ == "__main__":
    run.main(__file__)
