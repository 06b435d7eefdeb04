"""Simulate attention over documents of tokens with orthonormal tags, and the coefficient that it reads."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sympy import Symbol, exp, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Draw, Experiment, Smooth, Streaming
from attnlaws.simulations.experiment import Replicate as Rows
from attnlaws.simulations.minimax import noisy_tags

ASKED, ITS_NOISE, CONTENT, NOISE = Draw("asked"), Draw("asked_noise"), Draw("content"), Draw("noise")
BETA, BETWEEN, ERROR = Symbol("beta"), sqrt(Symbol("between")), sqrt(Symbol("within") / Symbol("tokens"))
DOCUMENTS = Symbol("documents")


def _arguments(**parameters: Any) -> Mapping[str, int | float]:
    return noisy_tags.arguments(**parameters, eta=0.0)


def literal(**parameters: Any) -> Rows:
    """Keys and values in full: tokens whose tags have no noise."""
    noisy = noisy_tags.literal(**parameters)
    return Rows(
        kernel=noisy_tags.recalled,
        arguments=_arguments,
        scratch=noisy.scratch,
        size=noisy.size,
        outputs=noisy.outputs,
    )


def collapsed(**_: Any) -> Streaming:
    """A document at a time: tokens of one document weigh the same, and the mean of T noises is one normal variable."""
    total = 1 + (DOCUMENTS - 1) * exp(-BETA)
    missed = (
        exp(-BETA) * Symbol("read") + ERROR * ITS_NOISE.symbol - (DOCUMENTS - 1) * exp(-BETA) * BETWEEN * ASKED.symbol
    )
    return Streaming(
        items=lambda *, documents, **_: documents - 1,
        shared=(ASKED, ITS_NOISE),
        item=(CONTENT, NOISE),
        scalars={"missed": missed.subs(Symbol("read"), 0) / total, "faded": exp(-BETA) / total},
        sums={"read": BETWEEN * CONTENT.symbol + ERROR * NOISE.symbol},
        outputs={"error": (Symbol("missed") + Symbol("faded") * Symbol("read")) ** 2},
    )


def reference(draws: dict[str, np.ndarray], *, mode: str, **parameters: Any) -> dict[str, float]:
    """One context, spelt out in NumPy."""
    if mode == "literal":
        return noisy_tags.reference(draws, mode=mode, **parameters, eta=0.0)
    documents, beta = parameters["documents"], parameters["beta"]
    error = np.sqrt(parameters["within"] / parameters["tokens"])
    content = np.sqrt(parameters["between"]) * np.append(draws["asked"], draws["content"]).astype(np.float64)
    means = content + error * np.append(draws["asked_noise"], draws["noise"]).astype(np.float64)
    weights = np.exp(beta * np.eye(documents)[0])
    return {"error": float((weights @ means / weights.sum() - content[0]) ** 2)}


EXPERIMENT = Experiment(
    modes={"literal": literal, "collapsed": collapsed},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("error")),
    arithmetic_error=1e-5,
    arithmetic_reason="float32 normals and shares of the collapsed mode carry relative errors near 1e-7",
)

if __name__ == "__main__":
    run.main(__file__)
