"""The output error of a cut softmax row is at most the least of a bound by distances and one by variances.

The cut keeps the k largest weights and drops the probability tau. The first bound is tau times the largest distance
between the value of a key kept and that of a key dropped, the second the root of tau/(1 - tau) times the standard
deviation of the values under the row's probabilities. A third one, 2 tau times the largest norm of a value, is never
less than the first: the triangle inequality. The second is less than the first just where the variance is less than
tau (1 - tau) times that distance squared: where few keys are far from the rest. From a ball that holds all values it
cannot be had: with the variance at most R^2 and the distance at most 2 R the first is never the larger one. Outputs:

``least`` the least of the three; ``variance`` the second alone; ``improved`` the least of the first and of the second
with the variance within the keys kept taken off, which costs nothing.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Bound, Source
from attnlaws.theory.cut import hypotenuse, largest_norm, spread_of_all, spread_of_dropped
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.steps import AtMost, Derivation, Equals
from attnlaws.theory.topk.diameter_bound import DISTANCES, START, across
from attnlaws.theory.topk.output_error import PARAMETERS, gap, k, logits, odds, tail, values

variance = sp.sqrt(odds) * spread_of_all(logits, values)
norm = 2 * tail * largest_norm(logits, values)
dropped_only = tail * hypotenuse(gap, sp.sqrt(1 + odds) * spread_of_dropped(logits, values, k))

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="distance between the outputs [units of the values]",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "Theorem 5.6",
        "secondary",
        note="the statement was read in a transcription by others; that its third term is idle, when the second is the "
        "least, and the improved bound are ours",
        year="2025",
    ),
    derivations=(
        Derivation(
            (
                *START,
                AtMost(
                    sp.Min(across, variance, norm),
                    "convexity of the distance; Cauchy and Schwarz for the sum of (Q - P) v; the triangle inequality",
                ),
                Equals(sp.Min(across, variance), "no two values are farther apart than twice the largest norm"),
            ),
            accuracy=DISTANCES,
            output="least",
        ),
        Derivation(
            (*START, AtMost(variance, "Cauchy and Schwarz for the sum of (Q - P) v")),
            accuracy=DISTANCES,
            output="variance",
        ),
        Derivation(
            (
                *START,
                AtMost(
                    sp.Min(across, dropped_only),
                    "the variance without its part within the keys kept is that within the keys dropped and the "
                    "variance between",
                ),
            ),
            accuracy=DISTANCES,
            output="improved",
        ),
    ),
    claim=Bound("upper", sure=True),
    delta=1e-8,
    delta_reason="a bound on every instance; two keys reach it, so that rounding decides on which side they are",
    regime="every row, every k and all values",
    grid=Grid(
        across="n",
        series=(
            {"k": 1, "d_v": 1, "sigma": 1.0},
            {"k": 1, "d_v": 8, "sigma": 1.0},
            {"k": 1, "d_v": 8, "sigma": 2.0},
        ),
        values=(2, 6, 24),
        logx=True,
        extra=({"k": 12, "n": 24, "d_v": 2, "sigma": 1.0}, {"k": 20, "n": 24, "d_v": 8, "sigma": 1.0}),
    ),
    sabotages={
        "half the distance across the cut": {"least": sp.Min(across / 2, variance)},
        "the distance of the means weighted by tau (1 - tau)": {"least": tail * gap / (1 + odds)},
        "tau in the place of tau/(1 - tau)": {"variance": sp.sqrt(tail) * spread_of_all(logits, values)},
        "the odds without their root": {"variance": sp.Min(1, sp.sqrt(odds)) * variance / 2},
        "nothing left of the variance": {"improved": tail * gap / sp.sqrt(1 + odds)},
    },
)
