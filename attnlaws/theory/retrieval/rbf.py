"""Retrieval by the kernel exp(-|x - y|^2/(2 tau)) with Gaussian keys has inverse SNR (n - 1) (1 + 4/tau)^(-d_k/2).

The memory answers a query q with the sum of exp(-|k_j - q|^2/(2 tau)) v_j, the query is the stored key k_i exactly,
keys are independent and standard normal in d_k dimensions, values have a fixed norm and independent directions. The
target weighs 1, whatever its norm, and the inverse signal-to-noise ratio of one reading is the sum over j != i of
exp(-|k_j - k_i|^2/tau), cross terms of the values averaging to zero. A difference of two keys has variance 2 in each
component, which gives the mean for every n, d_k and tau. At tau = sqrt(d_k) its logarithm is -2 sqrt(d_k) + 4 - ...,
against -2 sqrt(d_k) + 6 - ... for the exponential kernel (``retrieval.exponential``): a factor e^2 of that kernel's
mean is owed to the norms of targets.

The output ``log`` is the natural logarithm, for sizes beyond the range of float64.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.densities import chi_square_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import Definition, Derivation, Equals
from attnlaws.theory.vocabulary import log1p

PARAMETERS = (
    Parameter("n", "number of stored pairs", integer(2, 10**12)),
    Parameter("d_k", "dimension of the keys", integer(1, 10**6)),
    Parameter("tau", "squared width of the kernel; sqrt(d_k) as in attention", real(minimum=0.001, maximum=10**6)),
)
n, d_k, tau = (parameter.symbol for parameter in PARAMETERS)
x = sp.Symbol("x", positive=True)

MEAN = (n - 1) * chi_square_mean(sp.exp(-2 * x / tau), x, d_k)
SUM = "mean of the sum of exp(-|k_j - k_i|^2/tau), where |k_j - k_i|^2 is twice a chi-square variable"
LOG_MEAN = -d_k * log1p(4 / tau) / 2

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="inverse signal-to-noise ratio",
    source=Source(
        "arXiv:2505.19488",
        "inverse signal-to-noise ratio of a general kernel",
        "reconstructed",
        note="the paper's text was not read; secondary sources quote N E[kappa^2]/kappa(k_i, k_i)^2 for a kernel. "
        "This is the Gaussian kernel in that place, derived for every n, d_k and tau",
        year="2025",
    ),
    derivations=(
        Derivation(
            (
                Definition(MEAN, SUM),
                Equals((n - 1) * sp.exp(LOG_MEAN), "the Laplace transform of a chi-square variable, (1 + 2 s)^(-d/2)"),
            )
        ),
        Derivation(
            (
                Definition(sp.log(MEAN), f"logarithm; {SUM}"),
                Equals(sp.log((n - 1) * sp.exp(LOG_MEAN)), "the chain of the value itself"),
                Equals(sp.log(n - 1) + LOG_MEAN, "the logarithm of a product"),
            ),
            output="log",
        ),
    ),
    claim=Equal(),
    regime="every n >= 2, every dimension and every temperature",
    grid=Grid(
        across="tau",
        series=({"n": 65, "d_k": 4}, {"n": 65, "d_k": 16}, {"n": 65, "d_k": 32}),
        values=(2, 4, 8, 16),
        logx=True,
        extra=({"n": 17, "d_k": 4, "tau": 4}, {"n": 17, "d_k": 8, "tau": 8}),
    ),
    sabotages={
        "the target counts as interference": {"value": n * sp.exp(LOG_MEAN), "log": sp.log(n) + LOG_MEAN},
        "a difference of keys has the variance of one": (n - 1) * sp.exp(-d_k * log1p(2 / tau) / 2),
        "keys have their typical distance": (n - 1) * sp.exp(-2 * d_k / tau),
        "a weight has the square of its mean": (n - 1) * sp.exp(-d_k * log1p(2 / tau)),
    },
)
