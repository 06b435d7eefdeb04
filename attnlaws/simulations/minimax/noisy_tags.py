"""Simulate documents of tokens with noisy tags, asked for one of them, and the coefficient that attention reads."""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.stream import fill_normals64


def recalled(k0, k1, replicate, scratch, out, documents, tokens, beta, eta, between, within):
    """Draw coefficients, tokens with keys in as many dimensions as documents, and read by the first tag."""
    width = documents + 1
    normals = scratch[: documents * (1 + tokens * width)]
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    total, read = 0.0, 0.0
    for i in range(documents):
        for j in range(tokens):
            draws = normals[documents + (i * tokens + j) * width :]
            score = 0.0
            for c in range(documents):
                tag = 1.0 if c == i else 0.0
                query = 1.0 if c == 0 else 0.0
                score += (tag + eta * draws[c]) * query
            weight = pexp64(beta * (score - 1.0))
            total += weight
            read += weight * (between * normals[i] + within * draws[documents])
    error = read / total - between * normals[0]
    out[0] = error * error


def shares(k0, k1, replicate, scratch, out, documents, tokens, beta, eta, between, within):
    """The weights alone: the mean square error given them, over coefficients and values."""
    normals, sums = scratch[: documents * tokens], scratch[documents * tokens :]
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    total, squares = 0.0, 0.0
    for i in range(documents):
        sums[i] = 0.0
        lead = 0.0 if i == 0 else -beta
        for j in range(tokens):
            weight = pexp64(lead + beta * eta * normals[i * tokens + j])
            sums[i] += weight
            squares += weight * weight
        total += sums[i]
    leak = total - sums[0]
    error = leak * leak
    for i in range(1, documents):
        error += sums[i] * sums[i]
    out[0] = (within * within * squares + between * between * error) / (total * total)


def arguments(
    *, documents: int, tokens: int, beta: float, eta: float, between: float, within: float, **_: Any
) -> dict[str, int | float]:
    """What both kernels take; variances become standard deviations."""
    return {
        "documents": documents,
        "tokens": tokens,
        "beta": float(beta),
        "eta": float(eta),
        "between": float(np.sqrt(between)),
        "within": float(np.sqrt(within)),
    }


def literal(**_: Any) -> Replicate:
    """Keys and values in full."""

    def size(*, documents: int, tokens: int, **_: Any) -> int:
        return documents * (1 + tokens * (documents + 1))

    return Replicate(kernel=recalled, arguments=arguments, scratch=size, size=size, outputs=("error",))


def collapsed(**_: Any) -> Replicate:
    """The noise along the query, which is all that the weights show of it."""
    return Replicate(
        kernel=shares,
        arguments=arguments,
        scratch=lambda *, documents, tokens, **_: documents * (tokens + 1),
        size=lambda *, documents, tokens, **_: documents * tokens,
        outputs=("error",),
    )


def reference(
    draws: dict[str, np.ndarray],
    *,
    mode: str,
    documents: int,
    tokens: int,
    beta: float,
    eta: float,
    between: float,
    within: float,
    **_: Any,
) -> dict[str, float]:
    """One context, spelt out in NumPy."""
    items = draws["items"].astype(np.float64)
    if mode == "literal":
        content = np.sqrt(between) * items[:documents]
        rest = items[documents:].reshape(documents, tokens, documents + 1)
        keys = np.eye(documents)[:, None, :] + eta * rest[..., :documents]
        values = content[:, None] + np.sqrt(within) * rest[..., documents]
        weights = np.exp(beta * keys @ np.eye(documents)[0])
        return {"error": float((np.sum(weights * values) / weights.sum() - content[0]) ** 2)}
    weights = np.exp(beta * (eta * items.reshape(documents, tokens) + np.eye(documents)[0][:, None]))
    weights /= weights.sum()
    missed = weights.sum(axis=1) - np.eye(documents)[0]
    return {"error": float(within * np.sum(weights**2) + between * np.sum(missed**2))}


EXPERIMENT = Experiment(
    modes={"literal": literal, "collapsed": collapsed},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("error")),
    arithmetic_error=1e-10,
    arithmetic_reason="float64 weights good to 1e-14, and sums of them",
)

if __name__ == "__main__":
    run.main(__file__)
