"""Differences of the logarithm of the risk between two sizes of the sample, each from a balance solved by bisection."""

from collections.abc import Callable
from typing import Any

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Exact
from attnlaws.simulations.minimax.effective_dimension import level_at, smooth_level_at

STEP = 1e-3
"""Half the difference of the two sizes, as logarithms."""


def quotient(level: Callable[..., float], *, log_n: float, beta: float = 1.0, **rest: Any) -> float:
    """Minus the difference of ln R over that of ln n, around a size."""
    above, below = (level(log_n=log_n + step, beta=beta, **rest) for step in (STEP, -STEP))
    return 2 * beta * (above - below) / (2 * STEP)


EXPERIMENT = Exact(
    value=lambda **point: quotient(level_at, **point),
    error=1e-6,
    reason="a balance is solved, not drawn",
    also={"smoothed": lambda **point: quotient(smooth_level_at, **point)},
)

if __name__ == "__main__":
    run.main(__file__)
