"""Recall of one of I documents by its tag leaks (I - 1)/(exp(beta) + I - 1) of the weight where tags are orthonormal.

Every token carries the tag of its document, a unit vector, and a content that the scores do not see; the query is beta
times the tag of the document asked for. All documents have as many tokens. The weight that goes to the others does not
depend on that number, and depends on the tags through their inner products alone: of orthonormal tags they are 0, of a
simplex -1/(I - 1), the smallest that all I can have, and tags may come in opposite pairs ("antipodal"): then that
opposite to the one asked for has -1 and all others 0. A given leak costs a beta that grows like the logarithm of I, not
more; the share ``kept`` is what is left.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, choice, integer, real
from attnlaws.theory.steps import Definition, Derivation, Equals

PARAMETERS = (
    Parameter("documents", "number of documents I", integer(2, 10**12)),
    Parameter("beta", "length of the query", real(above=0, maximum=300)),
    Parameter(
        "tags",
        "how the tags lie: orthogonal, at the corners of a simplex, or orthogonal but in opposite pairs (one other "
        "document has no partner where I is odd)",
        choice("orthonormal", "simplex", "antipodal"),
        default="orthonormal",
    ),
)
documents, beta = (parameter.symbol for parameter in PARAMETERS[:2])
i, k = sp.symbols("i k", integer=True, positive=True)

SEEN = "scores are beta times an inner product of tags; equal numbers of tokens cancel in the softmax weights"


CORNERS = documents / (documents - 1)
"""How much smaller the inner product of two corners of a simplex is than 1; also the square that scales them."""
PRODUCT = CORNERS * (2 * (1 - 1 / documents) * (-1 / documents) + sp.Sum(1 / documents**2, (k, 3, documents)))
"""Of two corners: unit vectors less their mean, scaled to length 1; a coordinate of either, and those of neither."""


def weight_of_others(product: Any) -> Any:
    """The weight of all other documents where they all have this inner product with the one asked for."""
    return sp.Sum(sp.exp(beta * product), (i, 2, documents))


OTHERS = {
    "orthonormal": ((weight_of_others(sp.S.Zero), "other tags are orthogonal to the one asked for"),),
    "simplex": (
        (weight_of_others(PRODUCT), "tags are unit vectors less their mean, scaled to length 1"),
        (weight_of_others(-1 / (documents - 1)), "inner product of two corners"),
    ),
    "antipodal": (
        (
            sp.exp(-beta) + sp.Sum(sp.S.One, (i, 3, documents)),
            "one tag is opposite to the one asked for, the rest are orthogonal to it",
        ),
    ),
}
"""The weight of the other documents, as a sum over them, for each kind of tags."""
RATIO = {
    "orthonormal": (documents - 1) * sp.exp(-beta),
    "simplex": (documents - 1) * sp.exp(-beta * CORNERS),
    "antipodal": sp.exp(-2 * beta) + (documents - 2) * sp.exp(-beta),
}
"""The same over the weight exp(beta) of the one asked for, as it is evaluated."""


def _case(tags: str, output: str) -> Derivation:
    def share(ratio: Any) -> Any:
        return (ratio if output == "value" else 1) / (1 + ratio)

    (first, text), *between = ((share(others * sp.exp(-beta)), text) for others, text in OTHERS[tags])
    return Derivation(
        (
            Definition(
                first, f"scores are beta times an inner product of tags, equal numbers of tokens cancel; {text}"
            ),
            *(Equals(form, reason) for form, reason in between),
            Equals(share(RATIO[tags]), "the sum, over the weight exp(beta) of the one asked for"),
        ),
        when={"tags": tags},
        output=output,
    )


LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="share of the weight that leaks to other documents",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2602.01863",
        "recall of one component of a mixture by its tag",
        "reconstructed",
        note="the paper's text was not read. Notes of it speak of tags with inner products of at most 0 and of weights "
        "that come near one-hot; how near, for three kinds of tags, is derived here",
        year="2026",
    ),
    derivations=tuple(_case(tags, output) for tags in OTHERS for output in ("value", "kept")),
    claim=Equal(),
    delta=1e-10,
    delta_reason="an identity, held against a computation without noise",
    regime="every number of documents, every beta, and every number of tokens a document",
    grid=Grid(
        across="beta",
        series=(
            {"documents": 16, "tags": "orthonormal"},
            {"documents": 16, "tags": "simplex"},
            {"documents": 16, "tags": "antipodal"},
        ),
        values=(1.0, 3.0, 5.0, 8.0),
        extra=(
            {"documents": 4, "beta": 2.0, "tags": "orthonormal"},
            {"documents": 4, "beta": 2.0, "tags": "simplex"},
            {"documents": 2, "beta": 1.0, "tags": "antipodal"},
            {"documents": 5, "beta": 2.0, "tags": "antipodal"},
        ),
    ),
    sabotages={
        "the document asked for counts as another": lambda form: form * documents / (documents - 1),
        "a simplex is no better than orthonormal tags": {
            "simplex": (documents - 1) / (sp.exp(beta) + documents - 1),
        },
        "opposite tags are orthogonal": {"antipodal": (documents - 1) / (sp.exp(beta) + documents - 1)},
        "weights over that of the one asked for": {"orthonormal": (documents - 1) * sp.exp(-beta)},
        "one part in I, whatever is asked": {"kept": 1 / documents},
    },
)
