"""A softmax row of any length is its largest scores, drawn as a Poisson process, and the mean weight of the others.

The scores are normal with standard deviation sigma. Of n of them those above a level u, about `drawn` in number, are
drawn as a Poisson process of density n phi; the weights below enter by their mean, n exp(sigma^2/2) Phi(u - sigma), and
their squares by theirs. The cost does not depend on n, so that rows of 10^12 keys can be simulated in either phase.
Counts of scores are then Poisson instead of binomial, which changes means by order 1/n.

What is judged is the mean of the sum of squared probabilities, for which the exact value at every n is one integral.
The simulation also reports `keys`, the number k_eps of keys that lose at most eps of the mass: it can be trusted where
`drawn` is several times as large, and is one more than the scores drawn where those do not suffice.
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
from attnlaws.theory.topk import freezing
from attnlaws.theory.weights import Lognormal

PARAMETERS = (
    Parameter("n", "number of keys", integer(1000, 10**12)),
    Parameter("sigma", "standard deviation of the scores", real(above=0, maximum=20)),
    Parameter("drawn", "scores drawn one by one, in the mean", integer(16, 10**5), default=64, role="simulation"),
    Parameter("eps", "share of the mass that `keys` may lose", real(above=0, below=1), default=0.1, role="simulation"),
)
n, sigma = (parameter.symbol for parameter in PARAMETERS[:2])
t, x = sp.Symbol("t", positive=True), sp.Symbol("x", real=True)
DRAWN = {"drawn": 64, "eps": 0.1}
HAZARD = freezing.HAZARD.xreplace({freezing.n: n})
WEIGHT = sp.exp(sigma * x)


def _value(n: Any, sigma: Any) -> np.ndarray:
    each = np.vectorize(lambda n, sigma: laplace.participation(float(n), float(sigma)), otypes=[np.float64])
    return np.asarray(each(n, sigma))


LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="mean of the sum of squared probabilities",
    parameters=PARAMETERS,
    source=Source(
        "attnlaws",
        "a sampler of long rows",
        "reconstructed",
        note="no paper claims this; that the largest of many independent variables are a Poisson process is of the "
        "literature on extremes",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    n
                    * sp.Integral(
                        t
                        * gaussian_mean(sp.exp(-t * WEIGHT), x) ** (n - 1)
                        * gaussian_mean(WEIGHT**2 * sp.exp(-t * WEIGHT), x),
                        (t, 0, sp.oo),
                    ),
                    "mean of n equal terms (w_j/Z)^2 of a whole row: 1/Z^2 is the integral of t exp(-t Z), in which "
                    "the other n - 1 weights are independent of w_j",
                ),
                Equals(ROOT, "computed"),
            ),
            value=_value,
            enclosure=lambda digits, n, sigma: laplace_balls.participation(
                digits, int(n), Lognormal(lambda: exact(sigma))
            ),
            accuracy=LooserAccuracy(1e-10, "integrals over an integral, computed by the trapezoid rule"),
        ),
    ),
    claim=Equal(),
    delta=0.03,
    delta_reason="shares in frozen rows spread as widely as their mean is large, and draws grow as 1/delta^2; the "
    "wrong formulas are off by more",
    regime="n of 1000 or more, and ten times the scores drawn one by one, in both phases",
    grid=Grid(
        across="sigma",
        series=({"n": 10**6, **DRAWN}, {"n": 10**12, **DRAWN}),
        values=(7.0, 9.0, 12.0),
        extra=({"n": 10**12, "sigma": 2.0, **DRAWN}, {"n": 1000, "sigma": 4.0, **DRAWN}),
    ),
    sabotages={
        "weights that hardly spread": sp.exp(sigma**2) / n,
        "the frozen limit from sqrt(2 ln n) on": sp.Max(1 - sp.sqrt(2 * sp.log(n)) / sigma, 1 / n),
        "the frozen limit from the hazard on": sp.Max(1 - HAZARD / sigma, 1 / n),
    },
)
