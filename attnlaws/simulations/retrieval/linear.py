"""Simulate the interference of linear retrieval: stored pairs, one of them asked for by its own key."""

from typing import Any

import numpy as np
from sympy import Expr, Integer, Symbol, exp, log

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Dot, Draw, Experiment, Quantile, Smooth, Streaming, VectorSum

QUERY, TARGET, KEY, VALUE = Draw("query", "d_k"), Draw("target", "d_v"), Draw("key", "d_k"), Draw("value", "d_v")
NORMAL, DIRECTION = Draw("score"), Draw("direction", "d_v")

# The replicate's scalars and sums, by the names that the kernels use.
QUERY_NORM2, TARGET_NORM2, NOISE2, READ = (Symbol(name) for name in ("query_norm2", "target_norm2", "noise2", "read"))


def outputs(convention: str, noise2: Expr, target_norm2: Expr) -> dict[str, Expr]:
    """What a replicate reports, so that means of it give the convention's inverse SNR.

    For the geometric convention the noise is averaged over the distractors, and only then the logarithm is taken:
    given the query, the noise energy is the query's squared norm times a number that does not depend on it, so the
    two factors are averaged apart.
    """
    signal = QUERY_NORM2**2 * target_norm2
    if convention == "ratio":
        return {"noise": noise2, "signal": signal}
    if convention == "geometric":
        return {"noise": noise2 / QUERY_NORM2, "log_signal": log(QUERY_NORM2 * target_norm2)}
    return {"inverse_snr": noise2 / signal}


def literal(*, convention: str, d_v: int | None, **_: Any) -> Streaming:
    """Keys and values in full: dot products with the query, and the sum of values that is read."""
    weight = Dot(KEY.symbol, QUERY.symbol)
    scalars = {"query_norm2": Dot(QUERY.symbol, QUERY.symbol)}
    if d_v is None:
        return Streaming(
            items=distractors,
            shared=(QUERY,),
            item=(KEY,),
            scalars=scalars,
            sums={"noise2": weight**2},
            outputs=outputs(convention, NOISE2, Integer(1)),
        )
    return Streaming(
        items=distractors,
        shared=(QUERY, TARGET),
        item=(KEY, VALUE),
        scalars=scalars | {"target_norm2": Dot(TARGET.symbol, TARGET.symbol)},
        vector_sums=(VectorSum("read", weight, VALUE),),
        outputs=outputs(convention, Dot(READ, READ), TARGET_NORM2),
    )


def collapsed(*, convention: str, d_v: int | None, **_: Any) -> Streaming:
    """An equal law with fewer draws: given the query, scores are independent N(0, |query|^2).

    Given the scores, the value read is normal with variance equal to the sum of their squares, so its squared norm is
    that sum times the squared norm of one standard normal vector.
    """
    scalars = {"query_norm2": Dot(QUERY.symbol, QUERY.symbol)}
    sums = {"noise2": QUERY_NORM2 * NORMAL.symbol**2}
    if d_v is None:
        return Streaming(
            items=distractors,
            shared=(QUERY,),
            item=(NORMAL,),
            scalars=scalars,
            sums=sums,
            outputs=outputs(convention, NOISE2, Integer(1)),
        )
    read_norm2 = Symbol("direction_norm2")
    return Streaming(
        items=distractors,
        shared=(QUERY, TARGET, DIRECTION),
        item=(NORMAL,),
        scalars=scalars
        | {
            "target_norm2": Dot(TARGET.symbol, TARGET.symbol),
            "direction_norm2": Dot(DIRECTION.symbol, DIRECTION.symbol),
        },
        sums=sums,
        outputs=outputs(convention, NOISE2 * read_norm2, TARGET_NORM2),
    )


def distractors(*, n: int, **_: Any) -> int:
    """Stored pairs other than the one asked for."""
    return n - 1


def estimator(*, convention: str, **_: Any) -> Smooth | Quantile:
    """The estimator of the convention asked for."""
    if convention == "median":
        return Quantile("inverse_snr", 0.5)
    if convention == "ratio":
        return Smooth(Symbol("noise") / Symbol("signal"))
    if convention == "geometric":
        return Smooth(Symbol("noise") * exp(-Symbol("log_signal")))
    return Smooth(Symbol("inverse_snr"))


def reference(
    draws: dict[str, np.ndarray], *, mode: str, convention: str, d_v: int | None, **_: Any
) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    query = draws["query"].astype(np.float64)
    target_norm2 = (
        1.0 if d_v is None else float(draws["target"].astype(np.float64) @ draws["target"].astype(np.float64))
    )
    norm2 = float(query @ query)
    if mode == "literal":
        weights = draws["key"].astype(np.float64) @ query
        noise2 = (
            float(weights @ weights)
            if d_v is None
            else float(np.sum((weights @ draws["value"].astype(np.float64)) ** 2))
        )
    else:
        noise2 = norm2 * float(np.sum(draws["score"].astype(np.float64) ** 2))
        noise2 *= 1.0 if d_v is None else float(np.sum(draws["direction"].astype(np.float64) ** 2))
    if convention == "ratio":
        return {"noise": noise2, "signal": norm2**2 * target_norm2}
    if convention == "geometric":
        return {"noise": noise2 / norm2, "log_signal": float(np.log(norm2 * target_norm2))}
    return {"inverse_snr": noise2 / (norm2**2 * target_norm2)}


def reliable(*, convention: str, d_k: int, d_v: int | None, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    if convention == "expectation" and (d_k <= 4 or (d_v is not None and d_v <= 4)):
        return "the inverse SNR has no variance unless d_k > 4 and d_v > 4"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": literal, "collapsed": collapsed},
    reference=reference,
    estimator=estimator,
    reliable=reliable,
    arithmetic_error=1e-6,
    arithmetic_reason="float32 normals carry relative errors near 1e-7, averaged over many; sums are float64",
)

if __name__ == "__main__":
    run.main(__file__)
