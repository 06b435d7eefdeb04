"""Simulate noisy risks at a few sample sizes, and fit level, constant and exponent by least squares."""

import math
from typing import Any

import numpy as np
from sympy import Rational, Symbol, sqrt

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64, plog64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.stream import fill_normals64

NOISE = 1e-3
"""Standard deviation of ln R: so small that the fit is linear, and the ratio that is reported does not depend on it."""
STEPS = 5
"""Gauss-Newton steps; each squares what is left of the distance, which begins at some 1e-2."""


def fit(k0, k1, replicate, scratch, out, points, steps, first, width, exponent, constant, noise):
    """Draw ln R at every sample size, and fit A - C N^p, from the true values on."""
    risks, normals = scratch[:points], scratch[points : 2 * points]
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    for i in range(points):
        n = first + width * np.float64(i) / np.float64(points - 1)
        risks[i] = noise * normals[i] - constant * pexp64(exponent * plog64(n))
    p, c = exponent, constant
    for _ in range(steps):
        mean_f, mean_t, mean_r = 0.0, 0.0, 0.0
        for i in range(points):
            log_n = plog64(first + width * np.float64(i) / np.float64(points - 1))
            f = pexp64(p * log_n)
            mean_f += f
            mean_t += c * f * log_n
            mean_r += risks[i] + c * f
        mean_f, mean_t, mean_r = mean_f / points, mean_t / points, mean_r / points
        ff, ft, tt, fr, tr = 0.0, 0.0, 0.0, 0.0, 0.0
        for i in range(points):
            log_n = plog64(first + width * np.float64(i) / np.float64(points - 1))
            power = pexp64(p * log_n)
            f, t, r = power - mean_f, c * power * log_n - mean_t, risks[i] + c * power - mean_r
            ff += f * f
            ft += f * t
            tt += t * t
            fr += f * r
            tr += t * r
        scale = ff * tt - ft * ft
        p -= (ff * tr - ft * fr) / scale
        c -= (tt * fr - ft * tr) / scale
    out[0] = (p - exponent) * (p - exponent)


def _arguments(*, p: float, low: float, high: float, points: int, **_: Any) -> dict[str, int | float]:
    first, last = math.log(low), math.log(high)
    constant = (last - first) / (2 * (last**p - first**p))
    return {
        "points": points,
        "steps": STEPS,
        "first": first,
        "width": last - first,
        "exponent": float(p),
        "constant": constant,
        "noise": NOISE,
    }


def fits(**_: Any) -> Replicate:
    """One set of risks, and its fit, a replicate."""
    return Replicate(
        kernel=fit,
        arguments=_arguments,
        scratch=lambda *, points, **_: 2 * points,
        size=lambda *, points, **_: points,
        outputs=("square",),
    )


def reference(draws: dict[str, np.ndarray], **parameters: Any) -> dict[str, float]:
    """One fit, by orthogonal projection."""
    given = _arguments(**parameters)
    n = given["first"] + given["width"] * np.linspace(0, 1, parameters["points"])
    risks = NOISE * draws["items"].astype(np.float64) - given["constant"] * n ** given["exponent"]
    p, c = given["exponent"], given["constant"]
    for _ in range(2 * STEPS):
        f = n**p
        step = np.linalg.lstsq(np.stack([np.ones_like(n), f, c * f * np.log(n)], axis=1), -risks - c * f, rcond=None)[0]
        c, p = c + step[1], p + step[2]
    return {"square": float((p - given["exponent"]) ** 2)}


EXPERIMENT = Experiment(
    modes={"literal": fits},
    reference=reference,
    estimator=lambda **_: Smooth(sqrt(Symbol("square")) / Rational(NOISE)),
    arithmetic_error=1e-3,
    arithmetic_reason="the fit is linear but for the square of the error of p over p, 3e-4 at most",
)

if __name__ == "__main__":
    run.main(__file__)
