"""The load n/d_k of a linear memory, right for a target of typical norm, read as a mean over Gaussian keys.

The formula is what one obtains for a target with |k_i|^2 = d_k exactly, all n pairs counted as distractors. Averaged
over Gaussian targets the inverse signal-to-noise ratio is (n - 1)/(d_k - 2): larger by d_k/(d_k - 2), because the
reciprocal of a squared norm is on average more than the reciprocal of its average, and smaller by (n - 1)/n, because
the target is no distractor of itself. The two errors cancel at d_k = 2 n. At d_k = 8 a quarter is missing; with many
pairs in many dimensions nothing is.

This is a reading of the formula, put to the test because the formula is often used so; it is no claim of a paper.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Outcome, Source
from attnlaws.theory.densities import gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer
from attnlaws.theory.steps import Definition, Equals

PARAMETERS = (
    Parameter("n", "number of stored pairs", integer(2, 10**12)),
    Parameter("d_k", "dimension of the keys", integer(1, 10**6)),
)
n, d_k = (parameter.symbol for parameter in PARAMETERS)
g = sp.Symbol("g", real=True)

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="inverse signal-to-noise ratio",
    source=Source(
        "arXiv:2505.19488",
        "signal-to-noise ratio of linear attention, eq. 7",
        "secondary",
        note="the paper's text was not read; secondary sources quote N/d_k for a target of typical norm. That it is "
        "meant as a mean over targets is our reading, not the paper's word",
        year="2025",
    ),
    steps=(
        Definition(
            n * gaussian_mean((sp.sqrt(d_k) * g) ** 2, g) / d_k**2,
            "mean of n squared scores over the target's, for |k_i|^2 = d_k: scores are normal with variance d_k",
        ),
        Equals(n / d_k, "a score has mean square d_k"),
    ),
    claim=Equal(),
    expected=Outcome.REFUTED,
    replaced_by="retrieval.linear",
    regime="as a mean off by the factor (d_k - 2)/d_k times n/(n - 1): within 1 % near d_k = 2 n, where both errors "
    "cancel, or with more than about 100 pairs in more than about 200 dimensions",
    grid=Grid(
        across="d_k",
        series=({"n": 17}, {"n": 257}),
        values=(8, 12, 16, 32, 64),
        logx=True,
        extra=({"n": 65, "d_k": 8},),
    ),
    sabotages={
        "only distractors count": lambda form: form * (n - 1) / n,
        "a score has variance one": lambda form: form / d_k,
        "the signal counts once": lambda form: form * d_k,
    },
)
