"""With Gumbel scores of scale b < 1, keeping the kappa n largest of n weights loses Q(1 - b, -ln(1 - kappa)).

The scores are b times independent standard Gumbel variables, -b ln(y) with y exponential, so that the weights
exp(score) are y^(-b); Q is the regularized upper incomplete gamma function. The law is the limit of many scores for the
mass outside the kappa n largest weights, with its first correction for finite n. The mean weight exists for b < 1; the
weights have a variance, and the limit is reached at the rate 1/n, for b < 1/2 only: there it is judged.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.lorenz import (
    KAPPA,
    NUMBER,
    SCALE,
    VARIANCE,
    Curve,
    Scores,
    limit_steps,
    tail_correction,
)
from attnlaws.theory.steps import Derivation
from attnlaws.theory.upper import gamma_q
from attnlaws.theory.vocabulary import gamma_p, log1p

PARAMETERS = (KAPPA, SCALE, NUMBER)
kappa, b, n = (parameter.symbol for parameter in PARAMETERS)
y = sp.Symbol("y", positive=True)

SCORES = Scores(y, sp.exp(-y), y ** (-b), low=0, falling=True)
SQUARE = sp.gamma(1 - 2 * b) / sp.gamma(1 - b) ** 2
FORM = "incomplete gamma integrals"


def level(share: Any) -> Any:
    """The y below which a share of the keys is: those of the largest scores."""
    return -log1p(-share)


lost = gamma_q(1 - b, level(kappa))
CURVE = Curve(
    kept=kappa,
    lost=lost,
    mean=sp.gamma(1 - b),
    weight=level(kappa) ** (-b) / sp.gamma(1 - b),
    density=(1 - kappa) * level(kappa) / b,
    square_lost=SQUARE * gamma_q(1 - 2 * b, level(kappa)),
    square_kept=SQUARE * gamma_p(1 - 2 * b, level(kappa)),
)

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="tail mass (probability lost)",
    parameters=PARAMETERS,
    source=Source("textbook", "Lorenz curve of the Frechet distribution", "reconstructed", note="derived here"),
    derivations=(
        Derivation(
            limit_steps(SCORES, level(kappa), lost, FORM, sp.gamma(1 - b)),
            accuracy=LooserAccuracy(
                1e-13, "an incomplete gamma function whose first parameter goes to 0 as b goes to 1"
            ),
        ),
    ),
    claim=Equal(along="n", correction=tail_correction(SCORES, level, n, CURVE, FORM, VARIANCE)),
    regime="many keys, and b < 1/2 for the rate 1/n at which the limit is judged",
    grid=Grid(across="kappa", series=({"b": 0.15}, {"b": 0.3}), values=(0.05, 0.2, 0.6)),
    sabotages={
        "the tail of exponential scores": 1 - kappa ** (1 - b),
        "the lower function of the share itself": gamma_p(1 - b, kappa),
        "the mass kept instead of the mass lost": 1 - lost,
        "no softmax: every key weighs the same": 1 - kappa,
    },
)
