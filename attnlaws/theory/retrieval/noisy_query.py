"""A query k_i + s e has inverse SNR (n - 1) (1 + 4 (tau - 1 - 2 s^2)/tau^2)^(-d_k/2) in exponential retrieval.

The memory answers a query q with the sum of exp(k_j . q / tau) v_j. Keys are independent and standard normal in d_k
dimensions, the query is the stored key k_i with independent standard normal noise of size s added to each component,
values have a fixed norm and independent directions. The inverse signal-to-noise ratio of one reading is the sum over
j != i of exp(2 (k_j - k_i) . q / tau), cross terms of the values averaging to zero, and the law is about its mean over
keys and noise. In each component it is the mean of the exponential of a quadratic form in k_i and e, and exists where
that form stays below the Gaussian's: for 8 s^2 < (tau + 2)^2 - 8. Noise multiplies the ratio by about exp(4 s^2) at
tau = sqrt(d_k), however large the memory is. Without noise it is the mean of ``retrieval.exponential``.

The output ``log`` is the natural logarithm, for sizes beyond the range of float64.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.densities import gaussian_density, gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.retrieval.exponential import SMALLEST_MEAN
from attnlaws.theory.steps import Definition, Derivation, Equals, Using
from attnlaws.theory.vocabulary import log1p

PARAMETERS = (
    Parameter("n", "number of stored pairs", integer(2, 10**12)),
    Parameter("d_k", "dimension of the keys", integer(1, 10**6)),
    Parameter("tau", "temperature; attention uses sqrt(d_k)", real(above=SMALLEST_MEAN, maximum=10**6)),
    Parameter("noise", "standard deviation of the noise in each component", real(minimum=0, maximum=10**6)),
)
n, d_k, tau, noise = (parameter.symbol for parameter in PARAMETERS)
k, e, g = sp.symbols("k e g", real=True)


def over_pairs(function: sp.Expr) -> sp.Expr:
    """The mean of a function of one component of the target and of the noise."""
    return sp.Integral(function * gaussian_density(k) * gaussian_density(e), (e, -sp.oo, sp.oo), (k, -sp.oo, sp.oo))


QUERY = k + noise * e
ONE_WEIGHT = gaussian_mean(sp.exp(2 * g * QUERY / tau), g)
MEAN = (n - 1) * over_pairs(ONE_WEIGHT * sp.exp(-2 * k * QUERY / tau)) ** d_k
SQUARE = over_pairs(sp.exp(2 * QUERY**2 / tau**2 - 2 * k * QUERY / tau)) ** 2
"""The square of one component's mean, which is a rational function: the mean itself is a product of two roots."""

GATHERED = (n - 1) * SQUARE ** (d_k / 2)
LOSS = 4 * (tau - 1 - 2 * noise**2) / tau**2
INVERSE: sp.Expr = sp.together(1 / (1 + LOSS))  # type: ignore[assignment]
LOG_MEAN = -d_k * log1p(LOSS) / 2
LARGEST_NOISE = sp.sqrt((tau + 2) ** 2 / 8 - 1)

SUM = "mean of the sum of exp(2 (k_j - k_i) . q/tau): components are independent, g is one of k_j, k of k_i, e of noise"
EXISTS = "the mean over Gaussian keys and noise is infinite"

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="inverse signal-to-noise ratio",
    source=Source(
        "arXiv:2505.19488",
        "signal-to-noise ratio of the exponential kernel",
        "reconstructed",
        note="the paper's text was not read; secondary sources treat queries that equal a stored key. This is the same "
        "question for a query with noise, derived for every n, d_k, tau and size of the noise",
        year="2025",
    ),
    derivations=(
        Derivation(
            (
                Definition(MEAN, SUM),
                Equals(GATHERED, "complete the square in g: a weight has mean square exp(2 q^2/tau^2)"),
                Equals(
                    (n - 1) * sp.exp(LOG_MEAN),
                    "a Gauss integral in e and then one in k",
                    Using((SQUARE, INVERSE)),
                ),
            ),
            exists=EXISTS,
            below={"noise": LARGEST_NOISE},
        ),
        Derivation(
            (
                Definition(sp.log(MEAN), f"logarithm; {SUM}"),
                Equals(sp.log(GATHERED), "complete the square in g"),
                Equals(
                    sp.log((n - 1) * sp.exp(LOG_MEAN)),
                    "the chain of the value itself",
                    Using((SQUARE, INVERSE)),
                ),
                Equals(sp.log(n - 1) + LOG_MEAN, "the logarithm of a product"),
            ),
            exists=EXISTS,
            output="log",
            below={"noise": LARGEST_NOISE},
        ),
    ),
    claim=Equal(),
    regime="every n >= 2 and d_k, and noise small enough for the mean to exist",
    grid=Grid(
        across="noise",
        series=({"n": 65, "d_k": 4, "tau": 4}, {"n": 65, "d_k": 16, "tau": 8}, {"n": 65, "d_k": 32, "tau": 16}),
        values=(0.25, 0.5, 0.75, 1.0),
        extra=(
            {"n": 17, "d_k": 8, "tau": 8, "noise": 0.5},
            {"n": 17, "d_k": 8, "tau": 16, "noise": 1.5},
            {"n": 17, "d_k": 4, "tau": 6, "noise": 0},
        ),
    ),
    sabotages={
        "the target counts as interference": {"value": n * sp.exp(LOG_MEAN), "log": sp.log(n) + LOG_MEAN},
        "the query is exact": (n - 1) * sp.exp(-d_k * log1p(4 * (tau - 1) / tau**2) / 2),
        "the noise lengthens the query only": (n - 1)
        * sp.exp(-d_k * log1p((4 * (tau - 1) - 4 * noise**2) / tau**2) / 2),
        "keys and noise have their typical norms": (n - 1) * sp.exp(2 * d_k * (1 + noise**2) / tau**2 - 2 * d_k / tau),
    },
)
