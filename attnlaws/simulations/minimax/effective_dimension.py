"""Solve the balance by bisection of the level, adding the logarithm of the cells axis by axis, and count the axes."""

from typing import Any

import numpy as np

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Exact

HALVINGS = 100


def cells(level: float, alpha: float, kappa: float) -> tuple[float, int]:
    """The logarithm of the number of cells, and the number of axes longer than one.

    Example:
        >>> cells(3.5, 1.0, 1.0)
        (4.5, 3)
    """
    lengths = kappa * np.arange(1, int((level / kappa) ** (1 / alpha)) + 3) ** alpha
    longer = lengths[lengths <= level]
    return float((level - longer).sum()), longer.size


def level_at(*, log_n: float, alpha: float, kappa: float, beta: float = 1.0, d_q: float = 0) -> float:
    """The level v at which (2 beta + d_q) v + H(v) is log_n."""

    def load(level: float) -> float:
        return (2 * beta + d_q) * level + cells(level, alpha, kappa)[0]

    high = kappa
    while load(high) < log_n:
        high *= 2
    low = 0.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if load(middle) > log_n else (middle, high)
    return low


def smooth_level_at(*, log_n: float, alpha: float, kappa: float, beta: float = 1.0, d_q: float = 0) -> float:
    """The same with the integral from 1/2 in place of the sum, by quadrature."""
    from scipy import integrate, optimize

    def excess(level: float) -> float:
        place = max((level / kappa) ** (1 / alpha), 0.5)
        longer: Any = integrate.quad(lambda x: level - kappa * x**alpha, 0.5, place, epsabs=0, epsrel=1e-13)
        return (2 * beta + d_q) * level + longer[0] - log_n

    high = kappa
    while excess(high) < 0:
        high *= 2
    found: Any = optimize.brentq(excess, 0.0, high, xtol=1e-15 * high)
    return float(found)


def counted(*, alpha: float, kappa: float, **rest: Any) -> int:
    """The axes longer than a cell at the balance."""
    return cells(level_at(alpha=alpha, kappa=kappa, **rest), alpha, kappa)[1]


def smooth_counted(*, alpha: float, kappa: float, **rest: Any) -> float:
    """The length of the axis along which an axis is longer than a cell, from 1/2 on."""
    return max((smooth_level_at(alpha=alpha, kappa=kappa, **rest) / kappa) ** (1 / alpha) - 0.5, 0.0)


EXPERIMENT = Exact(
    value=counted,
    error=1e-9,
    reason="a balance is solved, not drawn",
    also={"smoothed": smooth_counted},
)

if __name__ == "__main__":
    run.main(__file__)
