"""The largest overlap of a random tag with I - 1 others has the median r that one exceeds with 1 - 2^(-1/(I - 1)).

Tags are independent and uniform on the unit sphere in d_k dimensions, d_k >= 3. An overlap is the inner product of two
tags, the cosine of their angle; it is at most r > 0 with probability 1 - I(1 - r^2; (d_k - 1)/2, 1/2)/2, with the
regularized incomplete beta function. Sharp attention recalls the right document as long as no overlap is 1, and the
margin 1 - r says how sharp it has to be: random tags have margins of order one up to exp(d_k/2) documents or so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.balls import exact, newton
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer
from attnlaws.theory.steps import ROOT, Definition, Derivation, Differentiate, Equals, Solves, Using
from attnlaws.theory.vocabulary import beta_i

PARAMETERS = (
    Parameter("documents", "number of documents, each with a random unit tag", integer(3, 10**6)),
    Parameter("d_k", "dimension of the tags", integer(3, 10**4)),
)
documents, d_k = (parameter.symbol for parameter in PARAMETERS)
c, r = sp.Symbol("c", real=True), sp.Symbol("r", positive=True)

DENSITY = sp.gamma(d_k / 2) / (sp.sqrt(sp.pi) * sp.gamma((d_k - 1) / 2)) * (1 - c**2) ** ((d_k - 3) / 2)
"""Of the cosine c of a random direction with a fixed one."""
BELOW = sp.S.Half + sp.Integral(DENSITY, (c, 0, r))
CLOSED = 1 - beta_i((d_k - 1) / 2, sp.S.Half, 1 - r**2) / 2


def _median(documents: np.ndarray, d_k: np.ndarray) -> np.ndarray:
    from scipy import special

    above = -np.expm1(-np.log(2) / (documents - 1))
    return np.sqrt(special.betainccinv(0.5, (d_k - 1) / 2, 2 * above))


def _enclosure(digits: int, documents: int, d_k: int) -> Any:
    """A Newton step in ln r for the logarithm of the probability above r, as an integral of the density."""
    from flint import arb, ctx

    with ctx.workdps(digits + 60):
        half, degrees = arb(1) / 2, exact(d_k - 1) / 2
        log_above = (-(-(arb(2).log()) / (documents - 1)).expm1()).log()
        log_constant = (degrees + half).lgamma() - degrees.lgamma() - arb.pi().log() / 2

        def log_tail(v: arb) -> arb:
            rest = 1 - (2 * v).exp()
            return (rest.beta_lower(degrees, half, regularized=True) / 2).log()

        def slope(v: arb) -> arb:
            rest = 1 - (2 * v).exp()
            density = (log_constant + (degrees - 1) * rest.log() + v).exp()
            return density / log_tail(v).exp()

        start = float(np.log(_median(np.asarray(float(documents)), np.asarray(float(d_k)))))
        return newton(lambda v: log_above - log_tail(v), slope, start).exp()


LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="median of the largest overlap",
    source=Source(
        "arXiv:2602.01863",
        "separation of the tags (Assumption 2), for random tags that violate it",
        "reconstructed",
        title="Transformers as Measure-Theoretic Associative Memory: A Statistical Perspective",
        authors="Kawata, Ryotaro and Suzuki, Taiji",
        year="2026",
        note="the paper's text was not read; secondary notes quote tags without positive overlaps. Random tags are "
        "the opposite case, derived here",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    BELOW ** (documents - 1),
                    "probability that no overlap exceeds r: given the tag asked for, the others' are independent, and "
                    "half of them are below 0",
                ),
                Equals(
                    CLOSED ** (documents - 1),
                    "1 - c^2 is Beta((d_k - 1)/2, 1/2)",
                    by=Using((BELOW, CLOSED, Differentiate(r, at=0))),
                ),
                Solves(r, sp.S.Half, ROOT, "by the inverse of the incomplete beta function"),
            ),
            value=_median,
            enclosure=_enclosure,
            accuracy=LooserAccuracy(1e-10, "the inverse of the incomplete beta function far in its tail"),
        ),
    ),
    claim=Equal(),
    regime="every number of documents from 3 and every dimension from 3",
    grid=Grid(
        across="documents",
        series=({"d_k": 16}, {"d_k": 64}),
        values=(8, 32, 128),
        logx=True,
        extra=({"d_k": 8, "documents": 16},),
    ),
    sabotages={
        "the square root of 2 ln I over d_k": sp.sqrt(2 * sp.log(documents) / d_k),
        "overlaps of either sign, normal": sp.sqrt(2 * sp.log(2 * documents) / d_k),
        "twice as many dimensions": lambda form: form / sp.sqrt(2),
        "the mean overlap": 1 / sp.sqrt(d_k),
    },
)
