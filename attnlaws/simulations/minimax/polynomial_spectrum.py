"""Balances by a root search over explicit axes, and Pinsker's sums over all modes by inversion of a transform."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Exact

STEP = 1e-3
"""Half the difference of two sizes, as logarithms."""
NODES, REACH = 240, 9.0
"""Places on one half of the line of integration, and how far it goes in widths of the integrand."""
FAR_OUT = 1e12
"""Axes, where a limit is asked for."""
RATIO = 4.0


def axes_of(log_n: float, b: float, noise: float) -> tuple[float, np.ndarray]:
    """The level at which noise times it and the lengths of the axes above it make up ln n; and those axes."""
    from scipy import optimize

    j = np.arange(1.0, 16 + 4 * log_n)
    depth = b / 2 * np.log(j)

    def above(level: float) -> float:
        return noise * level + float(np.maximum(level - depth, 0).sum()) - log_n

    level: Any = optimize.brentq(above, 0.0, log_n, xtol=1e-15)
    return float(level), j[depth < level]


def volumetric(log_n: float, b: float) -> float:
    """Ln R of the balance."""
    return -2 * axes_of(log_n, b, 2)[0]


def neighbor(log_n: float, b: float) -> float:
    """Ln of the least distortion: what is told apart, and what remains of the sum of all j^(-b)."""
    from scipy.special import zeta

    level, axes = axes_of(log_n, b, 0)
    return math.log(len(axes) * math.exp(-2 * level) + float(zeta(b)) - float((axes**-b).sum()))


def log_theta(x: np.ndarray) -> np.ndarray:
    """Ln of the sum of exp(-x k^2) at complex x: the series where it is short, else Jacobi's other one."""
    square = np.arange(1.0, 8.0).reshape(-1, *[1] * x.ndim) ** 2
    large = np.real(x) > 1.5
    series = 1 + np.exp(-square * np.where(large, x, 1.5)).sum(axis=0)
    small = np.where(large, 1.5, x)
    waves = 1 + 2 * np.exp(-square * math.pi**2 / small).sum(axis=0)
    return np.log(np.where(large, series, (1 + np.sqrt(math.pi / small) * waves) / 2))


@lru_cache(maxsize=64)
def pinsker(log_n: float, b: float) -> tuple[float, float]:
    """The local exponent and ln R of Pinsker's rule, whose sums over all modes are inverse Laplace transforms.

    A sum of f(a_k^2) is the integral of the product of the thetas times the transform of f, along any line t + i w; the
    rule's level mu is searched for. Nothing is expanded. What is left out: where b is whole the thetas repeat after
    whole periods of w, with a share of (t/w)^2 of the whole, which is below 1e-6 on the grid.
    """
    from scipy import optimize

    def axes(t: float) -> np.ndarray:
        return math.pi**2 / 4 * np.arange(1.0, 2 + (180 / (math.pi**2 * t)) ** (1 / b)) ** b

    def slope(log_t: float) -> tuple[float, float]:
        """The logarithm of the transform, and its slope in ln t."""
        t = math.exp(log_t)
        here, there = (float(np.real(log_theta(factor * t * axes(t)).sum())) for factor in (1.0, 1.01))
        return here, (there - here) / math.log(1.01)

    def too_small(log_t: float) -> float:
        value, falling = slope(log_t)
        return value - falling - log_t - log_n

    # Any line will do; along this one the integrand is a single hump.
    start = b * math.log((b + 1) / (b * log_n))
    log_t: Any = optimize.brentq(too_small, start - 2.0, start + 4.0, xtol=1e-3)
    t = math.exp(log_t)
    spaced = axes(t)
    step = REACH * t * math.sqrt((b + 1) / log_n) / NODES
    w = step * (np.arange(NODES) + 0.5)
    whole = float(log_theta(t * spaced).sum())
    line = np.array([log_theta((t + 1j * at) * spaced).sum() for at in w]) - whole
    place, weight = np.polynomial.legendre.leggauss(400)
    norm = (place + 1) / 2  # a_k/mu

    def sums(log_mu: float) -> np.ndarray:
        """The sums of 1 - a_k/mu, of its square and of a_k (mu - a_k), over exp(whole + t mu^2)."""
        square = math.exp(2 * log_mu)
        kernel = np.exp(-np.outer(t + 1j * w, square * (1 - norm**2))) * (weight * norm)
        density = (np.exp(line + 1j * w * square) @ kernel).real * square * step / math.pi
        return np.array([1 - norm, (1 - norm) ** 2, square * norm * (1 - norm)]) @ density

    def beyond(log_mu: float) -> float:
        return whole + t * math.exp(2 * log_mu) + math.log(sums(log_mu)[2]) - log_n

    guess = 0.5 * (math.log(1 - slope(log_t)[1]) - log_t)
    log_mu: Any = optimize.brentq(beyond, guess - 0.3, guess + 0.3, xtol=1e-13)
    shrunk, squared, size = sums(log_mu)
    return log_n * squared / shrunk, math.log(shrunk / size)


