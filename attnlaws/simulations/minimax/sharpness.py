"""The sharpness by bisection: a softmax over explicit scores, and the accuracy from the balance tried size by size."""

from typing import Any

from mpmath import mp, mpf

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Exact


def accuracy(log_n: float, alpha: float, kappa: float) -> Any:
    """The exponent u of the statistical error: linear in the balance for every D, which are tried in turn."""
    total, count = mpf(0), 0
    while True:
        level = (mpf(log_n) + total) / (2 + count)
        axis = mpf(kappa) * mpf(count + 1) ** mpf(alpha)
        if level < axis:
            return level
        total, count = total + axis, count + 1


def leak_odds(beta: Any, documents: int, margin: float) -> Any:
    """The odds of the leak from a softmax over scores, the first of which is the right one."""
    weights = [mp.exp(beta * mpf(margin))] + [mpf(1)] * (documents - 1)
    share = mp.fsum(weights[1:]) / mp.fsum(weights)
    return share / (1 - share)


def needed(*, documents: int, log_n: float, alpha: float, kappa: float, margin: float) -> float:
    """The sharpness at which the odds of the leak have fallen to the statistical error."""
    with mp.workdps(30):
        error = mp.exp(-accuracy(log_n, alpha, kappa))
        low, high = mpf(0), mpf(1)
        while leak_odds(high, documents, margin) > error:
            high *= 2
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if leak_odds(middle, documents, margin) > error else (low, middle)
        return float(high)


EXPERIMENT = Exact(
    value=needed,
    error=1e-12,
    reason="the weights of a softmax over given scores are numbers without noise; bisection finds the sharpness",
)

if __name__ == "__main__":
    run.main(__file__)
