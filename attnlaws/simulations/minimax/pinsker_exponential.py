"""Simulate Pinsker's rule at the least favorable signal of an ellipsoid, coordinate by coordinate."""

import math
from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64, plog64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.stream import fill_normals64


def sequence(k0, k1, replicate, scratch, out, active, growth, power, log_mu, noise):
    """Draw the noise of the coordinates that are estimated, and add up the squared errors over the noise's variance.

    ln a_j is growth j^power, or growth ln j where the power is 0.
    """
    normals = scratch[:active]
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    total = 0.0
    for i in range(active):
        log_j = plog64(np.float64(i + 1))
        ratio = pexp64((log_j if power == 0.0 else pexp64(power * log_j)) * growth - log_mu)
        theta = noise * np.sqrt(1.0 / ratio - 1.0)
        observed = theta + noise * normals[i]
        error = (1.0 - ratio) * observed - theta
        total += error * error
    out[0] = total / (noise * noise)


def weights(log_n: float, growth: float, power: float) -> tuple[int, float]:
    """How many coordinates are estimated, and ln mu: the minimum over t = 1/mu of the rule's largest risk.

    That risk is t^2 + (1/n) sum (1 - t a_j)_+^2; its slope has one root.

    Example:
        >>> active, log_mu = weights(math.log(6.0), 1.0, 0.0)
        >>> active, round(math.exp(log_mu), 9)
        (3, 3.333333333)
    """
    from scipy import optimize

    def log_axes(count: int) -> np.ndarray:
        j = np.arange(1.0, count + 1.0)
        return growth * (np.log(j) if power == 0.0 else j**power)

    count = 2
    while log_axes(count)[-1] < log_n / 2 + 2 + log_axes(1)[0]:
        count *= 2
    axes = log_axes(count)

    def slope(log_mu: float) -> float:
        ratio = np.exp(axes[axes < log_mu] - log_mu)
        return 2 * log_mu + math.log(float((ratio * (1 - ratio)).sum())) - log_n

    low = float(axes[0])
    root: Any = optimize.brentq(slope, low + 1e-12, max(float(axes[-1]), low + 1.0), xtol=1e-13)
    return int((axes < root).sum()), float(root)


def arguments(log_n: float, growth: float, power: float) -> dict[str, int | float]:
    """What the kernel is given."""
    active, log_mu = weights(log_n, growth, power)
    return {
        "active": active,
        "growth": growth,
        "power": power,
        "log_mu": log_mu,
        "noise": math.exp(-log_n / 2),
    }


def shape(log_n: float, growth: float, power: float) -> Replicate:
    """One signal and its noise a replicate."""
    given = arguments(float(log_n), float(growth), float(power))
    active = int(given["active"])
    return Replicate(
        kernel=sequence,
        arguments=lambda **_: given,
        scratch=lambda **_: active,
        size=lambda **_: active,
        outputs=("loss",),
    )


def naive(draws: dict[str, np.ndarray], log_n: float, growth: float, power: float) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    given = arguments(float(log_n), float(growth), float(power))
    j = np.arange(1.0, given["active"] + 1.0)
    axes = np.exp(growth * (np.log(j) if power == 0 else j**power))
    mu, n = math.exp(given["log_mu"]), math.exp(log_n)
    theta = np.sqrt((mu / axes - 1) / n)
    observed = theta + draws["items"].astype(np.float64) / math.sqrt(n)
    return {"loss": float(n * (((1 - axes / mu) * observed - theta) ** 2).sum())}


def literal(*, log_n: float, alpha: float, kappa: float, **_: Any) -> Replicate:
    """The sequence model of the law."""
    return shape(log_n, kappa, alpha)


def reference(draws: dict[str, np.ndarray], *, log_n: float, alpha: float, kappa: float, **_: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    return naive(draws, log_n, kappa, alpha)


EXPERIMENT = Experiment(
    modes={"literal": literal},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("loss")),
    arithmetic_error=1e-10,
    arithmetic_reason="float64; a ratio a_j/mu is off by 1e-16 times its exponent, which is below 100 on the grid",
)

if __name__ == "__main__":
    run.main(__file__)
