"""Simulate one tent of random sign in white noise, as high as is worst for Le Cam's test."""

from typing import Any

from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Smooth
from attnlaws.simulations.minimax.tent_bayes import ARITHMETIC_ERROR, ARITHMETIC_REASON, modes, reference_of
from attnlaws.theory.minimax.le_cam import two_points
from attnlaws.theory.tents import Tents


def choose(*, log_n: float, kappa: float, **_: Any) -> Tents:
    """The tent of the best height."""
    return two_points(log_n, kappa)


EXPERIMENT = Experiment(
    modes=modes(choose),
    reference=reference_of(choose),
    estimator=lambda **_: Smooth(Symbol("risk")),
    arithmetic_error=ARITHMETIC_ERROR,
    arithmetic_reason=ARITHMETIC_REASON,
)

if __name__ == "__main__":
    run.main(__file__)
