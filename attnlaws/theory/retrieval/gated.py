"""Reading one of n stored pairs through a gated unit, max(k . q, 0) (g . q), with two key sets: noise over signal.

The memory answers a query q with the sum of max(k_j . q, 0) (g_j . q) v_j. All keys k_j and gates g_j are independent
and standard normal in d_k dimensions, the query is the sum k_i + g_i of one pair's two keys, values have a fixed norm
and independent directions. With x = |q|^2/2, which is chi-square with d_k degrees of freedom, and an independent
standard normal w, the target's scores are k_i . q = x + sqrt(x) w and g_i . q = x - sqrt(x) w, and the two scores of
another pair are independent normals of variance 2 x. So given the target the mean inverse signal-to-noise ratio is
2 (n - 1)/(x - w^2)^2 where w > -sqrt(x), and infinite where the target's own unit is closed.

A target is closed, or nearly cancelled by its gate, with a small but positive probability in every dimension: mean and
geometric mean over targets are infinite, although a simulation in many dimensions shows neither. The parameter
``convention`` leaves two meanings: the median over targets, about 2 (n - 1)/d_k^2 times 1 + 10/(3 d_k), so that gating
squares the capacity of a linear memory; and the mean interference over the mean signal. Without the ReLU, for the
bilinear unit (k . q)(g . q), the latter is 4 (n - 1)/(d_k^2 + 8 d_k + 19); the ReLU halves it, up to a term that falls
as 2^(-d_k/2).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import chi_square_density, chi_square_mean, gaussian_density, gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, choice, integer
from attnlaws.theory.steps import ROOT, Definition, Derivation, Equals, Solves, Using
from attnlaws.theory.vocabulary import beta_i, rising

INFINITE = "is infinite in every dimension"
PARAMETERS = (
    Parameter("n", "number of stored pairs", integer(2, 10**12)),
    Parameter("d_k", "dimension of the keys", integer(1, 10**6)),
    Parameter(
        "convention",
        "what is meant by the size of the ratio: the median over the target of its mean over the other pairs, or a "
        "ratio of means",
        choice(
            "median",
            "ratio",
            refused={
                "expectation": f"the mean over targets {INFINITE}: 1/(k . q)^2 (g . q)^2 has no mean near 0",
                "geometric": f"the geometric mean over targets {INFINITE}: a target's own unit may be closed",
            },
        ),
        default="median",
    ),
)
n, d_k = (parameter.symbol for parameter in PARAMETERS[:2])
x, y, z, s = sp.symbols("x y z s", positive=True)
w, g, t = sp.symbols("w g t", real=True)

SPLIT = "given the target the two scores of another pair are independent normals of variance 2 x, half of them positive"
ONE_WEIGHT = (2 * x) ** 2 * sp.Integral(z**2 * gaussian_density(z), (z, 0, sp.oo)) * gaussian_mean(g**2, g)
"""The mean square of another pair's weight, given the target."""


def _median() -> Derivation:
    size = sp.sqrt(2 * (n - 1) / y)
    below = sp.Integral(chi_square_density(x, d_k), (x, size + w**2, sp.oo))
    beyond = sp.Integral(chi_square_density(x, d_k), (x, 0, w**2 - size))
    return Derivation(
        (
            Definition(
                sp.Integral(gaussian_density(w) * below, (w, -sp.oo, sp.oo))
                + sp.Integral(gaussian_density(w) * beyond, (w, sp.sqrt(size), sp.oo)),
                "probability of a target whose ratio is up to y, so that x - w^2 is at least sqrt(2 (n - 1)/y), or at "
                f"most minus that and w positive, for the unit to be open: {SPLIT}",
            ),
            Solves(y, sp.Rational(1, 2), ROOT, "found numerically"),
        ),
        when={"convention": "median"},
        value=lambda n, d_k: 2 * (n - 1) / median_size(d_k) ** 2,
        enclosure=lambda digits, n, d_k: 2 * (n - 1) / median_size_enclosure(d_k, digits + 1) ** 2,
        accuracy=LooserAccuracy(1e-10, "a root of an integral computed by the trapezoid rule"),
    )


def _ratio() -> Derivation:
    noise = chi_square_mean(ONE_WEIGHT, x, d_k)
    fourth = chi_square_mean(s**4, s, d_k + 1)
    peak = sp.gamma((d_k + 1) / 2) / (sp.sqrt(sp.pi) * sp.gamma(d_k / 2))
    tilts = sp.Integral((1 - sp.sinh(t) ** 2) ** 2 * sp.cosh(t) ** (-d_k - 8), (t, -sp.log(1 + sp.sqrt(2)), sp.oo))
    half = sp.Rational(1, 2)

    def closed(power: int) -> sp.Expr:
        """The probability of w^2 > x for x with 2 power more degrees of freedom."""
        return beta_i(d_k / 2 + power, half, half)

    missing = (d_k + 4) * (d_k + 6) * closed(4) - 2 * (d_k + 4) * closed(3) + 3 * closed(2)
    edge = (d_k - 1) * rising(d_k / 2 + 2, half) * 2 ** (-d_k / 2) / (8 * sp.sqrt(2 * sp.pi))
    return Derivation(
        (
            Definition(
                (n - 1) * noise / (fourth * peak * tilts),
                f"mean interference over mean signal: {SPLIT}; the signal x^2 (x - w^2)^2 is averaged in polar "
                "coordinates, over s = x + w^2, chi-square with one more degree of freedom, and w = sqrt(x) sinh(t), "
                "whose density is proportional to cosh(t)^(-d_k), from sinh(t) = -1 on, where the unit is open",
            ),
            Equals(
                2 * (n - 1) / (d_k**2 + 8 * d_k + 19 - missing / 2 + edge),
                "moments of chi-square variables, and over x for a given w: the open part of x^2 (x - w^2)^2 is "
                "x^2 ((x^2 - 2 x + 3) Phi(sqrt(x)) + sqrt(x) (x - 3) phi(sqrt(x))), where x^m times a density is "
                "another one's, and 1 - Phi(sqrt(x)) has half of the probability of w^2 > x for its mean",
                by=Using(
                    (noise, 2 * d_k * (d_k + 2)),
                    (fourth, (d_k + 1) * (d_k + 3) * (d_k + 5) * (d_k + 7)),
                ),
            ),
        ),
        when={"convention": "ratio"},
    )


