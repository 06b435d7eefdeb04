"""Solve the balance by bisection at one large size, and divide by the power of the law."""

from typing import Any

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Exact
from attnlaws.simulations.minimax.effective_dimension import level_at
from attnlaws.theory.minimax.constant import LAW

SIZE = float(1 << 20)
"""Of the sample, as a logarithm, where none is asked for."""


def log_risk(*, log_n: float = SIZE, beta: float = 1.0, **rest: Any) -> float:
    """Minus the logarithm of the risk."""
    return 2 * beta * level_at(log_n=log_n, beta=beta, **rest)


def ratio(*, alpha: float, log_n: float = SIZE, **rest: Any) -> float:
    """Minus the logarithm of the risk over the power of ln n."""
    return log_risk(alpha=alpha, log_n=log_n, **rest) / log_n ** (alpha / (1 + alpha))


def rest_over_power(*, alpha: float, log_n: float = SIZE, **rest: Any) -> float:
    """What the leading term leaves, over its own power of ln n."""
    leading = float(LAW(alpha=alpha, **rest)) * log_n ** (alpha / (1 + alpha))
    return (log_risk(alpha=alpha, log_n=log_n, **rest) - leading) * log_n ** ((1 - alpha) / (1 + alpha))


EXPERIMENT = Exact(
    value=ratio,
    error=1e-12,
    reason="a balance is solved, not drawn; its limit is approached as far as the first correction asks for",
    also={"second_order": rest_over_power},
)

if __name__ == "__main__":
    run.main(__file__)
