"""Solve the balance of a rougher functional by bisection at one large size, and divide by the power of the law."""

from typing import Any

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Exact
from attnlaws.simulations.minimax.constant import SIZE, log_risk, ratio
from attnlaws.theory.minimax.holder import LAW


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
