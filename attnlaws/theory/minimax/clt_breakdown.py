"""Softmax over T Gaussian tokens returns s (1 - Q) along the query, Q the mean chance that two draws are one token.

Tokens are independent and normal, a score is the inner product of a token with the query and has standard deviation s,
and the output is measured in standard deviations of a token along the query. The output of infinitely many tokens is s;
by Gaussian integration by parts that of T tokens falls short of it by s Q, exactly and for every T and s, with
Q = E sum p^2 for the softmax weights p. Up to s^2 = 2 ln T the output follows s, with a smooth bend; beyond, Q tends to
1 as the output freezes at the largest of T normal variables.

The output ``ratio`` is T Q exp(-s^2): the variance of the output across the query is Q, given the weights, and
exp(s^2)/T is what the delta method says of it. They agree while many tokens share the sum of the squared weights, which
ends around s^2 = (1/2) ln T: there the central limit theorem breaks down, long before the output itself does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory import laplace, laplace_balls
from attnlaws.theory.balls import exact
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Equals
from attnlaws.theory.weights import Lognormal

TOKENS = Parameter("tokens", "number of tokens", integer(2, 10**12))
SPREAD = Parameter("s", "standard deviation of the scores", real(above=0, maximum=12))
DIMENSION = Parameter("d_k", "dimension of the tokens", integer(2, 10**6), default=3, role="simulation")
PARAMETERS = (TOKENS, SPREAD, DIMENSION)
tokens, s = TOKENS.symbol, SPREAD.symbol
t, x = sp.Symbol("t", positive=True), sp.Symbol("x", real=True)

WEIGHT = sp.exp(s * x)
FADED = WEIGHT * sp.exp(-t * WEIGHT)
TRANSFORM = gaussian_mean(sp.exp(-t * WEIGHT), x)
TRAPEZOID = LooserAccuracy(1e-8, "integrals over an integral, by the trapezoid rule; near 1, what Q leaves is small")

OUTPUT = tokens * sp.Integral(TRANSFORM ** (tokens - 1) * gaussian_mean(x * FADED, x), (t, 0, sp.oo))
SAME = tokens * sp.Integral(t * TRANSFORM ** (tokens - 1) * gaussian_mean(WEIGHT * FADED, x), (t, 0, sp.oo))
"""Q, the mean of the sum of the squared softmax weights."""

PARTS = Source(
    "Stein 1981",
    "Lemma 1: E[g f(g)] = E f'(g) for a standard normal variable g",
    "secondary",
    title="Estimation of the mean of a multivariate normal distribution",
    authors="Stein, Charles M.",
    year="1981",
)


def _over(routine: Callable[[float, float], float]) -> Callable[..., np.ndarray]:
    each = np.vectorize(lambda tokens, s: routine(float(tokens), float(s)), otypes=[np.float64])
    return lambda tokens, s, **_: np.asarray(each(tokens, s))


def _same(digits: int, tokens: Any, s: Any) -> Any:
    return laplace_balls.participation(digits, int(tokens), Lognormal(lambda: exact(s)))


CASES = (
    Derivation(
        (
            Definition(
                OUTPUT,
                "mean of T equal terms p_i g_i: one over the sum of the weights is the integral of exp(-t Z), in which "
                "weights are independent",
            ),
            Cites(
                s * (1 - SAME),
                PARTS,
                "E[p_i g_i] is the mean slope of p_i in g_i, s (p_i - p_i^2), and the p_i add up to 1",
            ),
            Equals(ROOT, "computed"),
        ),
        value=_over(lambda tokens, s: s * (1 - laplace.participation(tokens, s))),
        enclosure=lambda digits, tokens, s, **_: exact(s) * (1 - _same(digits, tokens, s)),
        accuracy=TRAPEZOID,
    ),
    Derivation(
        (
            Definition(
                tokens * sp.exp(-(s**2)) * SAME,
                "given the weights the output across the query is normal with variance sum p_i^2; 1/Z^2 is the "
                "integral of t exp(-t Z)",
            ),
            Equals(ROOT, "computed"),
        ),
        value=_over(lambda tokens, s: tokens * np.exp(-s * s) * laplace.participation(tokens, s)),
        enclosure=lambda digits, tokens, s, **_: tokens * (-(exact(s) ** 2)).exp() * _same(digits, tokens, s),
        accuracy=TRAPEZOID,
        output="ratio",
    ),
)

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="mean output along the query, in standard deviations of a token",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2602.01863",
        "softmax attention over a measure, as the limit of many tokens",
        "reconstructed",
        note="the paper's text was not read; Gaussian tokens and the formulas for finitely many of them are ours. That "
        "sums of Gaussian exponentials lose the central limit theorem and then the law of large numbers is of the "
        "literature (Ben Arous, Bogachev, Molchanov 2005)",
        year="2026",
    ),
    derivations=CASES,
    claim=Equal(),
    delta=0.02,
    delta_reason="in frozen rows outputs spread nearly as widely as their mean is large, and the bend at the two "
    "thresholds is a matter of tens of per cent",
    regime="every T >= 2 and every s up to 12, on both sides of either threshold",
    grid=Grid(
        across="s",
        series=({"tokens": 16, "d_k": 2}, {"tokens": 128, "d_k": 2}),
        values=(0.5, 1.5, 3.0, 6.0),
        extra=({"tokens": 32, "s": 2.0, "d_k": 5},),
    ),
    sabotages={
        "infinitely many tokens": s,
        "the largest of the tokens, at any s": sp.sqrt(2 * sp.log(tokens)),
        "follow s, then freeze, without a bend": sp.Min(s, sp.sqrt(2 * sp.log(tokens))),
        "the delta method at any s": {"ratio": sp.Integer(1)},
        "the first term of the bias at any s": s * (1 - sp.exp(s**2) / tokens),
    },
)
