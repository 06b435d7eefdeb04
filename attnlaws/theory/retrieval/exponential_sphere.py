"""With keys on a sphere, exponential retrieval has inverse SNR (n - 1) 0F1(; d_k/2; R^4/tau^2) exp(-2 R^2/tau).

The memory answers a query q with the sum of exp(k_j . q / tau) v_j. Keys are independent and uniform on the sphere of
radius R in d_k dimensions (as after a normalization of queries and keys; R = sqrt(d_k) or 1), the query is the stored
key k_i exactly, values have a fixed norm and independent directions. The inverse signal-to-noise ratio of one reading
is the sum over j != i of exp(2 (k_j . k_i - R^2)/tau), cross terms of the values averaging to zero. Every query has the
same signal, so that a mean, a ratio of means and a geometric mean over the target are one and the same; with Gaussian
keys (``retrieval.exponential``) they differ by factors up to e^8.

With R^2 = d_k and tau = sqrt(d_k) the mean weight tends to e^2 as it does for Gaussian scores of variance 1, with
ln 0F1(; d/2; d) = 2 - 4/d + 88/(3 d^2) - ...; with R = 1 only 1/tau matters, and nothing is gained at tau = sqrt(d_k).

The output ``log`` is the natural logarithm, for sizes beyond the range of float64.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import Definition, Derivation, Equals
from attnlaws.theory.vocabulary import log_F01e

PARAMETERS = (
    Parameter("n", "number of stored pairs", integer(2, 10**12)),
    Parameter("d_k", "dimension of the keys", integer(2, 10**6)),
    Parameter("radius", "norm of the keys; sqrt(d_k) or 1 after a normalization", real(above=0, maximum=1000)),
    Parameter("tau", "temperature; attention uses sqrt(d_k)", real(minimum=0.1, maximum=10**6)),
)
n, d_k, radius, tau = (parameter.symbol for parameter in PARAMETERS)
t = sp.Symbol("t", real=True)

SHARPNESS = 2 * radius**2 / tau
"""The rate of a squared weight in the cosine: exp(2 k_j . k_i/tau) = exp(SHARPNESS cos)."""


def over_sphere(function: sp.Expr) -> sp.Integral:
    """The integral of a function of t over the sphere, without the constant of the density.

    The cosine of a point with a fixed direction has density proportional to (1 - c^2)^((d_k - 3)/2); with c = tanh(t)
    it is cosh(t)^(1 - d_k) dt, without a singular end.
    """
    return sp.Integral(function * sp.cosh(t) ** (1 - d_k), (t, -sp.oo, sp.oo))


MEAN = over_sphere(sp.exp(SHARPNESS * (sp.tanh(t) - 1))) / over_sphere(sp.S.One)
LOG_MEAN = log_F01e(d_k / 2, SHARPNESS)
SUM = "mean of the sum of exp(2 R^2 (cos - 1)/tau), with cos = tanh(t) for a point uniform on the sphere"
SERIES = "the moments of a cosine make the series of 0F1(; d_k/2; R^4/tau^2)"

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="inverse signal-to-noise ratio",
    source=Source(
        "arXiv:2505.19488",
        "signal-to-noise ratio of the exponential kernel",
        "reconstructed",
        note="the paper's text was not read; a secondary source quotes the beginning of its formula for Gaussian keys "
        "and a target of typical norm. This is the same question for keys on a sphere, derived for every n, d_k >= 2, "
        "radius and tau",
        year="2025",
    ),
    derivations=(
        Derivation(
            (
                Definition((n - 1) * MEAN, SUM),
                Equals((n - 1) * sp.exp(LOG_MEAN), SERIES),
            )
        ),
        Derivation(
            (
                Definition(sp.log((n - 1) * MEAN), f"logarithm; {SUM}"),
                Equals(sp.log(n - 1) + LOG_MEAN, SERIES),
            ),
            output="log",
        ),
    ),
    claim=Equal(),
    regime="every n >= 2, d_k >= 2, radius and temperature",
    grid=Grid(
        across="tau",
        series=(
            {"n": 65, "d_k": 64, "radius": 1},
            {"n": 65, "d_k": 16, "radius": 4},
            {"n": 65, "d_k": 64, "radius": 8},
        ),
        values=(4, 8, 16, 32),
        logx=True,
        extra=(
            {"n": 17, "d_k": 16, "radius": 4, "tau": 8},
            {"n": 17, "d_k": 3, "radius": 2, "tau": 2},
        ),
    ),
    sabotages={
        "the target counts as interference": {
            "value": n * sp.exp(LOG_MEAN),
            "log": sp.log(n) + LOG_MEAN,
        },
        "a cosine is normal with variance 1/d_k": (n - 1) * sp.exp(SHARPNESS**2 / (2 * d_k) - SHARPNESS),
        "a weight has the square of its mean": (n - 1) * sp.exp(2 * log_F01e(d_k / 2, SHARPNESS / 2)),
        "the signal counts once": lambda form: form * sp.exp(SHARPNESS / 2),
    },
)
