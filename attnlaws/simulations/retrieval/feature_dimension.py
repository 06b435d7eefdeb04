"""Compute the dimension that a memory needs from the integrals that define its inverse signal-to-noise ratio.

No closed form is used: the mean over the others' scores and the mean over targets are trapezoid rules, which converge
geometrically for these integrands, and the dimension is found by bracketing.
"""

import math

import numpy as np

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Exact

NODES = 2400
STEP = 0.25  # the trapezoid rule is exact to exp(-2 (pi/STEP)^2) for a normal density
DEPTH = 60.0  # densities are integrated to exp(-60) of their peak


def log_ratios(x: np.ndarray, kernel: str, tau: float) -> np.ndarray:
    """The logarithm of a distractor's mean power over the target's, at squared norms x of the target."""
    reach = 12 + 2 * math.sqrt(x.max()) / tau if kernel == "exponential" else 12.0
    z = np.arange(-12.0, reach, STEP)
    if kernel == "linear":
        square = STEP * np.sum(z**2 * np.exp(-(z**2) / 2)) / math.sqrt(2 * math.pi)
        return np.log(square) - np.log(x)
    spread = np.sqrt(x)[:, None] / tau
    exponents = 2 * spread * z - z**2 / 2
    top = exponents.max(axis=1)
    means = np.log(np.exp(exponents - top[:, None]).sum(axis=1) * STEP / math.sqrt(2 * math.pi)) + top
    return means - 2 * x / tau


def targets(d: float, depth: float) -> tuple[np.ndarray, np.ndarray]:
    """Squared norms x = d e^t on a grid in t, and the logarithm of their density up to a constant, which is 0 at d.

    The grid ends where the density has fallen to exp(-depth) of its peak.
    """

    def log_density(t: np.ndarray) -> np.ndarray:
        return d / 2 * (t - np.expm1(t))

    ends = []
    for side in (-1.0, 1.0):
        end = side * math.sqrt(2 / d)
        while log_density(np.asarray(end)) > -depth:
            end *= 1.1
        ends.append(end)
    t = np.linspace(ends[0], ends[1], NODES)
    return d * np.exp(t), log_density(t)


def log_inverse_snr(d: float, n: int, kernel: str, tau_rule: str, convention: str) -> float:
    """The logarithm of the inverse signal-to-noise ratio in d dimensions, by its definition."""
    depth = DEPTH
    if kernel == "linear" and convention == "expectation":
        depth *= d / (d - 2)  # towards x = 0 the integrand falls like x^(d/2 - 1), the density like x^(d/2)
    elif kernel == "exponential" and tau_rule == "two":
        depth += 0.1 * d  # most of the mean comes from x near d/2, where the density is down to exp(-0.097 d)
    x, log_density = targets(d, depth)
    ratios = log_ratios(x, kernel, math.sqrt(d) if tau_rule == "sqrt" else 2.0)
    density = np.exp(log_density)
    if convention == "geometric":
        return math.log(n - 1) + float(density @ ratios / density.sum())
    top = float((ratios + log_density).max())
    return math.log(n - 1) + top + math.log(np.exp(ratios + log_density - top).sum() / density.sum())


def dimension(*, n: int, delta: float, kernel: str, convention: str, tau_rule: str = "sqrt") -> float:
    """The dimension at which the ratio is delta, by bracketing; a linear memory has no temperature.

    Example:
        >>> round(dimension(n=10**6, delta=0.01, kernel="exponential", tau_rule="sqrt", convention="expectation"), 1)
        134.5
    """
    from scipy import optimize

    def excess(log_d: float) -> float:
        return log_inverse_snr(math.exp(log_d), n, kernel, tau_rule, convention) - math.log(delta)

    smallest = 1.0  # at which the inverse ratio is 1 or more, and so too large
    if kernel == "linear" and convention == "expectation":
        smallest = 2.25  # below 2 there is no mean, and close to it the integral reaches far
    elif kernel == "exponential" and tau_rule == "two":
        smallest = 0.01
    low = math.log(smallest)
    high = low + 1.0
    while excess(high) > 0:
        low, high = high, high + 1.0
    root = optimize.brentq(excess, low, high, xtol=1e-13)
    return math.exp(float(root))  # type: ignore[arg-type]


EXPERIMENT = Exact(
    value=dimension,
    error=1e-9,
    reason="a dimension is solved for, not drawn; the ratios it comes from are simulated by retrieval.linear and "
    "retrieval.exponential",
)

if __name__ == "__main__":
    run.main(__file__)
