"""The exponential kernel's n exp(-2 d_k (tau - 1)/tau^2), right for a target of typical norm, read as a mean over keys.

The formula is what one obtains for a target with |k_i|^2 = d_k exactly, all n pairs counted as distractors, and it is
also n/(n - 1) times the geometric mean over targets. Averaged over Gaussian targets the same ratio is larger, because
short keys are read back much worse than typical ones: at tau = sqrt(d_k) by a factor that tends to e^4, about 55.

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
    Parameter("n", "number of stored pairs", integer(2, 10**12)),
    Parameter("d_k", "dimension of the keys", integer(1, 10**6)),
    Parameter("tau", "temperature; attention uses sqrt(d_k)", real(minimum=0.1, maximum=10**6)),
)
n, d_k, tau = (parameter.symbol for parameter in PARAMETERS)
g = sp.Symbol("g", real=True)

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="inverse signal-to-noise ratio",
    source=Source(
        "arXiv:2505.19488",
        "signal-to-noise ratio of the exponential kernel",
        "reconstructed",
        note="the paper's text was not read; a secondary source quotes the beginning N exp(2(..., and this is the only "
        "formula that begins so for a target of typical norm. That it is meant as a mean over targets is our reading, "
        "not the paper's word",
        year="2025",
    ),
    steps=(
        Definition(
            n * gaussian_mean(sp.exp(2 * sp.sqrt(d_k) * g / tau), g) * sp.exp(-2 * d_k / tau),
            "mean of n squared weights over the target's, for |k_i|^2 = d_k: scores are normal with variance d_k",
        ),
        Equals(
            n * sp.exp(-2 * d_k * (tau - 1) / tau**2), "complete the square: a weight has mean square exp(2 d/tau^2)"
        ),
    ),
    claim=Equal(),
    expected=Outcome.REFUTED,
    replaced_by="retrieval.exponential",
    regime="as a mean too small by about exp(4 d_k/tau^2) at high temperatures, by more at low ones: within 5 % only "
    "above tau of about 9 sqrt(d_k)",
    grid=Grid(
        across="tau",
        series=({"n": 65, "d_k": 16}, {"n": 65, "d_k": 64}),
        values=(2, 3, 4, 6, 8, 12),
        logx=True,
    ),
    sabotages={
        "only distractors count": lambda form: form * (n - 1) / n,
        "the signal counts once": lambda form: form * sp.exp(d_k / tau),
        "the weights of the others do not spread": n * sp.exp(-2 * d_k / tau),
    },
)
