"""The squares of n softmax probabilities have a sum of mean int n t psi^(n-1) psi'' dt, exact for every law of scores.

psi(t) = E exp(-t w) is the Laplace transform of one weight w = exp(sigma X), and the integral runs over t > 0. One over
the sum is the participation ratio, about the number of keys that share the attention. ``scores`` is the law of X:
standard normal, exponential with mean 1, Laplace with scale 1, or uniform in (0, 1). Where E w^2 exists and n is large
the sum is near E w^2/(n (E w)^2); frozen rows, in which a few weights carry the sum, are as far from that as may be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory import finite_rows, laplace, laplace_balls
from attnlaws.theory.balls import exact
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_density
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, choice, integer, real
from attnlaws.theory.score_laws import SCORES
from attnlaws.theory.steps import ROOT, Definition, Derivation, Equals
from attnlaws.theory.weights import Lognormal

PARAMETERS = (
    Parameter("n", "number of keys", integer(2, 10**6)),
    Parameter("sigma", "factor of the scores", real(minimum=0.05, maximum=8)),
    Parameter("scores", "law of the scores before the factor", choice(*SCORES), default="gaussian"),
)
n, sigma = (parameter.symbol for parameter in PARAMETERS[:2])
t, x = sp.Symbol("t", positive=True), sp.Symbol("x", real=True)

DENSITIES: dict[str, tuple[tuple[Any, Any, Any], ...]] = {
    "gaussian": ((gaussian_density(x), -sp.oo, sp.oo),),
    "exponential": ((sp.exp(-x), 0, sp.oo),),
    "laplace": ((sp.exp(x) / 2, -sp.oo, 0), (sp.exp(-x) / 2, 0, sp.oo)),
    "uniform": ((sp.S.One, 0, 1),),
}
"""The density of a score in pieces, each with its ends."""
WEIGHT = sp.exp(sigma * x)


def mean(scores: str, function: sp.Expr) -> sp.Expr:
    """The mean of a function of one score x, not evaluated."""
    return sp.Add(*(sp.Integral(function * density, (x, low, high)) for density, low, high in DENSITIES[scores]))


# --- one weight, in balls -------------------------------------------------------------------------------------------


def _exponential_ball(t: Any, a: Any) -> tuple[Any, Any]:
    """The mean of exp(-t w) and of (t w)^2 exp(-t w) for w = exp(X/a): exponential integrals."""
    return a * t.expint(1 + a), a * t * t * t.expint(a - 1)


def _laplace_ball(t: Any, a: Any) -> tuple[Any, Any]:
    """Half of them from above, half from scores below 0, where w is in (0, 1)."""
    above, square = _exponential_ball(t, a)
    low, low_square = (a * (a + k).gamma() * t.gamma_lower(a + k, regularized=2) for k in (0, 2))
    return (above + low) / 2, (square + t * t * low_square) / 2


def _uniform_ball(t: Any, a: Any) -> tuple[Any, Any]:
    top = t * (1 / a).exp()
    return a * (t.expint(1) - top.expint(1)), a * ((1 + t) * (-t).exp() - (1 + top) * (-top).exp())


ONE_WEIGHT: dict[str, Callable[[Any, Any], tuple[Any, Any]]] = {
    "exponential": _exponential_ball,
    "laplace": _laplace_ball,
    "uniform": _uniform_ball,
}


def _ball(scores: str, digits: int, count: int, factor: Any) -> Any:
    from flint import acb

    if scores == "gaussian":
        return laplace_balls.participation(digits, count, Lognormal(lambda: exact(factor)))

    def one(t: Any) -> tuple[Any, Any]:
        psi, square = ONE_WEIGHT[scores](acb(t), acb(1) / exact(factor))
        return psi.real, square.real

    return laplace_balls.participation_of(digits, count, one)


def _case(scores: str) -> Derivation:
    def each(n: float, sigma: float) -> float:
        gaussian = scores == "gaussian"
        return laplace.participation(n, sigma) if gaussian else finite_rows.participation(scores, n, sigma)

    over = np.vectorize(lambda n, sigma: each(float(n), float(sigma)), otypes=[np.float64])
    psi, square = mean(scores, sp.exp(-t * WEIGHT)), mean(scores, WEIGHT**2 * sp.exp(-t * WEIGHT))
    return Derivation(
        (
            Definition(
                n * sp.Integral(t * psi ** (n - 1) * square, (t, 0, sp.oo)),
                "mean of n equal terms (w/Z)^2: 1/Z^2 is the integral of t exp(-t Z), in which the other n - 1 weights "
                "are independent of w",
            ),
            Equals(ROOT, "computed"),
        ),
        when={"scores": scores},
        value=lambda n, sigma: np.asarray(over(n, sigma)),
        enclosure=lambda digits, n, sigma: _ball(scores, digits, int(n), sigma),
        accuracy=LooserAccuracy(1e-9, "integrals over an integral, computed by the trapezoid rule"),
    )


LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="mean sum of squared probabilities",
    source=Source(
        "Derrida 1981",
        "the random energy model, whose participation ratio is one over this sum",
        "secondary",
        title="Random-energy model: An exactly solvable model of disordered systems",
        authors="Derrida, Bernard",
        year="1981",
        note="the text was not read; the formula for finite n and other scores is derived here",
    ),
    derivations=tuple(_case(scores) for scores in SCORES),
    claim=Equal(),
    regime="every n from 2 to 10^6 and every factor up to 8, frozen or not",
    grid=Grid(
        across="sigma",
        series=tuple({"n": 32, "scores": scores} for scores in SCORES),
        values=(0.5, 1.5, 3.0),
    ),
    sabotages={
        "mean weights in a Gaussian row": {"gaussian": sp.exp(sigma**2) / n},
        "the frozen limit in an exponential row": {"exponential": sp.Max(1 - 1 / sigma, 1 / n)},
        "mean weights in a uniform row": {"uniform": sigma / (2 * n * sp.tanh(sigma / 2)) * sp.S(11) / 10},
        "a Laplace row as an exponential one of half the keys": {"laplace": sp.Max(1 - 1 / sigma, 2 / n)},
    },
)
