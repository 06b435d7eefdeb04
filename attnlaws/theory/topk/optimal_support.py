"""A softmax row cut to its k largest weights is the nearest distribution on k keys to it, in every f-divergence.

Let P be the row, S the keys of any Q with at most k of them, x = P(S), and f convex with f(1) = 0. Seen only through
"in S or not", Q and P are no farther apart, and that is x f(1/x) + (1 - x) f(0); it falls as x grows, being convex,
never negative, and 0 at x = 1. The largest x is 1 - tau with tau the tail mass outside the k largest weights, and
Q = P/x on those keys attains the value. Where f is strictly convex nothing else does, ties apart; for the total
variation, any Q that is at least P on them does. Nothing is said of what a row of attention returns: values do not
enter.

The outputs are this least value in five divergences of Q from P: ``tv`` total variation, ``kl`` KL(Q|P),
``chi_square``, ``hellinger`` (squared, 1 - sum of sqrt(P Q)) and ``jensen_shannon``, in nats.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Bound, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import Cites, Definition, Derivation, Equals
from attnlaws.theory.topk.divergences import DEFINITIONS, FORMS
from attnlaws.theory.topk.gap_bound import KEPT, LOGITS, ROUNDING
from attnlaws.theory.vocabulary import log1p

OUTPUTS = ("tv", "kl", "chi_square", "hellinger", "jensen_shannon")
PARAMETERS = (
    LOGITS,
    KEPT,
    Parameter("n", "number of keys", integer(2, 10**6), role="simulation"),
    Parameter("sigma", "standard deviation of the scores", real(above=0, maximum=35), role="simulation"),
    Parameter("noise", "standard deviation of what is added to the scores by which keys are chosen, and to those that "
              "weigh them", real(minimum=0, maximum=35), role="simulation"),
)  # fmt: skip
odds = FORMS["odds"]

DATA_PROCESSING = Source(
    "Csiszar 1967",
    "the data processing inequality of f-divergences",
    "secondary",
    title="Information-type measures of difference of probability distributions and indirect observations",
    authors="Csiszar, Imre",
    year="1967",
)


def _derivation(output: str) -> Derivation:
    definition, words = DEFINITIONS[output]
    return Derivation(
        (
            Definition(definition, f"the divergence of the cut row, Q = P/(1 - tau) on its k largest weights: {words}"),
            Cites(
                definition,
                DATA_PROCESSING,
                "no Q on k keys or fewer has a smaller one: x f(1/x) + (1 - x) f(0) bounds it from below, with x the "
                "probability of its keys, and falls as x grows to that of the k largest",
            ),
            Equals(FORMS[output], "Q/P is the same for all kept keys; the sums are the weights kept and dropped"),
        ),
        accuracy=ROUNDING,
        output=output,
    )


LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="least divergence [nats, or pure number]",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "section 4, what is gained by keeping the largest weights",
        "reconstructed",
        note="the paper's values for the cut row were read in transcriptions by others; that nothing on k keys does "
        "better is derived here",
        year="2025",
    ),
    derivations=tuple(_derivation(output) for output in OUTPUTS),
    claim=Bound("lower", sure=True),
    delta=1e-9,
    delta_reason="an inequality between finite sums for every row: nothing but rounding is granted",
    regime="every row, every k < n, every distribution on k keys or fewer",
    grid=Grid(
        across="k",
        series=(
            {"n": 32, "sigma": 1.0, "noise": 0.0},
            {"n": 32, "sigma": 1.0, "noise": 0.125},
            {"n": 32, "sigma": 2.0, "noise": 1.0},
        ),
        values=(1, 4, 16),
        logx=True,
    ),
    sabotages={
        "Pinsker's inequality the wrong way round": {"tv": sp.sqrt(log1p(odds) / 2)},
        "KL as large as chi^2": {"kl": odds},
        "chi^2 of the row from the cut row": {"chi_square": odds * (1 + odds)},
        "Jensen-Shannon in bits": {"jensen_shannon": FORMS["jensen_shannon"] / sp.log(2)},
    },
)
