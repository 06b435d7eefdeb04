"""Solve the balance with and without the query by bisection, and search for the dimension that halves the level."""

from functools import lru_cache
from typing import Any

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Exact
from attnlaws.simulations.minimax.effective_dimension import level_at


def share(*, log_n: float, d_q: float = 0, log_tags: float = 0.0, **rest: Any) -> float:
    """The level with the query over that without."""
    return level_at(log_n=log_n - log_tags, d_q=d_q, **rest) / level_at(log_n=log_n, **rest)


def half(*, d_q: float = 0, log_tags: float = 0.0, **rest: Any) -> float:
    """The dimension, as a real number, at which that is a half."""
    return _half(**rest)


@lru_cache(maxsize=64)
def _half(**rest: Any) -> float:
    """The same, which is one number for a whole curve over d_q."""
    from scipy import optimize

    most = 1.0
    while share(d_q=most, **rest) > 0.5:
        most *= 2
    found: Any = optimize.brentq(lambda number: share(d_q=number, **rest) - 0.5, 0.0, most, xtol=1e-12 * most)
    return float(found)


EXPERIMENT = Exact(
    value=share,
    error=1e-9,
    reason="a balance is solved, not drawn",
    also={"half": half},
)

if __name__ == "__main__":
    run.main(__file__)
