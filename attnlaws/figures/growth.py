"""Time and peak memory of simulations against the number of items, on logarithmic axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from attnlaws.figures.style import COLORS, DASHES, MARKERS, Picture, styled
from attnlaws.figures.ticks import log_ticks


@dataclass(frozen=True)
class Grown:
    """One point: a series at one N.

    Attributes:
        name: the series.
        n: keys or scores.
        seconds: processor time of each run, from the fastest to the slowest.
        before_mib: largest memory of the process before the first run.
        peak_mib: the same after the last.
    """

    name: str
    n: int
    seconds: tuple[float, ...]
    before_mib: float
    peak_mib: float


def growth_figure(points: Sequence[Grown], *, peer: str) -> Figure:
    """Two panels, a line per series.

    Args:
        points: what was measured.
        peer: the series whose time at its largest N is the unit of time.

    Returns:
        A matplotlib figure, made without pyplot.
    """
    unit = max((point for point in points if point.name == peer), key=lambda point: point.n)
    title = (
        "Linear retrieval among N keys, and the tail mass of a row of N scores: "
        "time grows with N, the memory of the simulations does not"
    )
    with styled():
        figure = Picture(figsize=(9.0, 4.0), layout="constrained")
        left, right = figure.subplots(1, 2)
        handles: list[Any] = []
        for number, name in enumerate(dict.fromkeys(point.name for point in points)):
            own = sorted((point for point in points if point.name == name), key=lambda point: point.n)
            look: dict[str, Any] = {
                "color": COLORS[number],
                "marker": MARKERS[number],
                "linestyle": DASHES[number],
                "markerfacecolor": "white",
                "label": name,
            }
            sizes = [point.n for point in own]
            fastest = [point.seconds[0] / unit.seconds[0] for point in own]
            slowest = [point.seconds[-1] / unit.seconds[0] for point in own]
            handles += left.plot(sizes, fastest, **look)
            left.vlines(sizes, fastest, slowest, color=COLORS[number], linewidth=1.0)
            # Markers within one another, because lines that are flat lie on one another.
            right.plot(sizes, [point.peak_mib for point in own], **look, markersize=8.5 - 1.7 * number)
        _axes(left, right, points, unit)
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
        figure.suptitle(title, x=0.01, ha="left", fontsize=8.5, parse_math=False)
        figure.draw_without_rendering()  # laid out once, so that every file of it is the same
        figure.set_layout_engine("none")
    figure.attnlaws_metadata = {  # type: ignore[attr-defined]
        "title": title,
        "description": "processor time and peak memory against the number of keys or scores",
    }
    return figure


def _axes(left: Axes, right: Axes, points: Sequence[Grown], unit: Grown) -> None:
    """Scales, and what the lines are to be compared with: proportional growth, and the memory of an idle process."""
    sizes = [point.n for point in points]
    ends = min(sizes) / 1.6, max(sizes) * 1.6
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(*ends)
        log_ticks(axes.xaxis, *ends)
        axes.set_xlabel("N: keys, or scores of the row")
    times = [second / unit.seconds[0] for point in points for second in point.seconds]
    last = min(point.seconds[0] for point in points if point.n == max(sizes)) / unit.seconds[0] / 5
    left.plot(ends, [last * end / max(sizes) for end in ends], color="#999999", linewidth=0.8, zorder=1)
    left.annotate(
        "proportional to N", (max(sizes) / 100, last / 100), (8, -8), textcoords="offset points", fontsize=7.5,
        color="#666666",
    )  # fmt: skip
    left.set_ylim(min(times) / 2, max(times) * 2)
    log_ticks(left.yaxis, min(times) / 2, max(times) * 2)
    left.set_ylabel(f"time / that of {unit.name.split()[0]} for {unit.n:,} keys")
    before = min(point.before_mib for point in points)
    peaks = [point.peak_mib for point in points]
    right.axhline(before, color="#999999", linewidth=0.8, zorder=1)
    right.annotate(
        "before the first run", (max(sizes), before), (0, -10), textcoords="offset points", fontsize=7.5,
        color="#666666", ha="right",
    )  # fmt: skip
    right.set_ylim(before / 1.6, max(peaks) * 1.6)
    log_ticks(right.yaxis, before / 1.6, max(peaks) * 1.6)
    right.set_ylabel("peak memory of the process (MiB)")
