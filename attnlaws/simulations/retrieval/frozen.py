"""Simulate sums of weights whose logarithms are normal, and the shares of single weights in them."""

from typing import Any

import numpy as np
from sympy import Symbol, exp, log, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Draw, Experiment, Smooth, Streaming

SCORE = Draw("score")
N, SIGMA = Symbol("n"), Symbol("sigma")

LEVEL = 2 * SIGMA * sqrt(2 * log(N))
"""Logarithm of about the largest of n weights, the level that all are taken relative to."""


def literal(**_: Any) -> Streaming:
    """Every weight and its square, added up; float64, because in the frozen phase weights differ by many powers."""
    weight = exp(2 * SIGMA * SCORE.symbol - Symbol("level"))
    return Streaming(
        items=lambda *, n, **_: n,
        item=(SCORE,),
        scalars={"level": LEVEL},
        sums={"total": weight, "squares": weight**2},
        outputs={
            "log_sum": log(Symbol("total")) + Symbol("level"),
            "participation": Symbol("squares") / Symbol("total") ** 2,
        },
        precision="float64",
    )


def reference(draws: dict[str, np.ndarray], *, sigma: float, **_: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    weights = np.exp(2 * sigma * draws["score"].astype(np.float64))
    shares = weights / weights.sum()
    return {"log_sum": float(np.log(weights.sum())), "participation": float((shares**2).sum())}


EXPERIMENT = Experiment(
    modes={"literal": literal},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("log_sum")),
    also={"participation": lambda **_: Smooth(Symbol("participation"))},
    arithmetic_error=1e-11,
    arithmetic_reason="float64 weights with relative errors below 1e-15 times their logarithm, summed in a tree",
)

if __name__ == "__main__":
    run.main(__file__)
