"""Reading one of n stored pairs from a linear memory with Gaussian keys: interference power over signal power.

The memory is the sum of v_j k_j^T, the query is the stored key k_i exactly, keys are independent and standard normal in
d_k dimensions. With x = |k_i|^2 the signal is x v_i and the interference r = sum over j != i of (k_j . k_i) v_j, so the
inverse signal-to-noise ratio of one reading is |r|^2 / (x^2 |v_i|^2). Its "size" has four meanings that differ by up to
(d_k + 2)/(d_k - 2): the parameter ``convention`` names them. Values are standard normal in d_v dimensions, or of fixed
norm (d_v = None, the limit of many dimensions: then the median refers to values that are averaged out).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory import f_ratio
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import chi_square_density, chi_square_mean, gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, choice, integer
from attnlaws.theory.steps import ROOT, Definition, Derivation, Differentiate, Equals, Solves
from attnlaws.theory.vocabulary import beta_i, beta_i_inverse

PARAMETERS = (
    Parameter("n", "number of stored pairs", integer(2, 10**12)),
    Parameter("d_k", "dimension of the keys", integer(1, 10**6)),
    Parameter(
        "d_v", "dimension of the values; none for values of fixed norm", integer(1, 10**6, or_none=True), default=None
    ),
    Parameter(
        "convention",
        "what is meant by the size of the ratio: its mean, a ratio of means, the geometric mean over the target "
        "of the mean over the other pairs, the median",
        choice("expectation", "ratio", "geometric", "median"),
        default="expectation",
    ),
)
n, d_k, d_v = (parameter.symbol for parameter in PARAMETERS[:3])
x, y, z, w, p = sp.symbols("x y z w p", positive=True)
g = sp.Symbol("g", real=True)

ONE_SCORE = gaussian_mean((sp.sqrt(x) * g) ** 2, g)
"""The mean square of a score k_j . k_i: given x = |k_i|^2 it is sqrt(x) times a standard normal variable."""

SPLIT = "given x the others' scores are independent normals of variance x, and cross terms of the values average to 0"


def _expectation() -> tuple[Derivation, Derivation]:
    keys = chi_square_mean((n - 1) * ONE_SCORE / x**2, x, d_k)
    inner = (n - 1) * chi_square_mean(1 / x, x, d_k)
    values = d_v * chi_square_mean(1 / z, z, d_v)
    exists = "the mean over Gaussian keys does not exist"
    fixed = Derivation(
        (
            Definition(keys, f"mean of |r|^2/(x^2 |v_i|^2): {SPLIT}"),
            Equals(inner, "a score has mean square x"),
            Equals((n - 1) / (d_k - 2), "mean of 1/x for x chi-square with d_k degrees of freedom"),
        ),
        when={"convention": "expectation", "d_v": None},
        domain={"d_k": integer(above=2)},
        exists=exists,
    )
    gaussian = Derivation(
        (
            Definition(keys * values, f"mean of |r|^2/(x^2 |v_i|^2) with E|v_j|^2 = d_v: {SPLIT}"),
            Equals(inner * values, "a score has mean square x"),
            Equals((n - 1) * d_v / ((d_k - 2) * (d_v - 2)), "means of 1/x and 1/|v_i|^2, both chi-square"),
        ),
        when={"convention": "expectation"},
        domain={"d_k": integer(above=2), "d_v": integer(above=2)},
        exists="the mean over Gaussian keys and values does not exist",
    )
    return fixed, gaussian


def _ratio() -> Derivation:
    means = (n - 1) * chi_square_mean(ONE_SCORE, x, d_k) / chi_square_mean(x**2, x, d_k)
    return Derivation(
        (
            Definition(means, f"mean of |r|^2 over mean of x^2 |v_i|^2, E|v_j|^2 cancels: {SPLIT}"),
            Equals((n - 1) / (d_k + 2), "first and second moment of a chi-square variable"),
        ),
        when={"convention": "ratio"},
    )


def _geometric() -> tuple[Derivation, Derivation]:
    def logarithm(variable: sp.Symbol, d: sp.Symbol) -> sp.Expr:
        """The mean logarithm of a chi-square variable as the slope of its moments."""
        return sp.Subs(sp.Derivative(chi_square_mean(variable**p, variable, d), p), p, 0)

    keys = sp.exp(chi_square_mean(sp.log((n - 1) * ONE_SCORE / x**2), x, d_k))
    values = sp.exp(chi_square_mean(sp.log(d_v / z), z, d_v))
    steps = []
    for definition, integrals, slopes, form in (
        (
            keys,
            (n - 1) * sp.exp(-chi_square_mean(sp.log(x), x, d_k)),
            (n - 1) * sp.exp(-logarithm(x, d_k)),
            (n - 1) * sp.exp(-sp.digamma(d_k / 2) - sp.log(2)),
        ),
        (
            keys * values,
            (n - 1) * d_v * sp.exp(-chi_square_mean(sp.log(x), x, d_k) - chi_square_mean(sp.log(z), z, d_v)),
            (n - 1) * d_v * sp.exp(-logarithm(x, d_k) - logarithm(z, d_v)),
            (n - 1) * d_v * sp.exp(-sp.digamma(d_k / 2) - sp.digamma(d_v / 2)) / 4,
        ),
    ):
        steps.append(
            (
                Definition(definition, f"geometric mean over the target of the mean over the other pairs: {SPLIT}"),
                Equals(integrals, "a score has mean square x; the logarithm of a product is a sum"),
                Equals(slopes, "the mean logarithm is the slope at 0 of the moments"),
                Equals(form, "moments of a chi-square variable"),
            )
        )
    return (
        Derivation(steps[0], when={"convention": "geometric", "d_v": None}),
        Derivation(steps[1], when={"convention": "geometric"}),
    )


def _median() -> tuple[Derivation, Derivation]:
    a, b, half = (n - 1) / 2, d_k / 2, sp.Rational(1, 2)
    scores = sp.Integral(chi_square_density(w, n - 1), (w, 0, x * y))
    odds = beta_i(a, b, y / (1 + y))
    fixed = Derivation(
        (
            Definition(
                chi_square_mean(scores, x, d_k),
                "probability of a ratio up to y: given x the sum of the squared scores is x times a chi-square "
                "variable w with n - 1 degrees of freedom, and the ratio is w/x",
            ),
            Equals(odds, "w/(w + x) is Beta((n - 1)/2, d_k/2)", by=Differentiate(y, at=0)),
            Solves(y, half, beta_i_inverse(a, b, half) / beta_i_inverse(b, a, half), "odds of the median of the Beta"),
        ),
        when={"convention": "median", "d_v": None},
    )
    share = z ** (d_v / 2 - 1) * (1 + z) ** (-d_v) * sp.gamma(d_v) / sp.gamma(d_v / 2) ** 2
    gaussian = Derivation(
        (
            Definition(
                sp.Integral(share * odds.subs(y, y / z), (z, 0, sp.oo)),
                "probability of a ratio up to y: given the scores |r|^2 is their sum of squares times a chi-square "
                "variable with d_v degrees of freedom, so the ratio has one more factor z with law F(d_v, d_v)",
            ),
            Solves(y, half, ROOT, "found numerically"),
        ),
        when={"convention": "median"},
        value=lambda n, d_k, d_v: f_ratio.median(n - 1, d_k, d_v),
        enclosure=lambda digits, n, d_k, d_v: f_ratio.median_enclosure(n - 1, d_k, d_v, digits),
        accuracy=LooserAccuracy(1e-9, "a root of a convolution computed by the trapezoid rule"),
    )
    return fixed, gaussian


def distribution(
    ratio: Any, *, n: int, d_k: int, d_v: int | None = None, convention: str = "expectation"
) -> np.ndarray:
    """The probability that the ratio of one reading is at most ``ratio``.

    Args:
        ratio: values, an array of any shape.
        n: number of stored pairs.
        d_k: dimension of the keys.
        d_v: dimension of the values, or None for values that are averaged out.
        convention: accepted so that a grid point can be passed as it stands; the distribution does not depend on it.

    Example:
        >>> float(distribution(1.0, n=9, d_k=8))
        0.5
    """
    return f_ratio.cdf(ratio, n - 1, d_k, d_v)


LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="inverse signal-to-noise ratio",
    source=Source(
        "arXiv:2505.19488",
        "signal-to-noise ratio of linear attention, eq. 7",
        "secondary",
        note="the paper's text was not read; secondary sources quote N/d_k for a target of typical norm. The formulas "
        "here are exact replacements of that expression, derived for every n and d_k",
        year="2025",
    ),
    derivations=(*_expectation(), *_geometric(), _ratio(), *_median()),
    claim=Equal(in_law=True),
    distribution=distribution,
    regime="every n >= 2 and every dimension for which the quantity exists",
    grid=Grid(
        across="d_k",
        series=(
            {"n": 65, "d_v": None, "convention": "expectation"},
            {"n": 65, "d_v": None, "convention": "ratio"},
            {"n": 65, "d_v": None, "convention": "geometric"},
            {"n": 65, "d_v": None, "convention": "median"},
            {"n": 65, "d_v": 32, "convention": "expectation"},
            {"n": 65, "d_v": 32, "convention": "median"},
        ),
        values=(8, 16, 32, 64),
        logx=True,
        extra=tuple(
            {"n": 9, "d_k": 16, "d_v": values, "convention": convention}
            for convention, values in (
                ("expectation", None),
                ("ratio", None),
                ("geometric", None),
                ("geometric", 32),
                ("median", None),
                ("median", 32),
            )
        ),
    ),
    sabotages={
        "the target counts as interference": lambda form: form * n / (n - 1),
        "the target key has its typical norm": (n - 1) / d_k,
        "mean and ratio of means exchanged": {"expectation": (n - 1) / (d_k + 2), "ratio": (n - 1) / (d_k - 2)},
        "Gaussian values count twice": lambda form: 2 * form,
    },
)
