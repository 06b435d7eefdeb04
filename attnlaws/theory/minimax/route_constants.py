"""Bounds that take the axes for equally long have constants 1 and (1 + alpha) alpha^(-p) where the box has p^(-p).

With axes exp(-kappa j^alpha), p = alpha/(1 + alpha), the volumetric risk of the box falls like exp(-C (ln n)^p)
(`minimax.constant`). An upper bound that cuts off all but D axes and treats those as equally long has the balance
ln n = (2 + D) u at u = kappa D^alpha, and the smaller constant 2 kappa^(1-p), the unit here. A lower bound that shrinks
the box to the cube of its D-th axis has u = kappa D^alpha + ln n/D at best, and a larger one. What lies between them is
what a proof loses that forgets that the axes differ: a factor of 2 at alpha = 1, in the exponent. The box's constant is
farthest from the unit at p = 1/e, alpha = 0.582, where it is e^(1/e) = 1.4447.

Outputs: ``sharp``, the constant of the box; ``low``, that of the cube.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.box import ALPHA, EXPONENT, alpha, axes, count, j, kappa, semi_axis, smooth_count
from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.minimax.constant import INTEGRAL, LAST, RIEMANN, SUM
from attnlaws.theory.steps import AtLeast, Cites, Definition, Derivation, Equals, Tends

p = EXPONENT
share = sp.Symbol("t", positive=True)
"""Axes of the cube over the axes that the upper bound resolves at the same n."""
EQUAL = 2 * LAST + sp.Sum(LAST, (j, 1, axes))
"""The balance of the upper bound at the level of axis D, all axes being equally long."""
RESOLVED = kappa * (axes / share) ** alpha
SIZE = RESOLVED * (2 + axes / share)
"""ln n at which the upper bound resolves D/t axes, and the level there before it."""

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=(ALPHA,),
    quantity="constant in the exponent of the risk, over that of equally long axes",
    source=Source(
        "arXiv:2602.01863",
        "routes of the two proofs",
        "reconstructed",
        note="the paper's text was not read; notes of it say that constants are not matched, and name the routes. What "
        "they give for the box is derived here, and other versions of them may give other constants",
        year="2026",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    (EQUAL / (2 * LAST + count(LAST))) ** p,
                    "u over the power p of ln n, with the axes as they are over that with equally long ones, at the "
                    "level of axis D",
                ),
                Cites((EQUAL / (2 * LAST + smooth_count(LAST, axes))) ** p, RIEMANN, SUM),
                Equals(((2 + axes) / (2 + axes * p)) ** p, INTEGRAL),
                Tends(p**-p, axes, "the noise is of the order of 1/D beside the cells"),
            ),
            output="sharp",
        ),
        Derivation(
            (
                Definition(
                    (SIZE - sp.Sum(sp.log(semi_axis(axes)), (j, 1, axes))) / ((2 + axes) * RESOLVED),
                    "the level at which ln n = 2 u + D (u - kappa D^alpha), the balance of the cube, over the level of "
                    "equally long axes at the same n",
                ),
                Equals((2 + axes / share + axes * share**alpha) / (2 + axes), "D equal terms"),
                Tends(share**alpha + 1 / share, axes, "at a fixed share t"),
                AtLeast(
                    (1 + alpha) * alpha**-p, "the best lower bound is the least level, at t = alpha^(-1/(1 + alpha))"
                ),
            ),
            output="low",
        ),
    ),
    claim=Equal(),
    regime="the limit of many axes; at finite n both bounds also differ from the risk by powers of D",
    grid=Grid(across="alpha", series=({},), values=(0.3, 0.582, 1.0, 1.5, 2.0, 3.0)),
    sabotages={
        "the bounds meet": {"sharp": (1 + alpha) * alpha**-p},
        "the box is in the middle": {"sharp": sp.sqrt((1 + alpha) * alpha**-p)},
        "p for 1 - p": {"sharp": p ** (p - 1)},
        "a cube of the axes that the upper bound resolves": {"low": sp.Integer(2) + 0 * alpha},
        "the sharp constant twice": {"low": p ** (-2 * p)},
    },
)
