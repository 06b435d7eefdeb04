"""The dimension at which one of n stored pairs is read back with an inverse signal-to-noise ratio of at most delta.

Keys are independent and standard normal, the query is the stored key itself. The dimension is the root of
``retrieval.linear`` or ``retrieval.exponential`` in d_k, as a real number; a memory needs the next whole one. What it
grows like is decided by the kernel and by how the temperature follows the dimension, not by the kernel alone: as n for
the linear kernel, as the square of ln n for the exponential one at tau = sqrt(d_k), and as ln n at tau = 2, which is
the best fixed temperature. How large it is also depends on what is meant by the size of the ratio: at tau = sqrt(d_k),
n = 10^6 and delta = 0.01 the mean over targets takes 134.5 dimensions, the geometric mean (a target of typical norm)
104.3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.balls import exact, newton
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import chi_square_mean, gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, choice, integer, real
from attnlaws.theory.steps import ROOT, Definition, Derivation, Equals, Solves, Step

PARAMETERS = (
    Parameter("n", "number of stored pairs", integer(2, 10**12)),
    Parameter("delta", "inverse signal-to-noise ratio that is allowed", real(above=0, below=1)),
    Parameter("kernel", "weight of a score: exp(score/tau), or the score itself", choice("exponential", "linear"),
              default="exponential"),
    Parameter("tau_rule", "temperature of the exponential kernel: sqrt(d_k), or 2 in every dimension",
              choice("sqrt", "two"), default="sqrt"),
    Parameter("convention", "what is meant by the size of the ratio: its mean, or the geometric mean over the target "
              "of the mean over the other pairs", choice("geometric", "expectation"), default="geometric"),
)  # fmt: skip
n, delta = (parameter.symbol for parameter in PARAMETERS[:2])
d, x, p = sp.symbols("d x p", positive=True)
g = sp.Symbol("g", real=True)

LOAD = sp.log((n - 1) / delta)
SPLIT = "given x the others' scores are independent normals of variance x, and cross terms of the values average to 0"
GATHER = "complete the square: a weight has mean square exp(2 x/tau^2)"


def _definition(ratio: Any, convention: str) -> Definition:
    """The inverse SNR in d dimensions, from its value per distractor at squared norm x of the target."""
    if convention == "expectation":
        return Definition(chi_square_mean((n - 1) * ratio, x, d), f"mean of the ratio in d dimensions: {SPLIT}")
    mean = sp.exp(chi_square_mean(sp.log((n - 1) * ratio), x, d))
    return Definition(mean, f"geometric mean over the target, in d dimensions, of the mean over the others: {SPLIT}")


def _linear() -> list[Derivation]:
    ratio = gaussian_mean((sp.sqrt(x) * g) ** 2, g) / x**2
    slope = sp.Subs(sp.Derivative(chi_square_mean(x**p, x, d), p), p, 0)
    return [
        Derivation(
            (
                _definition(ratio, "geometric"),
                Equals(
                    (n - 1) * sp.exp(-chi_square_mean(sp.log(x), x, d)),
                    "a score has mean square x; the logarithm of a product is a sum",
                ),
                Equals((n - 1) * sp.exp(-slope), "the mean logarithm is the slope at 0 of the moments"),
                Equals((n - 1) * sp.exp(-sp.digamma(d / 2)) / 2, "moments of a chi-square variable"),
                Solves(d, delta, ROOT, "the digamma function is inverted numerically"),
            ),
            when={"kernel": "linear", "convention": "geometric"},
            value=lambda n, delta: 2 * _inverse_digamma((n - 1) / (2 * delta)),
            enclosure=_linear_enclosure,
            accuracy=LooserAccuracy(1e-12, "a root found by Newton's method"),
        ),
        Derivation(
            (
                _definition(ratio, "expectation"),
                Equals((n - 1) / (d - 2), "a score has mean square x, and 1/x has mean 1/(d - 2)"),
                Solves(d, delta, 2 + (n - 1) / delta, "linear in d"),
            ),
            when={"kernel": "linear", "convention": "expectation"},
        ),
    ]


def _exponential(tau_rule: str, convention: str, *steps: Step, **algorithm: Any) -> Derivation:
    tau = sp.sqrt(d) if tau_rule == "sqrt" else sp.Integer(2)
    ratio = gaussian_mean(sp.exp(2 * sp.sqrt(x) * g / tau), g) * sp.exp(-2 * x / tau)
    when = {"kernel": "exponential", "tau_rule": tau_rule, "convention": convention}
    return Derivation((_definition(ratio, convention), *steps), when=when, **algorithm)


def _at_sqrt() -> list[Derivation]:
    return [
        _exponential(
            "sqrt",
            "geometric",
            Equals((n - 1) * sp.exp(2 - 2 * sp.sqrt(d)), f"{GATHER}, and x has mean d = tau^2"),
            Solves(d, delta, (1 + LOAD / 2) ** 2, "linear in sqrt(d), which is at least 1"),
        ),
        _exponential(
            "sqrt",
            "expectation",
            Solves(
                d,
                delta,
                ROOT,
                "the one root above 1, found numerically from the Laplace transform of a chi-square variable: in u^2 "
                "dimensions the mean is n - 1 times (1 + 4 (u - 1)/u^2)^(-u^2/2), as in retrieval.exponential",
            ),
            value=lambda n, delta: _root_of_mean(np.log((n - 1) / delta)) ** 2,
            enclosure=_mean_enclosure,
            accuracy=LooserAccuracy(1e-12, "a root found by bisection and Newton's method"),
        ),
    ]


def _at_two() -> list[Derivation]:
    return [
        _exponential(
            "two",
            "geometric",
            Equals((n - 1) * sp.exp(-d / 2), f"{GATHER}, and x has mean d: exp(x/2 - x)"),
            Solves(d, delta, 2 * LOAD, "linear in d"),
        ),
        _exponential(
            "two",
            "expectation",
            Equals((n - 1) * 2 ** (-d / 2), f"{GATHER}; the Laplace transform (1 + 2 s)^(-d/2) at s = 1/2"),
            Solves(d, delta, 2 * LOAD / sp.log(2), "linear in d"),
        ),
    ]


def _inverse_digamma(m: np.ndarray) -> np.ndarray:
    """The y > 0 with digamma(y) = ln(m), for m >= 1/2: close to m + 1/2, with a relative rest below 1/(24 m^2)."""
    from scipy import special

    start = m + 0.5
    y = np.minimum(start, 1e8)
    for _ in range(8):
        y = y - (special.digamma(y) - np.log(np.minimum(m, 1e8))) / special.polygamma(1, y)
    return np.where(m < 1e7, y, start)


def _linear_enclosure(*, digits: int, n: int, delta: Any) -> Any:
    """An Arb ball around the root of digamma(d/2) = ln((n - 1)/(2 delta)), by an interval Newton step."""
    from flint import acb, ctx

    guess = 2 * float(_inverse_digamma(np.asarray((n - 1) / (2 * float(delta)))))
    with ctx.workprec(int(3.33 * digits) + 120):
        level = ((n - 1) / (2 * exact(delta))).log()
        return newton(lambda y: (y / 2).digamma() - level, lambda y: acb(y / 2).polygamma(1).real / 2, guess)


def _log_gain(u: Any) -> Any:
    """The logarithm of n - 1 over the mean inverse SNR in u^2 dimensions at tau = u."""
    return u**2 / 2 * np.log1p(4 * (u - 1) / u**2)


def _root_of_mean(load: np.ndarray) -> np.ndarray:
    """The u >= 1 at which the mean falls by exp(load): the gain grows there, and is above 2 u - 8."""
    low, high = np.ones_like(load), load / 2 + 4
    for _ in range(56):
        middle = (low + high) / 2
        below = _log_gain(middle) < load
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    u = (low + high) / 2
    for _ in range(2):  # bisection ends at a rounding of the bracket, which is wider than the root at small loads
        odds = 1 + 4 * (u - 1) / u**2
        u = u - (_log_gain(u) - load) / (u * np.log(odds) + (4 / u - 2) / odds)
    return np.maximum(u, 1.0)


def _mean_enclosure(*, digits: int, n: int, delta: Any) -> Any:
    """An Arb ball around the square of the same root, by an interval Newton step."""
    from flint import ctx

    with ctx.workprec(int(3.33 * digits) + 120):
        load = ((n - 1) / exact(delta)).log()

        def odds(u: Any) -> Any:
            return 1 + 4 * (u - 1) / u**2

        def slope(u: Any) -> Any:
            return u * odds(u).log() + (4 / u - 2) / odds(u)

        guess = float(_root_of_mean(np.asarray(float(load))))
        return newton(lambda u: u**2 / 2 * odds(u).log() - load, slope, guess) ** 2


SQRT_MEAN = "kernel=exponential, tau_rule=sqrt, convention=expectation"
SQRT_TYPICAL = "kernel=exponential, tau_rule=sqrt, convention=geometric"
TWO_MEAN = "kernel=exponential, tau_rule=two, convention=expectation"
TWO_TYPICAL = "kernel=exponential, tau_rule=two, convention=geometric"

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="dimension that is needed",
    source=Source(
        "arXiv:2505.19488",
        "feature dimension for accurate retrieval",
        "secondary",
        note="the paper's text was not read; secondary sources quote O(N) for linear attention against O(log^2 N). The "
        "dimensions here are exact inversions of the named conventions, and show which temperature gives such an order",
        year="2025",
    ),
    derivations=(*_at_sqrt(), *_at_two(), *_linear()),
    claim=Equal(),
    regime="every n >= 2 and every ratio below 1; dimensions as real numbers",
    grid=Grid(
        across="n",
        series=(
            {"delta": 0.01, "kernel": "linear", "convention": "geometric"},
            {"delta": 0.01, "kernel": "exponential", "tau_rule": "sqrt", "convention": "expectation"},
            {"delta": 0.01, "kernel": "exponential", "tau_rule": "sqrt", "convention": "geometric"},
            {"delta": 0.01, "kernel": "exponential", "tau_rule": "two", "convention": "expectation"},
            {"delta": 0.01, "kernel": "exponential", "tau_rule": "two", "convention": "geometric"},
        ),
        values=(10**2, 10**3, 10**4),
        logx=True,
        extra=(
            {"n": 9, "delta": 0.5, "kernel": "linear", "convention": "expectation"},
            {"n": 2, "delta": 0.75, "kernel": "linear", "convention": "geometric"},
            {"n": 10**6, "delta": 0.01, "kernel": "exponential", "tau_rule": "sqrt", "convention": "geometric"},
            {"n": 10**6, "delta": 0.01, "kernel": "exponential", "tau_rule": "sqrt", "convention": "expectation"},
            {"n": 9, "delta": 0.5, "kernel": "exponential", "tau_rule": "sqrt", "convention": "expectation"},
        ),
    ),
    sabotages={
        "the square of half the logarithm alone": {SQRT_TYPICAL: (LOAD / 2) ** 2},
        "the mean over targets has a typical target's dimension": {SQRT_MEAN: (1 + LOAD / 2) ** 2, TWO_MEAN: 2 * LOAD},
        "logarithms to base 2": {TWO_TYPICAL: 2 * LOAD / sp.log(2), TWO_MEAN: 2 * LOAD / sp.log(2) ** 2},
        "a fixed temperature takes the square of the logarithm too": {TWO_TYPICAL: (1 + LOAD / 2) ** 2},
        "the noise counts by its amplitude": {TWO_TYPICAL: 4 * LOAD, "linear": (n - 1) / delta**2},
    },
)
