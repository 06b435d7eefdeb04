"""The secant of ln(-ln R) between two large sizes, the balance at each solved by bisection."""

import math
from typing import Any

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Exact
from attnlaws.simulations.minimax.constant import SIZE, log_risk
from attnlaws.theory.minimax.exponent import FACTOR


def secant(*, log_n: float = SIZE, **rest: Any) -> float:
    """The power of ln n that leads from the risk at one size to that at the other."""
    return math.log(log_risk(log_n=FACTOR * log_n, **rest) / log_risk(log_n=log_n, **rest)) / math.log(FACTOR)


EXPERIMENT = Exact(
    value=secant,
    error=1e-12,
    reason="a balance is solved, not drawn; its limit is approached as far as the first correction asks for",
)

if __name__ == "__main__":
    run.main(__file__)
