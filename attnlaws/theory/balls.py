"""Arb balls: numbers, the functions that formulas are made of, roots and integrals.

An infinite end of an integral is cut where the rest is negligible. The rest is bounded by geometric domination: the
absolute integrand is assumed to be log-concave from the cut outward, as it is for every density of the models here, so
that two values at distance h with ratio r < 1 bound it by the last value times h / ln(1/r). The bound is added to the
ball.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from typing import Any

import sympy as sp
from flint import acb, arb, ctx, fmpq

from attnlaws.theory import vocabulary as words

NAN = acb("nan")


def exact(value: Any) -> arb:
    """A number as a ball at the current precision.

    Example:
        >>> exact(Fraction(1, 4)) == arb(0.25)
        True
    """
    if isinstance(value, arb):
        return value
    rational = Fraction(str(value)) if isinstance(value, sp.Rational) else Fraction(value)
    return arb(fmpq(rational.numerator, rational.denominator))


def newton(function: Callable[[arb], arb], slope: Callable[[arb], arb], guess: float, bits: int = 0) -> arb:
    """The root of an increasing function, enclosed by one interval Newton step from a converged iterate.

    Args:
        function: on balls.
        slope: its derivative, on balls, positive.
        guess: close enough for Newton's iteration.
        bits: wanted of the last iterate, all by default; the interval step after it doubles them.

    Returns:
        A ball that contains the root, not finite if the enclosure fails.
    """
    x = arb(guess)
    value, step = function(x), arb(0)
    for _ in range(200):
        step = value / slope(x)
        if value.contains(0) or not step.is_finite() or abs(step.mid()) <= abs(x) * arb(2) ** (10 - (bits or ctx.prec)):
            break
        x = (x - step.mid()).mid()
        value = function(x)
    radius = abs(x) * arb(2) ** (30 - ctx.prec) + abs(step).upper() * 4
    around = x + arb(0, radius.upper())
    refined = x - value / slope(around)
    return refined if around.contains(refined) else arb("nan")


def integrate(function: Callable[[Any, bool], Any], low: arb | None, high: arb | None) -> acb:
    """The integral of a function of a ball over a real range; None stands for an infinite end.

    Args:
        function: called with a ball and the flag that asks for a proof of analyticity, as ``acb.integral`` does.
        low: the lower end.
        high: the upper end.

    Example:
        >>> integrate(lambda x, analytic: (-x * x).exp(), arb(0), None).real.str(5, radius=False)
        '0.88623'
    """
    return integrate_between(function, [low, high], True)


def integrate_between(function: Callable[[Any, bool], Any], ends: list[Any], sharp: bool) -> Any:
    """The same between two ends, of which None is an infinite one; of a family over a region a bound is enough.

    Args:
        function: as for :func:`integrate`.
        ends: the lower and the upper one.
        sharp: whether the value is wanted to the current precision, and not a bound over a region of parameters.
    """
    rest, scale, limits = arb(0), arb(0), []
    for side, end in zip((-1, 1), ends, strict=True):
        if end is None:
            end, bound, largest = _cut(function, side)
            rest, scale = rest + bound, scale.max(largest)
        limits.append(end)
    if not rest.is_finite():
        return NAN
    precision, effort = (ctx.prec - 40, 200000) if sharp else (6, 400)  # a region needs a bound, not a value
    ball = acb.integral(
        function, *limits, rel_tol=arb(2) ** -precision, abs_tol=scale * arb(2) ** -precision, eval_limit=effort
    )
    radius = rest.upper()
    return ball + acb(arb(0, radius), arb(0, radius) if not ball.imag.is_zero() else 0)


def _cut(function: Callable[[Any, bool], Any], side: int) -> tuple[arb, arb, arb]:
    """Where to cut an infinite end, a bound for what is beyond it, and the largest value seen on the way."""
    largest = max(acb(function(arb(k) / 4, False)).abs_upper() for k in range(-16, 17))
    for doubling in range(4, 60):
        cut = side * arb(2) ** (fmpq(doubling, 2))
        step = abs(cut).mid() / 8
        last, before = acb(function(cut, False)).abs_upper(), acb(function(cut - side * step, False)).abs_lower()
        largest = max(largest, last)
        if last == 0:
            return cut, arb(0), largest
        ratio = last / before
        if ratio < 0.5:
            bound = last * step / -ratio.log()
            if bound < largest * arb(2) ** (30 - ctx.prec):
                return cut, bound, largest
    return arb(1), arb("nan"), largest


def root(x: Any, analytic: bool) -> Any:
    """The square root; not a number where its analyticity is asked for and the ball crosses the cut."""
    return x.sqrt() if isinstance(x, arb) and x > 0 else acb(x).sqrt(analytic=analytic)


def log(analytic: bool, x: Any) -> Any:
    """The natural logarithm; not a number where its analyticity is asked for and the ball crosses the cut."""
    return x.log() if isinstance(x, arb) and x > 0 else acb(x).log(analytic=analytic)


def _phi_cdf(analytic: bool, x: Any) -> Any:
    return (-x / arb(2).sqrt()).erfc() / 2


def _log_phi_cdf(analytic: bool, x: Any) -> Any:
    if isinstance(x, arb) and x > 0:
        return (-_phi_cdf(analytic, -x)).log1p()
    return log(analytic, _phi_cdf(analytic, x))


def _phi_quantile(analytic: bool, p: Any) -> Any:
    from scipy import special

    def slope(x: arb) -> arb:
        return (-x * x / 2).exp() / (2 * arb.pi()).sqrt()

    p = acb(p).real if isinstance(p, acb) and p.imag.is_zero() else p
    if not isinstance(p, arb):
        return NAN  # a quantile is only wanted at real arguments
    lower = p < 0.5
    tail = p if lower else 1 - p
    guess = float(special.ndtri_exp(float(tail.log())))
    root = newton(lambda x: _phi_cdf(False, x) - tail, slope, guess)
    return root if lower else -root


def _log1p(analytic: bool, x: Any) -> Any:
    return x.log1p() if isinstance(x, arb) and x > -1 else log(analytic, 1 + x)


def _incomplete_gamma(analytic: bool, a: Any, x: Any) -> Any:
    if not (isinstance(a, arb) and isinstance(x, arb)):
        return acb(x).gamma_lower(acb(a), regularized=1)
    # The series of positive terms: Arb's own choices cancel or fail near x = a. Past a + k = 2 x terms halve at least.
    total, term, k = arb(1), arb(1), 0
    while not (a + k > 2 * x and term < total * arb(2) ** -ctx.prec):
        k += 1
        term = term * x / (a + k)
        total += term
    return (a * x.log() - x - (a + 1).lgamma()).exp() * (total + arb(0, term.upper()))


def _incomplete_beta(analytic: bool, a: Any, b: Any, x: Any) -> Any:
    kind: Any = acb if any(isinstance(value, acb) for value in (a, b, x)) else arb
    if kind is arb and x > 0.5:  # Arb's series cancels near 1
        return 1 - (1 - x).beta_lower(b, a, regularized=1)
    return kind(x).beta_lower(kind(a), kind(b), regularized=1)


def _beta_quantile(analytic: bool, a: Any, b: Any, p: Any) -> Any:
    from scipy import special

    guess = math.log(special.betaincinv(float(a), float(b), float(p)))
    last: dict[str, Any] = {}  # Newton's iteration asks for the slope where it has asked for the value, and it is dear

    def cdf(u: arb) -> arb:
        if last.get("at") is not u:
            last.update(at=u, value=_incomplete_beta(False, a, b, u.exp()))
        return last["value"]

    def slope(u: arb) -> arb:
        density = (ln_gammas + a * u + (b - 1) * (-u.expm1()).log()).exp()
        return density / cdf(u)

    half = ctx.prec // 2 + 20
    with ctx.workprec(ctx.prec + 5 * int(float(a + b)).bit_length()):
        ln_gammas = (a + b).lgamma() - a.lgamma() - b.lgamma()
        return newton(lambda u: (cdf(u) / p).log(), slope, guess, half).exp()  # in logarithms it is nearly linear


CONSTANTS: dict[Any, Callable[[], Any]] = {
    sp.pi: arb.pi,
    sp.E: arb.const_e,
    sp.EulerGamma: arb.const_euler,
    sp.I: lambda: acb(0, 1),
}
FUNCTIONS: dict[Any, Callable[..., Any]] = {
    sp.exp: lambda analytic, x: x.exp(),
    sp.log: log,
    sp.Abs: lambda analytic, x: abs(x),
    sp.sign: lambda analytic, x: x.sgn(),
    sp.erf: lambda analytic, x: x.erf(),
    sp.erfc: lambda analytic, x: x.erfc(),
    sp.gamma: lambda analytic, x: x.gamma(),
    sp.loggamma: lambda analytic, x: x.lgamma(),
    sp.polygamma: lambda analytic, order, x: x.digamma() if order == 0 else acb(x).polygamma(order),
    sp.erfinv: lambda analytic, x: _phi_quantile(analytic, (x + 1) / 2) / arb(2).sqrt(),
    sp.sinh: lambda analytic, x: x.sinh(),
    sp.cosh: lambda analytic, x: x.cosh(),
    sp.Min: lambda analytic, *values: reduce(arb.min, (acb(value).real for value in values)),
    sp.tanh: lambda analytic, x: x.tanh(),
    words.Phi: _phi_cdf,
    words.log_Phi: _log_phi_cdf,
    words.Phi_inverse: _phi_quantile,
    words.log1p: _log1p,
    words.gamma_p: _incomplete_gamma,
    words.beta_i: _incomplete_beta,
    words.beta_i_inverse: _beta_quantile,
    words.rising: lambda analytic, a, m: a.rising(m) if isinstance(a, arb) else acb(a).rising(m),
}
