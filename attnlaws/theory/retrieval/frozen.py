"""The mean of ln W for a sum W of n weights exp(2 sigma g), g normal, is one integral, exact in both phases of the sum.

These are the squared weights of n distractors whose scores have standard deviation sigma: their sum is the interference
that a query meets. Its mean is n exp(2 sigma^2), but below ln n = 2 sigma^2 no sample comes near it: W is "frozen", a
few largest weights carry it, and ln W stays near 2 sigma sqrt(2 ln n). The integral is over the Laplace transform of
one weight.

The output ``participation`` is E sum p_j^2 for p_j = w_j/W: about exp(4 sigma^2)/n where all weights count, near 1
where one does. ``FROZEN_LOG`` and ``FROZEN_SHARE`` are the closed forms of a frozen sum of very many weights. They are
limits with errors of order 1/ln n, drawn beside the exact values and claimed for no n.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory import laplace, laplace_balls
from attnlaws.theory.balls import exact
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import ROOT, Definition, Derivation, Equals
from attnlaws.theory.vocabulary import Phi_inverse
from attnlaws.theory.weights import Lognormal

PARAMETERS = (
    Parameter("n", "number of weights", integer(2, 10**12)),
    Parameter("sigma", "standard deviation of the scores", real(above=0, maximum=10)),
)
n, sigma = (parameter.symbol for parameter in PARAMETERS)
t = sp.Symbol("t", positive=True)
g = sp.Symbol("g", real=True)

WEIGHT = sp.exp(2 * sigma * g)
TRANSFORM = gaussian_mean(sp.exp(-t * WEIGHT), g)
TRAPEZOID = LooserAccuracy(1e-10, "integrals over an integral, computed by the trapezoid rule")

RAREST = -Phi_inverse(1 / n)
INDEX = n * sp.exp(-(RAREST**2) / 2) / sp.sqrt(2 * sp.pi) / (2 * sigma)
"""The exponent m of the weights' tail around the largest, P(w > y) ~ y^-m: below 1 the sum is frozen."""
FROZEN_LOG = 2 * sigma * RAREST + sp.loggamma(1 - INDEX) / INDEX + sp.EulerGamma * (1 / INDEX - 1)
FROZEN_SHARE = 1 - INDEX


def _over(routine: Any) -> Any:
    """A routine of one n and one spread as a function of arrays n and sigma."""
    each = np.vectorize(lambda n, sigma: routine(float(n), 2 * float(sigma)), otypes=[np.float64])
    return lambda n, sigma: np.asarray(each(n, sigma))


def _weights(sigma: Any) -> Lognormal:
    return Lognormal(lambda: 2 * exact(sigma))


CASES = (
    Derivation(
        (
            Definition(
                sp.Integral((sp.exp(-t) - TRANSFORM**n) / t, (t, 0, sp.oo)),
                "mean of ln W: ln W is the integral of (exp(-t) - exp(-t W))/t, and the mean of exp(-t W) is a product "
                "of n equal factors",
            ),
            Equals(ROOT, "computed"),
        ),
        value=_over(laplace.log_sum),
        enclosure=lambda digits, n, sigma: laplace_balls.log_sum(digits, int(n), _weights(sigma)),
        accuracy=TRAPEZOID,
    ),
    Derivation(
        (
            Definition(
                n
                * sp.Integral(
                    t * TRANSFORM ** (n - 1) * gaussian_mean(WEIGHT**2 * sp.exp(-t * WEIGHT), g), (t, 0, sp.oo)
                ),
                "mean of n equal terms (w_j/W)^2: 1/W^2 is the integral of t exp(-t W), in which the other n - 1 "
                "weights are independent of w_j",
            ),
            Equals(ROOT, "computed"),
        ),
        value=_over(laplace.participation),
        enclosure=lambda digits, n, sigma: laplace_balls.participation(digits, int(n), _weights(sigma)),
        accuracy=TRAPEZOID,
        output="participation",
    ),
)

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="mean logarithm of the sum of weights",
    source=Source(
        "Derrida 1981",
        "the random energy model and its frozen phase",
        "secondary",
        title="Random-energy model: An exactly solvable model of disordered systems",
        authors="Derrida, Bernard",
        year="1981",
        note="the text was not read; the formulas for finite n are derived here",
    ),
    derivations=CASES,
    claim=Equal(),
    regime="every n >= 2 and every sigma up to 10, in both phases",
    grid=Grid(
        across="sigma",
        series=({"n": 16}, {"n": 128}),
        values=(0.5, 1.0, 2.0, 4.0),
        extra=({"n": 1024, "sigma": 5.0},),
    ),
    sabotages={
        "the mean weight counts in either phase": sp.log(n) + 2 * sigma**2,
        "the largest weight alone": 2 * sigma * sp.sqrt(2 * sp.log(n)),
        "the formula of the frozen limit": {"participation": sp.Max(FROZEN_SHARE, 1 / n)},
        "weights that hardly spread": {"participation": sp.exp(4 * sigma**2) / n},
    },
)
