"""How far ln SNR spreads over targets: its standard deviation for exponential-kernel retrieval with Gaussian keys.

The memory answers a query q with the sum of exp(k_j . q / tau) v_j, the query is a stored key k_i exactly, and keys are
independent and standard normal in d_k dimensions. The signal-to-noise ratio of one target is exp(2 x / tau) with
x = |k_i|^2 over its mean interference, the mean being taken over the other pairs and not over the target. What is left
is a function of x, and its logarithm has the standard deviation given here. The number of stored pairs only shifts the
logarithm, so the spread does not depend on it.

At tau = sqrt(d_k) it is 2 sqrt(2) (1 - 1/sqrt(d_k)), which grows to 2 sqrt(2): some targets are read back e^3 times
better or worse than typical ones in memories of any dimension, so the ratio does not average itself. At tau = 1 every
target has the same ratio, and below it long keys are the ones that are read back worse; that side is left out.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.densities import chi_square_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.retrieval.exponential import LOSS, ONE_WEIGHT, x
from attnlaws.theory.steps import Definition, Equals

PARAMETERS = (
    Parameter("d_k", "dimension of the keys", integer(1, 10**6)),
    Parameter("tau", "temperature; attention uses sqrt(d_k)", real(above=1, maximum=10**6)),
)
d_k, tau = (parameter.symbol for parameter in PARAMETERS)

LOG_RATIO = sp.log(sp.exp(2 * x / tau) / ONE_WEIGHT)
"""ln SNR of a target with |k_i|^2 = x against one other pair, the interference averaged over that pair."""


def _mean(function: sp.Expr) -> sp.Integral:
    return chi_square_mean(function, x, d_k)


LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="standard deviation of ln SNR over targets",
    source=Source(
        "arXiv:2505.19488",
        "signal-to-noise ratio of the exponential kernel",
        "reconstructed",
        note="the paper's text was not read; secondary sources quote the ratio for a target of typical norm. How far "
        "it spreads over targets is derived here",
        year="2025",
    ),
    steps=(
        Definition(
            sp.sqrt(_mean(LOG_RATIO**2) - _mean(LOG_RATIO) ** 2),
            "standard deviation over the target's squared norm x, chi-square with d_k degrees of freedom; given x the "
            "others' scores are independent normals of variance x",
        ),
        Equals(
            sp.sqrt(_mean((LOSS * x) ** 2) - _mean(LOSS * x) ** 2),
            "complete the square: a weight has mean square exp(2 x/tau^2), so the logarithm is linear in x",
        ),
        Equals(LOSS * sp.sqrt(2 * d_k), "a chi-square variable has mean d_k and mean square d_k (d_k + 2)"),
    ),
    claim=Equal(),
    delta=0.02,
    delta_reason="R targets give their standard deviation to 1/sqrt(2 R) of itself: half the tolerance would take "
    "four times the draws",
    regime="every dimension and every temperature above 1, whatever the number of stored pairs",
    grid=Grid(
        across="d_k",
        series=({"tau": 4}, {"tau": 8}),
        values=(8, 16, 32, 64),
        logx=True,
        extra=({"d_k": 4, "tau": 64}, {"d_k": 8, "tau": 48}),
    ),
    sabotages={
        "the ratio averages itself": LOSS * sp.sqrt(2),
        "a squared norm has variance d_k": lambda form: form / sp.sqrt(2),
        "the interference does not depend on the target": 2 * sp.sqrt(2 * d_k) / tau,
        "amplitudes, not powers": lambda form: form / 2,
        "the interference is that of a typical weight": 2 * sp.sqrt(2 * d_k) * (tau - sp.Rational(1, 2)) / tau**2,
    },
)
