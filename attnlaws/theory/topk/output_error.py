"""Cutting a softmax row to its k largest weights moves the output by tau times the distance of two means.

The output is the weighted mean of the keys' value vectors, and tau, the tail mass, is the probability that is dropped.
The two means are those of the values under the probabilities given that a key is kept, and given that it is dropped.
Equal tail masses may so go with any output error from 0 to tau times the distance of the farthest values. Where keys
tie at the boundary any of them may be kept (here the first): tau is the same, the output is not.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.cut import dropped_part, kept_part, mean_gap, mean_of
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.ordered import coordinates, dropped_odds, every
from attnlaws.theory.parameter import Parameter, integer, real, rows, vectors
from attnlaws.theory.steps import Definition, Derivation, Equals

PARAMETERS = (
    Parameter("logits", "scores of the keys, one row or many", rows(), role="instance"),
    Parameter("values", "value vectors of the keys", vectors(beside="logits"), role="instance"),
    Parameter("k", "number of keys kept", integer(1, 10**9, within="logits")),
    Parameter("n", "number of keys", integer(2, 10**6), role="simulation"),
    Parameter("d_v", "dimension of the values", integer(1, 10**4), role="simulation"),
    Parameter("sigma", "standard deviation of the scores", real(above=0, maximum=35), role="simulation"),
)
logits, values, k = (parameter.symbol for parameter in PARAMETERS[:3])
odds = dropped_odds(logits, k)
tail = odds / (1 + odds)
gap = mean_gap(logits, values, k)
CANCELS = LooserAccuracy(
    1e-12,
    "means that nearly agree cancel: the error is relative to the distances of the values from each other",
)


def mean(c: Any, part: Any) -> Any:
    """A coordinate of the mean of the values over a part of the keys."""
    return mean_of(logits, values, c, part)


ERROR = sp.sqrt(coordinates(lambda c: (mean(c, every) - mean(c, kept_part(k))) ** 2))
"""The distance between the two outputs, as the model defines it."""

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="distance between the outputs [units of the values]",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "Theorem 5.2",
        "secondary",
        note="the statement was read in a transcription by others; the derivation is ours",
        year="2025",
    ),
    derivations=(
        Derivation(
            (
                Definition(ERROR, "distance between the mean of all values and that of the values of the keys kept"),
                Equals(
                    sp.sqrt(coordinates(lambda c: (tail * (mean(c, dropped_part(k)) - mean(c, kept_part(k)))) ** 2)),
                    "the mean of all is (1 - tau) times that of the kept and tau times that of the dropped values",
                ),
                Equals(tail * gap, "tau comes out of the norm"),
            ),
            accuracy=CANCELS,
        ),
    ),
    claim=Equal(),
    delta=1e-8,
    delta_reason="an identity between finite sums: nothing but rounding is left, which the difference of two outputs "
    "that nearly agree enlarges",
    regime="every row, every k and all values",
    grid=Grid(
        across="k",
        series=(
            {"n": 32, "d_v": 1, "sigma": 0.5},
            {"n": 32, "d_v": 8, "sigma": 2.0},
            {"n": 128, "d_v": 8, "sigma": 3.0},
        ),
        values=(1, 4, 24),
        logx=True,
    ),
    sabotages={
        "the odds in the place of the tail mass": odds * gap,
        "the mass kept in the place of the tail mass": gap / (1 + odds),
        "the distance of the means alone": gap,
        "twice, as for a bound on both outputs": 2 * tail * gap,
        "tau squared, as if both means moved": tail**2 * gap,
    },
)
