"""To keep the leak among I documents at the statistical error exp(-u), scores need a sharpness (u + ln(I - 1))/margin.

Softmax attention gives the document asked for the weight 1 and each of the I - 1 others exp(-beta margin), before they
are normalized; the margin is by how much the score of the right tag exceeds that of the others at beta = 1: 1 for
orthonormal unit tags, I/(I - 1) for the corners of a simplex. The sum of the others is the odds of the leak. The error
exp(-u) is the root of the statistical risk at the balance of ``minimax.token_budget``. With it the sharpness, and the
norm of the weights that make it, grow like log_n^(alpha/(1 + alpha)) at most, more slowly than the logarithm of the
sample size.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.box import balance, balance_ball
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.minimax.token_budget import ALPHA, KAPPA, LEADING, LOG_N
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import ROOT, Definition, Derivation, Equals, Solves

PARAMETERS = (
    Parameter("documents", "number of documents in the context", integer(2, 10**9)),
    LOG_N,
    ALPHA,
    KAPPA,
    Parameter(
        "margin", "how far the right tag's score leads, at sharpness 1", real(minimum=0.01, maximum=2), default=1
    ),
)
documents, _, _, _, margin = (parameter.symbol for parameter in PARAMETERS)
i, beta = sp.Symbol("i", integer=True, positive=True), sp.Symbol("beta", positive=True)


def _exponent(log_n: np.ndarray, alpha: np.ndarray, kappa: np.ndarray, **_: np.ndarray) -> np.ndarray:
    return balance(log_n, alpha, kappa)[0]


def _enclosure(digits: int, log_n: Any, alpha: Any, kappa: Any, **_: Any) -> Any:
    return balance_ball(digits, log_n, alpha, kappa)[0]


NEEDED = (ROOT + sp.log(documents - 1)) / margin

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="sharpness of the scores",
    source=Source(
        "arXiv:2602.01863",
        "sharpness of the recalling attention layer",
        "reconstructed",
        title="Transformers as Measure-Theoretic Associative Memory: A Statistical Perspective",
        authors="Kawata, Ryotaro and Suzuki, Taiji",
        year="2026",
        note="the paper's text was not read; the surrogate box and the sharpness are derived here",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    sp.Sum(sp.exp(-beta * margin), (i, 1, documents - 1)),
                    "odds of the leak: the other documents' weights over that of the document asked for",
                ),
                Equals((documents - 1) * sp.exp(-beta * margin), "equal terms"),
                Solves(
                    beta,
                    sp.exp(-ROOT),
                    NEEDED,
                    "where the odds are the statistical error, with its exponent from the balance",
                ),
            ),
            value=_exponent,
            enclosure=_enclosure,
            accuracy=LooserAccuracy(1e-12, "a root found piece by piece, good to a few ulps"),
        ),
    ),
    claim=Equal(),
    regime="tags that all have the same margin; every spectrum, sample size and number of documents",
    grid=Grid(
        across="log_n",
        series=(
            {"documents": 16, "alpha": 1, "kappa": 0.5, "margin": 1},
            {"documents": 16, "alpha": 2, "kappa": 0.15, "margin": 1},
            {"documents": 1024, "alpha": 1, "kappa": 0.5, "margin": 1},
        ),
        values=tuple(round(float(np.log(10.0**power)), 6) for power in (3, 6, 9, 12)),
        extra=({"documents": 4, "alpha": 1, "kappa": 0.5, "log_n": 1, "margin": 1.25},),
    ),
    sabotages={
        "the leading order of many documents": (LEADING + sp.log(documents - 1)) / margin,
        "the risk instead of its root": (2 * ROOT + sp.log(documents - 1)) / margin,
        "one other document only": ROOT / margin,
        "the document asked for counts among the others": (ROOT + sp.log(documents)) / margin,
    },
)
