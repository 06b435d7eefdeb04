"""With n samples the volumetric risk of the box falls like exp(-C (ln n)^p), where C = 2 kappa^(1-p) p^(-p).

Here p = alpha/(1 + alpha), and the volumetric risk is exp(-2 u) at the u at which the noise of n samples, spread over
the cells, equals the error inside them: ln n = 2 u + H(u). Axis D of the box is taken to be as long as a cell, and D
goes to infinity: the entropy H is a Riemann sum, and the noise is small beside it. Bounds of the minimax risk differ
from the volumetric one by powers of D, of which the limit sees nothing. It is slow: at alpha = 1, kappa = 1/2 the
constant is 2, while -ln R/(ln n)^p is 1.73 at ln n = 27.6 and 1.985 at ln n = 10^4.

Output ``second_order``: the coefficient of the next term, (ln n)^(2 p - 1), in -ln R. It is what the noise costs, and
half an axis by which the sum is less than the integral: -3 kappa at alpha = 1, whatever n.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from attnlaws.theory.box import ALPHA, EXPONENT, KAPPA, alpha, axes, count, kappa, smooth_count
from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, real
from attnlaws.theory.steps import Cites, Definition, Derivation, Equals, Tends, Using

SIZE = Parameter(
    "log_n",
    "ln of the sample size",
    real(minimum=1, maximum=1 << 34),
    role="simulation",
)
PARAMETERS = (ALPHA, KAPPA, SIZE)
log_n = SIZE.symbol
p = EXPONENT
LAST = kappa * axes**alpha
"""The level at which axis D is as long as a cell."""
y, q = sp.symbols("y q", positive=True)
"""A place along the axes over D, and 1/D."""

RIEMANN = Source(
    "Apostol 1999",
    "Riemann sums, and the first correction of Euler and Maclaurin",
    "secondary",
    title="An elementary view of Euler's summation formula",
    authors="Apostol, Tom M.",
    year="1999",
)
SUM = "the sum over the axes is a Riemann sum of a continuous function: its ratio to the integral tends to 1"
INTEGRAL = "the integral of 1 - x^alpha from 0 to 1 is p"
PLACES = "a cell is as long as axis D = (ln n/(kappa p))^(1/(1 + alpha)) to the first order"
SECOND = (
    "the change with 1/D, at 0, of a balance in units of kappa D^(1 + alpha): the noise adds 2/D, and the sum over the "
    "axes is the integral from half an axis on"
)


def load(weight: Any) -> sp.Expr:
    """The balance at the level of axis 1/q, in units of kappa q^-(1 + alpha), to the first order in q."""
    return weight * q + sp.Integral(1 - y**alpha, (y, q / 2, 1))


def slope(function: Any) -> sp.Expr:
    """The slope of a function of q at 0."""
    return sp.Subs(sp.Derivative(function, q), q, 0)


def counted(weight: Any) -> Using:
    """The strategy that integrates the balance at the level of axis D first, and takes its power then."""
    total = weight * LAST + smooth_count(LAST, axes)
    return Using((total, weight * LAST + axes * LAST * p))


UNIT = (kappa * p) ** (1 - p)
"""1/D times the power 1/(1 + alpha) of ln n."""
FINITE = 2 * kappa ** (1 - p) * load(2) ** -p
FORM = 2 * kappa ** (1 - p) * p**-p
NEXT = -3 * kappa ** (2 * (1 - p)) * p ** (1 - 2 * p)

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="-ln R over (ln n)^p",
    source=Source(
        "arXiv:2602.01863",
        "Theorems 1 and 2",
        "reconstructed",
        note="the paper's text was not read; its abstract and notes of it give the power p of ln n and leave the "
        "constants open. The constant of the box, and the next term, are derived here",
        year="2026",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    2 * LAST / (2 * LAST + count(LAST)) ** p,
                    "2 u over the power p of ln n = 2 u + H(u), at the level u at which axis D is as long as a cell",
                ),
                Cites(2 * LAST / (2 * LAST + smooth_count(LAST, axes)) ** p, RIEMANN, SUM),
                Equals(2 * kappa ** (1 - p) * (p + 2 / axes) ** -p, INTEGRAL, by=counted(2)),
                Tends(FORM, axes, "the noise is of the order of 1/D beside the cells"),
            )
        ),
        Derivation(
            (
                Definition(slope(FINITE) * UNIT, f"{SECOND}; {PLACES}"),
                Equals(NEXT, "the slope of the balance in 1/D is 2 - 1/2"),
            ),
            output="second_order",
        ),
    ),
    claim=Equal(
        along="log_n",
        correction=Derivation(
            (
                Definition(slope(FINITE) * UNIT / log_n ** (1 - p), f"{SECOND}; {PLACES}"),
                Cites(slope(FINITE) * UNIT / log_n ** (1 - p), RIEMANN, "the rest of the sum is of lower order"),
                Equals(NEXT / log_n ** (1 - p), "the slope of the balance in 1/D is 2 - 1/2"),
            )
        ),
    ),
    regime="many resolved axes: the first correction is 3/(2 D) of the constant, and of the second order's coefficient "
    "a share of the order of 1/D, or of D^(-alpha) where alpha is below 1; powers of D that separate bounds of the "
    "risk add terms of the order of D ln D to -ln R",
    grid=Grid(
        across="alpha",
        series=({"kappa": 0.05}, {"kappa": 0.5}),
        values=(0.5, 0.75, 1.0, 1.5, 2.0),
        ladder={
            "point": {"alpha": 1.0, "kappa": 0.5},
            "along": "log_n",
            "values": tuple(4**k for k in range(2, 15)),
        },
    ),
    sabotages={
        "without the factor 2": lambda form: form / 2,
        "as if all axes were as long as the first": 2 * kappa ** (1 - p),
        "p^p for p^(-p)": FORM * p ** (2 * p),
        "the power p of kappa": FORM * kappa ** (2 * p - 1),
        "the noise costs nothing": {"second_order": -NEXT / 3},
        "a sum is its integral": {"second_order": NEXT * sp.Rational(4, 3)},
    },
)
