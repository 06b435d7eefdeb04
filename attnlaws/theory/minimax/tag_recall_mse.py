"""Softmax over orthonormal tags reads a coefficient off by the leak squared plus token noise over T, for every T.

Each of I documents has a unit tag, orthogonal to the others, and a coefficient b_i, independent with variance
``between``. Its T tokens carry the tag as their key and b_i plus noise of variance ``within`` as their value. Attention
of sharpness beta, asked with one of the tags, gives that document the share w = 1/(1 + (I - 1) exp(-beta)) and each of
the others exp(-beta) w. It misses b_* by the leak, however many tokens there are, and averages the noise with the same
shares. With noise in the tags the shares are random: ``minimax.noisy_tags``.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import Definition, Derivation, Equals

PARAMETERS = (
    Parameter("documents", "number of documents, with orthonormal tags", integer(2, 10**9)),
    Parameter("beta", "sharpness of the scores", real(minimum=0, maximum=300)),
    Parameter("tokens", "tokens of each document", integer(1, 10**12)),
    Parameter("between", "variance of the coefficient over documents", real(minimum=0, maximum=10**6)),
    Parameter("within", "variance of a token's value in its document", real(above=0, maximum=10**6)),
)
documents, beta, tokens, between, within = (parameter.symbol for parameter in PARAMETERS)
i, k = sp.symbols("i k", integer=True, positive=True)

FADED = sp.exp(-beta)
SHARE = 1 / (1 + (documents - 1) * FADED)


def _share(weight: sp.Expr) -> sp.Expr:
    """A document's share of the attention, by its weight before it is normalized."""
    others: Any = sp.Sum(FADED, (k, 2, documents))
    return weight / (1 + others)


def _squares() -> Any:
    """The sum of the squared shares of the other documents."""
    return sp.Sum(_share(FADED) ** 2, (i, 2, documents))


TOGETHER: Any = sp.Sum(_share(FADED), (i, 2, documents))
LEAK = between * documents * (documents - 1) * (FADED * SHARE) ** 2
NOISE = within * (1 + (documents - 1) * FADED**2) * SHARE**2 / tokens

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="mean square error of the coefficient",
    source=Source(
        "arXiv:2602.01863",
        "recall by tags from finitely many tokens",
        "reconstructed",
        title="Transformers as Measure-Theoretic Associative Memory: A Statistical Perspective",
        authors="Kawata, Ryotaro and Suzuki, Taiji",
        year="2026",
        note="the paper's text was not read; secondary notes say that attention weights come near one-hot. What is "
        "left for a given sharpness and number of tokens is derived here",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    between * (TOGETHER**2 + _squares())
                    + within * sp.Sum((_share(sp.S.One) ** 2 + _squares()) / tokens**2, (k, 1, tokens)),
                    "the others' shares are missing of b_*, and bring the others' b_i with them; every token's noise "
                    "counts with its document's share over T",
                ),
                Equals(LEAK + NOISE, "sums of equal terms"),
            )
        ),
    ),
    claim=Equal(),
    delta=0.02,
    delta_reason="a mean square of normal errors takes 1.3 million draws for 1 %, and the wrong formulas differ by a "
    "tenth or more somewhere on the grid",
    regime="every number of documents and tokens and every sharpness",
    grid=Grid(
        across="beta",
        series=(
            {"documents": 4, "tokens": 2, "between": 1, "within": 1},
            {"documents": 8, "tokens": 1, "between": 0.1, "within": 1},
        ),
        values=(0, 1, 3),
        extra=({"documents": 2, "tokens": 2, "between": 1, "within": 1, "beta": 1},),
    ),
    sabotages={
        "no leak": NOISE,
        "infinitely many tokens": LEAK,
        "the leak without the others' coefficients": LEAK * (documents - 1) / documents + NOISE,
        "only the document asked for is noisy": LEAK + within * SHARE**2 / tokens,
    },
)