def shape(b: float) -> float:
    """The integral of ln theta(x^b), from the sum over x = 1, 2, ... at a small scale, and what separates the two."""
    from mpmath import zeta

    x = 1e-3**b * 10
    j = np.arange(1.0, 2 + (45 / x) ** (1 / b))
    apart = math.log(x) / 4 - math.log(math.pi) / 4 + math.log(2) / 2 - b / 4 * math.log(2 * math.pi)
    apart += sum((-1) ** (m + 1) / m * (x / math.pi) ** (m / 2) * float(zeta(-m * b / 2)) for m in (1, 2, 3))
    return x ** (1 / b) * (float(np.real(log_theta(x * j**b)).sum()) - apart)


def far_out(notion: str, b: float, axes: float) -> tuple[float, float]:
    """Ln n and ln R where this many axes count."""
    from scipy import special

    if notion == "sobolev":  # the transform is exp(I/x), x = (t (pi/2)^2)^(1/b), and R is t over its slope in ln t
        modes = shape(b) * axes
        return (1 + 1 / b) * modes, -b * math.log(axes) + math.log(4 / math.pi**2) - math.log(modes / b)
    level = b / 2 * math.log(axes)
    cells = axes * level - b / 2 * float(special.gammaln(axes + 1))
    if notion == "volumetric":
        return 2 * level + cells, -2 * level
    return cells, math.log(axes ** (1 - b) + float(special.zeta(b, axes + 1)))


FINITE: dict[str, Callable[[float, float], float]] = {"volumetric": volumetric, "neighbor": neighbor}
SHIFT = {"volumetric": 0, "sobolev": 1, "neighbor": -1}


def exponent(*, notion: str = "volumetric", b: float, log_n: float | None = None) -> float:
    """A difference of ln R between two sizes over that of ln ln n; Pinsker's from sums over modes."""
    if log_n is None:
        (first, before), (last, after) = (far_out(notion, b, many) for many in (FAR_OUT, RATIO * FAR_OUT))
        return (before - after) / math.log(last / first)
    if notion == "sobolev":
        return pinsker(log_n, b)[0]
    below, above = (FINITE[notion](log_n + step, b) for step in (-STEP, STEP))
    return (below - above) / math.log((log_n + STEP) / (log_n - STEP))


def constant(*, notion: str = "volumetric", b: float, log_n: float | None = None) -> float:
    """The risk times its power of ln n."""
    if log_n is None:
        log_n, log_risk = far_out(notion, b, FAR_OUT)
    else:
        log_risk = pinsker(log_n, b)[1] if notion == "sobolev" else FINITE[notion](log_n, b)
    return math.exp(log_risk + (b + SHIFT[notion]) * math.log(log_n))


EXPERIMENT = Exact(
    value=exponent,
    error=1e-5,
    reason="balances and sums over modes are solved, not drawn; limits are taken from 10^12 axes to four times as many",
    also={"constant": constant},
)

if __name__ == "__main__":
    run.main(__file__)
