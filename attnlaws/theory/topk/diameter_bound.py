"""Cutting a softmax row moves the output by at most tau times the largest distance across the cut.

The cut keeps the k largest weights, tau is the probability that is dropped, and the distance is that between the value
of a key kept and the value of a key dropped. Bounds that need less of the values:

``diameter`` tau times the largest distance across the cut; ``reach`` tau times the largest distance of a dropped value
from the mean of the kept ones, which is the output of the cut row: smaller, and it needs no pairs; ``radius`` 2 tau
times the largest distance of a value from the plain mean of all values; ``norm`` 2 tau times the largest norm.
"""

from __future__ import annotations

from attnlaws.theory.claim import Bound, LooserAccuracy, Source
from attnlaws.theory.cut import diameter, largest_norm, radius, reach
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.steps import AtMost, Definition, Derivation, Equals, Step
from attnlaws.theory.topk.output_error import ERROR, PARAMETERS, gap, k, logits, odds, tail, values

DISTANCES = LooserAccuracy(
    1e-12, "differences of values cancel: the error is relative to the distances of the values from each other"
)
START = (
    Definition(ERROR, "distance between the mean of all values and that of the values of the keys kept"),
    Equals(tail * gap, "the mean of all is (1 - tau) times that of the kept and tau times that of the dropped values"),
)
across = tail * diameter(logits, values, k)
near = AtMost(tail * reach(logits, values, k), "the mean of the dropped values lies in their convex hull")
far = AtMost(across, "the mean of the kept values lies in their convex hull, and distances are convex")


def _bound(output: str, *steps: Step) -> Derivation:
    return Derivation((*START, *steps), accuracy=DISTANCES, output=output)


LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="distance between the outputs [units of the values]",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "Propositions 5.1 (norm) and 5.3 (diameter)",
        "secondary",
        note="the two statements were read in transcriptions by others; the other two bounds are ours",
        year="2025",
    ),
    derivations=(
        _bound("diameter", near, far),
        _bound("reach", near),
        _bound(
            "radius",
            far,
            AtMost(2 * tail * radius(logits, values), "two values are no farther apart than both are from any point"),
        ),
        _bound(
            "norm",
            far,
            AtMost(2 * tail * largest_norm(logits, values), "the same, with the origin in the place of the point"),
        ),
    ),
    claim=Bound("upper", sure=True),
    delta=1e-8,
    delta_reason="a bound on every instance; two keys reach it, so that rounding decides on which side they are",
    regime="every row, every k and all values; with two keys the first three are equalities",
    grid=Grid(
        across="n",
        series=(
            {"k": 1, "d_v": 1, "sigma": 1.0},
            {"k": 1, "d_v": 8, "sigma": 1.0},
            {"k": 1, "d_v": 8, "sigma": 2.0},
        ),
        values=(2, 6, 24),
        logx=True,
        extra=({"k": 12, "n": 24, "d_v": 2, "sigma": 1.0},),
    ),
    sabotages={
        "half the distance across the cut": {"diameter": across / 2},
        "tau squared": {"diameter": tail * across},
        "the distance of the means weighted twice": {"diameter": tail * gap / (1 + odds)},
        "half of the farthest dropped value": {"reach": tail * reach(logits, values, k) / 2},
        "the radius without the two": {"radius": tail * radius(logits, values)},
        "the norm without the two": {"norm": tail * largest_norm(logits, values)},
    },
)
