"""The squared error of a cut softmax row's output is tau/(1 - tau) times the variance that the cut explains.

The cut keeps the k largest weights and drops the probability tau. The variance of the values (the mean square distance
from their mean, under the row's probabilities) is that within the keys kept, times 1 - tau, that within the keys
dropped, times tau, and that between the two, which the cut explains. Outputs:

``error`` the error itself; ``chi_square`` the bound on it that Cauchy and Schwarz give, the root of chi^2(Q|P), which
is tau/(1 - tau), times the standard deviation of all values: its form here shows what it adds to the error;
``kept_variance`` the same with the variance within the keys kept taken off, which is known wherever the cut output is:
never larger, and it adds nothing but what is within the keys dropped.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.cut import (
    dropped_part,
    hypotenuse,
    kept_part,
    spread_of_dropped,
    spread_of_kept,
    variance_of,
)
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.ordered import dropped, every, kept
from attnlaws.theory.steps import Definition, Derivation, Equals
from attnlaws.theory.topk.diameter_bound import DISTANCES
from attnlaws.theory.topk.divergences import cut, full
from attnlaws.theory.topk.output_error import ERROR, PARAMETERS, gap, k, logits, odds, tail, values

of_all, of_kept, of_dropped = (variance_of(logits, values, part) for part in (every, kept_part(k), dropped_part(k)))
s_kept, s_dropped = spread_of_kept(logits, values, k), spread_of_dropped(logits, values, k)
chi_square = kept(lambda i: (cut(i) - full(i)) ** 2 / full(i), k) + dropped(full, k)
head = 1 / (1 + odds)

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="distance between the outputs [units of the values]",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "Theorem 5.6 (the term with chi^2)",
        "secondary",
        note="that term was read in a transcription by others; the exact form, what the term adds to the error, and "
        "the smaller bound are ours",
        year="2025",
    ),
    derivations=(
        Derivation(
            (
                Definition(ERROR, "distance between the mean of all values and that of the values of the keys kept"),
                Equals(
                    sp.sqrt(odds * (of_all - head * of_kept - tail * of_dropped)),
                    "the variance between the two parts is tau (1 - tau) times the squared distance of their means",
                ),
                Equals(tail * gap, "a difference of variances would cancel"),
            ),
            accuracy=DISTANCES,
            output="error",
        ),
        Derivation(
            (
                Definition(
                    sp.sqrt(chi_square) * sp.sqrt(of_all),
                    "root of the sum of (Q - P)^2/P, times the standard deviation under P",
                ),
                Equals(
                    hypotenuse(tail * gap, sp.sqrt(tail) * s_kept, sp.sqrt(tail * odds) * s_dropped),
                    "chi^2 is tau/(1 - tau), and the variance is the sum of three",
                ),
            ),
            accuracy=DISTANCES,
            output="chi_square",
        ),
        Derivation(
            (
                Definition(
                    sp.sqrt(chi_square) * sp.sqrt(of_all - head * of_kept),
                    "the same, with the variance under P less the part of it that is within the keys kept",
                ),
                Equals(
                    hypotenuse(tail * gap, sp.sqrt(tail * odds) * s_dropped),
                    "what is within the keys dropped is left",
                ),
            ),
            accuracy=DISTANCES,
            output="kept_variance",
        ),
    ),
    claim=Equal(),
    delta=1e-8,
    delta_reason="identities between finite sums: nothing but rounding is left, which the difference of two outputs "
    "that nearly agree enlarges",
    regime="every row, every k and all values",
    grid=Grid(
        across="k",
        series=({"n": 24, "d_v": 8, "sigma": 0.5}, {"n": 24, "d_v": 8, "sigma": 2.0}),
        values=(1, 4, 18),
        logx=True,
        extra=({"k": 8, "n": 96, "d_v": 4, "sigma": 3.0},),
    ),
    sabotages={
        "the tail mass in the place of the odds": {"error": tail * gap / sp.sqrt(1 + odds)},
        "the odds squared": {"error": odds * gap},
        "the variance term is the error": {"error": sp.sqrt(tail) * hypotenuse(s_kept, s_dropped)},
        "nothing within the keys kept": {"chi_square": hypotenuse(tail * gap, sp.sqrt(tail * odds) * s_dropped)},
        "a single weight for what is within": {
            "chi_square": hypotenuse(tail * gap, sp.sqrt(tail) * s_kept, sp.sqrt(tail) * s_dropped)
        },
        "nothing within the keys dropped": {"kept_variance": tail * gap},
        "the tail mass twice": {"kept_variance": hypotenuse(tail * gap, tail * s_dropped)},
    },
)
