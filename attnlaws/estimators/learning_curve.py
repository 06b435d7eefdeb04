"""The exponent of a learning curve, window by window, with intervals that hold for all windows at once."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from attnlaws.estimators.arrays import Array, at, first, reals, refuse, together
from attnlaws.theory.domain import fault

FEWEST = 3
"""Sizes that a window needs: two have a slope, and a third says whether a line fits."""
ROUGHEST = 0.25
"""Relative standard error of a risk from which on its logarithm is no longer near normal."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class LocalExponent:
    """What :func:`local_exponent` finds: one element per window.

    Attributes:
        n: middle of the window, the geometric mean of the sizes in it, weighted as the fit weighs them.
        sizes: how many sizes are in it.
        exponent: b of risk ~ n^(-b).
        standard_error: its standard error.
        lower: lower end of its 95 % interval.
        upper: upper end.
        band_lower: lower end of an interval that holds in all windows at once, with a chance of 95 % or more.
        band_upper: its upper end.
        misfit: sum of the squared distances from the line, in standard errors.
        chance: of a misfit as large, were the curve a line within the window; a small one says that the exponent
            changes there, or that the standard errors are too small.

    Example:
        >>> found = local_exponent([1e2, 1e3, 1e4], [0.1, 0.03, 0.01], [1e-3, 3e-4, 1e-4], window=100)
        >>> print(found)
        n         exponent  95 %              at once           sizes  chance of the misfit
        1000         0.500  [0.494, 0.506]    [0.494, 0.506]        3  1.7e-05
    """

    n: np.ndarray
    sizes: np.ndarray
    exponent: np.ndarray
    standard_error: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    band_lower: np.ndarray
    band_upper: np.ndarray
    misfit: np.ndarray
    chance: np.ndarray

    def __str__(self) -> str:
        """A line for each window."""
        lines = ["n         exponent  95 %              at once           sizes  chance of the misfit"]
        for i in range(self.n.size):
            own, band = (
                f"[{low[i]:.3f}, {high[i]:.3f}]"
                for low, high in ((self.lower, self.upper), (self.band_lower, self.band_upper))
            )
            numbers = f"{self.n[i]:<9.4g} {self.exponent[i]:8.3f}  {own:<17} {band:<17} {self.sizes[i]:5d}"
            lines.append(f"{numbers}  {self.chance[i]:.1e}")
        return "\n".join(lines)


def local_exponent(n: Array, risk: Array, standard_error: Array, window: float = 10.0) -> LocalExponent:
    """The exponent b of risk ~ n^(-b) around each size, by weighted least squares on windows of the curve.

    ln risk is fitted by a line in ln n over the sizes from each one to ``window`` times it, weighted by
    (risk/standard_error)^2, as independent measurements want it. Nothing is extrapolated, and no power of ln n is
    fitted: from curves of any length that can be measured its exponent cannot be told (the law
    ``minimax.published_range``). Compare with ``minimax.local_exponent``, or with the same windows of a law's own
    curve: give its risks, and the same standard errors.

    Args:
        n: [k], sizes of the sample, increasing, above 0.
        risk: [k], mean error at each size, above 0, measured independently of the others.
        standard_error: [k], its standard error, above 0 and below a quarter of the risk.
        window: how many times its smallest size the largest one of a window may be, above 1.

    Returns:
        One element per window, from the smallest sizes up; a window within another one is left out.

    Raises:
        ValueError: NaN, an infinity, a number outside its domain or a size not above the one before (names the first),
            arrays that are not in one dimension and of one length, or no window with three sizes.

    Source:
        arXiv:2602.01863 gives the rate of which this is the local form (read in secondary sources); that intervals hold
        at once is by Sidak's inequality for normal variables of any correlation (1967).

    Example:
        >>> import numpy as np
        >>> n = np.geomspace(1e2, 1e5, 13)
        >>> found = local_exponent(n, n**-0.4, 0.01 * n**-0.4)
        >>> float(found.exponent[0].round(6)), int(found.sizes[0]), bool((found.lower < 0.4).all())
        (0.4, 5, True)
    """
    values = _curve(n, risk, standard_error)
    widest = float(reals(np, "window", np.asarray(window)))
    if not widest > 1:
        raise fault("window", window, "a real number > 1")
    sizes, risks, errors = values
    x, y, weights = np.log(sizes), np.log(risks), (risks / errors) ** 2
    windows = _windows(sizes, widest)
    if not windows:
        raise fault("window", window, f"one that holds {FEWEST} sizes at some place; none does")
    found = [_line(x[a:b], y[a:b], weights[a:b]) for a, b in windows]
    middle, slope, error, misfit = (np.array(column) for column in zip(*found, strict=True))
    return _with_intervals(np.exp(middle), np.array([b - a for a, b in windows]), -slope, error, misfit)


def _curve(n: Array, risk: Array, standard_error: Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three arrays in NumPy: a curve has few points."""
    xp, given = together(n=n, risk=risk, standard_error=standard_error)
    wide = {name: reals(xp, name, value, ndim=1) for name, value in given.items()}
    for name, value in wide.items():
        if value.ndim > 1 or value.shape != wide["n"].shape:
            raise fault(f"{name}.shape", tuple(value.shape), f"that of n, in one dimension, {tuple(wide['n'].shape)}")
        refuse(xp, name, value, ~((value > 0) & (value < math.inf)), "a real number > 0")
    rough = wide["standard_error"] >= ROUGHEST * wide["risk"]
    why = "less than a quarter of the risk, or its logarithm is not near normal: measure more often"
    refuse(xp, "standard_error", wide["standard_error"], rough, why)
    falls = wide["n"][1:] <= wide["n"][:-1]
    if bool(xp.any(falls)):
        (place,) = first(xp, falls)
        raise fault(at("n", (place + 1,)), float(wide["n"][place + 1]), "above the size before it")
    found = [np.array([float(value[i]) for i in range(value.shape[0])]) for value in wide.values()]
    return found[0], found[1], found[2]


def _windows(sizes: np.ndarray, window: float) -> list[tuple[int, int]]:
    """Begin and end of each window with enough sizes, but of those that others hold."""
    ends = np.searchsorted(sizes, sizes * window * (1 + 1e-12), "right")
    found = [(a, int(b)) for a, b in enumerate(ends) if b - a >= FEWEST]
    return [pair for pair, before in zip(found, [(0, 0), *found], strict=False) if pair[1] > before[1]]


def _line(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> tuple[float, float, float, float]:
    """Weighted least squares: mean of x, slope, its standard error, and the weighted squares that are left."""
    center = float(np.average(x, weights=weights))
    away = x - center
    information = float(np.sum(weights * away**2))
    slope = float(np.sum(weights * away * y)) / information
    rest = y - np.average(y, weights=weights) - slope * away
    return center, slope, 1 / math.sqrt(information), float(np.sum(weights * rest**2))


def _with_intervals(
    n: np.ndarray, sizes: np.ndarray, exponent: np.ndarray, error: np.ndarray, misfit: np.ndarray
) -> LocalExponent:
    from scipy import special

    def ends(confidence: float) -> tuple[np.ndarray, np.ndarray]:
        half: Any = special.ndtri((1 + confidence) / 2) * error
        return exponent - half, exponent + half

    lower, upper = ends(CONFIDENCE)
    band_lower, band_upper = ends(CONFIDENCE ** (1 / n.size))
    chance = np.asarray(special.gammaincc((sizes - 2) / 2, misfit / 2))
    return LocalExponent(n, sizes, exponent, error, lower, upper, band_lower, band_upper, misfit, chance)
