"""Measured attention against the Gaussian rule: the fraction of keys to keep, over the spread of the logits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from attnlaws.figures.style import COLORS, MARKERS, Picture, styled

LEGEND_ROWS = 16


@dataclass(frozen=True)
class Point:
    """The rows of one head.

    Attributes:
        group: number of the series it belongs to, as its layer.
        sigma: standard deviation of a row's logits, mean over the rows.
        kept: kept fraction of the keys, mean over the rows.
        low: the fraction that a tenth of the rows stay below.
        high: the fraction that a tenth of the rows exceed.
    """

    group: int
    sigma: float
    kept: float
    low: float
    high: float


def kept_keys(
    points: Sequence[Point],
    curve: tuple[np.ndarray, np.ndarray],
    *,
    eps: float,
    groups: str,
    title: str,
) -> Figure:
    """A point per head over the curve of the Gaussian rule.

    Args:
        points: the heads.
        curve: values of sigma, and the fraction that the rule keeps there.
        eps: the tail mass that is allowed.
        groups: what a group is called, as "layer".
        title: the line above the picture; the metadata repeat it.

    Returns:
        A matplotlib figure, made without pyplot.
    """
    with styled():
        figure = Picture(figsize=(7.6, 4.4), layout="constrained")
        axes = figure.add_subplot()
        rule = "Gaussian rule $1-\\Phi(\\sigma+\\Phi^{-1}(\\epsilon))$"
        handles = axes.plot(*curve, color="#000000", linestyle="--", label=rule)
        for number in sorted({point.group for point in points}):
            chosen = [point for point in points if point.group == number]
            handles.append(_draw(axes, chosen, *_look(number), f"{groups} {number}"))
        _scale(axes, points, curve[0])
        axes.set_xlabel("sigma: standard deviation of the logits of a row (mean over rows)")
        axes.set_ylabel(f"fraction of the keys to keep for a tail mass of {eps:g}")
        figure.legend(
            handles=handles,
            loc="outside right upper",
            title="points: measured, mean of a head's rows\nbars: four fifths of the rows",
            title_fontsize=8,
            alignment="left",
            ncols=-(-len(handles) // LEGEND_ROWS),
        )
        figure.suptitle(title, x=0.01, ha="left", fontsize=8.5, parse_math=False)
        figure.draw_without_rendering()  # laid out once, so that every file of it is the same
        figure.set_layout_engine("none")
    figure.attnlaws_metadata = {  # type: ignore[attr-defined]
        "title": title,
        "description": "kept fraction of the keys over the standard deviation of the logits",
    }
    return figure


def _draw(axes: Axes, points: Sequence[Point], color: str, marker: str, label: str) -> Line2D:
    kept = np.array([point.kept for point in points])
    below = kept - np.array([point.low for point in points])
    above = np.array([point.high for point in points]) - kept
    look: dict[str, Any] = {"color": color, "linestyle": "none", "marker": marker, "markerfacecolor": "white"}
    axes.errorbar(
        [point.sigma for point in points],
        kept,
        yerr=np.maximum([below, above], 0),  # a mean may lie outside four fifths of the rows
        ecolor=(color, 0.3),
        elinewidth=0.8,
        **look,
    )
    return Line2D([], [], label=label, **look)


def _scale(axes: Axes, points: Sequence[Point], sigma: np.ndarray) -> None:
    """Logarithmic axes that hold the points; the rule falls far below them where sigma is large."""
    lowest = 0.7 * min(0.5, *(min(point.low, point.kept) for point in points))
    axes.set_yscale("log")
    axes.set_ylim(lowest, 1.1)
    _ticks(axes.yaxis, 1 / lowest)
    axes.set_xlim(sigma[0], sigma[-1])
    if sigma[0] > 0:
        axes.set_xscale("log")
        _ticks(axes.xaxis, float(sigma[-1] / sigma[0]))


def _ticks(axis: Axis, span: float) -> None:
    """Plain numbers, some in every decade."""
    several = (1, 1.5, 2, 3, 5, 7) if span < 8 else (1, 2, 5) if span < 1e4 else (1,)
    axis.set_major_locator(LogLocator(subs=several))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _look(group: int) -> tuple[str, str]:
    """Color and marker of a group: 64 combinations, neighbors different in both."""
    return COLORS[group % len(COLORS)], MARKERS[(group + group // len(COLORS)) % len(MARKERS)]
