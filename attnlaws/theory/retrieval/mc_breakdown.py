"""Of the mean of exp(2 sigma g) the share E Phi(g + 2 sigma)^n lies beyond the largest of n samples, unseen by them.

With g standard normal the share of the mean exp(2 sigma^2) that comes from scores above y is the probability that
g + 2 sigma exceeds y. Above the largest of n sampled scores it is Phi(2 sigma - largest), whose mean is the probability
that a fresh g + 2 sigma exceeds all n of them. While ln n is below 2 sigma^2 most of the mean is unseen, and the sample
mean is far too small.

The output ``unseen_square`` is the same share of the mean square, from which an error bar is taken: it takes
ln n = 8 sigma^2 to see that. In between a Monte Carlo mean may be right while its error bar is not to be trusted.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_density, gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import ROOT, Definition, Derivation, Equals
from attnlaws.theory.vocabulary import Phi, Phi_inverse

PARAMETERS = (
    Parameter("sigma", "standard deviation of the scores", real(above=0, maximum=8)),
    Parameter("n", "number of samples", integer(1, 10**12)),
)
sigma, n = (parameter.symbol for parameter in PARAMETERS)
y = sp.Symbol("y", real=True)

REACH = 40.0
NODES = 8000
TRAPEZOID = LooserAccuracy(1e-10, "an integral computed by the trapezoid rule")


@lru_cache(maxsize=4096)
def _unseen(shift: float, n: float) -> float:
    """The probability that g + shift exceeds n independent standard normal variables."""
    from scipy import special

    y = np.linspace(shift - REACH, shift + REACH, NODES)
    log_term = n * special.log_ndtr(y) - (y - shift) ** 2 / 2
    return float(np.exp(log_term).sum() * (y[1] - y[0]) / np.sqrt(2 * np.pi))


def _ball(digits: int, shift: Any, n: int) -> Any:
    """The same in Arb, by adaptive quadrature with proven errors over the fresh variable."""
    from flint import arb, ctx

    from attnlaws.theory.balls import exact, integrate

    with ctx.workprec(int(3.33 * digits) + 100):
        ahead, root = exact(shift), arb(2).sqrt()

        def integrand(g: Any, analytic: bool) -> Any:
            return (n * (-((g + ahead) / root).erfc() / 2).log1p() - g * g / 2).exp()

        return (integrate(integrand, None, None) / (2 * arb.pi()).sqrt()).real


def _case(factor: int, what: str, output: str) -> Derivation:
    each = np.vectorize(lambda sigma, n: _unseen(factor * float(sigma), float(n)), otypes=[np.float64])
    power = factor // 2
    moment = gaussian_mean(sp.exp(factor * sigma * y), y)
    density = gaussian_density(y) * sp.exp(factor * sigma * y)
    return Derivation(
        (
            Definition(
                sp.Integral(density * Phi(y) ** n, (y, -sp.oo, sp.oo)) / moment,
                f"a score y counts with exp({power} 2 sigma y) in {what}, and lies beyond all n samples with "
                "probability Phi(y)^n",
            ),
            Equals(ROOT, f"complete the square: y is g + {factor} sigma; computed"),
        ),
        value=lambda sigma, n: np.asarray(each(sigma, n)),
        enclosure=lambda digits, sigma, n: _ball(digits, factor * sigma, int(n)),
        accuracy=TRAPEZOID,
        output=output,
    )


LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="share of the mean beyond the largest sample",
    source=Source(
        "attnlaws",
        "rules for simulating means of exponentials",
        "reconstructed",
        note="no paper claims this; it is what the thresholds ln n = 2 sigma^2 and 8 sigma^2 amount to at finite n",
    ),
    derivations=(_case(2, "the mean", "value"), _case(4, "the mean square", "unseen_square")),
    claim=Equal(),
    regime="every n and every sigma up to 8",
    grid=Grid(
        across="sigma",
        series=({"n": 4}, {"n": 100}),
        values=(1.0, 1.5, 2.0),
        extra=({"sigma": 0.5, "n": 4},),
    ),
    sabotages={
        "the largest sample stands where one in n is expected": Phi(2 * sigma + Phi_inverse(1 / n)),
        "the mean is taken for its square": lambda form: sp.sqrt(form),
        "a share of one in n": 1 / n,
    },
)
