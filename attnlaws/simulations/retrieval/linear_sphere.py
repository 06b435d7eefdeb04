"""Simulate the interference of linear retrieval over normalized keys, one of them asked for by its own key."""

from typing import Any

import numpy as np
from sympy import Expr, Float, Integer, Max, Symbol, exp, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Dot, Draw, Experiment, Smooth, Streaming

QUERY, KEY = Draw("query", "d_k"), Draw("key", "d_k")
FIRST, SECOND = Draw("first"), Draw("second")
SMALLEST = Float(2.0**-60)
D_K, QUERY_NORM2, NOISE2 = Symbol("d_k"), Symbol("query_norm2"), Symbol("noise2")


def cosine_of_keys() -> Expr:
    """The cosine of an item's Gaussian key with the query: the keys are normalized by it."""
    return Dot(KEY.symbol, QUERY.symbol) / sqrt(Dot(KEY.symbol, KEY.symbol) * QUERY_NORM2)


def cosine(d_k: int, first: Expr = FIRST.symbol, second: Expr = SECOND.symbol) -> Expr:
    """A cosine with the same law from two standard normals.

    On a sphere in three dimensions or more the first two coordinates have a uniform angle and a squared radius R with
    P(1 - R < u) = u^((d - 2)/2) (Ulrich 1984); with rho^2 = first^2 + second^2, exp(-rho^2/2) is uniform, so that
    1 - R = exp(-rho^2/(d - 2)), and first/rho is the cosine of the angle. In two dimensions the radius is 1, in one
    there are two points.
    """
    if d_k == 1:
        return first / Max(first, -first)
    rho2 = first**2 + second**2 + SMALLEST  # where both are 0 the cosine is 0, and no number without this
    return first / sqrt(rho2) if d_k == 2 else sqrt((1 - exp(-rho2 / (D_K - 2))) / rho2) * first


def literal(**_: Any) -> Streaming:
    """Gaussian keys in full, normalized."""
    return Streaming(
        items=distractors,
        shared=(QUERY,),
        item=(KEY,),
        scalars={"query_norm2": Dot(QUERY.symbol, QUERY.symbol)},
        sums={"noise2": cosine_of_keys() ** 2},
        outputs={"inverse_snr": NOISE2},
    )


def collapsed(*, d_k: int, **_: Any) -> Streaming:
    """An equal law with two draws an item; the query's direction makes no difference.

    In float64, because 1 - exp(-small) is what a cosine is made of in many dimensions.
    """
    return Streaming(
        items=distractors,
        item=(FIRST, SECOND),
        sums={"noise2": Integer(1) if d_k == 1 else cosine(d_k) ** 2},
        outputs={"inverse_snr": NOISE2},
        precision="float64",
    )


def distractors(*, n: int, **_: Any) -> int:
    """Stored pairs other than the one asked for."""
    return n - 1


def cosines(draws: dict[str, np.ndarray], *, mode: str, d_k: int) -> np.ndarray:
    """Cosines of one replicate's distractors with the query, spelt out in NumPy."""
    if mode == "literal":
        query = draws["query"].astype(np.float64)
        keys = draws["key"].astype(np.float64)
        return keys @ query / np.linalg.norm(keys, axis=1) / np.linalg.norm(query)
    first, second = draws["first"], draws["second"]
    if d_k == 1:
        return np.sign(first)
    radius2 = 1.0 if d_k == 2 else -np.expm1(-(first**2 + second**2) / (d_k - 2))
    return np.sqrt(radius2) * np.cos(np.arctan2(second, first))


def reference(draws: dict[str, np.ndarray], *, mode: str, d_k: int, **_: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    return {"inverse_snr": float(np.sum(cosines(draws, mode=mode, d_k=d_k) ** 2))}


EXPERIMENT = Experiment(
    modes={"literal": literal, "collapsed": collapsed},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("inverse_snr")),
    arithmetic_error=1e-6,
    arithmetic_reason="float32 normals carry relative errors near 1e-7, averaged over many; sums are float64",
)

if __name__ == "__main__":
    run.main(__file__)
