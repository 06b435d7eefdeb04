"""Simulate ridge regression of a linear readout on random inputs, with the weights of Pinsker's rule."""

import math
from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64, plog64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.minimax.pinsker_exponential import weights
from attnlaws.simulations.stream import fill_normals64


def regression(k0, k1, replicate, scratch, out, n, active, growth, power, log_mu, unit):
    """Draw n inputs and the noise of their outputs, solve for the readout, and compare it with the true one.

    The second output has mean zero: it is the part of the loss that is linear in the Gram matrix's deviation from the
    identity or already there without one, less its mean. ``unit`` is sigma over the root of n.
    """
    width = active + 1
    normals, gram = scratch[: n * width], scratch[n * width :][: active * active]
    rest = scratch[n * width + active * active :]
    theta, ratio, noise, found = rest[:active], rest[active:][:active], rest[2 * active :], rest[3 * active :]
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    for j in range(active):
        ratio[j] = pexp64(pexp64(power * plog64(np.float64(j + 1))) * growth - log_mu)
        theta[j] = unit * np.sqrt(1.0 / ratio[j] - 1.0)
        noise[j] = 0.0
    gram[:] = 0.0
    for i in range(n):
        row = normals[i * width : (i + 1) * width]
        for j in range(active):
            noise[j] += row[j] * row[active]
            for k in range(j + 1):
                gram[j * active + k] += row[j] * row[k]
    control = 0.0
    for j in range(active):
        weight, bias = 1.0 - ratio[j], ratio[j] * theta[j]
        noise[j] *= unit / np.sqrt(np.float64(n))
        control += weight * weight * (noise[j] * noise[j] - unit * unit) - 2.0 * weight * bias * noise[j]
        found[j] = noise[j]
        for k in range(j + 1):
            deviation = gram[j * active + k] / n - (1.0 if k == j else 0.0)
            gram[j * active + k] = deviation
            other = ratio[k] * theta[k]
            both = weight if k == j else weight + 1.0 - ratio[k]
            control -= 2.0 * both * bias * other * deviation
    for j in range(active):  # the right-hand side, G theta plus the noise, from the lower triangle of G - 1
        for k in range(active):
            deviation = gram[j * active + k] if k <= j else gram[k * active + j]
            found[j] += (deviation + (1.0 if k == j else 0.0)) * theta[k]
    for j in range(active):  # Cholesky's factor in place, and forward substitution with it
        for k in range(j + 1):
            entry = gram[j * active + k] + (1.0 / (1.0 - ratio[j]) if k == j else 0.0)
            for m in range(k):
                entry -= gram[j * active + m] * gram[k * active + m]
            gram[j * active + k] = np.sqrt(entry) if k == j else entry / gram[k * active + k]
        for k in range(j):
            found[j] -= gram[j * active + k] * found[k]
        found[j] /= gram[j * active + j]
    loss = 0.0
    for back in range(active):
        j = active - 1 - back
        for k in range(j + 1, active):
            found[j] -= gram[k * active + j] * found[k]
        found[j] /= gram[j * active + j]
        loss += (found[j] - theta[j]) * (found[j] - theta[j])
    out[0] = loss / (unit * unit)
    out[1] = control / (unit * unit)


def _arguments(*, n: int, log_n: float, alpha: float, kappa: float, **_: Any) -> dict[str, int | float]:
    active, log_mu = weights(float(log_n), float(kappa), float(alpha))
    return {
        "n": n,
        "active": active,
        "growth": float(kappa),
        "power": float(alpha),
        "log_mu": log_mu,
        "unit": math.exp(-float(log_n) / 2),
    }


def literal(**parameters: Any) -> Replicate:
    """One set of n samples a replicate."""
    active, n = int(_arguments(**parameters)["active"]), int(parameters["n"])
    return Replicate(
        kernel=regression,
        arguments=_arguments,
        scratch=lambda **_: n * (active + 1) + active * active + 4 * active,
        size=lambda **_: n * (active + 1),
        outputs=("loss", "control"),
    )


def reference(draws: dict[str, np.ndarray], *, mode: str, n: int, log_n: float, **parameters: Any) -> dict[str, float]:
    """One set of samples, spelt out in NumPy: inputs with semi-axes s_j, a readout f, and a general ridge penalty."""
    given = _arguments(n=n, log_n=log_n, **parameters)
    active, sigma = int(given["active"]), math.sqrt(n * math.exp(-log_n))
    s = np.exp(-given["growth"] * np.arange(1.0, active + 1.0) ** given["power"])
    ratio = math.exp(-given["log_mu"]) / s
    f = np.sqrt((1 / ratio - 1) * math.exp(-log_n)) / s
    drawn = draws["items"].astype(np.float64).reshape(n, active + 1)
    inputs, noise = drawn[:, :active] * s, sigma * drawn[:, active]
    penalty = np.diag(ratio / (1 - ratio) * s**2)
    fitted = np.linalg.solve(inputs.T @ inputs / n + penalty, inputs.T @ (inputs @ f + noise) / n)
    theta, c, b = f * s, 1 - ratio, ratio * f * s
    gram = drawn[:, :active].T @ drawn[:, :active] / n
    w = drawn[:, :active].T @ noise / n
    control = ((c * w - b) ** 2).sum() - (c**2).sum() * math.exp(-log_n) - (b**2).sum()
    control -= 2 * float((c * b) @ (gram - np.eye(active)) @ b)
    size = math.exp(log_n)
    return {"loss": float(size * ((s * fitted - theta) ** 2).sum()), "control": float(size * control)}


EXPERIMENT = Experiment(
    modes={"literal": literal},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("loss") - Symbol("control")),
    arithmetic_error=1e-10,
    arithmetic_reason="float64; the matrix that is factorized is the identity and something positive, but for the "
    "fluctuations of the Gram matrix",
)

if __name__ == "__main__":
    run.main(__file__)
