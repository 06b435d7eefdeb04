"""The logarithm of the volumetric risk of the box grows like the power p = alpha/(1 + alpha) of ln n.

The inputs lie in a box with axes exp(-kappa j^alpha), and ln n = 2 u + H(u) is the balance for the risk exp(-2 u) of a
Lipschitz functional: the noise of n samples, spread over exp(H) cells, and the error inside them. The exponent is the
elasticity d ln u/d ln ln n of that balance, at the level of axis D, as D goes to infinity. It depends on alpha alone:
neither kappa nor the noise, nor the Hoelder exponent of the functional changes it. It is approached slowly, as 1/D.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from attnlaws.theory import box
from attnlaws.theory.box import ALPHA, KAPPA, alpha, axes, count, kappa, level, smooth_count
from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.minimax.constant import INTEGRAL, PLACES, RIEMANN, SECOND, SIZE, SUM, UNIT, load, log_n, slope
from attnlaws.theory.parameter import Parameter
from attnlaws.theory.steps import Cites, Definition, Derivation, Equals, Tends

PARAMETERS = (
    ALPHA,
    Parameter("kappa", KAPPA.meaning, KAPPA.domain, role="simulation", default=0.5),
    SIZE,
)
p = box.EXPONENT
FACTOR = 16
"""The two sizes that the exponent is read off differ by this factor in ln n."""


def _elasticity(entropy: Any) -> sp.Expr:
    """The elasticity of u in ln n at the level of axis D."""
    total = 2 * level + entropy
    return sp.Subs(total / (level * sp.Derivative(total, level)), level, kappa * axes**alpha)


FINITE = slope(sp.log(load(2) ** -p)) * UNIT * (FACTOR ** (p - 1) - 1) / (log_n ** (1 - p) * sp.log(FACTOR))

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="power of ln n in -ln R",
    source=Source(
        "arXiv:2602.01863",
        "abstract",
        "secondary",
        note="the abstract, which was read in secondary sources, gives this power for both bounds; it is derived here "
        "for a box of inputs and the volumetric balance",
        year="2026",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    _elasticity(count(level)),
                    "d ln u/d ln N on the balance N = 2 u + H(u), N = ln n, at the level of axis D",
                ),
                Cites(_elasticity(smooth_count(level, axes)), RIEMANN, SUM),
                Equals((2 + axes * p) / (2 + axes), INTEGRAL),
                Tends(p, axes, "the noise is of the order of 1/D beside the cells"),
            )
        ),
    ),
    claim=Equal(
        along="log_n",
        correction=Derivation(
            (
                Definition(
                    FINITE,
                    f"of the secant of ln u between ln n and {FACTOR} ln n: {SECOND}; {PLACES}, which is larger by "
                    f"the power 1/(1 + alpha) of {FACTOR} at the larger size",
                ),
                Cites(FINITE, RIEMANN, "the rest of the sum is of lower order"),
                Equals(
                    (1 - sp.Integer(FACTOR) ** (p - 1)) / sp.log(FACTOR) * 3 * (kappa * p / log_n) ** (1 - p) / 2,
                    "the slope of the balance in 1/D is 2 - 1/2",
                ),
            )
        ),
    ),
    regime="many resolved axes; at sizes that occur the local exponent of the risk in n says more",
    grid=Grid(
        across="alpha",
        series=({"kappa": 0.05}, {"kappa": 0.5}),
        values=(0.5, 0.75, 1.0, 1.5, 2.0),
        ladder={
            "point": {"alpha": 1.0, "kappa": 0.5},
            "along": "log_n",
            "values": tuple(4**k for k in range(2, 13)),
        },
    ),
    sabotages={
        "1 - p": 1 / (1 + alpha),
        "a power of n, as in finitely many dimensions": alpha / alpha,
        "the axes' own exponent": alpha / 2,
        "one axis less in the exponent": alpha / (2 + alpha),
    },
)
