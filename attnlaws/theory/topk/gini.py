"""Softmax weights with Gaussian scores have the Gini coefficient erf(sigma/2), the area over the curve of tail masses.

The Gini coefficient is the mean difference of two weights over twice the mean weight: 0 where all weigh the same, near
1 where a few weigh all. Scores are independent and normal with standard deviation sigma; their mean cancels. The output
``area`` is the tail mass of ``topk.tail_mass`` averaged over all fractions of keys that may be kept, from none to all:
it is (1 - Gini)/2, because the tail mass at a fraction kappa is one point of the weights' Lorenz curve.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.densities import gaussian_density, gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import Definition, Derivation, Differentiate, Equals
from attnlaws.theory.vocabulary import Phi

PARAMETERS = (
    Parameter("sigma", "standard deviation of the scores", real(above=0, maximum=35)),
    Parameter("n", "number of pairs of keys compared", integer(1, 10**9), role="simulation"),
)
sigma = PARAMETERS[0].symbol
x, t = sp.symbols("x t", real=True)
v = sp.Symbol("v", positive=True)

half = sigma / sp.sqrt(2)
"""Factor of the sum, and of the difference, of two scores over sqrt(2): both are standard normal, and independent."""

CASES = (
    Derivation(
        (
            Definition(
                gaussian_mean(sp.exp(half * x), x)
                * 2
                * sp.Integral((sp.exp(half * v) - sp.exp(-half * v)) * gaussian_density(v), (v, 0, sp.oo))
                / (2 * gaussian_mean(sp.exp(sigma * x), x)),
                "mean difference of two weights over twice the mean weight: the exponential of the scores' sum is a "
                "common factor, independent of their difference, and both signs of the difference count alike",
            ),
            Equals(sp.erf(sigma / 2), "four Gaussian integrals"),
        ),
    ),
    Derivation(
        (
            Definition(
                sp.Integral(gaussian_density(t) * Phi(t - sigma), (t, -sp.oo, sp.oo)),
                "mean of the tail mass Phi(t - sigma) below t over the kept fractions kappa = Phi(-t)",
            ),
            Equals(
                Phi(-half),
                "the slope in sigma is a Gaussian integral; at sigma = 0 the tail mass is 1 - kappa",
                by=Differentiate(sigma),
            ),
        ),
        output="area",
    ),
)

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="Gini coefficient of the weights",
    source=Source(
        "Aitchison and Brown 1957",
        "the Lorenz measure of a lognormal law",
        "secondary",
        title="The Lognormal Distribution",
        authors="Aitchison, J. and Brown, J. A. C.",
        year="1957",
        note="the text was not read; derived here, with the area under the curve of tail masses",
    ),
    derivations=CASES,
    claim=Equal(),
    regime="every sigma up to 35; a row of n keys comes near it for n well above exp(2 sigma^2)",
    grid=Grid(
        across="sigma",
        series=({"n": 256},),
        values=(0.25, 0.5, 1.0, 1.5, 2.0, 3.0),
        extra=({"n": 256, "sigma": 1.0},),
    ),
    sabotages={
        "one score's spread instead of two": sp.erf(sigma / (2 * sp.sqrt(2))),
        "the Gini coefficient of exponential scores": sigma / (2 + sigma),
        "the area at the middle of the curve": {"area": Phi(-sigma)},
        "the area is the Gini coefficient's complement": {"area": 2 * Phi(-half)},
    },
)
