"""Simulate softmax rows with scores of several laws, and add up the squares of their probabilities."""

from typing import Any

import numpy as np
from sympy import Expr, Symbol, exp, log, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Draw, Experiment, Smooth, Streaming

ONE, TWO, THREE = Draw("one"), Draw("two"), Draw("three")
N, SIGMA = Symbol("n"), Symbol("sigma")
ENERGY = (ONE.symbol**2 + TWO.symbol**2) / 2
"""Half the squared norm of two normals is exponential with mean 1."""

ITEMS: dict[str, tuple[tuple[Draw, ...], Expr, Expr]] = {
    "gaussian": ((ONE,), ONE.symbol, SIGMA * sqrt(2 * log(N))),
    "exponential": ((ONE, TWO), ENERGY, SIGMA * log(N)),
    "laplace": ((ONE, TWO, THREE), THREE.symbol * sqrt(2 * ENERGY), SIGMA * log(N)),
    "uniform": ((ONE, TWO), exp(-ENERGY), SIGMA),
}
"""The normals of an item, the score that they make, and the logarithm of about the largest weight of a row."""


def literal(*, scores: str, **_: Any) -> Streaming:
    """Every weight and its square, relative to about the largest."""
    item, score, level = ITEMS[scores]
    weight = exp(SIGMA * score - Symbol("level"))
    return Streaming(
        items=lambda *, n, **_: n,
        item=item,
        scalars={"level": level},
        sums={"total": weight, "squares": weight**2},
        outputs={"participation": Symbol("squares") / Symbol("total") ** 2},
    )


def reference(draws: dict[str, np.ndarray], *, scores: str, sigma: float, **_: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    drawn = [draws[name].astype(np.float64) for name in ("one", "two", "three") if name in draws]
    energy = sum(part**2 for part in drawn[:2]) / 2
    score = {
        "gaussian": lambda: drawn[0],
        "exponential": lambda: energy,
        "laplace": lambda: drawn[2] * np.sqrt(2 * energy),
        "uniform": lambda: np.exp(-energy),
    }[scores]()
    weights = np.exp(sigma * (score - score.max()))
    return {"participation": float(((weights / weights.sum()) ** 2).sum())}


EXPERIMENT = Experiment(
    modes={"literal": literal},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("participation")),
    arithmetic_error=1e-5,
    arithmetic_reason="float32 weights with relative errors of 1e-7 times their logarithm, which is below 100",
)

if __name__ == "__main__":
    run.main(__file__)
