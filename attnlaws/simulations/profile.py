"""How much work a verification does."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """How much work a verification may do.

    Attributes:
        name: "quick", "normal" or "full".
        draws: most normals at one point of the grid.
        ladder_draws: normals at each rung of a ladder.
        instances: single instances that are compared, for a law about them.
        cheapest: simulate the curves in the experiment's last mode, an equal law with fewer draws, and only the single
            points beside them in its first; judge whole laws at those only.
        precision: how many times smaller than needed the error bars are made.
    """

    name: str
    draws: int
    ladder_draws: int
    instances: int
    cheapest: bool
    precision: int = 1


QUICK = Profile("quick", draws=1 << 31, ladder_draws=1 << 23, instances=1 << 8, cheapest=True)
NORMAL = Profile("normal", draws=1 << 34, ladder_draws=1 << 28, instances=1 << 12, cheapest=False)
FULL = Profile("full", draws=1 << 36, ladder_draws=1 << 31, instances=1 << 16, cheapest=False, precision=4)
