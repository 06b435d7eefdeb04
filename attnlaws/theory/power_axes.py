"""Risks over axes j^(-b/2), as numbers: the balance, the best codebook, and Pinsker's rule at a saddle point."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from attnlaws.theory import theta

NOISE = {"volumetric": 2, "neighbor": 0}
"""What of the level the noise takes in the balance."""
CURVED = math.pi**2 / 4
"""The squared norm of the first mode of the longest axis."""
MOST_AXES = 1 << 24


def balance(notion: str, log_n: Any, b: Any) -> tuple[np.ndarray, np.ndarray]:
    """The level u of the cells, and the number of axes that are longer than a cell.

    Example:
        >>> [round(float(part), 6) for part in balance("volumetric", 10.0, 2.0)]
        [2.058351, 7.0]
    """
    from scipy.special import gammaln

    size, power = np.broadcast_arrays(np.asarray(log_n, float), np.asarray(b, float))
    noise = NOISE[notion]

    def opening(number: np.ndarray) -> np.ndarray:
        return power / 2 * ((noise + number) * np.log(number) - gammaln(number + 1))

    low, high = np.ones(size.shape), np.full(size.shape, float(MOST_AXES))
    while np.any(high - low > 1):
        middle = np.floor((low + high) / 2)
        opens = opening(middle) <= size
        low, high = np.where(opens, middle, low), np.where(opens, high, middle)
    return (size + power / 2 * gammaln(low + 1)) / (noise + low), low


def balance_ball(notion: str, log_n: Any, b: Any) -> tuple[Any, int]:
    """The same in balls, by a search from below; not a number where balls do not decide about an axis."""
    from flint import arb

    noise = NOISE[notion]

    def opening(number: int) -> Any:
        return b / 2 * ((noise + number) * arb(number).log() - arb(number + 1).lgamma())

    low, high = 1, 2
    while opening(high) <= log_n:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if opening(middle) <= log_n else (low, middle)
    if not opening(low + 1) > log_n:
        return arb("nan"), low
    return (log_n + b / 2 * arb(low + 1).lgamma()) / (noise + low), low


def volumetric(log_n: Any, b: Any, constant: bool) -> np.ndarray:
    """The local exponent of the volumetric risk, or the risk times its power of ln n."""
    level, number = balance("volumetric", log_n, b)
    return np.exp(b * np.log(log_n) - 2 * level) if constant else 2 * log_n / (2 + number)


def neighbor(log_n: Any, b: Any, constant: bool) -> np.ndarray:
    """The same for the codebook's distortion."""
    from scipy.special import zeta

    level, number = balance("neighbor", log_n, b)
    water = np.exp(-2 * level)
    risk = number * water + zeta(b, number + 1)
    return risk * log_n ** (b - 1) if constant else 2 * log_n * water / risk


def load_at(log_t: float, b: float) -> tuple[float, float, float]:
    """Ln n, its slope in ln t, and the local exponent of the Sobolev risk where the saddle point is at t.

    The risk there is t over minus the first derivative of the sum of ln theta.

    Example:
        >>> round(load_at(saddle(200.0, 2.0), 2.0)[0], 9)
        200.0
    """
    value, slope, second, third = map(float, theta.sums(CURVED * math.exp(log_t), b))
    return _load(value, slope, second, third, log_t, math.log, 2 * math.pi)


def _load(g: Any, g1: Any, g2: Any, g3: Any, log_t: Any, log: Any, circle: Any) -> tuple[Any, Any, Any]:
    spread = 1 - g1 + g2
    share = -g1 / (1 - 2 * g1)
    load = 1 - g1 + g - log_t - log(circle * spread) / 2 + log(share)
    slope = g1 - g2 - 1 - (g3 - g2) / spread / 2 + g2 / g1 / (1 - 2 * g1)
    return load, slope, -load * (1 - g2 / g1) / slope


@lru_cache(maxsize=4096)
def saddle(log_n: float, b: float) -> float:
    """Ln t of the saddle point at this ln n, by Newton's method; a smaller t is a larger ln n."""
    log_t = b * math.log(1.3 * (b + 1) / (b * (log_n + 3))) - math.log(CURVED)
    for _ in range(60):
        load, slope, _ = load_at(log_t, b)
        step = (log_n - load) / slope
        log_t += max(-1.0, min(1.0, step))
        if abs(step) < 1e-13 * abs(log_t):
            break
    return log_t


def saddle_risk(log_n: float, b: float) -> tuple[float, float]:
    """The local exponent, and ln R."""
    log_t = saddle(log_n, b)
    return load_at(log_t, b)[2], log_t - math.log(-float(theta.sums(CURVED * math.exp(log_t), b)[1]))


