"""Rows freeze from sigma = n phi(u_n) on: two draws from one differ with a mean chance of at most n phi(u_n)/sigma.

The row has n softmax weights exp(sigma x) with standard normal scores x, u_n = Phi^-1(1 - 1/n) is the score that one of
them exceeds on average, and two independent draws from the row are different keys with the chance 1 - sum of p_j^2.
n phi(u_n) is the Gaussian hazard rate at u_n. For every n and every sigma above it single keys carry a share that does
not vanish, E sum p_j^2 >= 1 - n phi(u_n)/sigma, while the limit of many keys lets that begin at sqrt(2 ln n), which is
larger: 3.53 where the hazard is 3.18, at n = 512. The exact mean is in `retrieval.frozen`; deep in the frozen phase the
bound is reached but for a factor 1 - O(1/ln n).

The reason: t -> E exp(-t w) is the chance that sigma x plus a Gumbel variable stays below -ln t, so that the quantity
is n times the mean of that sum's density at its quantile of U, the largest of n - 1 uniform variables. A variable that
is added makes every density at a quantile smaller, sigma x alone has phi(Phi^-1(U))/sigma, and that is concave in U,
whose mean is 1 - 1/n.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Bound, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_density, gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import AtMost, Cites, Definition, Derivation
from attnlaws.theory.vocabulary import Phi, Phi_inverse

PARAMETERS = (
    Parameter("n", "number of keys", integer(2, 10**12)),
    Parameter("sigma", "standard deviation of the scores", real(above=0, maximum=35)),
)
n, sigma = (parameter.symbol for parameter in PARAMETERS)
t, x = sp.Symbol("t", positive=True), sp.Symbol("x", real=True)

WEIGHT = sp.exp(sigma * x)
RAREST = -Phi_inverse(1 / n)
HAZARD = n * sp.exp(-(RAREST**2) / 2) / sp.sqrt(2 * sp.pi)
"""The sigma from which rows are frozen for certain: the hazard rate of a normal score at the quantile of 1 - 1/n."""

DISPERSION = Source(
    "Lewis, Thompson 1981",
    "an independent variable added to one with a log-concave density makes it more dispersed",
    "secondary",
    title="Dispersive distributions, and the connection between dispersivity and strong unimodality",
    authors="Lewis, Toby and Thompson, J. W.",
    year="1981",
)

STEPS = (
    Definition(
        n
        * (n - 1)
        * sp.Integral(
            t * gaussian_mean(sp.exp(-t * WEIGHT), x) ** (n - 2) * gaussian_mean(WEIGHT * sp.exp(-t * WEIGHT), x) ** 2,
            (t, 0, sp.oo),
        ),
        "mean of the sum of p_i p_j over different i and j: 1/Z^2 is the integral of t exp(-t Z), in which all "
        "weights are independent",
    ),
    Cites(
        n * (n - 1) * sp.Integral(gaussian_density(x) ** 2 * Phi(x) ** (n - 2), (x, -sp.oo, sp.oo)) / sigma,
        DISPERSION,
        "as t = exp(-y) passes, the first mean is the distribution function F of sigma x plus a Gumbel variable, "
        "and t times the second its density f: the integral of f^2 F^(n-2) dy is that of f at the quantile of u "
        "times u^(n-2) du. By the theorem f is at most the density of sigma x at its own quantile, so this is an "
        "upper bound",
    ),
    AtMost(
        HAZARD / sigma,
        "n (n - 1) u^(n-2) du is n times the law of the largest of n - 1 uniform variables, whose mean is 1 - 1/n; "
        "the density at a quantile is concave in u (Jensen)",
    ),
)

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="mean chance that two draws from a row are different keys",
    parameters=PARAMETERS,
    source=Source(
        "Derrida 1981",
        "the random energy model and its transition",
        "secondary",
        title="Random-energy model: An exactly solvable model of disordered systems",
        authors="Derrida, Bernard",
        year="1981",
        note="the text was not read; the limit of many keys is known from there, the bound at every n is derived here",
    ),
    derivations=(
        Derivation(
            STEPS,
            accuracy=LooserAccuracy(
                5e-14, "where n is large the quantile's rounding is multiplied by its square, up to 50"
            ),
        ),
    ),
    claim=Bound("upper", sure=False),
    delta=0.02,
    delta_reason="chances in frozen rows spread as widely as their mean is large, and draws grow as 1/delta^2; the "
    "wrong formulas are off by more",
    regime="every n and sigma; it says something from sigma = n phi(u_n) on",
    grid=Grid(
        across="sigma",
        series=({"n": 16}, {"n": 128}),
        values=(2.0, 4.0, 8.0, 16.0),
        logx=True,
        extra=({"n": 1024, "sigma": 3.72},),
    ),
    sabotages={
        "the largest score in place of the hazard there": RAREST / sigma,
        "squared weights, which spread twice as much": HAZARD / (2 * sigma),
        "the square of the ratio": (HAZARD / sigma) ** 2,
        "one key holds all as soon as the row is frozen": sp.exp(-sigma / HAZARD),
    },
)
