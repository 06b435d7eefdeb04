"""Logarithmic axes that can be read: few ticks, plain numbers where they are short, powers of ten elsewhere."""

import math
from collections.abc import Sequence
from itertools import pairwise

from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

CLOSEST = 0.045
"""The least distance between two ticks of one's own, as a share of the axis."""
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
"""Exponents are letters of the font: to set a formula takes longer than all else of a figure."""


def number(value: float, wide: bool = False) -> str:
    """A number beside an axis.

    Args:
        value: the number.
        wide: whether the axis reaches so far that its other numbers are powers of ten.

    Example:
        >>> number(0.25), number(10000), number(10000, wide=True), number(0.0003, wide=True)
        ('0.25', '10000', '10⁴', '3×10⁻⁴')
    """
    if not wide or 0.1 <= value <= 10:
        return f"{value:g}"
    exponent = math.floor(math.log10(value) + 1e-9)
    mantissa = f"{value / 10**exponent:.3g}"
    return power(10, exponent) if mantissa == "1" else f"{mantissa}×{power(10, exponent)}"


def power(base: int, exponent: int) -> str:
    """A power beside an axis.

    Example:
        >>> power(2, 10)
        '2¹⁰'
    """
    return f"{base}{str(exponent).translate(RAISED)}"


def power_ticks(axis: Axis, base: int) -> None:
    """Powers beside a logarithmic axis of this base, and nothing in between."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: power(base, round(math.log(value, base)))))
    axis.set_minor_formatter(NullFormatter())


def log_ticks(axis: Axis, low: float, high: float, values: Sequence[float] = ()) -> None:
    """Ticks of a logarithmic axis, never with an offset beside it.

    Args:
        axis: the axis, whose scale is logarithmic already.
        low: its lower end.
        high: its upper end.
        values: ticks of one's own, taken where they are not crowded.
    """
    span, wide = high / low, low < 1e-3 or high >= 1e5
    gaps = [math.log(b / a) / math.log(span) for a, b in pairwise(values)]
    if values and min(gaps, default=1.0) >= CLOSEST:
        axis.set_major_locator(FixedLocator(list(values)))
        axis.set_minor_locator(NullLocator())
    else:
        several = (1, 1.5, 2, 3, 5, 7) if span < 8 else (1, 2, 5) if span < 1e3 else (1,)
        axis.set_major_locator(LogLocator(subs=several, numticks=12))
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(value, wide)))
    axis.set_minor_formatter(NullFormatter())
