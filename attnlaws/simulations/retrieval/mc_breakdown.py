"""Simulate how much of a mean of exponentials n samples have not seen, and whether their error bar covers the truth."""

from typing import Any

import numpy as np
from sympy import Float, Max, Min, Rational, Symbol, exp

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Draw, Experiment, Smooth, Streaming
from attnlaws.theory.retrieval.mc_breakdown import LAW

FRESH, SCORE = Draw("fresh"), Draw("score")
N, SIGMA = Symbol("n"), Symbol("sigma")

STEEP = Float(1e30)
"""Makes a step of a ramp: the smallest difference of two float32 numbers near 1 is far above its inverse."""
NORMAL = Rational(196, 100)
STUDENT = NORMAL * (1 + (NORMAL**2 + 1) / (4 * N))
"""Quantile of a 95 % interval with n samples, to first order in 1/n."""
LIKELY_REPLICATES, ENOUGH = 4096, 10


def literal(**_: Any) -> Streaming:
    """Samples, a fresh score drawn where the mean lies, and the samples' mean with its error bar, over the truth."""
    weight = exp(2 * SIGMA * SCORE.symbol - 2 * SIGMA**2)
    above = {name: Min(1, Max(0, (SCORE.symbol - Symbol(name)) * STEEP)) for name in ("first", "second")}
    mean, square = Symbol("total") / N, Symbol("squares") / N
    room = STUDENT**2 * (square - mean**2) / Max(N - 1, 1) - (mean - 1) ** 2
    return Streaming(
        items=lambda *, n, **_: n,
        shared=(FRESH,),
        item=(SCORE,),
        scalars={"first": FRESH.symbol + 2 * SIGMA, "second": FRESH.symbol + 4 * SIGMA},
        sums={"beyond": above["first"], "beyond_square": above["second"], "total": weight, "squares": weight**2},
        outputs={
            "unseen": 1 - Min(1, Symbol("beyond")),
            "unseen_square": 1 - Min(1, Symbol("beyond_square")),
            "covered": Min(1, Max(0, room * STEEP)),
        },
    )


def reference(draws: dict[str, np.ndarray], *, n: int, sigma: float, **_: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    scores, fresh = draws["score"].astype(np.float64), float(np.asarray(draws["fresh"]).item())
    weights = np.exp(2 * sigma * scores) / np.exp(2 * sigma**2)
    half = float(STUDENT.subs(N, n)) * weights.std() / np.sqrt(max(n - 1, 1))
    return {
        "unseen": float((scores <= fresh + 2 * sigma).all()),
        "unseen_square": float((scores <= fresh + 4 * sigma).all()),
        "covered": float(abs(weights.mean() - 1) < half),
    }


def reliable(*, n: int, sigma: float, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    expected = LIKELY_REPLICATES * float(LAW(n=n, sigma=sigma))
    return f"{LIKELY_REPLICATES} runs would miss {expected:.2g} times" if expected < ENOUGH else ""


EXPERIMENT = Experiment(
    modes={"literal": literal},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("unseen")),
    also={"unseen_square": lambda **_: Smooth(Symbol("unseen_square"))},
    reliable=reliable,
    arithmetic_error=1e-5,
    arithmetic_reason="float32 scores: a comparison falls the other way where two scores agree to 1e-7",
)

if __name__ == "__main__":
    run.main(__file__)
