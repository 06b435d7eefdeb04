"""With logistic scores of scale b < 1, keeping the kappa n largest of n weights loses I_(1-kappa)(1 + b, 1 - b).

The scores are b times independent standard logistic variables, b ln((1 - u)/u) with u uniform; the weights are
proportional to exp(score), and I is the regularized incomplete beta function. The law is the limit of many scores for
the mass outside the kappa n largest weights, with its first correction for finite n. The mean weight exists for b < 1;
the weights have a variance, and the limit is reached at the rate 1/n, for b < 1/2 only: there it is judged.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from attnlaws.theory.claim import Equal, Source
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
from attnlaws.theory.steps import Derivation, Differentiate
from attnlaws.theory.upper import beta_q
from attnlaws.theory.vocabulary import beta_i

PARAMETERS = (KAPPA, SCALE, NUMBER)
kappa, b, n = (parameter.symbol for parameter in PARAMETERS)
u = sp.Symbol("u", positive=True)

SCORES = Scores(u, sp.S.One, (1 - u) ** b * u ** (-b), low=0, high=1, falling=True)
lost = beta_q(1 - b, 1 + b, kappa)
MEAN = sp.gamma(1 + b) * sp.gamma(1 - b)
SQUARE = sp.gamma(1 + 2 * b) * sp.gamma(1 - 2 * b) / MEAN**2
FORM = "incomplete beta integrals, which vanish at kappa = 1 and have the right derivative"
BY = Differentiate(kappa, at=1)


def level(share: Any) -> Any:
    """The u below which a share of the keys is: those of the largest scores."""
    return share


CURVE = Curve(
    kept=kappa,
    lost=lost,
    mean=MEAN,
    weight=(1 - kappa) ** b * kappa ** (-b) / MEAN,
    density=kappa * (1 - kappa) / b,
    square_lost=SQUARE * beta_q(1 - 2 * b, 1 + 2 * b, kappa),
    square_kept=SQUARE * beta_i(1 - 2 * b, 1 + 2 * b, kappa),
    by=BY,
)

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="tail mass (probability lost)",
    parameters=PARAMETERS,
    source=Source("textbook", "Lorenz curve of the log-logistic distribution", "reconstructed", note="derived here"),
    derivations=(Derivation(limit_steps(SCORES, level(kappa), lost, FORM, MEAN, BY)),),
    claim=Equal(along="n", correction=tail_correction(SCORES, level, n, CURVE, FORM, VARIANCE)),
    regime="many keys, and b < 1/2 for the rate 1/n at which the limit is judged",
    grid=Grid(across="kappa", series=({"b": 0.15}, {"b": 0.3}), values=(0.05, 0.2, 0.6)),
    sabotages={
        "the tail of exponential scores": 1 - kappa ** (1 - b),
        "the parameters exchanged": beta_i(1 - b, 1 + b, 1 - kappa),
        "the mass kept instead of the mass lost": 1 - lost,
        "no softmax: every key weighs the same": 1 - kappa,
    },
)
