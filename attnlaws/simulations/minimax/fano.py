"""Simulate tents of random sign in white noise, on the cells that are best for Fano's inequality."""

from typing import Any

from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Smooth
from attnlaws.simulations.minimax.tent_bayes import ARITHMETIC_ERROR, ARITHMETIC_REASON, modes, reference_of
from attnlaws.theory.minimax.fano import fano
from attnlaws.theory.tents import Tents, best


def choose(*, log_n: float, alpha: float, kappa: float, **_: Any) -> Tents:
    """The tents with the largest bound."""
    return best(fano, log_n, alpha, kappa)


EXPERIMENT = Experiment(
    modes=modes(choose),
    reference=reference_of(choose),
    estimator=lambda **_: Smooth(Symbol("risk")),
    arithmetic_error=ARITHMETIC_ERROR,
    arithmetic_reason=ARITHMETIC_REASON,
)

if __name__ == "__main__":
    run.main(__file__)
