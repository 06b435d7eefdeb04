"""With scores uniform over a width B, keeping the kappa n largest of n weights loses (e^(B(1-kappa)) - 1)/(e^B - 1).

The scores are independent and uniform on an interval of length B, wherever it lies; the weights are proportional to
exp(score). The law is the limit of many scores for the mass outside the kappa n largest weights, with its first
correction for finite n. The weights are bounded, so there is no width at which single keys come to carry the mass.

The output ``k_eps`` is the limit of k_eps/n, the fraction of the keys that loses at most the share eps.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.lorenz import (
    EPS,
    KAPPA,
    NUMBER,
    Curve,
    Scores,
    kept_correction,
    kept_steps,
    limit_steps,
    tail_correction,
)
from attnlaws.theory.parameter import Parameter, real
from attnlaws.theory.steps import Derivation
from attnlaws.theory.vocabulary import gamma_p, log1p

PARAMETERS = (
    KAPPA,
    Parameter("width", "largest score less the smallest one that is possible", real(minimum=1e-3, maximum=100)),
    EPS,
    NUMBER,
)
kappa, width, eps, n = (parameter.symbol for parameter in PARAMETERS)
x = sp.Symbol("x", positive=True)

SCORES = Scores(x, sp.S.One, sp.exp(width * x), low=0, high=1)
SPAN = gamma_p(1, width)  # 1 - exp(-width)
MEAN = sp.exp(width) * SPAN / width
SMALLEST = eps + (1 - eps) * sp.exp(-width)
"""Weight at the level where eps is lost, over the largest weight."""


def level(share: Any) -> Any:
    """The score, over the width, that a share of the keys exceeds."""
    return 1 - share


lost = sp.exp(-width * kappa) * gamma_p(1, width * (1 - kappa)) / SPAN
kept = log1p((1 - eps) * SPAN / SMALLEST) / width
FORM = "integrals of exponentials; P(1, x) = 1 - exp(-x)"


def _curve(share: Any, tail: Any, at_level: Any) -> Curve:
    return Curve(
        kept=share,
        lost=tail,
        mean=MEAN,
        weight=width * at_level / SPAN,
        density=1 / width,
        square_lost=width * (at_level**2 - sp.exp(-2 * width)) / (2 * SPAN**2),
        square_kept=width * (1 - at_level**2) / (2 * SPAN**2),
    )


TAIL = tail_correction(SCORES, level, n, _curve(kappa, lost, sp.exp(-width * kappa)), FORM)
KEPT = kept_correction(SCORES, level, n, _curve(kept, eps, SMALLEST), FORM, output="k_eps")

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="tail mass (probability lost)",
    parameters=PARAMETERS,
    source=Source("textbook", "Lorenz curve of a log-uniform variable", "reconstructed", note="derived here"),
    derivations=(
        Derivation(limit_steps(SCORES, level(kappa), lost, FORM, MEAN)),
        Derivation(kept_steps(SCORES, level, eps, lost, kept, FORM, MEAN), output="k_eps"),
    ),
    claim=Equal(along="n", correction=TAIL, further=(KEPT,)),
    regime="many keys: kappa n well above 1, and the width well below kappa n",
    grid=Grid(
        across="kappa",
        series=({"width": 1.0, "eps": 0.1}, {"width": 4.0, "eps": 0.01}),
        values=(0.05, 0.2, 0.6),
    ),
    sabotages={
        "no softmax: every key weighs the same": 1 - kappa,
        "half the width": lost.subs(width, width / 2),
        "the mass kept instead of the mass lost": 1 - lost,
        "the fraction kept and the mass kept are the same": {"k_eps": 1 - eps},
        "the share kept instead of the share lost": {"k_eps": kept.subs(eps, 1 - eps)},
    },
)
