"""Simulate both losses on the same draws: Pinsker's at its least favorable function, and that of signs on tents."""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.minimax import pinsker_sobolev, tent_bayes
from attnlaws.simulations.minimax.pinsker_sobolev import observed
from attnlaws.simulations.minimax.tent_bayes import CELLS, choose, guessed
from attnlaws.simulations.stream import fill_normals64

UPPER, LOWER = Symbol("upper"), Symbol("lower")


def both(k0, k1, replicate, scratch, out, most, axes, mu, n, alpha, kappa, cells, rate, power):
    """Draw the signs and the noise of some cells, then an observation of every mode, and add up squared errors."""
    normals = scratch[: 2 * cells + most]
    fill_normals64(k0, k1, replicate, np.uint64(0), normals)
    out[0] = power * guessed(normals[: 2 * cells], rate * power)
    loss, _, _ = observed(normals[2 * cells :], scratch[2 * cells + most :], axes, mu, n, alpha, kappa)
    out[1] = loss


def literal(**_: Any) -> Replicate:
    """256 cells of tents, and one observation of every mode."""

    def arguments(**point: Any) -> dict[str, int | float]:
        cell = tent_bayes.arguments(choose(**point), float(point["log_n"]), 0, CELLS)
        return pinsker_sobolev.problem(**point) | {name: cell[name] for name in ("cells", "rate", "power")}

    shape = pinsker_sobolev.modes()
    return Replicate(
        kernel=both,
        arguments=arguments,
        scratch=lambda **point: 2 * CELLS + shape.scratch(**point),
        size=lambda **point: 2 * CELLS + shape.size(**point),
        outputs=("lower", "upper"),
    )


def reference(draws: dict[str, np.ndarray], mode: str, **parameters: Any) -> dict[str, float]:
    """One replicate, spelt out in NumPy."""
    signs, modes = np.split(draws["items"], [2 * CELLS])
    below = tent_bayes.reference_of(choose)({"items": signs}, "collapsed", **parameters)
    above = pinsker_sobolev.reference({"items": modes}, **parameters)
    return {"lower": below["risk"], "upper": above["loss"]}


EXPERIMENT = Experiment(
    modes={"literal": literal},
    reference=reference,
    estimator=lambda **_: Smooth(UPPER / LOWER),
    also={"lower": lambda **_: Smooth(LOWER), "upper": lambda **_: Smooth(UPPER)},
    arithmetic_error=1e-10,
    arithmetic_reason="float64 sums over some thousand modes and cells",
)

if __name__ == "__main__":
    run.main(__file__)
