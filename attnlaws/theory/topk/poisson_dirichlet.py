"""A frozen row is PD(m, 0): the mean mass beyond its k largest weights falls as a power of k, whatever n is.

Where softmax weights have a tail P(w > y) ~ y^-m with m below 1, the largest of very many are, but for their scale, the
powers G_i^(-1/m) of the arrival times G_1 < G_2 < ... of a Poisson process of rate one, and their sum is finite: the
probabilities tend to a law without parameter n, the Poisson-Dirichlet law PD(m, 0). Scores with an exponential tail of
scale 1/m reach it quickly; Gaussian scores only with errors of order 1/ln n, at m = n phi(u_n)/sigma with
u_n = Phi^-1(1 - 1/n) (`topk.freezing`).

The value is the mean tail mass, the probability outside the k largest: it falls as k^(-(1 - m)/m). ``participation`` is
the mean of the sum of squared probabilities, 1 - m. ``ratio`` is the mean of the (k+1)-th largest probability over the
k-th: these ratios are independent with laws Beta(k m, 1).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import ROOT, Definition, Derivation, Equals
from attnlaws.theory.vocabulary import gamma_p

PARAMETERS = (
    Parameter("m", "exponent of the weights' tail", real(minimum=0.05, maximum=0.95)),
    Parameter("k", "number of keys kept", integer(1, 1000)),
)
m, k = (parameter.symbol for parameter in PARAMETERS)
t, x, y, v = sp.symbols("t x y v", positive=True)

SCALE = sp.gamma(1 - m)
"""ln E exp(-t Z) = -SCALE t^m for the sum Z of all weights."""
LARGER = sp.Integral(m * v ** (-m - 1) * sp.exp(-v), (v, y, sp.oo))
"""How many weights are larger than y/t, per unit of t^m, where a weight w counts with exp(-t w)."""

STEP = 0.12
"""Of the trapezoid rule in ln y, whose integrand is analytic in a strip of half-width pi/2."""
NEGLIGIBLE = 42.0
"""What is smaller by exp(-42) is left out."""


@lru_cache(maxsize=4096)
def tail(m: float, k: int) -> float:
    """The mean probability outside the k largest.

    Args:
        m: exponent of the weights' tail.
        k: number of keys kept.

    Example:
        >>> round(tail(0.5, 1), 5), round(tail(0.9, 10), 5)
        (0.37349, 0.60028)
    """
    from scipy import special

    scale = float(special.gamma(1 - m))
    # From where y^(1 - m) is negligible beside its value where the k-th power falls, to where exp(-y) is.
    low = -np.log1p(k * scale) / m - NEGLIGIBLE / (1 - m)
    log_y = np.arange(low, np.log(NEGLIGIBLE + 18), STEP)
    y, power = np.exp(log_y), scale * np.exp(m * log_y)
    larger = np.exp(-y) - power * special.gammaincc(1 - m, y)  # in units of y^-m, below 1
    return float(STEP / scale * np.exp((1 - m) * log_y - y - k * np.log1p(power / larger)).sum())


def _tail(m: Any, k: Any) -> np.ndarray:
    return np.asarray(np.vectorize(lambda m, k: tail(float(m), int(k)), otypes=[np.float64])(m, k))


def _enclosure(digits: int, m: Any, k: int) -> Any:
    """The same in Arb by adaptive quadrature with proven errors, with Kummer's function for the incomplete gammas."""
    from flint import acb, ctx

    from attnlaws.theory.balls import exact, integrate

    with ctx.workprec(int(3.33 * digits) + 120):
        index = exact(m)
        scale = (1 - index).gamma()

        def integrand(log_y: Any, analytic: bool) -> Any:
            at = acb(log_y)
            y = at.exp()
            share = 1 - scale * (index * at).exp() / (-y).hypgeom_1f1(acb(-index), acb(1 - index))
            return ((1 - index) * at - y).exp() * share**k

        return integrate(integrand, None, None).real / scale


def _tail_case() -> Derivation:
    return Derivation(
        (
            Definition(
                sp.Integral(
                    y**-m * sp.exp(-y) * sp.Integral(sp.exp(-SCALE * t) * gamma_p(k, t * LARGER), (t, 0, sp.oo)),
                    (y, 0, sp.oo),
                ),
                "mean of the sum of w/Z over the weights that k or more exceed. 1/Z is the integral of exp(-s Z) over "
                "s; one weight is taken out of the Poisson process (Mecke's formula), and where the others count with "
                "exp(-s w) the number of larger ones is Poisson. In y = s w and t = s^m",
            ),
            Equals(ROOT, "the integral over t is SCALE^-1 (LARGER/(LARGER + SCALE))^k; that over y is computed"),
        ),
        value=_tail,
        enclosure=_enclosure,
        accuracy=LooserAccuracy(1e-11, "an integral computed by the trapezoid rule"),
    )


def _participation() -> Derivation:
    return Derivation(
        (
            Definition(
                sp.Integral(
                    t * sp.exp(-SCALE * t**m) * sp.Integral(m * x ** (1 - m) * sp.exp(-t * x), (x, 0, sp.oo)),
                    (t, 0, sp.oo),
                ),
                "mean of the sum of (w/Z)^2: 1/Z^2 is the integral of t exp(-t Z), and one weight is taken out of the "
                "Poisson process, whose density is m x^(-m-1)",
            ),
            Equals(
                sp.Integral(m * sp.gamma(2 - m) * t ** (m - 1) * sp.exp(-SCALE * t**m), (t, 0, sp.oo)),
                "a gamma integral over the weight",
            ),
            Equals(1 - m, "an exponential integral in t^m; gamma(2 - m) is (1 - m) gamma(1 - m)"),
        ),
        output="participation",
    )


def _ratio() -> Derivation:
    return Derivation(
        (
            Definition(
                sp.Integral(x ** (1 / m) * k * x ** (k - 1), (x, 0, 1)),
                "mean of (G_k/G_(k+1))^(1/m): before the (k+1)-th arrival of a Poisson process the k others are "
                "uniform, and the last of them has the density k x^(k-1)",
            ),
            Equals(k * m / (k * m + 1), "integrate"),
        ),
        output="ratio",
    )


LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="mean tail mass (probability outside the k largest)",
    parameters=PARAMETERS,
    source=Source(
        "Pitman, Yor 1997",
        "the two-parameter Poisson-Dirichlet law with second parameter 0",
        "secondary",
        title="The two-parameter Poisson-Dirichlet distribution derived from a stable subordinator",
        authors="Pitman, Jim and Yor, Marc",
        year="1997",
        note="the text was not read; the formulas are derived here from the Poisson process of the weights",
    ),
    derivations=(_tail_case(), _participation(), _ratio()),
    claim=Equal(),
    delta=0.03,
    delta_reason="masses of frozen rows spread as widely as their mean is large, and draws grow as 1/delta^2; the "
    "wrong formulas are off by more",
    regime="the limit law itself is simulated; rows of Gaussian scores come near it as 1/ln n, far inside the frozen "
    "phase",
    grid=Grid(
        across="k",
        series=({"m": 0.5}, {"m": 0.7}),
        values=(1, 4, 16),
        logx=True,
        extra=({"m": 0.8, "k": 2},),
    ),
    sabotages={
        "a fixed number of keys holds all": lambda form: form / (1 + k),
        "the power law from the first key on": k ** (-(1 - m) / m),
        "the exponent of the squared weights": {"participation": 1 - m / 2},
        "each ratio a power of the first": {"ratio": m / (m + 1)},
        "ratios of keys numbered from 0": {"ratio": (k + 1) * m / ((k + 1) * m + 1)},
    },
)
