"""A functional of Hoelder exponent beta <= 1 leaves the power of ln n alone and makes the constant beta times smaller.

Its error within cells of width exp(-v) is exp(-beta v), and its volumetric risk is exp(-2 beta v) at the v where
ln n = 2 beta v + H(v); `minimax.constant` is beta = 1. What the noise costs changes, and so does the next term; the
cells do not. In a finite dimension D the same functional has the exponent 2 beta/(2 beta + D), in which beta is no
factor: here D grows until it is one. The slope at finite n is `minimax.local_exponent`.

Output ``second_order``: the coefficient of (ln n)^(2 p - 1) in -ln R, p = alpha/(1 + alpha). It vanishes at beta = 1/4,
where the noise costs as much as half an axis saves.
"""

from __future__ import annotations

from attnlaws.theory.box import ALPHA, BETA, EXPONENT, KAPPA, axes, beta, count, kappa, smooth_count
from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.minimax.constant import (
    INTEGRAL,
    LAST,
    PLACES,
    RIEMANN,
    SECOND,
    SIZE,
    SUM,
    UNIT,
    counted,
    load,
    log_n,
    slope,
)
from attnlaws.theory.steps import Cites, Definition, Derivation, Equals, Tends

PARAMETERS = (ALPHA, KAPPA, BETA, SIZE)
p = EXPONENT
FINITE = 2 * beta * kappa ** (1 - p) * load(2 * beta) ** -p
FORM = 2 * beta * kappa ** (1 - p) * p**-p
NEXT = -beta * (4 * beta - 1) * kappa ** (2 * (1 - p)) * p ** (1 - 2 * p)

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="-ln R over (ln n)^p",
    source=Source(
        "arXiv:2602.01863",
        "Theorems 1 and 2, for rougher functionals",
        "reconstructed",
        note="the paper's text was not read; notes of it are about Lipschitz functionals. Derived here",
        year="2026",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    2 * beta * LAST / (2 * beta * LAST + count(LAST)) ** p,
                    "2 beta v over the power p of ln n = 2 beta v + H(v), at the level of axis D",
                ),
                Cites(2 * beta * LAST / (2 * beta * LAST + smooth_count(LAST, axes)) ** p, RIEMANN, SUM),
                Equals(2 * beta * kappa ** (1 - p) * (p + 2 * beta / axes) ** -p, INTEGRAL, by=counted(2 * beta)),
                Tends(FORM, axes, "the noise is of the order of 1/D beside the cells"),
            )
        ),
        Derivation(
            (
                Definition(slope(FINITE) * UNIT, f"{SECOND.replace('2/D', '2 beta/D')}; {PLACES}"),
                Equals(NEXT, "the slope of the balance in 1/D is 2 beta - 1/2"),
            ),
            output="second_order",
        ),
    ),
    claim=Equal(
        along="log_n",
        correction=Derivation(
            (
                Definition(slope(FINITE) * UNIT / log_n ** (1 - p), f"{SECOND.replace('2/D', '2 beta/D')}; {PLACES}"),
                Cites(slope(FINITE) * UNIT / log_n ** (1 - p), RIEMANN, "the rest of the sum is of lower order"),
                Equals(NEXT / log_n ** (1 - p), "the slope of the balance in 1/D is 2 beta - 1/2"),
            )
        ),
    ),
    regime="beta up to 1; a smoother functional (beta > 1) would need more than one number per cell, which costs "
    "powers of D and is not derived here",
    grid=Grid(
        across="beta",
        series=({"alpha": 0.75, "kappa": 0.5}, {"alpha": 1.0, "kappa": 0.5}, {"alpha": 1.5, "kappa": 0.1}),
        values=(0.4, 0.55, 0.7, 0.85, 1.0),
    ),
    sabotages={
        "no change": FORM / beta,
        "as in finitely many dimensions": FORM * 2 / (1 + beta),
        "the power p of beta": FORM * beta ** (p - 1),
        "the next term scales with beta too": {"second_order": NEXT * 3 / (4 * beta - 1)},
    },
)
