"""A linear memory of n pairs with normalized keys has mean inverse signal-to-noise ratio (n - 1)/d_k, exactly.

Keys are independent and uniform on a sphere of any radius in d_k dimensions, the query is the stored key k_i exactly,
values have a fixed norm and independent directions. The inverse signal-to-noise ratio of one reading is the sum over
j != i of cos^2(k_j, k_i), cross terms of the values averaging to zero, and its mean is (n - 1)/d_k for every n and
every dimension. Every query has the same signal, so a mean, a ratio of means and a geometric mean over the target are
one and the same here; with Gaussian keys (``retrieval.linear``) they differ.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.densities import gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer
from attnlaws.theory.steps import Definition, Equals

PARAMETERS = (
    Parameter("n", "number of stored pairs", integer(2, 10**12)),
    Parameter("d_k", "dimension of the keys", integer(1, 10**6)),
)
n, d_k = (parameter.symbol for parameter in PARAMETERS)
s = sp.Symbol("s", positive=True)
g = sp.Symbol("g", real=True)

ALONG = gaussian_mean(g**2 * sp.exp(-s * g**2 / 2), g)
"""The component of a Gaussian vector z along the query, with its part of exp(-s |z|^2/2)."""

ACROSS = gaussian_mean(sp.exp(-s * g**2 / 2), g)
"""The part of exp(-s |z|^2/2) of each of the other components."""

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="inverse signal-to-noise ratio",
    source=Source(
        "arXiv:2505.19488",
        "signal-to-noise ratio of linear attention, eq. 7",
        "reconstructed",
        note="the paper's text was not read; secondary sources quote N/d_k for Gaussian keys and a target of typical "
        "norm. This is the same question for normalized keys, derived for every n and d_k",
        year="2025",
    ),
    steps=(
        Definition(
            (n - 1) / 2 * sp.Integral(ALONG * ACROSS ** (d_k - 1), (s, 0, sp.oo)),
            "mean of the sum of cos^2 = z_1^2/|z|^2 for a Gaussian vector z in the direction of a key: 2/|z|^2 is the "
            "integral over s of exp(-s |z|^2/2), and the components of z are independent",
        ),
        Equals(
            (n - 1) / 2 * sp.Integral((1 + s) ** (-d_k / 2 - 1), (s, 0, sp.oo)),
            "Gauss integrals, (1 + s)^(-3/2) along the query and (1 + s)^(-1/2) across",
        ),
        Equals((n - 1) / d_k, "integral of a power"),
    ),
    claim=Equal(),
    regime="every n >= 2 and every dimension",
    grid=Grid(
        across="d_k",
        series=({"n": 9}, {"n": 65}, {"n": 513}),
        values=(3, 8, 32, 128),
        logx=True,
        extra=({"n": 17, "d_k": 2}, {"n": 17, "d_k": 6}),
    ),
    sabotages={
        "the target counts as interference": n / d_k,
        "keys are Gaussian": lambda form: form * d_k / (d_k + 2),
        "a coordinate of a sphere has the variance of one dimension less": (n - 1) / (d_k + 1),
    },
)
