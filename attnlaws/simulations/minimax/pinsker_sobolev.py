"""Simulate the least favorable function of a box in white noise, and Pinsker's estimate of it, mode by mode."""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64, plog64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.primitives import kernel
from attnlaws.simulations.stream import fill_normals64

LOSS, NOISE = Symbol("loss"), Symbol("noise")


@kernel
def start(frequency, square, axis, alpha, kappa):
    """Begin at the constant mode, and fill in the a^2 of the first mode of each axis, (pi/(2 s_j))^2."""
    square[axis.size] = 0.0
    for j in range(axis.size):
        frequency[j] = 0.0
        square[j] = 0.0
        axis[j] = 2.4674011002723395 * pexp64(2.0 * kappa * pexp64(alpha * plog64(np.float64(j + 1))))


@kernel
def advance(frequency, square, axis, limit):
    """Go on to the next mode below the limit, the first axis fastest; false after the last one.

    ``square[j]`` is the part of a^2 that axis j and those beyond it make up, and ``square[axis.size]`` is 0.
    """
    for j in range(axis.size):
        frequency[j] += 1.0
        square[j] = square[j + 1] + axis[j] * frequency[j] * frequency[j]
        if square[j] < limit:
            for i in range(j):
                square[i] = square[j]
            return True
        frequency[j] = 0.0
    return False


@kernel
def observed(normals, room, axes, mu, n, alpha, kappa):
    """Walk over the modes below the cutoff, observe each in the noise of a normal and add up squared errors.

    Args:
        normals: one for each mode.
        room: scratch, three numbers for each axis and one more.
        axes: how many axes have a mode below the cutoff.
        mu: the cutoff.
        n: the sample size.
        alpha: power of the index in the semi-axes' logarithms.
        kappa: their scale.

    Returns:
        The loss, the part of it that is noise, and the number of modes.
    """
    axis, frequency, square = room[:axes], room[axes : 2 * axes], room[2 * axes : 3 * axes + 1]
    start(frequency, square, axis, alpha, kappa)
    loss, noise, count, more = 0.0, 0.0, 0, True
    while more and count < normals.size:
        a = np.sqrt(square[0])
        theta = 0.0  # the constant mode is estimated without bias, whatever it is
        if a > 0.0:
            theta = np.sqrt((mu / a - 1.0) / n)
        z = normals[count] / np.sqrt(n)
        weight = 1.0 - a / mu
        error = weight * (theta + z) - theta
        loss += error * error
        noise += weight * z * weight * z
        count += 1
        more = advance(frequency, square, axis, mu * mu)
    return loss, noise, count


def white_noise(k0, k1, replicate, scratch, out, most, axes, mu, n, alpha, kappa):
    """Draw an observation of every mode."""
    normals = scratch[:most]
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    loss, noise, count = observed(normals, scratch[most:], axes, mu, n, alpha, kappa)
    out[0], out[1], out[2] = loss, noise, np.float64(count)


def lattice(limit: float, alpha: float, kappa: float) -> np.ndarray:
    """The a^2 of all modes below a limit, the first axis running fastest, by plain recursion."""
    axes: list[float] = []
    while (stiff := (math.pi / 2) ** 2 * math.exp(2 * kappa * (len(axes) + 1) ** alpha)) < limit:
        axes.append(stiff)

    def below(left: int, start: float) -> list[float]:
        if not left:
            return [start]
        found, frequency = [], 0
        while (square := start + axes[left - 1] * frequency**2) < limit:
            found += below(left - 1, square)
            frequency += 1
        return found

    return np.array(below(len(axes), 0.0))


@lru_cache(maxsize=256)
def cutoff(log_n: float, alpha: float, kappa: float) -> float:
    """The mu that solves sum a (mu - a)_+ = n, by bisection."""
    n, low = math.exp(log_n), 0.0
    high = math.pi / 2 * math.exp(kappa)

    def held(mu: float) -> float:
        return float((norms * (mu - norms).clip(min=0)).sum())

    while held_by(high, alpha, kappa) < n:
        low, high = high, 1.2 * high
    norms = np.sqrt(lattice(high**2, alpha, kappa))
    while high - low > 4e-16 * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if held(middle) < n else (low, middle)
    return high


def held_by(mu: float, alpha: float, kappa: float) -> float:
    """The sample size whose cutoff is mu."""
    norms = np.sqrt(lattice(mu**2, alpha, kappa))
    return float((norms * (mu - norms)).sum())


@lru_cache(maxsize=256)
def problem(log_n: float, alpha: float, kappa: float) -> dict[str, int | float]:
    """What a kernel needs: the number of modes and of axes, the cutoff, the sample size, and the box."""
    mu = cutoff(log_n, alpha, kappa)
    axes = 0
    while (math.pi / 2) ** 2 * math.exp(2 * kappa * (axes + 1) ** alpha) < mu**2:
        axes += 1
    # Modes at the cutoff have weight 0: whether rounding counts one is seen in their number alone.
    most = lattice(mu**2, alpha, kappa).size
    return {"most": most, "axes": axes, "mu": mu, "n": math.exp(log_n), "alpha": alpha, "kappa": kappa}


def modes(**_: Any) -> Replicate:
    """One observation of every mode a replicate."""

    def scratch(**point: float) -> int:
        given = problem(**point)
        return int(given["most"] + 3 * given["axes"] + 1)

    return Replicate(
        kernel=white_noise,
        arguments=problem,
        scratch=scratch,
        size=lambda **point: int(problem(**point)["most"]),
        outputs=("loss", "noise", "count"),
    )


def reference(draws: dict[str, np.ndarray], *, log_n: float, alpha: float, kappa: float, **_: Any) -> dict[str, float]:
    """One observation of every mode, spelt out in NumPy."""
    n, mu = math.exp(log_n), cutoff(log_n, alpha, kappa)
    norms = np.sqrt(lattice(mu**2, alpha, kappa))
    z = draws["items"].astype(np.float64) / math.sqrt(n)
    weights = 1 - norms / mu
    theta = np.sqrt(np.divide(mu / n, norms, out=np.full(norms.shape, 1 / n), where=norms > 0) - 1 / n)
    errors = weights * (theta + z) - theta
    return {"loss": float(np.sum(errors**2)), "noise": float(np.sum((weights * z) ** 2)), "count": float(norms.size)}


EXPERIMENT = Experiment(
    modes={"literal": modes},
    reference=reference,
    estimator=lambda **_: Smooth(LOSS),
    also={"exponent": lambda **_: Smooth(NOISE / LOSS), "modes": lambda **_: Smooth(Symbol("count"))},
    arithmetic_error=1e-10,
    arithmetic_reason="float64 sums over some thousand modes, and a cutoff found to 1e-15",
)

if __name__ == "__main__":
    run.main(__file__)
