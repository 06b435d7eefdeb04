"""With exponential scores of scale b < 1, keeping the kappa n largest of n weights loses 1 - kappa^(1 - b) of the mass.

The scores are b times independent exponential variables, so that the weights exp(score) have the Pareto tail
u^(-b): a weight exceeded by a share u of the others. The law is the limit of many scores, with its first correction
for finite n. The mean weight exists for b < 1; the weights have a variance, and the limit is reached at the rate 1/n,
for b < 1/2 only: there it is judged. For b > 1 the largest weights make up the whole sum, and there is no such limit.

The output ``k_eps`` is the limit of k_eps/n, the fraction of the keys that loses at most the share eps;
``log_k_eps`` is its natural logarithm, for fractions below the range of float64.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.lorenz import (
    EPS,
    KAPPA,
    NUMBER,
    SCALE,
    VARIANCE,
    Curve,
    Scores,
    kept_correction,
    kept_steps,
    limit_steps,
    tail_correction,
)
from attnlaws.theory.steps import Definition, Derivation, Equals
from attnlaws.theory.vocabulary import gamma_p, log1p

PARAMETERS = (KAPPA, SCALE, EPS, NUMBER)
kappa, b, eps, n = (parameter.symbol for parameter in PARAMETERS)
x = sp.Symbol("x", positive=True)

SCORES = Scores(x, sp.exp(-x), sp.exp(b * x), low=0)
lost = gamma_p(1, -(1 - b) * sp.log(kappa))
kept = sp.exp(log1p(-eps) / (1 - b))
GAIN = (1 - b) ** 2 / (1 - 2 * b)


def level(share):
    """The score, over b, that a share of the keys exceeds."""
    return -sp.log(share)


def _curve(share: sp.Expr, tail: sp.Expr) -> Curve:
    return Curve(
        kept=share,
        lost=tail,
        mean=1 / (1 - b),
        weight=(1 - b) * share ** (-b),
        density=share / b,
        square_lost=GAIN * (1 - share ** (1 - 2 * b)),
        square_kept=GAIN * share ** (1 - 2 * b),
    )


def _logarithm() -> Derivation:
    share = SCORES.kept(-log1p(-eps) / (1 - b))
    return Derivation(
        (
            Definition(sp.log(share), "logarithm of the share of the keys above the level at which eps is lost"),
            Equals(log1p(-eps) / (1 - b), "the integral of exp(-x)"),
        ),
        output="log_k_eps",
    )


REASON = "the integrals are powers of the share of the keys above the level"
TAIL = tail_correction(SCORES, level, n, _curve(kappa, 1 - kappa ** (1 - b)), REASON, VARIANCE)
KEPT = kept_correction(SCORES, level, n, _curve((1 - eps) ** (1 / (1 - b)), eps), REASON, VARIANCE, "k_eps")

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="tail mass (probability lost)",
    parameters=PARAMETERS,
    source=Source("textbook", "Lorenz curve of the Pareto distribution", "reconstructed", note="derived here"),
    derivations=(
        Derivation(limit_steps(SCORES, level(kappa), lost, "P(1, x) = 1 - exp(-x)", 1 / (1 - b))),
        Derivation(kept_steps(SCORES, level, eps, lost, kept, "P(1, x) = 1 - exp(-x)", 1 / (1 - b)), output="k_eps"),
        _logarithm(),
    ),
    claim=Equal(along="n", correction=TAIL, further=(KEPT,)),
    regime="many keys, and b < 1/2 for the rate 1/n at which the limit is judged",
    grid=Grid(
        across="kappa",
        series=({"b": 0.15, "eps": 0.1}, {"b": 0.3, "eps": 0.3}),
        values=(0.05, 0.2, 0.6),
        ladder={"point": {"kappa": 0.1, "b": 0.3}, "along": "n", "values": (64, 256, 1024, 4096)},
    ),
    sabotages={
        "the exponent of the weights' tail": 1 - kappa**b,
        "the mass kept instead of the mass lost": kappa ** (1 - b),
        "no softmax: every key weighs the same": 1 - kappa,
        "the share lost instead of the share kept": {"k_eps": eps ** (1 / (1 - b))},
        "the fraction kept and the mass kept are the same": {"k_eps": 1 - eps},
    },
)
