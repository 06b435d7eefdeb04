"""Reading one of n stored pairs through the kernel s exp(s/tau), as in SoLU units: interference over signal power.

The memory answers a query q with the sum of s_j exp(s_j / tau) v_j, where s_j = k_j . q is a score. The query is the
stored key k_i exactly, keys are independent and standard normal in d_k dimensions, values have a fixed norm and
independent directions. With x = |k_i|^2 the target weighs x exp(x / tau), and the inverse signal-to-noise ratio of one
reading is the sum over j != i of (s_j/x)^2 exp(2 (s_j - x) / tau), cross terms of the values averaging to zero. Its
mean over Gaussian targets is that of the exponential kernel times (1 + 2 L)/(d_k - 2) + 4/tau^2, with
L = 2 (tau - 1)/tau^2: the linear factor gains a power of the dimension on top of the exponential one, about d_k/5 at
tau = sqrt(d_k).

The output ``log`` is the natural logarithm, for sizes beyond the range of float64.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.densities import chi_square_mean, gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.retrieval.exponential import LOSS, SMALLEST_MEAN
from attnlaws.theory.steps import Definition, Derivation, Equals, Using
from attnlaws.theory.vocabulary import log1p

PARAMETERS = (
    Parameter("n", "number of stored pairs", integer(2, 10**12)),
    Parameter("d_k", "dimension of the keys", integer(1, 10**6)),
    Parameter("tau", "temperature; attention uses sqrt(d_k)", real(minimum=0.1, maximum=10**6)),
)
n, d_k, tau = (parameter.symbol for parameter in PARAMETERS)
x = sp.Symbol("x", positive=True)
g = sp.Symbol("g", real=True)

ONE_WEIGHT = gaussian_mean(x * g**2 * sp.exp(2 * sp.sqrt(x) * g / tau), g)
"""The mean square of a distractor's weight: given x = |k_i|^2 its score is sqrt(x) times a standard normal variable."""

TWICE = (4 * tau - 4) / tau**2
"""Twice the loss, written so that substitutions leave it as it is."""

FACTOR = (1 + TWICE) / (d_k - 2) + 4 / tau**2
"""What the linear factor of the kernel makes of the exponential kernel's mean."""

WITH_RECIPROCAL = chi_square_mean(sp.exp(-LOSS * x) / x, x, d_k)
ALONE = chi_square_mean(sp.exp(-LOSS * x), x, d_k)
DECAY = sp.exp(-d_k * log1p(TWICE) / 2)
GAMMAS = sp.gamma(d_k / 2 - 1) / (2 * sp.gamma(d_k / 2))

MEANS = (WITH_RECIPROCAL, DECAY * GAMMAS * (1 + TWICE)), (ALONE, DECAY)
RECURRENCE = (GAMMAS, 1 / (d_k - 2))

STEPS = (
    Definition(
        chi_square_mean((n - 1) * ONE_WEIGHT * sp.exp(-2 * x / tau) / x**2, x, d_k),
        "mean of the ratio: given x the others' scores are independent normals of variance x, and cross terms of the "
        "values average to 0",
    ),
    Equals(
        (n - 1) * (WITH_RECIPROCAL + 4 / tau**2 * ALONE),
        "complete the square: a weight has mean square (x + 4 x^2/tau^2) exp(2 x/tau^2)",
    ),
    Equals(
        (n - 1) * DECAY * (GAMMAS * (1 + TWICE) + 4 / tau**2),
        "with y = (1 + 2 L) x the integrals are the mean of 1/y, y chi-square, and the total probability",
        by=Using(*MEANS),
    ),
    Equals((n - 1) * DECAY * FACTOR, "Gamma(d/2) = (d/2 - 1) Gamma(d/2 - 1)", by=Using(RECURRENCE)),
)
NARROWER = {"d_k": integer(above=2), "tau": real(above=SMALLEST_MEAN)}
EXISTS = "up to d_k = 2, and up to tau = 2 sqrt(2) - 2, the mean over Gaussian keys is infinite"

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="inverse signal-to-noise ratio",
    source=Source(
        "arXiv:2505.19488",
        "signal-to-noise ratio of kernels",
        "reconstructed",
        note="the paper's text was not read, and no secondary source was seen to treat this kernel; secondary sources "
        "give the ratio of a general kernel as N E[kappa^2(k_j, k_i)]/kappa^2(k_i, k_i). SoLU proper divides by the "
        "sum of the exponentials, which is left out here: all weights of one reading share it",
        year="2025",
    ),
    derivations=(
        Derivation(STEPS, domain=NARROWER, exists=EXISTS),
        Derivation(
            (
                Definition(sp.log(STEPS[0].expr), f"logarithm; {STEPS[0].reason}"),
                Equals(
                    sp.log(STEPS[-1].expr),
                    "the chain of the value itself",
                    by=Using((STEPS[0].expr, STEPS[1].expr), *MEANS, RECURRENCE),
                ),
                Equals(
                    sp.log(n - 1) - d_k * log1p(TWICE) / 2 + sp.log(FACTOR),
                    "the logarithm of a product",
                ),
            ),
            domain=NARROWER,
            exists=EXISTS,
            output="log",
        ),
    ),
    claim=Equal(),
    regime="every n >= 2, d_k > 2 and tau > 2 sqrt(2) - 2",
    grid=Grid(
        across="tau",
        series=({"n": 65, "d_k": 16}, {"n": 65, "d_k": 32}, {"n": 65, "d_k": 64}),
        values=(4, 6, 8, 12, 16),
        logx=True,
        extra=({"n": 17, "d_k": 16, "tau": 16},),
    ),
    sabotages={
        "the target counts as interference": lambda form: form * n / (n - 1),
        "the target key has its typical norm": (n - 1) * (1 / d_k + 4 / tau**2) * sp.exp(-LOSS * d_k),
        "score and exponential average apart": (n - 1) * sp.exp(-d_k * log1p(TWICE) / 2) / (d_k - 2),
        "the norm and the exponential average apart": (n - 1)
        * sp.exp(-d_k * log1p(TWICE) / 2)
        * (1 / (d_k - 2) + 4 / tau**2),
    },
)
