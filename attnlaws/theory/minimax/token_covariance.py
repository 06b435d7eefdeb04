"""Attention over T Gaussian tokens varies by exp(s^2) (Sigma + Sigma q q^T Sigma)/T and is off by -exp(s^2) Sigma q/T.

Tokens are independent and normal with covariance Sigma, the query is q, scores are inner products and have the variance
s^2 = q^T Sigma q, and the output of infinitely many tokens is their mean plus Sigma q. In units of the standard
deviation of a token along the direction in question, T times the variance of the output tends to exp(s^2) (1 + s^2)
along the query and to exp(s^2) across it (output ``across``), and T times the bias to -s exp(s^2) (output ``bias``);
across the query there is no bias. These are limits of many tokens with their first corrections, which grow as
exp(2 s^2)/T: what holds beyond is in `minimax.clt_breakdown`.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.densities import gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.lorenz import DELTA_METHOD
from attnlaws.theory.minimax.clt_breakdown import DIMENSION, SPREAD
from attnlaws.theory.parameter import Parameter, integer
from attnlaws.theory.steps import Cites, Definition, Derivation, Equals

TOKENS = Parameter("tokens", "number of tokens", integer(2, 10**12), role="simulation")
PARAMETERS = (SPREAD, TOKENS, DIMENSION)
tokens, s = TOKENS.symbol, SPREAD.symbol
x = sp.Symbol("x", real=True)

UNIT = sp.exp(s * x - s**2 / 2)
"""A weight W in units of its mean."""
ALONG = UNIT * (x - s)
"""u = W (token - F) along the query; across it the token is independent of W, with mean square 1."""
ALONG2 = UNIT**2 * (x**2 - 2 * s * x + s**2)
"""Its square, multiplied out: SymPy integrates that much sooner."""
EXCESS, EXCESS2 = UNIT - 1, UNIT**2 - 2 * UNIT + 1

VARIANCE_TEXT = (
    "with W in units of its mean, F the output of infinitely many tokens, u = W (token - F) and D the mean of W - 1, "
    "the output is off by the mean of u over 1 + D; T times the mean square of the mean of u"
)
BIAS_TEXT = "the same: to first order, the mean of u times -D, and T times it"
SECOND_TEXT = (
    "second order: with d = W - 1, -2 E[u^2 d] from the mean of u^2 D, and 3 E[u^2] E[d^2] + 6 (E[u d])^2 from that of "
    "u^2 D^2, less the square of the bias"
)
SECOND_BIAS_TEXT = "second order: E[u d^2] from the mean of u D^2, and -3 E[u d] E[d^2] from that of -u D^3"
MOMENTS_TEXT = "all moments of W exist, so the remainder is of a higher order in 1/T"
SQUARE_TEXT = "complete the square in each integral"


def mean(function: sp.Expr) -> sp.Integral:
    """The mean over a token's place on the query."""
    return gaussian_mean(function, x)


def _limit(definition: sp.Expr, text: str, form: sp.Expr, output: str = "value") -> Derivation:
    return Derivation(
        (
            Definition(definition, text),
            Cites(definition, DELTA_METHOD, MOMENTS_TEXT),
            Equals(form, SQUARE_TEXT),
        ),
        output=output,
    )


def _along() -> tuple[Derivation, Derivation]:
    growth = sp.exp(s**2)
    square = mean(EXCESS2)
    second = -2 * mean(ALONG2 * EXCESS) + 3 * mean(ALONG2) * square + 5 * mean(ALONG * EXCESS) ** 2
    form = -2 * growth**3 * (1 + 4 * s**2) + growth**2 * (3 + 8 * s**2) - growth * (1 + s**2)
    return (
        _limit(mean(ALONG2), VARIANCE_TEXT, sp.exp(s**2) * (1 + s**2)),
        _limit(second / tokens, SECOND_TEXT, form / tokens),
    )


def _across() -> tuple[Derivation, Derivation]:
    growth = sp.exp(s**2)
    second = -2 * mean(UNIT**2 * EXCESS) + 3 * mean(UNIT**2) * mean(EXCESS2)
    form = growth * (3 * growth - 2 * growth**2 - 1)
    text = f"{VARIANCE_TEXT}; here u is W times an independent standard normal variable"
    return (
        _limit(mean(UNIT**2), text, growth, "across"),
        _limit(second / tokens, f"{SECOND_TEXT}; E[u d] is 0", form / tokens, "across"),
    )


def _bias() -> tuple[Derivation, Derivation]:
    growth = sp.exp(s**2)
    second = mean(ALONG * EXCESS2) - 3 * mean(ALONG * EXCESS) * mean(EXCESS2)
    form = s * growth * (2 * growth**2 - 3 * growth + 1)
    return (
        _limit(-mean(ALONG * EXCESS), BIAS_TEXT, -s * growth, "bias"),
        _limit(second / tokens, SECOND_BIAS_TEXT, form / tokens, "bias"),
    )


CASES = (_along(), _across(), _bias())

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="T times the variance of the output along the query",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2602.01863",
        "empirical measures in the place of a measure",
        "reconstructed",
        note="the paper's text was not read; fluctuations over a Gaussian measure and their first corrections are "
        "derived here",
        year="2026",
    ),
    derivations=tuple(limit for limit, _ in CASES),
    claim=Equal(along="tokens", correction=CASES[0][1], further=tuple(correction for _, correction in CASES[1:])),
    delta=0.04,
    delta_reason="fourth moments of weights decide the error bars, and draws grow as 1/delta^3: the number of tokens "
    "at which the limit holds grows as 1/delta",
    regime="s^2 well below (1/4) ln T; from (1/2) ln T on single tokens decide the variance",
    grid=Grid(
        across="s",
        series=({"d_k": 2},),
        values=(0.25, 0.5, 0.7),
        extra=({"s": 0.4, "d_k": 3},),
    ),
    sabotages={
        "no more along the query than across it": lambda form: sp.exp(s**2),
        "effective number of tokens T exp(-s^2/2)": sp.exp(s**2 / 2) * (1 + s**2),
        "independent tokens without softmax": sp.Integer(1),
        "the bias is of either sign": {"bias": s * sp.exp(s**2)},
        "the spread across without softmax": {"across": sp.Integer(1)},
    },
)
