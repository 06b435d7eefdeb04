"""How fast a spectrum falls: the exponent alpha and the constant c of eigenvalues near exp(-c j^alpha)."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from array_api_compat import device

from attnlaws.estimators.arrays import Array, at, first, reals, refuse, together
from attnlaws.theory.domain import fault

FEWEST, DISTINCT = 16, 6
"""Eigenvalues that are needed, and different ones in the range that is fitted."""
SHARES = (4, 16, 64)
"""A range begins at this part of the spectrum; the estimate is that of the second."""
SHIFTS = (0.5, 0.0)
"""What is subtracted from a rank: the estimate takes the middle of the steps, as equal eigenvalues want it."""
ROUGH = 1e-6
"""A relative error of alpha at which its search ends."""
LEAST, MOST, STEPS = 0.02, 8.0, 60
"""Exponents that are tried, and how many of them before the best is refined."""
GOLDEN = (math.sqrt(5) - 1) / 2
CURVED = 0.02
"""The step in ln alpha by which the curvature of the misfit is taken."""
DEVIATIONS = 2.0
"""Standard errors on either side of each fit."""


@dataclass(frozen=True)
class SpectrumDecay:
    """What :func:`spectrum_decay` finds.

    Attributes:
        alpha: the exponent.
        alpha_interval: the least and the largest of it over ranges of ranks and over fits with and without an
            additive constant, and two standard errors of the reported range beyond.
        c: the constant, of the same fit as ``alpha``.
        c_interval: the least and the largest constant of those fits.
        p: alpha/(1 + alpha), the exponent of ln n in the risk of a Lipschitz functional.
        p_interval: the same for the ends of ``alpha_interval``.
        power: the exponent b of the power law j^(-b) that fits best.
        power_law: whether that fits better, an exponential of a power having one number more to fit with.
        misfit: root mean square difference of -ln(eigenvalue/largest) from the fit, relative to it.
        first_rank: the first rank that was fitted; the last is that of the last eigenvalue.

    Example:
        >>> found = spectrum_decay([math.exp(-(j**0.5)) for j in range(1, 200)])
        >>> print(found)
        alpha 0.5059 [0.4977, 0.6505], c 0.9598 [0.4682, 1], p 0.336 [0.3323, 0.3941] from rank 13
    """

    alpha: float
    alpha_interval: tuple[float, float]
    c: float
    c_interval: tuple[float, float]
    p: float
    p_interval: tuple[float, float]
    power: float
    power_law: bool
    misfit: float
    first_rank: int

    def __str__(self) -> str:
        """The numbers in one line, and a warning where a power law fits better."""
        parts = [
            f"{name} {getattr(self, name):.4g} [{low:.4g}, {high:.4g}]"
            for name in ("alpha", "c", "p")
            for low, high in (getattr(self, f"{name}_interval"),)
        ]
        text = f"{', '.join(parts)} from rank {self.first_rank}"
        return f"{text}; a power law j^(-{self.power:.3g}) fits better" if self.power_law else text


def spectrum_decay(eigenvalues: Array) -> SpectrumDecay:
    """The exponent alpha and the constant c of eigenvalues that fall as exp(-c j^alpha).

    -ln(eigenvalue/largest) is compared with a + c (j - 1/2)^alpha by least squares, relative differences counting the
    same at every size of the rank (weights 1/j); the ranks of equal eigenvalues need no care, and neither does an
    unknown factor of all eigenvalues, which is what a is for. The fit that is reported leaves out the first sixteenth
    of the ranks. The intervals also hold the fits that leave out a quarter or a 64th, those without the constant a, and
    those in j: at ranks within reach these differ by more than their standard errors, because -ln(eigenvalue) is a
    power of the rank only in the limit. Give no eigenvalues that rounding has made: in float64 those below 1e-15 of the
    largest.

    Args:
        eigenvalues: [n], at least 16 real numbers above 0, the largest first.

    Returns:
        Numbers with their intervals, as Python floats.

    Raises:
        ValueError: NaN, an infinity or a number that is not above 0 (names the first), an increase from one to the next
            (names it), fewer than 16 eigenvalues, fewer than 6 different ones in a range that is fitted, or no array of
            real numbers in one dimension.

    Source:
        arXiv:2602.01863, the assumption that eigenvalues fall as exp(-c j^alpha) (read in secondary sources); which
        kernels have which alpha and c is in the law minimax.spectrum_map. The fit is ours.

    Example:
        >>> squares = sorted(i * i + k * k for i in range(-20, 21) for k in range(-20, 21))
        >>> found = spectrum_decay([math.exp(-0.1 * square) for square in squares if square <= 400])  # a heat kernel
        >>> low, high = found.alpha_interval
        >>> low < 1 < high, round(found.alpha, 2), round(found.c, 2)  # in theory 1 and 0.1/pi
        (True, 0.99, 0.03)
    """
    xp, given = together(eigenvalues=eigenvalues)
    values = _falling(xp, given["eigenvalues"])
    n = values.shape[0]
    fallen = xp.log(values[0]) - xp.log(values)
    same = int(xp.sum(xp.astype(fallen <= 0, xp.int64)))
    ranks = xp.arange(1, n + 1, dtype=xp.float64, device=device(values))
    fits: list[_Fit] = []
    for share in SHARES:
        start = max(n // share, same, 1)
        found = [fit for shift in SHIFTS for fit in _fits(xp, (ranks - shift)[start:], fallen[start:], start)]
        if share == SHARES[1]:
            (_, shifted, _, unshifted), first_rank = found, start + 1
            error = max(ROUGH, *(fit.spread for fit in found))
        fits += found
    low = min(fit.alpha for fit in fits) * math.exp(-DEVIATIONS * error)
    high = max(fit.alpha for fit in fits) * math.exp(DEVIATIONS * error)
    constants = [fit.c for fit in fits]
    return SpectrumDecay(
        alpha=shifted.alpha,
        alpha_interval=(low, high),
        c=shifted.c,
        c_interval=(min(constants), max(constants)),
        p=shifted.alpha / (1 + shifted.alpha),
        p_interval=(low / (1 + low), high / (1 + high)),
        power=unshifted.power,
        power_law=shifted.power_law and unshifted.power_law,
        misfit=math.sqrt(shifted.misfit),
        first_rank=first_rank,
    )


def _falling(xp: Any, values: Array) -> Array:
    wide = reals(xp, "eigenvalues", values, ndim=1)
    if wide.ndim > 1:
        raise fault("eigenvalues.ndim", wide.ndim, "1")
    refuse(xp, "eigenvalues", wide, ~((wide > 0) & (wide < math.inf)), "a real number > 0")
    n = wide.shape[0]
    if n < FEWEST:
        raise fault("eigenvalues.shape", tuple(wide.shape), f"of at least {FEWEST} eigenvalues")
    rises = wide[1:] > wide[:-1]
    if bool(xp.any(rises)):
        (place,) = first(xp, rises)
        before = float(wide[place])
        raise fault(at("eigenvalues", (place + 1,)), float(wide[place + 1]), f"at most {before!r}, the one before it")
    return wide


@dataclass(frozen=True)
class _Fit:
    """One fit: exponent, the standard error of its logarithm, constant; and how a power law compares."""

    alpha: float
    spread: float
    c: float
    misfit: float = 0.0
    power: float = 0.0
    power_law: bool = False


def _fits(xp: Any, x: Array, y: Array, start: int) -> list[_Fit]:
    """The fit of c x^alpha to one range of ranks, and that of a + c x^alpha."""
    distinct = 1 + int(xp.sum(xp.astype(y[1:] - y[:-1] > 1e-9 * y[1:], xp.int64))) if x.shape[0] else 0
    if distinct < DISTINCT:
        why = f"there are {distinct} from rank {start + 1} on"
        raise ValueError(f"eigenvalues: must have {DISTINCT} different ones in every range of ranks fitted ({why})")
    weights = 1 / x
    log_x, log_y = xp.log(x), xp.log(y)
    alpha, intercept, rest, spread = _line(xp, weights, log_x, log_y)
    plain = _Fit(alpha, math.sqrt(rest / spread / (distinct - 2)) / max(alpha, LEAST), math.exp(intercept))
    relative = weights / xp.exp(2 * (intercept + alpha * log_x))
    total = float(xp.sum(weights))

    def misfit(log_alpha: float) -> float:
        return _line(xp, relative, xp.exp(math.exp(log_alpha) * log_x), y)[2]

    best = _minimum(misfit, math.log(LEAST), math.log(MOST))
    least = misfit(best)
    curvature = (misfit(best + CURVED) + misfit(best - CURVED) - 2 * least) / CURVED**2
    error = math.sqrt(2 * least / curvature / (distinct - 3)) if curvature > 0 else 0.0
    slope = _line(xp, relative, xp.exp(math.exp(best) * log_x), y)[0]
    power, _, rest, _ = _line(xp, relative, log_x, y)
    # Schwarz's criterion for a number more to fit with, eigenvalues that are equal counting once.
    better = distinct * (math.log(rest + 1e-300) - math.log(least + 1e-300)) < math.log(distinct)
    return [plain, _Fit(math.exp(best), error, slope, least / total, power, better)]


def _line(xp: Any, weights: Array, x: Array, y: Array) -> tuple[float, float, float, float]:
    """Weighted least squares: slope, intercept, what is left of the squares, and the spread of x."""
    total = xp.sum(weights)
    mean_x, mean_y = xp.sum(weights * x) / total, xp.sum(weights * y) / total
    away_x, away_y = x - mean_x, y - mean_y
    spread = xp.sum(weights * away_x * away_x)
    slope = xp.sum(weights * away_x * away_y) / spread
    rest = xp.sum(weights * (away_y - slope * away_x) ** 2)
    return float(slope), float(mean_y - slope * mean_x), float(rest), float(spread)


def _minimum(function: Callable[[float], float], low: float, high: float) -> float:
    """The minimum over an interval: the best of equally spaced places, refined by golden sections."""
    places = [low + (high - low) * i / STEPS for i in range(STEPS + 1)]
    values = [function(place) for place in places]
    best = values.index(min(values))
    low, high = places[max(best - 1, 0)], places[min(best + 1, STEPS)]
    inner = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)]
    found = [function(place) for place in inner]
    while high - low > 1e-7:
        if found[0] < found[1]:
            high, inner[1], found[1] = inner[1], inner[0], found[0]
            inner[0] = high - GOLDEN * (high - low)
            found[0] = function(inner[0])
        else:
            low, inner[0], found[0] = inner[0], inner[1], found[1]
            inner[1] = low + GOLDEN * (high - low)
            found[1] = function(inner[1])
    return (low + high) / 2
