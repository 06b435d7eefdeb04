"""Simulate softmax attention over Gaussian tokens: by how much the output of finitely many of them is off, and spreads.

A weight is W in units of its mean, F the output of infinitely many tokens, and u = W (token - F), whose mean is 0. The
output of T tokens is off by the mean of u over the mean of W. From this, and from its square, terms are taken away
whose mean is known to be 0: u itself, and u_i W_j - u_i or u_i u_j for different tokens. What is left has the same mean
and far less noise, and is what a replicate reports.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sympy import Min, Symbol, exp, log, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Dot, Draw, Experiment, Smooth, Streaming, VectorSum

QUERY, TOKEN, SCORE = Draw("query", "d_k"), Draw("token", "d_k"), Draw("score")
TOKENS, S, D_K, LEVEL, LENGTH = (Symbol(name) for name in ("tokens", "s", "d_k", "level", "length"))
TOTAL, PLACE, SQUARES, READ = Symbol("total"), Symbol("place"), Symbol("squares"), Symbol("read")
HIGHEST = S * Min(S, sqrt(2 * log(TOKENS)))
"""The score of the tokens that decide the sum of the weights, or of about the largest where none is as large."""

Terms = Mapping[str, Any]


def literal(sums: Terms, outputs: Terms) -> Streaming:
    """Tokens in full, their inner products with a query of random direction, and the sum of vectors that is read.

    Args:
        sums: what a token adds beside its weight, from the symbols ``weight`` and ``along``, its place on the query.
        outputs: what is reported, from the sums, ``along`` (the output along the query) and ``across`` (its mean
            square in one direction across).
    """
    place = Dot(TOKEN.symbol, QUERY.symbol) / LENGTH
    weight = exp(S * place - LEVEL)
    known = {
        Symbol("along"): PLACE / TOTAL,
        Symbol("across"): (Dot(READ, READ) - PLACE**2) / ((D_K - 1) * TOTAL**2),
    }
    return Streaming(
        items=lambda *, tokens, **_: tokens,
        shared=(QUERY,),
        item=(TOKEN,),
        scalars={"length": sqrt(Dot(QUERY.symbol, QUERY.symbol)), "level": HIGHEST},
        sums={
            "total": weight,
            "place": weight * place,
            **_with(sums, {Symbol("weight"): weight, Symbol("along"): place}),
        },
        vector_sums=(VectorSum("read", weight, TOKEN),),
        outputs=_with(outputs, known),
        precision="float64",
    )


def collapsed(sums: Terms, outputs: Terms) -> Streaming:
    """The same from the tokens' places on the query alone: given these, the output across it is normal.

    Its variance is the sum of the squared weights, which is reported in the place of a mean square.
    """
    weight = exp(S * SCORE.symbol - LEVEL)
    known = {Symbol("along"): PLACE / TOTAL, Symbol("across"): SQUARES / TOTAL**2}
    return Streaming(
        items=lambda *, tokens, **_: tokens,
        item=(SCORE,),
        scalars={"level": HIGHEST},
        sums={
            "total": weight,
            "place": weight * SCORE.symbol,
            "squares": weight**2,
            **_with(sums, {Symbol("weight"): weight, Symbol("along"): SCORE.symbol}),
        },
        outputs=_with(outputs, known),
        precision="float64",
    )


def _with(terms: Terms, known: Mapping[Any, Any]) -> dict[str, Any]:
    return {name: term.xreplace(known) for name, term in terms.items()}


SHARE = exp(LEVEL - S**2 / 2) / TOKENS
"""What turns a weight relative to the level into W/T."""
OFF = Symbol("along") - S
MOMENTS = {
    "moment": Symbol("weight") ** 2 * OFF,
    "square": (Symbol("weight") * OFF) ** 2,
}
MEAN_WEIGHT, NOISE = SHARE * TOTAL, SHARE * TOTAL * OFF
PAIRS = NOISE * (MEAN_WEIGHT - 1) - (SHARE**2 * Symbol("moment") - NOISE / TOKENS)
"""The products of u of one token and W - 1 of another, over T^2."""
OUTPUTS = {
    "across": TOKENS * Symbol("across"),
    "bias": TOKENS * (OFF - NOISE + PAIRS),
    "along": TOKENS * (OFF**2 - NOISE**2 + SHARE**2 * Symbol("square")),
}


def tokens_in_full(**_: Any) -> Streaming:
    """Tokens as vectors."""
    return literal(MOMENTS, OUTPUTS)


def places(**_: Any) -> Streaming:
    """Tokens by their places on the query."""
    return collapsed(MOMENTS, OUTPUTS)


def softmax(draws: dict[str, np.ndarray], s: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Softmax weights of one replicate, the tokens' places on the query, and the mean square of the output across it.

    Args:
        draws: normals by name, of either mode.
        s: standard deviation of the scores.
    """
    if "token" in draws:
        query, token = draws["query"].astype(np.float64), draws["token"].astype(np.float64)
        place = token @ query / np.linalg.norm(query)
    else:
        place = draws["score"].astype(np.float64)
    share = np.exp(s * (place - place.max()))
    share /= share.sum()
    if "token" not in draws:
        return share, place, float((share**2).sum())
    output = share @ token
    along = float(share @ place)
    return share, place, float((output @ output - along**2) / (query.size - 1))


def reference(draws: dict[str, np.ndarray], *, tokens: int, s: float, **_: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    share, place, across = softmax(draws, s)
    unit = np.exp(s * place - s**2 / 2) / tokens
    noise, rest = unit * (place - s), unit - 1 / tokens
    off = share @ place - s
    both = noise.sum() * rest.sum() - noise @ rest
    pairs = noise.sum() ** 2 - (noise**2).sum()
    return {
        "across": tokens * across,
        "bias": float(tokens * (off - noise.sum() + both)),
        "along": float(tokens * (off**2 - pairs)),
    }


def reliable(*, tokens: int, s: float, **_: Any) -> str:
    """Why the error bar cannot be trusted, or nothing."""
    if s**2 >= np.log(tokens) / 4:
        return f"s^2 = {s**2:.3g} is above a quarter of ln T = {np.log(tokens):.3g}: few tokens decide fourth moments"
    return ""


EXPERIMENT = Experiment(
    modes={"literal": tokens_in_full, "collapsed": places},
    reference=reference,
    estimator=lambda *, tokens, **_: Smooth(Symbol("along") - Symbol("bias") ** 2 / tokens),
    also={"across": lambda **_: Smooth(Symbol("across")), "bias": lambda **_: Smooth(Symbol("bias"))},
    reliable=reliable,
    arithmetic_error=1e-9,
    arithmetic_reason="float64 weights, good to 1e-14; the bias is a difference of two outputs, T times as large",
)

if __name__ == "__main__":
    run.main(__file__)
