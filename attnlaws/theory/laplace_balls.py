"""Proven values of the means in ``laplace`` and ``quenched``, by a route that shares nothing with them.

The transform of a weight w is a Mellin-Barnes integral of gamma functions and of moments of w, for t = exp(s):

    E[(t w)^k exp(-t w)] = (1/(2 pi i)) times the integral of gamma(z + k) E[w^-z] exp(-z s) over Re z = -1/2,

and for k = 0 that is psi - 1; E[w^-z] is exp(a^2 z^2/2) for w = exp(a g), and a Bessel function on a sphere. It is a
sum over equidistant z with a bound for what the sum leaves. The integral over s is cut into panels with Gauss-Legendre
nodes; what those leave is bounded by the integrand's size on an ellipse around the panel, inside the strip
|Im s| < pi/2 where |psi| is at most 1. Ends are cut by the moments of w.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flint import acb, acb_poly, arb, ctx

from attnlaws.theory.weights import Lognormal, Weights, log_moment

HALF = 1.5
"""Half the length of a panel."""
TILT = 1.4
"""Half-width of the ellipse around a panel, below pi/2."""
BEYOND = math.hypot(HALF, TILT) - HALF
"""How far the ellipse reaches beyond the panel."""
MOST_PANELS = 2000
SHIFT = 0.4
"""How far a contour may be moved from -1/2 on either side: the poles are at 0 and -1."""
CHUNK = 32
"""Terms of a sum that are one polynomial; powers between chunks start afresh."""
SPARE = 6.0
"""Natural logarithm by which every choice of a precision is on the safe side; the bounds themselves are proven."""

Pair = Callable[[], tuple[Any, Any]]


class Transform:
    """E[(t w)^k exp(-t w)] as balls, less 1 for k = 0."""

    def __init__(self, weights: Weights, orders: tuple[int, ...], highest: float, log_error: float) -> None:
        """Prepare the sums.

        Args:
            weights: the law of w.
            orders: the values of k.
            highest: the largest s that will be asked for.
            log_error: logarithm of the absolute error aimed at.
        """
        self.weights = weights
        sides = [log_moment(weights, 0.5 + side) + (0.5 + side) * highest for side in (-SHIFT, 0.0, SHIFT)]
        self.h = 2 * math.pi * SHIFT / (max(*sides, log_error) - log_error + SPARE)
        wanted = max(0.0, sides[1] - log_error) + SPARE
        reach = 2 * wanted / (math.pi / 2 + math.sqrt(math.pi**2 / 4 + 2 * weights.decay * wanted))
        count = int(reach / self.h) + 2
        self.reach = (count - 1) * self.h
        # Terms cancel down to the error aimed at, and a rectangle that is turned grows by up to a bit each time.
        self.bits = int((max(0.0, sides[1]) - log_error) / math.log(2)) + CHUNK + count // CHUNK + 60
        with ctx.workprec(self.bits):
            nodes = [acb(-0.5, arb(m) * self.h) for m in range(count)]
            terms = [node.gamma() * weights.moment(node) for node in nodes]
            terms[0] /= 2
            self.polynomials = {}
            for k in range(max(orders) + 1):
                if k in orders:
                    self.polynomials[k] = [acb_poly(terms[i : i + CHUNK]) for i in range(0, count, CHUNK)]
                terms = [term * (node + k) for term, node in zip(terms, nodes, strict=True)]

    def value(self, k: int, s: arb) -> arb:
        """The ball of one order at one s."""
        with ctx.workprec(self.bits):
            turn, leap = acb(0, -self.h * s).exp(), acb(0, -self.h * CHUNK * s).exp()
            total = acb(0)
            for chunk in reversed(self.polynomials[k]):
                total = total * leap + chunk(turn)
            ball = total.real * (s / 2).exp() * self.h / arb.pi()
            return ball + arb(0, (self._rule(s) + self._rest(s)).upper())

    def power(self, n: Any, s: arb) -> arb:
        """The ball of psi^n."""
        fall = self.value(0, s)
        if fall > -1:
            return (n * fall.log1p()).exp()
        largest = (1 + fall).abs_upper() ** n / 2  # psi is not negative
        return largest + arb(0, largest)

    def _rule(self, s: arb) -> arb:
        """What the trapezoid rule leaves: on lines Re z = -1/2 -+ SHIFT the integrals are below 20 pi exp(...).

        |gamma(z + k)| is at most gamma(x + k + 2)/|(z + k)(z + k + 1)|, whose integral over the imaginary part is that
        numerator times pi over the smaller of |x + k| and |x + k + 1|.
        """
        sides = arb(0.5 - SHIFT), arb(0.5 + SHIFT)
        lines = sum((self.weights.moment(x) * (x * s).exp() for x in sides), arb(0))
        return 10 * lines / ((2 * arb.pi() * SHIFT / self.h).exp() - 1)

    def _rest(self, s: arb) -> arb:
        """What lies beyond the last node, where |gamma(z + k)| is at most sqrt(2 pi) (2 + y) exp(-pi y/2)."""
        y = arb(self.reach)
        size = self.weights.moment(arb(0.5)) * (s / 2 - arb(self.weights.decay) * y * y / 2 - arb.pi() * y / 2).exp()
        return size * (2 / arb.pi()).sqrt() * (2 * (2 + y) / arb.pi() + 4 / arb.pi() ** 2)


@lru_cache(maxsize=64)
def _rule(order: int, precision: int) -> list[tuple[arb, arb]]:
    """Nodes and weights of Gauss and Legendre."""
    with ctx.workprec(precision):
        return [arb.legendre_p_root(order, k, weight=True) for k in range(order)]


def _panels(
    function: Callable[[arb], arb],
    low: float,
    log_error: float,
    log_bound: Callable[[float], float],
    rest: Callable[[arb], arb],
    bits: int,
) -> arb:
    """The integral of an analytic function of s over (low, infinity).

    Args:
        function: on real balls.
        low: the lower end.
        log_error: logarithm of the absolute error aimed at.
        log_bound: logarithm of a bound for the function's modulus on the ellipse around a panel, from the panel's
            upper end.
        rest: a bound for the integral beyond s.
        bits: precision of the nodes.
    """
    rho = TILT / HALF + math.hypot(1.0, TILT / HALF)
    largest = max(log_bound(low + 2 * HALF * panel) for panel in range(1, MOST_PANELS))
    order = math.ceil((largest - log_error + SPARE) / (2 * math.log(rho))) + 1
    rule = _rule(order, 64 * (bits // 64 + 1))
    total, start, tolerance = arb(0), arb(low), arb(log_error).exp()
    for _ in range(MOST_PANELS):
        middle = start + HALF
        total += HALF * sum((weight * function(middle + HALF * node) for node, weight in rule), arb(0))
        start += 2 * HALF
        bound = arb(log_bound(float(start))).exp() * HALF * arb(64) / 15 / (1 - arb(rho) ** -2)
        total += arb(0, (bound * arb(rho) ** (-2 * (order - 1))).upper())
        left = rest(start)
        if left < tolerance:
            return total + arb(0, left.upper())
    return arb("nan")


def _refined(digits: int, log_scale: float, compute: Callable[[float], arb]) -> arb:
    """A ball with a relative radius of 10^-digits; ``compute`` gets the logarithm of an absolute error to aim at."""
    ball = arb("nan")
    for attempt in range(3):
        log_error = log_scale - digits * math.log(10) - SPARE * (1 + 4 * attempt)
        with ctx.workprec(int(-log_error / math.log(2)) + 60):
            ball = compute(log_error)
        if ball.is_finite() and ball.rel_accuracy_bits() > 3.33 * digits:
            break
    return ball


def _ends(n: float, weights: Weights, log_error: float) -> tuple[float, float]:
    """Where n E[1 - exp(-t w)] is small, and where psi^n is, both by the moments of w."""
    log_n, a = math.log(n) - log_error + SPARE, weights.scale
    power = min(1.0, math.sqrt(2 * log_n) / a)
    power_above = min(1.0, math.sqrt(-2 * (log_error - SPARE) / n) / a)
    return (
        -(log_n + log_moment(weights, power)) / power,
        (log_moment(weights, power_above) - (log_error - SPARE) / n) / power_above,
    )


def log_sum(digits: int, n: Any, weights: Weights) -> arb:
    """E ln W for n > 1 weights with sum W, the integral's interpolation where n is no whole number.

    The bound on what a panel's nodes leave then supposes that psi has no zero on the ellipse around it. That is so for
    lognormal weights, which are infinitely divisible (Thorin 1977); for weights on a sphere it is an assumption.

    Args:
        digits: the relative radius is about 10^-digits.
        n: number of weights, an int or a ball.
        weights: the law of one.

    Example:
        >>> log_sum(9, 2, Lognormal(lambda: arb(1) / 10**9)).str(6, radius=False)
        '0.693147'
    """
    return _frozen(digits, n, weights, pairs=False)


def participation(digits: int, n: int, weights: Weights) -> arb:
    """E sum (w/W)^2 for n >= 2 weights w with sum W; the arguments are those of ``log_sum``.

    Example:
        >>> participation(9, 2, Lognormal(lambda: arb(1) / 10**9)).str(6, radius=False)
        '0.500000'
    """
    return _frozen(digits, n, weights, pairs=True)


def participation_of(digits: int, n: int, one: Callable[[arb], tuple[arb, arb]]) -> arb:
    """E sum (w/W)^2 for n >= 2 weights whose transforms are known in closed form.

    Args:
        digits: the relative radius is about 10^-digits.
        n: number of weights.
        one: psi and E[(t w)^2 exp(-t w)] of one weight, at t.

    Example:
        >>> participation_of(9, 2, lambda t: ((-t).exp(), t * t * (-t).exp())).str(6, radius=False)
        '0.500000'
    """

    def below(s: float) -> arb:
        """What is left out below s: at most 1 - psi^n, as E[W^2 t exp(-t W)] is the slope of E[1 - (1 + t W) ...]."""
        return -(n * one(arb(s).exp())[0].log()).expm1()

    def integrand(s: arb) -> arb:
        psi, square = one(s.exp())
        return n * square * ((n - 1) * psi.log()).exp()

    def compute(log_error: float) -> arb:
        low = -1.0
        while not below(low) < arb(log_error).exp():
            low -= 2 * HALF
        total = _panels(
            integrand,
            low,
            log_error,
            lambda _: math.log(4 * n * math.exp(-2) / math.cos(TILT) ** 2),
            lambda s: 2 * (n * one(s.exp() / 2)[0].log()).exp(),  # (1 + x) exp(-x) is at most 2 exp(-x/2)
            ctx.prec,
        )
        return total + arb(0, below(low).upper())

    return _refined(digits, -math.log(n), compute)


def _frozen(digits: int, n: Any, weights: Weights, pairs: bool) -> arb:
    size, others, a = float(n), n - 1 if pairs else n, weights.scale
    orders = (0, 2) if pairs else (0,)

    def compute(log_error: float) -> arb:
        low, high = _ends(size, weights, log_error)
        transform = Transform(weights, orders, high + 4 * HALF, log_error - math.log(size * (high - low)))
        ctx.prec = max(ctx.prec, transform.bits)  # set back by _refined

        def beyond(s: arb) -> arb:
            """The integral of psi^others beyond s: it decreases, and E (t w)^-q bounds psi for q up to e."""
            end, q = arb(high).max(s), arb(min(1.0, high / a / a))
            tail = (others * (weights.moment(q).log() - q * end)).exp() / (others * q)
            return (transform.power(others, s).abs_upper() * (end - s) + tail).upper()

        q = arb(min(1.0, -low / a / a))
        below = n * (q * low).exp() * weights.moment(q) / q + arb(low).exp()  # exp(-x) and psi are about 1 there
        if pairs:  # bounded by the square of t W times exp(-t W)
            total = _panels(
                lambda s: n * transform.value(2, s) * transform.power(others, s),
                low,
                log_error,
                lambda _: math.log(4 * math.exp(-2) / math.cos(TILT) ** 2),
                lambda s: n * beyond(s),
                transform.bits,
            )
        else:
            total = _panels(
                lambda s: (-s.exp()).exp() - transform.power(others, s),
                low,
                log_error,
                lambda _: math.log(2),
                lambda s: beyond(s) + (-s.exp() - s).exp(),
                transform.bits,
            )
        return total + arb(0, below.upper())

    return _refined(digits, -math.log(size) if pairs else math.log(math.log(size)), compute)


def log_number_enclosure(digits: int, weights: Weights, target: Callable[[], arb], guess: float) -> arb:
    """An interval around ln m for the number m of weights at which E ln W reaches a target.

    At the ends of the ball that is returned E ln W is proven to be below and above the target.

    Args:
        digits: the relative radius is 10^-digits.
        weights: the law of one.
        target: at the current precision, positive.
        guess: ln m.

    Example:
        >>> weights = Lognormal(lambda: arb(1) / 10**9)
        >>> log_number_enclosure(8, weights, lambda: arb(2), 2.0).contains(2)
        True
    """
    with ctx.workprec(int(guess / math.log(2)) + int(3.33 * digits) + 60):
        margin = arb(10) ** -digits
        ends = [(arb(guess) * (1 + side * margin)) for side in (-1, 1)]
        below, above = (log_sum(digits + 3, end.exp(), weights) - target() for end in ends)
        return arb(guess) * (1 + arb(0, margin.upper())) if below < 0 and above > 0 else arb("nan")


def share_of_one(digits: int, n: int, weight: Callable[[], tuple[arb, arb]]) -> arb:
    """E 1/(1 + W) for the sum W of n weights exp(a g - b), b >= a^2/2.

    Args:
        digits: the relative radius is 10^-digits.
        n: number of weights.
        weight: a and b at the current precision.

    Example:
        >>> share_of_one(9, 3, lambda: (arb(1) / 10**9, arb(0))).str(6, radius=False)
        '0.250000'
    """
    b = float(weight()[1])

    def compute(log_error: float) -> arb:
        low, high = log_error - SPARE, 6.0
        transform = Transform(Lognormal(lambda: weight()[0]), (0,), high - b, log_error - math.log(n * (high - low)))
        ctx.prec = max(ctx.prec, transform.bits)
        shift = weight()[1]
        total = _panels(
            lambda s: (s - s.exp()).exp() * transform.power(n, s - shift),
            low,
            log_error,
            lambda _: -math.log(math.cos(TILT)),
            lambda s: (-s.exp()).exp(),
            transform.bits,
        )
        return total + arb(0, arb(low).exp().upper())

    return _refined(digits, -math.log(n + 1), compute)


def square_error(digits: int, n: int, weight: Callable[[], tuple[arb, arb]], guess: float) -> arb:
    """E (W^2 + sum w^2)/(1 + W)^2 for n weights w = exp(a g - b) with sum W, b >= a^2/2.

    Args:
        digits: the relative radius is 10^-digits.
        n: number of weights.
        weight: a and b at the current precision.
        guess: the logarithm of the result, roughly; the precision is chosen by it.

    Example:
        >>> square_error(9, 3, lambda: (arb(1) / 10**5, arb(1) / 10**10), 0.0).str(6, radius=False)
        '0.750000'
    """
    a, b = map(float, weight())
    q = min(2.0, b / (a * a))
    log_count = math.log(2) + max(q, 1.0) * math.log(n)

    def log_moment(s: float) -> float:
        """A bound for the logarithm of E (t^2 W^2 + t^2 sum w^2): twice the q-th moment of W, 0 < q <= 2."""
        return log_count + q * (s - b) + (q * a) ** 2 / 2

    def compute(log_error: float) -> arb:
        low = (log_error - SPARE - log_moment(0.0) + math.log(q)) / q
        high = max(6.0, math.log(SPARE - log_error) + HALF)
        delta = log_error - math.log(n) * 3 - math.log(high - low)
        transform = Transform(Lognormal(lambda: weight()[0]), (0, 1, 2), high - b + 2 * HALF, delta)
        ctx.prec = max(ctx.prec, transform.bits)
        spread, shift = weight()

        def integrand(s: arb) -> arb:
            at = s - shift
            same = 2 * n * transform.value(2, at) * transform.power(n - 1, at)
            two = n * (n - 1) * transform.value(1, at) ** 2 * transform.power(n - 2, at) if n > 1 else arb(0)
            return (-s.exp()).exp() * (same + two)

        total = _panels(
            integrand,
            low,
            log_error,
            lambda end: min(log_moment(end + BEYOND), 0.1) - 2 * math.log(math.cos(TILT)),
            lambda s: 2 * (-s.exp() - s).exp(),
            transform.bits,
        )
        below = (math.log(2) + arb(max(q, 1.0)) * arb(n).log() + arb(q) * (low - shift) + (q * spread) ** 2 / 2).exp()
        return total + arb(0, (below / q).upper())

    return _refined(digits, guess, compute)