REACH = 40.0
NODES = 801
LOW_NODES = 3001
CERTAIN = 400
"""From here on w^2 exceeds x by the median size with a probability below 1e-80."""


def _exceeds(size: float, d: float) -> float:
    """P(x - w^2 >= size) + P(w^2 - x >= size)/2, by the trapezoid rule in w and in ln x."""
    from scipy import special

    across = np.linspace(0.0, REACH, NODES)
    weights = np.exp(-(across**2) / 2)
    weights[0] /= 2
    total = float(weights @ special.gammaincc(d / 2, (size + across**2) / 2) / weights.sum())
    if d >= CERTAIN:
        return total
    t = np.linspace(np.log(d) - 3 - 160 / d, np.log(d + 60) + 2.5, LOW_NODES)
    log_density = d / 2 * (t - np.log(2)) - np.exp(t) / 2 - special.gammaln(d / 2)
    tail = special.erfc(np.sqrt((np.exp(t) + size) / 2))
    return total + float(np.exp(log_density) @ tail) * (t[1] - t[0]) / 2


def _median_size(d: float) -> float:
    from scipy import optimize

    low = max(d - 5 / 3, 0.3) / 2
    root: Any = optimize.brentq(
        lambda size: _exceeds(size, d) - 0.5, low, d + 1, xtol=1e-15, rtol=np.float64(4 * np.finfo(np.float64).eps)
    )
    return float(root)


def median_size(d: np.ndarray) -> np.ndarray:
    """The median over targets of |x - w^2|, with a closed unit counted as 0.

    Args:
        d: degrees of freedom of x, of any shape.

    Example:
        >>> round(float(median_size(64.0)), 6)
        62.353736
    """
    given, where = np.unique(np.asarray(d, np.float64), return_inverse=True)
    return np.array([_median_size(value) for value in given])[where].reshape(np.shape(d))


def median_size_enclosure(d: int, digits: int = 12) -> Any:
    """An Arb ball around the same number, by a route that shares nothing with it but the guess.

    Both probabilities are inverse Laplace transforms of moment generating functions, integrated by Arb.

    Args:
        d: degrees of freedom of x.
        digits: the relative radius is 10^-digits.

    Returns:
        A ball at whose ends the probability is proven to be above and below one half; not finite if that fails.
    """
    from flint import arb, ctx

    guess = _median_size(float(d))
    with ctx.workprec(int(3.33 * digits) + 60 + 2 * int(d).bit_length()):
        center, margin = arb(guess), arb(10) ** -digits
        above, below = (
            _tail(size, d, 1) + _tail(size, 1, d) / 2 for size in (center * (1 - margin), center * (1 + margin))
        )
        return center * (1 + arb(0, margin.upper())) if above > 0.5 and below < 0.5 else arb("nan")


def _tail(size: Any, p: int, q: int) -> Any:
    """P(A - B >= size > 0) for chi-square A and B with p and q degrees of freedom, as an Arb ball.

    It is the integral of exp(-s size) E exp(s (A - B))/s over 2 pi i s, from below to above between 0 and 1/2; the path
    is bent to the right around the cut from 1/2 on, where the exponential falls.
    """
    from flint import acb, arb

    from attnlaws.theory.balls import integrate

    start = (1 / arb(2 * p + 2).sqrt()).min(arb(1) / 4).mid()

    def integrand(u: Any, analytic: bool) -> Any:
        u = acb(u)
        s = start + 2 * start * (u.cosh() - 1) + acb(0, 4) * start * u.sinh()
        slope = 2 * start * u.sinh() + acb(0, 4) * start * u.cosh()
        logs = p * (1 - 2 * s).log(analytic=analytic) + q * (1 + 2 * s).log(analytic=analytic)
        return (-s * size - logs / 2).exp() * slope / s

    return integrate(integrand, arb(0), None).imag / arb.pi()


LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="inverse signal-to-noise ratio",
    source=Source(
        "arXiv:2505.19488",
        "gating functions",
        "reconstructed",
        note="the paper's text was not read, and no secondary source was seen to give a formula for a gated unit; "
        "secondary sources name gating among its subjects. The model of two independent key sets and a query that is "
        "the sum of a pair's two keys is this toolkit's own",
        year="2025",
    ),
    derivations=(_median(), _ratio()),
    claim=Equal(),
    regime="every n >= 2 and every dimension",
    grid=Grid(
        across="d_k",
        series=({"n": 17, "convention": "median"}, {"n": 17, "convention": "ratio"}),
        values=(16, 32, 64),
        logx=True,
        extra=(
            {"n": 9, "d_k": 3, "convention": "median"},
            {"n": 65, "d_k": 32, "convention": "median"},
            {"n": 25, "d_k": 24, "convention": "ratio"},
        ),
    ),
    sabotages={
        "the target counts as interference": lambda form: form * n / (n - 1),
        "the target is typical": 2 * (n - 1) / d_k**2,
        "both scores are rectified": lambda form: form / 2,
        "the ReLU leaves the interference as it is": lambda form: 2 * form,
        "the two keys of the target do not meet": {"ratio": 2 * (n - 1) / ((d_k + 4) * (d_k + 6))},
    },
)
