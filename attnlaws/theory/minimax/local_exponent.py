"""At every n the risk falls like the power 2 beta/(2 beta + d_q + D) of the sample, the rate in D + d_q dimensions.

The risk exp(-2 u) of the balance log_n = 2 u + d_q u/beta + H(u/beta) is differentiated along it. The entropy H has the
slope D, the number of axes that are longer than a cell (`minimax.effective_dimension`), so the exponent is that of
a Hoelder functional in D + d_q dimensions. D grows with n, and that is all there is to the stretched exponential: it is
the envelope of classical rates. No limit is taken.

Output ``smoothed``: the same with the number of axes without steps, a real number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory import box
from attnlaws.theory.box import axes, beta, count, d_q, level, smooth_count
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.minimax.effective_dimension import HALF, STEPS_OF_LAW, smooth_place, smooth_place_ball
from attnlaws.theory.steps import ROOT, Definition, Derivation, Equals

place = sp.Symbol("X", positive=True)
LOG_RISK = -2 * beta * level


def _along(entropy: Any) -> sp.Expr:
    """The slope of ln R in the size of the sample that has this entropy, turned around."""
    load = (2 * beta + d_q) * level + entropy
    return -sp.Derivative(LOG_RISK, level) / sp.Derivative(load, level)


def exponent_of(number: Any, beta: Any, d_q: Any) -> Any:
    """The exponent in so many resolved axes.

    Example:
        >>> exponent_of(6, 1.0, 0)
        0.25
    """
    return 2 * beta / (2 * beta + d_q + number)


def _value(*, beta: Any, d_q: Any, **given: Any) -> np.ndarray:
    return exponent_of(box.balance(beta=beta, d_q=d_q, **given)[1], beta, d_q)


def _smoothed(*, beta: Any, d_q: Any, **given: Any) -> np.ndarray:
    return exponent_of(smooth_place(beta=beta, d_q=d_q, **given) - 0.5, beta, d_q)


def _ball(*, digits: int, beta: Any, d_q: Any, **given: Any) -> Any:
    from attnlaws.theory.balls import exact

    number = box.balance_ball(digits, beta=beta, d_q=d_q, **given)[1]
    return exponent_of(number, exact(beta), exact(d_q))


def _smoothed_ball(*, digits: int, beta: Any, d_q: Any, **given: Any) -> Any:
    from attnlaws.theory.balls import exact

    number = smooth_place_ball(digits, beta=beta, d_q=d_q, **given) - 0.5
    return exponent_of(number, exact(beta), exact(d_q))


LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=box.PARAMETERS,
    quantity="local exponent of the risk, -d ln R/d ln n",
    source=Source(
        "arXiv:2602.01863",
        "balance of the upper bound, differentiated",
        "reconstructed",
        note="the paper's text was not read; notes of it give the exponent of ln n alone. The identity at finite n is "
        "derived here",
        year="2026",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    _along(count(level)),
                    "minus d ln R/d ln n, R = exp(-2 beta v), along the balance; between two steps D does not change",
                ),
                Equals(exponent_of(axes, beta, d_q), "each of D axes adds the level once"),
                Equals(ROOT, "with D counted as for the effective dimension"),
            ),
            value=_value,
            enclosure=_ball,
            accuracy=LooserAccuracy(1e-12, "log_n within 1e-12 of a step could fall on its other side"),
        ),
        Derivation(
            (
                Definition(
                    _along(smooth_count(level, place, HALF)),
                    "the same along the balance without steps; at its end the integrand is 0, so that the end X moves "
                    "with the level at no cost",
                ),
                Equals(exponent_of(place - HALF, beta, d_q), "the integral of 1 from 1/2 to X"),
                Equals(ROOT, "with X found by bisection"),
            ),
            value=_smoothed,
            enclosure=_smoothed_ball,
            accuracy=LooserAccuracy(1e-12, "a root found by bisection"),
            output="smoothed",
        ),
    ),
    claim=Equal(),
    regime="the volumetric balance, exact at every n beside the steps; a risk follows it up to what powers of D add",
    grid=Grid(
        across="log_n",
        series=STEPS_OF_LAW,
        values=(5.0, 14.0, 28.0, 230.0, 1000.0),
        logx=True,
        extra=(
            {"log_n": 20.0, "alpha": 1.0, "kappa": 0.5, "beta": 0.5, "d_q": 2},
            {"log_n": 60.0, "alpha": 1.0, "kappa": 0.5, "beta": 1.0, "d_q": 8},
        ),
    ),
    sabotages={
        "one axis more": 1 / (1 / ROOT + 1 / (2 * beta)),
        "without the query": 2 * beta / (2 * beta / ROOT - d_q),
        "Lipschitz, whatever beta": 2 / (2 + 2 * beta / ROOT - 2 * beta),
        "without noise": 2 * beta / (2 * beta / ROOT - 2 * beta),
        "the root of the risk": {"value": ROOT / 2, "smoothed": ROOT / 2},
    },
)
