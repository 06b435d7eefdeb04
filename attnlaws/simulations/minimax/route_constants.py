"""Invert the entropy integral by bracketing, and minimize the cube's level over the number of axes, numerically."""

from typing import Any

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Exact


def sharp(*, alpha: float) -> float:
    """The level at which the box's entropy is 1 (kappa = 1), over that at which equally long axes have it."""
    from scipy import integrate, optimize

    def entropy(level: float) -> float:
        return integrate.quad(lambda x: level - x**alpha, 0.0, level ** (1 / alpha), epsrel=1e-12)[0]  # type: ignore[no-any-return]

    def equally_long(level: float) -> float:
        return level * level ** (1 / alpha)

    levels = [
        optimize.brentq(lambda level, of=of: of(level) - 1, 1e-3, 50.0, xtol=1e-13) for of in (entropy, equally_long)
    ]
    return float(levels[0] / levels[1])  # type: ignore[operator]


def low(*, alpha: float) -> float:
    """The least of D^alpha + 1/D, the cube's level at ln n = 1 and kappa = 1, over all real D."""
    from scipy import optimize

    found: Any = optimize.minimize_scalar(
        lambda d: d**alpha + 1 / d, bounds=(0.05, 20.0), options={"xatol": 1e-10}, method="bounded"
    )
    return float(found.fun)


EXPERIMENT = Exact(
    value=sharp,
    error=1e-8,
    reason="constants of balances, which are solved and not drawn",
    also={"low": low},
)

if __name__ == "__main__":
    run.main(__file__)
