"""Rigorous values of SymPy expressions: Arb balls, integrals included.

An infinite end of an integral is cut where the rest is negligible. The rest is bounded by geometric domination: the
absolute integrand is assumed to be log-concave from the cut outward, as it is for every density of the models here, so
that two values at distance h with ratio r < 1 bound it by the last value times h / ln(1/r). The bound is added to the
ball.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache, reduce
from typing import Any

import sympy as sp
from flint import acb, arb, ctx, fmpq

from attnlaws.theory import vocabulary as words
from attnlaws.theory.cases import Env, Node, cases_of

NAN = acb("nan")


def enclose(expr: Any, point: Mapping[Any, Any] | None = None, digits: int = 30) -> arb:
    """An interval that contains the value of an expression.

    Args:
        expr: in elementary functions, the vocabulary, and (nested) integrals, derivatives and substitutions.
        point: the value of every free symbol: an integer, a fraction, a float (taken as the exact binary fraction) or
            an Arb ball.
        digits: decimal digits aimed at; the ball says what was reached.

    Returns:
        A ball.

    Raises:
        ValueError: for a symbol without value or a function that is not known here.

    Example:
        >>> x = sp.Symbol("x", real=True)
        >>> enclose(sp.Integral(sp.exp(-x**2), (x, -sp.oo, sp.oo)), digits=15).str(9, radius=False)
        '1.77245385'
    """
    prepared = sp.sympify(expr)
    routine = _prepare(prepared)
    sharp = not any(isinstance(value, arb) for value in (point or {}).values())
    precision = bits = int(digits * 3.33) + 40
    while True:
        with ctx.workprec(precision):
            env = {sp.sympify(symbol): _exact(value) for symbol, value in (point or {}).items()}
            result = acb(routine(env, False))
        # Cancellation is cured by more digits; an integral has its own control of the error, and is too dear to repeat.
        enough = 2 * result.rel_accuracy_bits() >= bits or prepared.has(sp.Integral) or not sharp
        if enough or precision >= 4 * bits:
            break
        precision *= 2
    if not result.imag.contains(0):
        raise ValueError(f"{expr} is not real at {dict(point or {})}")
    return result.real


@lru_cache(maxsize=256)
def _prepare(expr: sp.Expr) -> Node:
    # SymPy spends seconds on sums over rows, of which it can do none.
    return _compile(expr if expr.has(sp.Indexed) else expr.doit(integrals=False))


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


def _exact(value: Any) -> Any:
    """A number as a ball, a row of numbers as balls in decreasing order, vectors as balls in the order given."""
    if not isinstance(value, tuple):
        return exact(value)
    if isinstance(value[0], tuple):
        return [[exact(coordinate) for coordinate in vector] for vector in value]
    return [exact(score) for score in sorted(value, reverse=True)]


def _compile(expression: Any) -> Node:
    """Turn an expression into a function of the symbols' balls (and the flag that Arb's integration passes)."""
    expr = sp.sympify(expression)
    if isinstance(expr, sp.Integral):
        return _compile_integral(expr)
    if isinstance(expr, sp.Sum | sp.Piecewise):
        return _compile_sum(expr) if isinstance(expr, sp.Sum) else cases_of(expr, _compile, NAN)
    if isinstance(expr, sp.Indexed):
        places = [_compile(index) for index in expr.indices]
        return lambda env, analytic: _element(env[expr.base], [int(p(env, False).unique_fmpz()) for p in places])
    if expr.is_Symbol or isinstance(expr, sp.IndexedBase):
        return lambda env, analytic: _look_up(env, expr)
    if expr.is_Rational:
        return lambda env, analytic: arb(fmpq(int(expr.p), int(expr.q)))
    if expr.is_Float:
        return lambda env, analytic: exact(float(expr))
    if expr in _CONSTANTS:
        return lambda env, analytic: _CONSTANTS[expr]()
    parts = [_compile(argument) for argument in expr.args]
    if expr.is_Add:
        return lambda env, analytic: sum((part(env, analytic) for part in parts[1:]), parts[0](env, analytic))
    if expr.is_Mul:
        return lambda env, analytic: _product(part(env, analytic) for part in parts)
    if expr.is_Pow:
        return _compile_power(expr, parts)
    if hasattr(expr.func, "ball"):
        return lambda env, analytic: expr.func.ball(*(part(env, analytic) for part in parts))
    routine = _FUNCTIONS.get(expr.func)
    if routine is None:
        raise ValueError(f"{expr.func} is not known to attnlaws.theory.enclose")
    return lambda env, analytic: routine(analytic, *(part(env, analytic) for part in parts))


def _element(values: Any, places: list[int]) -> Any:
    """An element of a row or of a set of vectors, counted from 1."""
    for place in places:
        values = values[place - 1]
    return values


def _look_up(env: Env, symbol: Any) -> Any:
    if symbol not in env:
        raise ValueError(f"{symbol}: no value given")
    return env[symbol]


def _product(factors: Any) -> Any:
    result: Any = arb(1)
    for factor in factors:
        result = result * factor
    return result


def _compile_power(expr: Any, parts: list[Node]) -> Node:
    base, exponent = parts
    if expr.exp.is_Integer:
        power = int(expr.exp)
        return lambda env, analytic: base(env, analytic) ** power
    if expr.exp == sp.S.Half:
        return lambda env, analytic: _root(base(env, analytic), analytic)
    if expr.exp == -sp.S.Half:
        return lambda env, analytic: 1 / _root(base(env, analytic), analytic)

    def power_of(env: Env, analytic: bool) -> Any:
        return (_log(analytic, base(env, analytic)) * exponent(env, analytic)).exp()

    return power_of


def _root(x: Any, analytic: bool) -> Any:
    return x.sqrt() if isinstance(x, arb) and x > 0 else acb(x).sqrt(analytic=analytic)


def _log(analytic: bool, x: Any) -> Any:
    return x.log() if isinstance(x, arb) and x > 0 else acb(x).log(analytic=analytic)


def _phi_cdf(analytic: bool, x: Any) -> Any:
    return (-x / arb(2).sqrt()).erfc() / 2


def _log_phi_cdf(analytic: bool, x: Any) -> Any:
    if isinstance(x, arb) and x > 0:
        return (-_phi_cdf(analytic, -x)).log1p()
    return _log(analytic, _phi_cdf(analytic, x))


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
    return x.log1p() if isinstance(x, arb) and x > -1 else _log(analytic, 1 + x)


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


_CONSTANTS: dict[Any, Callable[[], Any]] = {
    sp.pi: arb.pi,
    sp.E: arb.const_e,
    sp.EulerGamma: arb.const_euler,
    sp.I: lambda: acb(0, 1),
}
_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    sp.exp: lambda analytic, x: x.exp(),
    sp.log: _log,
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


def _compile_sum(expr: Any) -> Node:
    """A finite sum over one index, term by term."""
    (index, low, high), term = expr.limits[0], _compile(expr.function)
    start, stop = _compile(low), _compile(high)

    def total(env: Env, analytic: bool) -> Any:
        first, last = (int(end(env, False).unique_fmpz()) for end in (start, stop))
        return sum((term({**env, index: arb(i)}, analytic) for i in range(first, last + 1)), arb(0))

    return total


def _compile_integral(expr: Any) -> Node:
    """An integral over one variable, brought to a finite or doubly infinite range; several variables are nested."""
    *inner, (variable, low, high) = expr.limits
    function = sp.Integral(expr.function, *inner) if inner else expr.function
    outside, inside = function.as_independent(variable, as_Add=False)
    t = sp.Dummy("t", real=True)
    mapped, start, stop = _mapped(inside, variable, low, high, t)
    factor, integrand = _compile(outside), _compile(mapped)
    ends = [None if end in (-sp.oo, sp.oo) else _compile(end) for end in (start, stop)]

    parameters = (mapped.free_symbols | sp.sympify(start).free_symbols | sp.sympify(stop).free_symbols) - {t}
    constant: dict[int, Any] = {}  # an integral without parameters is computed once, whatever it is nested in

    def integral(env: Env, analytic: bool) -> Any:
        def along(x: Any, flag: bool) -> Any:
            return integrand({**env, t: x}, flag or analytic)

        if not parameters:
            if ctx.prec not in constant:
                constant[ctx.prec] = _integrate(along, [end and end(env, False) for end in ends], True)
            return factor(env, analytic) * constant[ctx.prec]
        sharp = all(_sharp(env[symbol]) for symbol in parameters)
        return factor(env, analytic) * _integrate(along, [end and end(env, analytic) for end in ends], sharp)

    return integral


def _mapped(inside: Any, variable: sp.Symbol, low: Any, high: Any, t: sp.Symbol) -> tuple[Any, Any, Any]:
    """The integrand in a variable in which ends at 0 and infinity are harmless."""
    if low == 0:
        scale = sp.S.One if high == sp.oo else high
        return inside.subs(variable, scale * sp.exp(t)) * scale * sp.exp(t), -sp.oo, sp.oo if high == sp.oo else 0
    if high == sp.oo and low != -sp.oo:
        return inside.subs(variable, low + t), 0, sp.oo
    if low == -sp.oo and high != sp.oo:
        return inside.subs(variable, high + t), -sp.oo, 0
    return inside.subs(variable, t), low, high


def _sharp(value: Any) -> bool:
    """Whether a ball is a number rather than a region (an outer integral bounds the inner one over regions)."""
    return acb(value).rel_accuracy_bits() > 30


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
    return _integrate(function, [low, high], True)


def _integrate(function: Callable[[Any, bool], Any], ends: list[Any], sharp: bool) -> Any:
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
