"""How large a memory or an attention head has to be: the capacity of an exponential-kernel memory, and its inverses.

A memory of n pairs is asked for one of them by its own key; the weight of a score s is exp(s / tau), and
tau = sqrt(d_k) is attention's. What others add to the answer, over the answer's own power, is the inverse
signal-to-noise ratio.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from attnlaws.theory.domain import fault
from attnlaws.theory.parameter import choice, integer, real

LARGEST_DIMENSION = 1024
CONVENTIONS = choice("typical", "geometric", "expectation")
KEYS = choice("gaussian", "sphere")
DIMENSION = integer(2, LARGEST_DIMENSION)
TEMPERATURE = real(minimum=0.5, maximum=1000)
TARGET = real(above=0, maximum=1e6)
PAIRS = real(minimum=2, maximum=1e300)
BEST_MEAN = 2.0
"""The temperature at which the mean over Gaussian keys is smallest, whatever the dimension."""


def capacity(
    d_k: int,
    tau: float | str = "sqrt",
    target: float = 1.0,
    *,
    keys: str = "gaussian",
    convention: str = "typical",
) -> float:
    """The number of pairs that a memory holds with an inverse signal-to-noise ratio of at most ``target``.

    Args:
        d_k: dimension of the keys, from 2 to 1024.
        tau: temperature in [0.5, 1000], or "sqrt" for sqrt(d_k).
        target: the inverse signal-to-noise ratio that is allowed; at 1 interference is as strong as the signal.
        keys: "gaussian", or "sphere" for keys of norm sqrt(d_k).
        convention: what is meant by the size of the ratio. "typical": the geometric mean over all keys, for a target
            of norm sqrt(d_k), right below tau = 2 as well (`retrieval.capacity`). "geometric": the geometric mean over
            Gaussian targets of the mean over the other pairs. "expectation": the mean over everything. The last two
            are `retrieval.exponential` solved for n; on the sphere both are `retrieval.exponential_sphere`.

    Returns:
        The number of pairs, the one asked for included, as a float that is not rounded; 1 where even a second pair
        interferes more than that.

    Raises:
        ValueError: a parameter outside its domain; names it, its domain and the value.
        OverflowError: more pairs than float64 can count.

    Source:
        arXiv:2505.19488, the signal-to-noise ratio of the exponential kernel (read in secondary sources); the laws
        named above.

    Example:
        >>> f"{capacity(64):.3g}", f"{capacity(64, convention='expectation'):.3g}"
        ('1.2e+06', '1.11e+05')
    """
    DIMENSION.check("d_k", d_k)
    TARGET.check("target", target)
    KEYS.check("keys", keys)
    CONVENTIONS.check("convention", convention)
    log_m = _log_others(int(d_k), _temperature(tau, d_k), math.log(target), keys, convention)
    if log_m > math.log(1e300):
        raise OverflowError(f"d_k = {d_k}, tau = {tau!r}: the memory holds exp({log_m:.1f}) pairs, beyond float64")
    return 1.0 + math.exp(log_m)


def dimension(
    n: float,
    tau: float | str = "sqrt",
    target: float = 1.0,
    *,
    keys: str = "gaussian",
    convention: str = "typical",
) -> int:
    """The smallest dimension of the keys in which a memory holds n pairs: :func:`capacity` solved for d_k.

    Args:
        n: number of pairs, at least 2.
        tau: as for :func:`capacity`; "sqrt" follows the dimension.
        target: likewise.
        keys: likewise.
        convention: likewise.

    Raises:
        ValueError: as for :func:`capacity`, and where no dimension up to 1024 is enough.

    Example:
        >>> dimension(1e6, target=0.01, convention="geometric"), dimension(1e6, 2, target=0.01, convention="geometric")
        (105, 37)
    """
    log_m = math.log(PAIRS.check("n", n) - 1)
    KEYS.check("keys", keys)
    CONVENTIONS.check("convention", convention)
    level = math.log(TARGET.check("target", target))

    def holds(d: int) -> bool:
        return _log_others(d, _temperature(tau, d), level, keys, convention) >= log_m

    if not holds(LARGEST_DIMENSION):
        demand = f"at most {capacity(LARGEST_DIMENSION, tau, target, keys=keys, convention=convention):.6g}"
        raise fault("n", n, demand, f"what {LARGEST_DIMENSION} dimensions hold at tau = {tau!r}, target = {target:g}")
    return _first(holds, 2, LARGEST_DIMENSION)


def temperature(
    n: float, d_k: int, target: float = 1.0, *, keys: str = "gaussian", convention: str = "typical"
) -> float:
    """The highest temperature at which a memory holds n pairs: :func:`capacity` solved for tau, on its upper branch.

    Typical capacity grows as tau falls, to that of taking the largest score alone; the two means over Gaussian keys are
    best at tau = 2, whatever the dimension, because below their worst keys count too much.

    Args:
        n: number of pairs, at least 2.
        d_k: dimension of the keys, from 2 to 1024.
        target: as for :func:`capacity`.
        keys: likewise.
        convention: likewise.

    Returns:
        The temperature, between the best one and 1000.

    Raises:
        ValueError: as for :func:`capacity`, and where no temperature is enough.

    Example:
        >>> round(temperature(1e6, 64, convention="geometric"), 3)
        8.125
    """
    log_m = math.log(PAIRS.check("n", n) - 1)
    DIMENSION.check("d_k", d_k)
    KEYS.check("keys", keys)
    CONVENTIONS.check("convention", convention)
    level = math.log(TARGET.check("target", target))

    def spare(tau: float) -> float:
        return _log_others(int(d_k), tau, level, keys, convention) - log_m

    best = best_temperature(keys=keys, convention=convention)
    if spare(best) < 0:
        most = capacity(d_k, best, target, keys=keys, convention=convention)
        raise fault("n", n, f"at most {most:.6g}", f"what d_k = {d_k} holds at the best temperature, tau = {best:g}")
    if spare(1000.0) >= 0:
        return 1000.0
    from scipy import optimize

    found: Any = optimize.brentq(spare, best, 1000.0, xtol=1e-9)
    return float(found)


def best_temperature(*, keys: str = "gaussian", convention: str = "typical") -> float:
    """The temperature, from 0.5 up, at which a memory holds most: 2 for the means over Gaussian keys, else the lowest.

    Example:
        >>> best_temperature(convention="expectation"), best_temperature()
        (2.0, 0.5)
    """
    KEYS.check("keys", keys)
    CONVENTIONS.check("convention", convention)
    return BEST_MEAN if keys == "gaussian" and convention != "typical" else 0.5


def _temperature(tau: Any, d_k: int) -> float:
    if isinstance(tau, str):
        if tau != "sqrt":
            raise fault("tau", tau, f"'sqrt', or {TEMPERATURE.describe()}")
        return math.sqrt(d_k)
    return TEMPERATURE.check("tau", tau)


def _log_others(d: int, tau: float, log_target: float, keys: str, convention: str) -> float:
    """The logarithm of the number of other pairs."""
    from attnlaws.theory.retrieval import capacity as typical
    from attnlaws.theory.retrieval import exponential, exponential_sphere

    if convention == "typical":
        return typical.log_number(keys, tau, d, log_target)
    if keys == "sphere":
        return log_target - float(exponential_sphere.LAW(n=2, d_k=d, radius=math.sqrt(d), tau=tau, output="log"))
    return log_target - float(exponential.LAW(n=2, d_k=d, tau=tau, convention=convention, output="log"))


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The smallest number from which on a rising property holds, by halving."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low
