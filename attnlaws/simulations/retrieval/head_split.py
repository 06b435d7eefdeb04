"""Simulate the capacity of heads that share a fixed width, from the interference of single pairs.

The heads are those of ``retrieval.heads``, with keys of dimension d_k/heads, and targets that have their typical norm
in each of them: at the temperature of attention scores over the temperature have a standard deviation of 1.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from sympy import Integer, Symbol, log

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Draw, Experiment, Smooth, Streaming
from attnlaws.simulations.retrieval import heads as any_heads
from attnlaws.simulations.retrieval.heads import SIGMA

QUERY, KEY = Draw("query", "d_k/heads"), Draw("key", "d_k/heads")


def literal(**parameters: Any) -> Streaming:
    """Keys in full, of a head's own dimension: their dot products with the query."""
    return replace(_of_unit_spread(any_heads.literal(**parameters)), shared=(QUERY,), item=(KEY,))


def tilted(**parameters: Any) -> Streaming:
    """An equal law with fewer draws: scores, drawn for exp(score) where squared weights count."""
    return _of_unit_spread(any_heads.tilted(**parameters))


def _of_unit_spread(stream: Streaming) -> Streaming:
    sums = {name: expression.subs(SIGMA, Integer(1)) for name, expression in stream.sums.items()}
    return replace(stream, sums=sums)


def estimator(*, d_k: int, heads: int, kernel: str, reading: str) -> Smooth:
    """The logarithm of the target's power over the mean power of one pair.

    Pairs are reported relative to a mean square of exp(2), for the linear kernel to one of |k_i|^2.
    """
    width = d_k / heads
    target, unit = (2 * math.sqrt(width), 2.0) if kernel == "exponential" else (2 * math.log(width), math.log(width))
    return Smooth(target - unit - log(Symbol("alone" if reading == "one" else "averaged")))


def reference(draws: dict[str, np.ndarray], *, mode: str, heads: int, kernel: str, **_: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    return any_heads.reference(draws, mode=mode, heads=heads, sigma=1.0, kernel=kernel)


def reliable(*, mode: str, heads: int, kernel: str, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    return any_heads.reliable(mode=mode, heads=heads, sigma=1.0, kernel=kernel)


EXPERIMENT = Experiment(
    modes={"literal": literal, "tilted": tilted},
    reference=reference,
    estimator=estimator,
    reliable=reliable,
    arithmetic_error=1e-5,
    arithmetic_reason=any_heads.EXPERIMENT.arithmetic_reason,
)

if __name__ == "__main__":
    run.main(__file__)
