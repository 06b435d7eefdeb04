"""The output s of infinitely many Gaussian tokens is too large for T of them where scores spread by sqrt(2 ln T).

With tokens in units of their standard deviation along the query, attention over the whole Gaussian measure returns s,
the standard deviation of the scores, however large. Read as the mean output over T tokens, from s = 0.75 sqrt(2 ln T)
on, it promises what no token holds: a softmax output is an average of the tokens, of which the largest is near
sqrt(2 ln T). The output that T tokens do give is in `minimax.clt_breakdown`.

This is a reading of the formula outside its regime, put to the test because nothing in the formula says where it ends;
it is no claim of a paper.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Outcome, Source
from attnlaws.theory.densities import gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.minimax.clt_breakdown import DIMENSION, SPREAD
from attnlaws.theory.parameter import Parameter, integer
from attnlaws.theory.steps import Definition, Equals

TOKENS = Parameter("tokens", "number of tokens", integer(2, 10**12), role="simulation")
PARAMETERS = (SPREAD, TOKENS, DIMENSION)
s = SPREAD.symbol
x = sp.Symbol("x", real=True)

WEIGHT = sp.exp(s * x)

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="mean output along the query, in standard deviations of a token",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2602.01863",
        "softmax attention over a measure, read for finitely many tokens",
        "reconstructed",
        note="the paper's text was not read, and it is not said to claim this: a Gaussian measure, and the use of its "
        "output for T tokens whatever s is, are our reading",
        year="2026",
    ),
    steps=(
        Definition(
            gaussian_mean(x * WEIGHT, x) / gaussian_mean(WEIGHT, x),
            "the mean of a token's place on the query under softmax weights, over the whole measure",
        ),
        Equals(s, "complete the square in both integrals"),
    ),
    claim=Equal(),
    expected=Outcome.REFUTED,
    replaced_by="minimax.clt_breakdown",
    regime="wrong by 5 % from about s = 0.6 sqrt(2 ln T) on; the points judged lie at 0.75 and more",
    grid=Grid(
        across="s",
        series=({"tokens": 128, "d_k": 2}, {"tokens": 1024, "d_k": 2}),
        values=(2.8, 4.0, 6.0),
        extra=({"tokens": 256, "s": 3.33, "d_k": 3},),
    ),
    sabotages={
        "the variance of the scores": s**2,
        "half the output": s / 2,
        "a share that falls with the spread": 1 / s,
    },
)
