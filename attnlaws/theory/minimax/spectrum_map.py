"""In d dimensions the j-th eigenvalue of a heat or Gaussian kernel is exp(-c j^alpha) with alpha = 2/d or 1/d.

Kernels, by the name in ``kernel``: "heat" is the heat kernel on the torus, with an eigenvalue exp(-t |k|^2) for every
k in Z^d; "gaussian" is a Gaussian kernel with a Gaussian measure on R^d, with an eigenvalue proportional to B^|k| for
every vector k of d whole numbers from 0 on, |k| their sum. ``decay`` is t, or ln(1/B). Sorted, their logarithms grow as
-c j^alpha, in the mean over eigenvalues that are equal or nearly so: about V_d r^d points of Z^d lie within r of the
origin, V_d the volume of the unit ball, and about m^d/d! vectors have a sum of at most m.

Outputs: ``alpha``; ``c``; and p = alpha/(1 + alpha), the exponent with which the risk of a Lipschitz functional of such
a measure falls, as exp(-C (ln n)^p): 2/(d+2) or 1/(d+1). The dimension of the content enters a rate through alpha only.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, choice, integer, real
from attnlaws.theory.steps import Cites, Definition, Derivation, Equals

PARAMETERS = (
    Parameter("dimension", "dimension d of the space", integer(1, 1000)),
    Parameter("kernel", "which kernel", choice("heat", "gaussian"), default="heat"),
    Parameter("decay", "heat time t, or ln(1/B)", real(above=0, maximum=1000), default=1.0),
)
d, decay = PARAMETERS[0].symbol, PARAMETERS[2].symbol
x, r, g = sp.Symbol("x", positive=True), sp.Symbol("r", positive=True), sp.Symbol("g", real=True)

LATTICE = Source(
    "Gauss 1837",
    "the number of lattice points in a large ball is near its volume",
    "secondary",
    title="De nexu inter multitudinem classium",
    authors="Gauss, Carl Friedrich",
    year="1837",
    note="the text was not read; cells of diameter sqrt(d) around the points give the bound",
)
COUNT = sp.Integral(x ** (d - 1), (x, 0, r))
"""The number of eigenvalues up to a radius, or degree, r, but for a constant factor."""

GROWTH = COUNT / (r * r ** (d - 1))
"""The slope of ln r against the logarithm of that number."""


def _volume(density: sp.Expr, whole: sp.Expr) -> sp.Expr:
    """The volume of {norm <= 1}, from the integral of a function of the norm over all space in two ways."""
    return whole / sp.Integral(d * r ** (d - 1) * density, (r, 0, sp.oo))


BALL = _volume(sp.exp(-(r**2)), sp.Integral(sp.exp(-(g**2)), (g, -sp.oo, sp.oo)) ** d)
SIMPLEX = _volume(sp.exp(-r), sp.Integral(sp.exp(-x), (x, 0, sp.oo)) ** d)
POWER = {"heat": 2, "gaussian": 1}
"""The power of the radius that -ln(eigenvalue) is."""

WHY = {
    "heat": "the integral of exp(-|x|^2) over R^d is that of exp(-g^2) to the d-th power, and over shells it is the "
    "volume V of the unit ball times the other integral",
    "gaussian": "the integral of exp(-(x_1 + ... + x_d)) over positive x is 1, and over shells it is the volume V of "
    "the simplex times the other integral",
}


def _alpha(kernel: str) -> tuple[Definition, Equals]:
    power = POWER[kernel]
    return (
        Definition(
            power * GROWTH,
            "slope of ln(-ln(eigenvalue)) against ln j: the eigenvalue is exp(-decay r^q), and j grows with r as the "
            "volume of a ball, or a simplex",
        ),
        Equals(sp.Integer(power) / d, "the volume is a d-th power"),
    )


def _constant(kernel: str, volume: sp.Expr, form: sp.Expr) -> Derivation:
    power = sp.Integer(POWER[kernel])
    return Derivation(
        (
            Definition(
                decay * volume ** (-power / d), f"decay r^q at the r with V r^d = j, over j^(q/d): {WHY[kernel]}"
            ),
            Cites(decay * volume ** (-power / d), LATTICE, "in place of the volume, the number of lattice points"),
            Equals(form, "both integrals are gamma functions"),
        ),
        when={"kernel": kernel},
        output="c",
    )


def _exponent(kernel: str) -> Derivation:
    alpha, value = (step.expr for step in _alpha(kernel))
    power = POWER[kernel]
    return Derivation(
        (
            Definition(alpha / (1 + alpha), "alpha/(1 + alpha)"),
            Equals(value / (1 + value), "the volume is a d-th power"),
            Equals(sp.Integer(power) / (d + power), "both multiplied by d"),
        ),
        when={"kernel": kernel},
        output="p",
    )


HEAT = decay * sp.exp(2 * sp.loggamma(d / 2 + 1) / d) / sp.pi
GAUSSIAN = decay * sp.exp(sp.loggamma(d + 1) / d)

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="alpha, in eigenvalues exp(-c j^alpha)",
    source=Source(
        "arXiv:2602.01863",
        "the assumption that eigenvalues fall as exp(-c j^alpha)",
        "reconstructed",
        note="the paper's text was not read; notes on it state the assumption. Which kernels have which alpha and c is "
        "derived here",
        year="2026",
    ),
    derivations=(
        *(Derivation(_alpha(kernel), when={"kernel": kernel}, output="alpha") for kernel in POWER),
        _constant("heat", BALL, HEAT),
        _constant("gaussian", SIMPLEX, GAUSSIAN),
        *(_exponent(kernel) for kernel in POWER),
    ),
    claim=Equal(),
    regime="ranks well above the number of eigenvalues of a shell: r well above d^(3/2), or degrees above d^2",
    grid=Grid(across="dimension", series=({"kernel": "heat"}, {"kernel": "gaussian"}), values=(1, 2, 3, 4), logx=True),
    sabotages={
        "alpha as in one dimension": {"heat": sp.Integer(2), "gaussian": sp.Integer(1)},
        "the kernels exchanged": {"heat": 1 / d, "gaussian": 2 / d},
        "the ball's volume without its power": {"c, kernel=heat": decay * sp.gamma(d / 2 + 1) / sp.pi ** (d / 2)},
        "m^d vectors in place of m^d/d!": {"c, kernel=gaussian": decay},
        "p = 1/(1 + alpha)": {"p, kernel=heat": d / (d + 2), "p, kernel=gaussian": d / (d + 1)},
    },
)
