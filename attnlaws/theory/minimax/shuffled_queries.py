"""Flipping the tag of a share f of the queries costs 4 f (sum of lambda^2 + (sum of lambda)^2) in mean square.

Two documents with opposite tags +1 and -1 hold independent standard normal coefficients Z_1, ..., Z_M. The target is
the tag asked for times S, the sum of lambda_j Z_j^2 over that document, with lambda_j = exp(-j^alpha). A memory that
recalls without error answers a query of the wrong tag with minus the other document's sum: it is off by the sum of two
independent copies of S. With half of the queries shuffled that is Var S + 2 (E S)^2.

The output ``uniform`` is the least mean square error of attention that does not look at tags: it reads the mean of the
two documents' coefficients, and three quarters of Var S are beyond what that says of S.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_mean
from attnlaws.theory.enclose import enclose
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import ROOT, Definition, Derivation, Equals, Using

PARAMETERS = (
    Parameter("alpha", "exponent of the spectrum lambda_j = exp(-j^alpha)", real(minimum=0.1, maximum=4)),
    Parameter("modes", "number of coefficients", integer(1, 1000)),
    Parameter("flipped", "share of the queries with the wrong tag", real(above=0, maximum=1)),
)
alpha, modes, flipped = (parameter.symbol for parameter in PARAMETERS)
j = sp.Symbol("j", integer=True, positive=True)
w, y, z = sp.symbols("w y z", real=True)

SPECTRUM = sp.exp(-(j**alpha))
SUM: Any = sp.Sum(SPECTRUM, (j, 1, modes))
SQUARES: Any = sp.Sum(SPECTRUM**2, (j, 1, modes))
HALF = sp.Rational(1, 2)


def spectrum(alpha: float, modes: int) -> np.ndarray:
    """The weights lambda_j of the target.

    Args:
        alpha: exponent of the spectrum.
        modes: how many.

    Example:
        >>> spectrum(1.0, 2).round(4).tolist()
        [0.3679, 0.1353]
    """
    return np.exp(-(np.arange(1.0, modes + 1) ** alpha))


def _penalty(alpha: np.ndarray, modes: np.ndarray, flipped: np.ndarray) -> np.ndarray:
    def one(exponent: float, count: float, share: float) -> float:
        weights = spectrum(exponent, int(count))
        return 4 * share * float(weights @ weights + weights.sum() ** 2)

    return np.asarray(np.vectorize(one, otypes=[np.float64])(alpha, modes, flipped))


def _floor(alpha: np.ndarray, modes: np.ndarray, **_: np.ndarray) -> np.ndarray:
    def one(exponent: float, count: float) -> float:
        return 1.5 * float((spectrum(exponent, int(count)) ** 2).sum())

    return np.asarray(np.vectorize(one, otypes=[np.float64])(alpha, modes))


MEAN = gaussian_mean(z**2, z)
FOURTH = gaussian_mean(z**4, z)


def _left_over() -> sp.Expr:
    """The mean variance of Z^2 given w = (Z + Z')/2: then Z is w + y with y independent, both of variance 1/2.

    2 w y and y^2 are uncorrelated, so that their variances add up.
    """
    square = gaussian_mean(y**2, y, HALF)
    return 4 * gaussian_mean(w**2, w, HALF) * square + gaussian_mean(y**4, y, HALF) - square**2


CLOSED = flipped * (4 * SQUARES + (2 * SUM) ** 2)
FLOOR = sp.Rational(3, 2) * SQUARES
ADDED_UP = LooserAccuracy(1e-12, "a sum of up to a thousand terms, as they stand")

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="mean square error added by wrong tags",
    source=Source(
        "arXiv:2602.01863",
        "the sanity experiment with shuffled queries",
        "reconstructed",
        title="Transformers as Measure-Theoretic Associative Memory: A Statistical Perspective",
        authors="Kawata, Ryotaro and Suzuki, Taiji",
        year="2026",
        note="the paper's text was not read; the experiment's set-up is quoted by secondary notes, the formula is "
        "derived here",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    flipped * (2 * (FOURTH - MEAN**2) * SQUARES + (2 * MEAN * SUM) ** 2),
                    "a wrong tag gives minus the other sum; the mean square of a sum of two independent copies is "
                    "their variances and the square of their mean",
                ),
                Equals(
                    CLOSED,
                    "a squared normal coefficient has mean 1 and variance 2",
                    by=Using((FOURTH, sp.Integer(3)), (MEAN, sp.Integer(1))),
                ),
                Equals(ROOT, "added up"),
            ),
            value=_penalty,
            enclosure=lambda digits, **point: enclose(CLOSED, _symbols(point), digits),
            accuracy=ADDED_UP,
        ),
        Derivation(
            (
                Definition(
                    _left_over() * SQUARES,
                    "variance of S that is left when the means of both documents' coefficients are known",
                ),
                Equals(FLOOR, "moments of normal variables", by=Using((_left_over(), sp.Rational(3, 2)))),
                Equals(ROOT, "added up"),
            ),
            value=_floor,
            enclosure=lambda digits, **point: enclose(FLOOR, _symbols(point), digits),
            accuracy=ADDED_UP,
            output="uniform",
        ),
    ),
    claim=Equal(),
    delta=0.05,
    delta_reason="the square of a sum of squares has heavy tails: 1 % would take 25 times the draws, and the wrong "
    "formulas differ by a third or more",
    regime="every spectrum, number of coefficients and share of wrong tags",
    grid=Grid(
        across="alpha",
        series=({"modes": 6, "flipped": 0.5},),
        values=(0.7, 1, 2),
        extra=({"modes": 3, "flipped": 1, "alpha": 1},),
    ),
    sabotages={
        "only the first coefficient counts": {
            "value": 8 * flipped * sp.exp(-2),
            "uniform": sp.Rational(3, 2) * sp.exp(-2),
        },
        "every query is shuffled": lambda form: form / flipped,
        "the signs agree, and only the variances are left": 8 * flipped * sp.exp(-2),
        "uniform attention knows nothing of the target": {"uniform": ROOT * sp.Rational(4, 3)},
    },
)


def _symbols(point: dict[str, Any]) -> dict[sp.Symbol, Any]:
    return {symbol: point[symbol.name] for symbol in (alpha, modes, flipped) if symbol.name in point}
