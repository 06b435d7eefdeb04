"""Simulate softmax attention over tokens of a mixture of two Gaussians, as vectors with true inner products.

From the square of how far an output is off, the products of different tokens' u = W (y - F) are taken away, whose mean
is 0, as in ``token_covariance``.
"""

import math
from typing import Any

import numpy as np
from sympy import Float, Max, Min, Symbol, exp, log, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Dot, Draw, Experiment, Smooth, Streaming

QUERY, TOKEN, PICK, OTHER = Draw("query", "d_k"), Draw("token", "d_k"), Draw("pick"), Draw("other")
BETA, SHARE, TOKENS, LENGTH, LEVEL = (Symbol(name) for name in ("beta", "share", "tokens", "length", "level"))
MEANS, WIDTHS = (Symbol("first"), Symbol("second")), (Symbol("width_first"), Symbol("width_second"))
TOTAL, PLACE, CHOSEN, SQUARE = (Symbol(name) for name in ("total", "place", "chosen", "square"))

STEEP = Float(1e300)
"""Makes a step of a ramp: a difference of two float64 numbers near 1 is far above its inverse."""


def population() -> tuple[Any, Any]:
    """The mean weight of a token relative to the level, and the output of infinitely many tokens."""
    parts = [
        part * exp(BETA * mean + BETA**2 * width**2 / 2 - LEVEL)
        for part, mean, width in zip((SHARE, 1 - SHARE), MEANS, WIDTHS, strict=True)
    ]
    total = parts[0] + parts[1]
    shifted = [mean + BETA * width**2 for mean, width in zip(MEANS, WIDTHS, strict=True)]
    return total, (parts[0] * shifted[0] + parts[1] * shifted[1]) / total


def tokens_in_full(**_: Any) -> Streaming:
    """A token is of the first part where exp(-(pick^2 + other^2)/2), which is uniform, is below the share."""
    mean_weight, read = population()
    reach = [
        BETA * mean + BETA * width * Min(BETA * width, sqrt(2 * log(TOKENS)))
        for mean, width in zip(MEANS, WIDTHS, strict=True)
    ]
    is_first = Min(1, Max(0, (PICK.symbol**2 + OTHER.symbol**2 - Symbol("rarity")) * STEEP))
    mean, width = (is_first * one + (1 - is_first) * other for one, other in (MEANS, WIDTHS))
    place = mean + width * (Dot(TOKEN.symbol, QUERY.symbol) / LENGTH)
    weight = exp(BETA * place - LEVEL)
    noise = (PLACE - Symbol("read") * TOTAL) / (TOKENS * Symbol("mean_weight"))
    off = PLACE / TOTAL - Symbol("read")
    return Streaming(
        items=lambda *, tokens, **_: tokens,
        shared=(QUERY,),
        item=(PICK, OTHER, TOKEN),
        scalars={
            "length": sqrt(Dot(QUERY.symbol, QUERY.symbol)),
            "rarity": -2 * log(SHARE),
            "level": Max(*reach),
            "mean_weight": mean_weight.xreplace({LEVEL: Max(*reach)}),
            "read": read.xreplace({LEVEL: Max(*reach)}),
        },
        sums={
            "total": weight,
            "place": weight * place,
            "chosen": weight * is_first,
            "square": (weight * (place - Symbol("read"))) ** 2,
        },
        outputs={
            "output": PLACE / TOTAL,
            "weight": CHOSEN / TOTAL,
            "variance": TOKENS * (off**2 - noise**2 + SQUARE / (TOKENS * Symbol("mean_weight")) ** 2),
        },
        precision="float64",
    )


def read_by_all(
    *, beta: float, share: float, first: float, second: float, width_first: float, width_second: float, **_: Any
) -> tuple[float, float]:
    """Logarithm of the mean weight of a token, and the output of infinitely many.

    Example:
        >>> read_by_all(beta=1.0, share=0.5, first=0.0, second=0.0, width_first=1.0, width_second=1.0)
        (0.5, 1.0)
    """
    logs = np.array([beta * first + beta**2 * width_first**2 / 2, beta * second + beta**2 * width_second**2 / 2])
    parts = np.array([share, 1 - share]) * np.exp(logs - logs.max())
    shifted = np.array([first + beta * width_first**2, second + beta * width_second**2])
    return float(logs.max() + np.log(parts.sum())), float(parts @ shifted / parts.sum())


def reference(draws: dict[str, np.ndarray], *, tokens: int, **point: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    query = draws["query"].astype(np.float64)
    uniform = np.exp(-(draws["pick"].astype(np.float64) ** 2 + draws["other"].astype(np.float64) ** 2) / 2)
    is_first = uniform < point["share"]
    across = draws["token"].astype(np.float64) @ query / np.linalg.norm(query)
    place = np.where(
        is_first, point["first"] + point["width_first"] * across, point["second"] + point["width_second"] * across
    )
    scores = point["beta"] * place
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()
    log_mean, read = read_by_all(**point)
    noise = np.exp(scores - log_mean) / tokens * (place - read)
    pairs = noise.sum() ** 2 - (noise**2).sum()
    return {
        "output": float(weights @ place),
        "weight": float(weights[is_first].sum()),
        "variance": float(tokens * ((weights @ place - read) ** 2 - pairs)),
    }


def reliable(*, tokens: int, beta: float, width_first: float, width_second: float, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    spread2 = beta**2 * max(width_first, width_second) ** 2
    if spread2 >= math.log(tokens) / 4:
        return f"the scores' variance {spread2:.3g} is above a quarter of ln T: few tokens decide fourth moments"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": tokens_in_full},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("output")),
    also={
        "weight": lambda **_: Smooth(Symbol("weight")),
        "variance": lambda *, tokens, **point: Smooth(
            Symbol("variance") - tokens * (Symbol("output") - read_by_all(**point)[1]) ** 2
        ),
    },
    reliable=reliable,
    arithmetic_error=1e-9,
    arithmetic_reason="float64 weights, good to 1e-14; a variance is a difference of squares, T times as large",
)

if __name__ == "__main__":
    run.main(__file__)
