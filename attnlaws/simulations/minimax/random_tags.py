"""Simulate attention over documents with random unit tags, asked for one of them by its own tag."""

from typing import Any

import numpy as np
from sympy import Symbol, exp

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Dot, Experiment, Smooth, Streaming
from attnlaws.simulations.retrieval import exponential_sphere
from attnlaws.simulations.retrieval.linear_sphere import KEY, QUERY, cosine_of_keys, cosines

NOISE, POWER = Symbol("noise"), Symbol("power")


def others(*, documents: int, **_: Any) -> int:
    """Documents other than the one asked for."""
    return documents - 1


def literal(**_: Any) -> Streaming:
    """Gaussian vectors in full, normalized: another document's weight over the right one, and its squared overlap."""
    overlap = cosine_of_keys()
    return Streaming(
        items=others,
        shared=(QUERY,),
        item=(KEY,),
        scalars={"query_norm2": Dot(QUERY.symbol, QUERY.symbol)},
        sums={"noise": exp(Symbol("beta") * (overlap - 1)), "power": overlap**2},
        outputs={"noise": NOISE, "power": POWER},
    )


def reference(draws: dict[str, np.ndarray], *, mode: str, d_k: int, beta: float, **_: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    overlaps = cosines(draws, mode=mode, d_k=d_k)
    return {"noise": float(np.sum(np.exp(beta * (overlaps - 1)))), "power": float(np.sum(overlaps**2))}


def reliable(*, mode: str, documents: int, d_k: int, beta: float, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing: the weights are those of an exponential memory on a sphere."""
    return exponential_sphere.reliable(mode=mode, n=documents, d_k=d_k, radius=1.0, tau=2 / beta)


EXPERIMENT = Experiment(
    modes={"literal": literal},
    reference=reference,
    estimator=lambda **_: Smooth(NOISE / (1 + NOISE)),
    also={"linear": lambda **_: Smooth(POWER)},
    reliable=reliable,
    arithmetic_error=1e-5,
    arithmetic_reason="float32 cosines: 1e-7 of the sharpness in a weight; sums are float64",
)

if __name__ == "__main__":
    run.main(__file__)