def sobolev(log_n: Any, b: Any, constant: bool) -> np.ndarray:
    """The same for Pinsker's risk at the saddle point."""

    def one(size: float, power: float) -> float:
        exponent, log_risk = saddle_risk(float(size), float(power))
        return math.exp(log_risk + (power + 1) * math.log(size)) if constant else exponent

    return np.vectorize(one, otypes=[np.float64])(log_n, b)


@lru_cache(maxsize=64)
def _sobolev_balls(log_n: Any, b: Any) -> tuple[Any, Any]:
    """Balls of the exponent and of ln R: a step of Newton's method in balls proves where the saddle point is."""
    from flint import arb, ctx

    from attnlaws.theory.balls import exact

    with ctx.workprec(80):
        size, power = exact(log_n), exact(b)
        guess = arb(saddle(float(log_n), float(b)))
        about = guess + arb(0, 1e-11)

        def at(log_t: Any) -> tuple[Any, tuple[Any, Any, Any]]:
            found: Any = theta.sums_ball(arb.pi() ** 2 / 4 * log_t.exp(), power)
            return found, _load(found[0], found[1], found[2], found[3], log_t, lambda one: one.log(), 2 * arb.pi())

        found, (_, slope, exponent) = at(about)
        place = guess + (size - at(guess)[1][0]) / slope
        if not about.contains(place):
            return arb("nan"), arb("nan")
        return exponent, place - (-found[1]).log()


def risk_ball(notion: str, constant: bool, digits: int, log_n: Any, b: Any) -> Any:
    """A ball around either, for each notion."""
    from flint import ctx

    from attnlaws.theory.balls import exact

    with ctx.workprec(int(3.33 * digits) + 160):
        size, power = exact(log_n), exact(b)
        if notion == "sobolev":
            exponent, log_risk = _sobolev_balls(log_n, b)
            return (log_risk + (power + 1) * size.log()).exp() if constant else exponent
        level, number = balance_ball(notion, size, power)
        water = (-2 * level).exp()
        if notion == "volumetric":
            return water * size**power if constant else 2 * size / (2 + number)
        risk = number * water + power.zeta(number + 1)
        return risk * size ** (power - 1) if constant else 2 * size * water / risk


def shape_integral(b: Any) -> np.ndarray:
    """The integral of ln theta(x^b) over x > 0, by the trapezoid rule in ln(x^b).

    Example:
        >>> shape_integral([2.0, 3.0]).round(5).tolist()
        [1.24829, 1.65212]
    """
    step = 0.1
    place = np.arange(-400 / step, math.log(theta.FAR) / step) * step
    values = theta.logarithms(np.exp(place))[0]
    power = np.asarray(b, float)[..., None]
    return step * (values * np.exp(place / power)).sum(axis=-1) / power[..., 0]


def shape_ball(digits: int, b: Any) -> Any:
    """A ball around it: in closed form what is singular at 0, and the rest by certified quadrature."""
    from flint import acb, arb, ctx

    from attnlaws.theory.balls import exact

    with ctx.workprec(100):
        power = exact(b)

        def series(at: Any, _: bool) -> Any:
            return sum(((-(at.exp()) * k * k).exp() for k in range(1, 9)), acb(1)).log() * (at / power).exp()

        def rest(at: Any, _: bool) -> Any:
            inverse = acb.pi() ** 2 * (-at).exp()
            waves = sum(((-inverse * k * k).exp() for k in range(1, 5)), acb(0))
            return (1 + (at / 2).exp() / acb.pi().sqrt() + 2 * waves).log() * (at / power).exp()

        left, right = -80, 4
        inside = acb.integral(rest, acb(left), acb(0)).real + acb.integral(series, acb(0), acb(right)).real
        singular = power * power / 2 + power * (arb.pi().log() / 2 - arb(2).log())
        return (inside + singular) / power + arb(0, 1e-15)


def sobolev_constant(b: Any) -> np.ndarray:
    """The limit of Pinsker's risk times its power of ln n.

    Example:
        >>> float(sobolev_constant(2.0).round(5))
        4.26281
    """
    power = np.asarray(b, float)
    return 4 / math.pi**2 * (shape_integral(power) / power) ** power * (1 + power) ** (1 + power)


def sobolev_constant_ball(digits: int, b: Any) -> Any:
    """A ball around it."""
    from flint import arb, ctx

    from attnlaws.theory.balls import exact

    with ctx.workprec(100):
        power = exact(b)
        return 4 / arb.pi() ** 2 * (shape_ball(digits, b) / power) ** power * (1 + power) ** (1 + power)
