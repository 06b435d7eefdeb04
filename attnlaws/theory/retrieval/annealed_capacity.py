"""The mean interference set to one, exp(2 d_k (tau - 1)/tau^2) pairs, read as the capacity at every temperature.

The mean over Gaussian keys of the sum of squared weights, for a target of norm sqrt(d_k), is m times
exp(-2 d_k (tau - 1)/tau^2), and the number m of pairs at which it is 1 follows at once. Where tau is above 2 a memory
of that size behaves like the mean. Below, the mean is carried by scores so large that no key of such a memory has one:
the formula promises a single pair at tau = 1, where the typical memory holds about exp(d_k/2), and none below.

This is a reading of the formula, put to the test because the formula is often used so; it is no claim of a paper.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Outcome, Source
from attnlaws.theory.densities import gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import Definition, Equals

PARAMETERS = (
    Parameter("tau", "temperature; attention uses sqrt(d_k)", real(minimum=0.5, maximum=1000)),
    Parameter("d_k", "dimension of the keys", integer(2, 256), role="simulation"),
)
tau = PARAMETERS[0].symbol
d = sp.Symbol("d", positive=True)
g = sp.Symbol("g", real=True)

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="ln(capacity) per dimension of the keys",
    source=Source(
        "arXiv:2505.19488",
        "signal-to-noise ratio of the exponential kernel, solved for the number of pairs",
        "reconstructed",
        note="the paper's text was not read; a secondary source quotes the beginning of a formula that can only be "
        "this mean. That it gives the capacity at every temperature is our reading, not the paper's word",
        year="2025",
    ),
    steps=(
        Definition(
            -sp.log(gaussian_mean(sp.exp(2 * (sp.sqrt(d) * g - d) / tau), g)) / d,
            "the m at which m times the mean weight is 1: scores are normal with variance d = d_k, the target's is d",
        ),
        Equals(2 * (tau - 1) / tau**2, "complete the square: the mean weight is exp(2 d/tau^2 - 2 d/tau)"),
    ),
    claim=Equal(),
    expected=Outcome.REFUTED,
    replaced_by="retrieval.capacity",
    regime="tau well above 2; at tau = 2 too low by a tenth in 9 dimensions, at tau = 1 it is zero",
    grid=Grid(
        across="tau",
        series=({"d_k": 6}, {"d_k": 9}),
        values=(0.75, 1.25, 2, 4, 8),
        logx=True,
    ),
    sabotages={
        "the signal counts once": (tau - 1) / tau**2,
        "the weights of the others do not spread": 2 / tau,
        "the weights of the others spread as their roots": lambda form: form + 1 / tau**2,
    },
)
