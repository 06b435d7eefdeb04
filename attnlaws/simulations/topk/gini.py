"""Simulate pairs of softmax weights with Gaussian logits, and compare the two weights of each."""

from typing import Any

import numpy as np
from sympy import Max, Min, Symbol, exp, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Draw, Experiment, Smooth, Streaming

FIRST, SECOND, GAP = Draw("first"), Draw("second"), Draw("gap")
SIGMA = Symbol("sigma")
DIFFERENCE, SMALLER, TOTAL = Symbol("difference"), Symbol("smaller"), Symbol("total")


def literal(**_: Any) -> Streaming:
    """Two weights a pair."""
    one, other = exp(SIGMA * FIRST.symbol), exp(SIGMA * SECOND.symbol)
    return Streaming(
        items=lambda *, n, **_: n,
        item=(FIRST, SECOND),
        sums={"difference": Max(one, other) - Min(one, other), "smaller": Min(one, other), "total": one + other},
        outputs={"difference": DIFFERENCE, "smaller": SMALLER, "total": TOTAL},
        precision="float64",
    )


def tilted(**_: Any) -> Streaming:
    """Pairs as often as they weigh: the sum of the scores is left out, the gap's mean is sigma sqrt(2) one way."""
    ratio = exp(-Max(GAP.symbol + SIGMA / sqrt(2), -GAP.symbol - SIGMA / sqrt(2)) * SIGMA * sqrt(2))
    return Streaming(
        items=lambda *, n, **_: n,
        item=(GAP,),
        sums={"difference": (1 - ratio) / (1 + ratio), "smaller": ratio / (1 + ratio)},
        outputs={"difference": DIFFERENCE, "smaller": SMALLER, "total": Symbol("n")},
    )


def reference(draws: dict[str, np.ndarray], *, mode: str, sigma: float, **_: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    if mode == "literal":
        one, other = (np.exp(sigma * draws[name].astype(np.float64)) for name in ("first", "second"))
    else:
        gap = sigma * np.sqrt(2) * (draws["gap"].astype(np.float64) + sigma / np.sqrt(2))
        one, other = 1 / (1 + np.exp(gap)), 1 / (1 + np.exp(-gap))
    return {
        "difference": float(np.abs(one - other).sum()),
        "smaller": float(np.minimum(one, other).sum()),
        "total": float((one + other).sum()),
    }


def reliable(*, mode: str, sigma: float, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    if mode == "literal" and sigma > 2:
        return f"sigma = {sigma}: weights beyond all that were drawn carry the mean difference"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": literal, "tilted": tilted},
    reference=reference,
    estimator=lambda **_: Smooth(DIFFERENCE / TOTAL),
    also={"area": lambda **_: Smooth(SMALLER / TOTAL)},
    reliable=reliable,
    arithmetic_error=1e-5,
    arithmetic_reason="float32 weights with relative errors of 1e-7 times their logarithm, and a difference that is "
    "a seventh of their sum where it is smallest on the grid",
)

if __name__ == "__main__":
    run.main(__file__)
