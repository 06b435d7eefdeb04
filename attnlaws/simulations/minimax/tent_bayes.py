"""Simulate tents of random sign in white noise, and the risk of the mean of the signs given the data."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.arithmetic import pexp64
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.primitives import kernel
from attnlaws.simulations.stream import fill_normals64
from attnlaws.theory.tents import Tents, bayes, best

PLACES, CELLS = 1024, 256
"""Places at which a cell is seen, and cells with their own sign and noise, in one replicate."""
MOST = 8
"""Axes that the literal mode can cut."""
FAR = 1e300


@kernel
def guessed(normals, signal):
    """The mean squared error of the best answers to signs in noise, each of which takes two normals."""
    spread, loss = np.sqrt(signal), 0.0
    for i in range(normals.size // 2):
        sign = 1.0 if normals[2 * i] > 0.0 else -1.0
        seen = sign * signal + spread * normals[2 * i + 1]
        miss = sign - 1.0 + 2.0 / (pexp64(2.0 * seen) + 1.0)
        loss += miss * miss
    return loss / np.float64(normals.size // 2)


def tents(
    k0,
    k1,
    replicate,
    scratch,
    out,
    places,
    axes,
    cells,
    rate,
    power,
    half1,
    half2,
    half3,
    half4,
    half5,
    half6,
    half7,
    half8,
):
    """Draw places in a cell and their distances to its faces, then signs, noise, and the loss of the best answer."""
    count = 2 * places * axes
    normals, halves = scratch[: count + 2 * cells], scratch[count + 2 * cells :]
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    halves[0], halves[1], halves[2], halves[3] = half1, half2, half3, half4
    halves[4], halves[5], halves[6], halves[7] = half5, half6, half7, half8
    square = power
    if places > 0:
        square = 0.0
        for i in range(places):
            height = halves[0]
            for j in range(axes):
                a, b = normals[2 * (axes * i + j)], normals[2 * (axes * i + j) + 1]
                height = min(height, halves[j] * pexp64(-0.5 * (a * a + b * b)))
            square += height * height
        square = square / np.float64(places)
    out[0] = square * guessed(normals[count:], rate * square)


def _halves(chosen: Tents, places: int) -> list[float]:
    """Half the widths of a cell; no face where no axis is cut, or none is looked at.

    Raises:
        ValueError: more axes are cut than the kernel has room for.
    """
    axes = chosen.log_widths.size
    if places and axes > MOST:
        raise ValueError(f"log_n: {axes} axes are cut, and at most {MOST} are simulated literally; use collapsed")
    return [*(np.exp(chosen.log_widths) / 2).tolist()[:MOST], *[FAR] * MOST][:MOST]


def arguments(chosen: Tents, log_n: float, places: int, cells: int) -> dict[str, int | float]:
    """What the kernel is to know of a partition."""
    return {
        "places": places,
        "axes": chosen.log_counts.size if places else 0,
        "cells": cells,
        "rate": math.exp(log_n - chosen.log_cells),
        "power": math.exp(chosen.log_power),
        **{f"half{i + 1}": half for i, half in enumerate(_halves(chosen, places))},
    }


def shape(choose: Callable[..., Tents], places: int, cells: int = CELLS) -> Callable[..., Replicate]:
    """The replicates of one mode.

    Args:
        choose: the partition, from the parameters.
        places: places at which a cell is seen; none where its mean square is taken as known.
        cells: cells in one replicate.
    """

    def size(**parameters: Any) -> int:
        return 2 * places * choose(**parameters).log_counts.size + 2 * cells

    return lambda **_: Replicate(
        kernel=tents,
        arguments=lambda **parameters: arguments(choose(**parameters), float(parameters["log_n"]), places, cells),
        scratch=lambda **parameters: size(**parameters) + MOST,
        size=size,
        outputs=("risk",),
    )


def modes(choose: Callable[..., Tents]) -> dict[str, Callable[..., Replicate]]:
    """Both modes for tents that a bound has chosen."""
    return {"literal": shape(choose, PLACES), "collapsed": shape(choose, 0)}


def reference_of(choose: Callable[..., Tents]) -> Callable[..., dict[str, float]]:
    """One replicate, spelt out in NumPy, for tents that a bound has chosen."""

    def reference(draws: dict[str, np.ndarray], mode: str, **parameters: Any) -> dict[str, float]:
        chosen = choose(**parameters)
        normals, power = draws["items"].astype(np.float64), np.exp(chosen.log_power)
        if mode == "literal":
            half = np.exp(chosen.log_widths) / 2
            pairs, normals = np.split(normals, [2 * PLACES * half.size])
            distance = half * np.exp(-(pairs.reshape(PLACES, half.size, 2) ** 2).sum(axis=2) / 2)
            power = (distance.min(axis=1) ** 2).mean()
        signal = np.exp(float(parameters["log_n"]) - chosen.log_cells) * power
        sign, noise = np.where(normals[::2] > 0, 1.0, -1.0), normals[1::2]
        answer = np.tanh(signal * sign + np.sqrt(signal) * noise)
        return {"risk": float(power * ((sign - answer) ** 2).mean())}

    return reference


def choose(*, log_n: float, alpha: float, kappa: float, **_: Any) -> Tents:
    """The best tents."""
    return best(bayes, log_n, alpha, kappa)


ARITHMETIC_ERROR = 2e-3
ARITHMETIC_REASON = (
    "up to eight axes the mean square of a tent over 1024 places has a relative variance below 4/1024, which moves the "
    "risk by less than half of that; float64 beyond this"
)

EXPERIMENT = Experiment(
    modes=modes(choose),
    reference=reference_of(choose),
    estimator=lambda **_: Smooth(Symbol("risk")),
    arithmetic_error=ARITHMETIC_ERROR,
    arithmetic_reason=ARITHMETIC_REASON,
)

if __name__ == "__main__":
    run.main(__file__)
