"""The box of the minimax laws: axes that shrink as exp(-kappa j^alpha), cells counted along them, and the balance.

Inputs lie in a box with semi-axes s_j, j = 1, 2, ... Cut into cells of width h = exp(-v) it has as many of them as the
product of s_j/h over the axes that are longer than h; the logarithm of this number is the entropy H(v). A functional of
Hoelder exponent beta varies by h^beta = exp(-u) within a cell, and every one of d_q further coordinates that do not
shrink adds v to the entropy. The cells can be learned from n samples up to noise of variance cells/n, and the balance
is where that is the square of exp(-u):

    log_n = 2 u + d_q v + H(v),   u = beta v,   risk = exp(-2 u).

Between two places at which an axis opens both sides are linear in v, so the balance is solved exactly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.parameter import Parameter, integer, real

LOG_N = Parameter("log_n", "ln of the number of samples over the noise, n (L S_0/sigma)^2", real(above=0, maximum=1e5))
ALPHA = Parameter("alpha", "how fast the axes shrink: s_j = exp(-kappa j^alpha)", real(minimum=0.25, maximum=4))
KAPPA = Parameter("kappa", "scale of the decay of the axes", real(minimum=0.01, maximum=10))
BETA = Parameter(
    "beta", "Hoelder exponent of the functional; 1 is Lipschitz", real(minimum=0.05, maximum=1), default=1.0
)
D_Q = Parameter("d_q", "coordinates of the query, which do not shrink", integer(0, 10_000), default=0)
PARAMETERS = (LOG_N, ALPHA, KAPPA, BETA, D_Q)

log_n, alpha, kappa, beta, d_q = (parameter.symbol for parameter in PARAMETERS)
j, axes = sp.symbols("j D", integer=True, positive=True)
x, level = sp.symbols("x v", positive=True)
"""``j`` counts axes up to ``axes``, ``x`` counts them without steps, ``level`` is ln(1/h)."""
EXPONENT = alpha / (1 + alpha)
"""p: the risk is exp(-C log_n^p) in the limit."""

HEAD = 16
"""Terms of a power sum that are added one by one; the rest is Euler's and Maclaurin's formula."""
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66)
MOST_AXES = 1 << 40


def semi_axis(index: Any) -> Any:
    """The semi-axis of this number, in units of the largest possible one.

    Example:
        >>> semi_axis(1)
        exp(-kappa)
    """
    return sp.exp(-kappa * index**alpha)


def count(at: Any, number: Any = axes) -> Any:
    """The entropy at a level at which so many axes are longer than a cell, as a sum over them.

    Example:
        >>> count(level, 1).doit()
        -kappa + v
    """
    return sp.Sum(sp.log(semi_axis(j)) + at, (j, 1, number))


def smooth_count(at: Any, number: Any, start: Any = 0) -> Any:
    """The same with an integral from ``start`` in place of the sum.

    From 1/2 each axis stands for the unit interval around it, and the integral follows the sum's mean course.

    Example:
        >>> smooth_count(level, 1, 1).doit()
        0
    """
    return sp.Integral(at - kappa * x**alpha, (x, start, number))


def power_sum(number: Any, exponent: Any) -> np.ndarray:
    """The sum of j^exponent over j = 1, ..., number.

    Args:
        number: whole, from 0 on.
        exponent: positive.

    Example:
        >>> float(power_sum(100, 1.0))
        5050.0
    """
    count, a = np.broadcast_arrays(np.asarray(number, float), np.asarray(exponent, float))
    first = np.zeros(count.shape)
    for term in range(1, HEAD + 1):
        first = first + np.where(count >= term, float(term) ** a, 0.0)
    end = np.maximum(count, HEAD)
    rest = (end ** (1 + a) - HEAD ** (1 + a)) / (1 + a) + (end**a - HEAD**a) / 2
    factor = np.ones_like(a)
    for k, number_of_bernoulli in enumerate(BERNOULLI, 1):  # factor: a (a - 1) ... (a - 2 k + 2) / (2 k)!
        factor = factor * (a if k == 1 else (a - 2 * k + 3) * (a - 2 * k + 2)) / ((2 * k) * (2 * k - 1))
        power = a - 2 * k + 1
        rest = rest + number_of_bernoulli * factor * (end**power - HEAD**power)
    return first + rest


def entropy(level: Any, alpha: Any, kappa: Any) -> np.ndarray:
    """H: the logarithm of the number of cells of width exp(-level).

    An axis as long as a cell adds nothing, so that it does not matter on which side of it the count is rounded.

    Example:
        >>> float(entropy(3.0, 1.0, 1.0))
        3.0
    """
    number = np.floor((np.asarray(level, float) / kappa) ** (1 / np.asarray(alpha, float)))
    return number * level - kappa * power_sum(number, alpha)


def balance(log_n: Any, alpha: Any, kappa: Any, beta: Any = 1.0, d_q: Any = 0) -> tuple[np.ndarray, np.ndarray]:
    """Where the noise of the cells is as large as the error inside them.

    Args:
        log_n: logarithm of the number of samples, over the noise.
        alpha: exponent of the decay of the axes.
        kappa: scale of it.
        beta: Hoelder exponent of the functional.
        d_q: coordinates of the query.

    Returns:
        u, minus half the logarithm of the risk; and D, the number of axes that are longer than a cell.

    Example:
        >>> u, number = balance([6.9, 13.8], 1.0, 0.5)
        >>> u.round(3), number
        (array([1.98 , 3.038]), array([3., 6.]))
    """
    given = np.broadcast_arrays(*(np.asarray(value, float) for value in (log_n, alpha, kappa, beta, d_q)))
    n, a, scale, smoothness, query = given
    weight = 2 * smoothness + query

    def opening(number: np.ndarray) -> np.ndarray:
        """The log_n at which an axis is as long as a cell."""
        return scale * (weight * number**a + number ** (1 + a) - power_sum(number, a))

    low, high = np.zeros(n.shape), np.full(n.shape, float(MOST_AXES))
    while np.any(high - low > 1):
        middle = np.floor((low + high) / 2)
        opens = opening(middle) <= n
        low, high = np.where(opens, middle, low), np.where(opens, high, middle)
    return smoothness * (n + scale * power_sum(low, a)) / (weight + low), low


def balance_ball(digits: int, log_n: Any, alpha: Any, kappa: Any, beta: Any = 1, d_q: Any = 0) -> tuple[Any, Any]:
    """The same as Arb balls, by Hurwitz's zeta function and a search that trusts nothing but balls.

    Args:
        digits: decimal digits aimed at.
        log_n: as for :func:`balance`.
        alpha: likewise.
        kappa: likewise.
        beta: likewise.
        d_q: likewise.

    Returns:
        Balls of u and of D; not a number where an axis is so nearly as long as a cell that balls do not decide.

    Example:
        >>> u, number = balance_ball(15, 13.8, 1, 0.5)
        >>> u.str(5, radius=False), int(number.unique_fmpz())
        ('3.0375', 6)
    """
    from flint import arb, ctx

    from attnlaws.theory.balls import exact

    with ctx.workprec(int(3.33 * digits) + 160):
        n, a, scale, smoothness = (exact(value) for value in (log_n, alpha, kappa, beta))
        weight = 2 * smoothness + exact(d_q)
        whole = (-a).zeta()

        def powers(number: int) -> Any:
            return whole - (-a).zeta(arb(number + 1)) if number else arb(0)

        def opening(number: int) -> Any:
            longest = arb(number) ** a
            return scale * ((weight + number) * longest - powers(number))

        low, high = 0, MOST_AXES
        while high - low > 1:
            middle = (low + high) // 2
            opens = opening(middle)
            if not (opens <= n or opens > n):
                return arb("nan"), arb("nan")
            low, high = (middle, high) if opens <= n else (low, middle)
        return smoothness * (n + scale * powers(low)) / (weight + low), arb(low)


def entropy_ball(digits: int, level: Any, alpha: Any, kappa: Any) -> Any:
    """A ball around the entropy, by Hurwitz's zeta function.

    Args:
        digits: decimal digits aimed at.
        level: a number or a ball.
        alpha: as for :func:`balance`.
        kappa: likewise.

    Example:
        >>> entropy_ball(15, 3, 1, 1).str(5, radius=False)
        '3.0000'
    """
    from flint import arb, ctx

    from attnlaws.theory.balls import exact

    with ctx.workprec(int(3.33 * digits) + 160):
        at, a, scale = exact(level), exact(alpha), exact(kappa)
        low, high = 0, MOST_AXES
        while high - low > 1:  # an axis that a ball does not decide about is as long as a cell, and adds nothing
            middle = (low + high) // 2
            low, high = (middle, high) if scale * arb(middle) ** a <= at else (low, middle)
        return low * at - scale * ((-a).zeta() - (-a).zeta(arb(low + 1))) if low else arb(0)
