"""What an index of keys achieves beside an oracle, and what it costs beside scoring everything, over eps."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from attnlaws.figures.style import COLORS, DASHES, MARKERS, Picture, styled
from attnlaws.figures.ticks import log_ticks


def skipping(groups: Mapping[str, Sequence[Mapping[str, Any]]], *, title: str) -> Figure:
    """Two panels, a line per group.

    Args:
        groups: for each name what :func:`attnlaws.skipping.summary` says at each eps.
        title: the line above the picture; the metadata repeat it.

    Returns:
        A matplotlib figure, made without pyplot.
    """
    with styled():
        figure = Picture(figsize=(9.0, 4.0), layout="constrained")
        left, right = figure.subplots(1, 2)
        handles = []
        for number, (name, rows) in enumerate(groups.items()):
            ranked = sorted(rows, key=lambda row: row["eps"])
            eps = [row["eps"] for row in ranked]
            look: dict[str, Any] = {
                "color": COLORS[number % len(COLORS)],
                "marker": MARKERS[(number + number // len(COLORS)) % len(MARKERS)],
                "linestyle": DASHES[number % len(DASHES)],
                "markerfacecolor": "white",
                "label": name,
            }
            handles += left.plot(eps, [row["share_of_oracle"] for row in ranked], **look)
            right.plot(eps, [row["dot_equivalents"] / row["keys"] for row in ranked], **look)
        ends = [row["eps"] for rows in groups.values() for row in rows]
        for axes in (left, right):
            axes.set_xscale("log")
            axes.set_xlim(min(ends) / 1.4, max(ends) * 1.4)
            log_ticks(axes.xaxis, min(ends) / 1.4, max(ends) * 1.4, sorted(set(ends)))
            axes.set_xlabel("eps: softmax mass that may be left out")
            axes.axhline(1.0, color="#666666", linewidth=0.8)
        left.set_ylim(0, 1.05)
        left.set_ylabel("achieved / oracle reduction, in scored keys")
        costs = [row["dot_equivalents"] / row["keys"] for rows in groups.values() for row in rows]
        right.set_yscale("log")
        right.set_ylim(0.7 * min(costs), 1.3)
        log_ticks(right.yaxis, 0.7 * min(costs), 1.3)
        right.set_ylabel("cost / scoring all keys, in inner products")
        figure.legend(
            handles=handles,
            loc="outside right upper",
            title="gray: the oracle (left),\nall keys scored (right)",
            title_fontsize=8,
        )
        figure.suptitle(title, x=0.01, ha="left", fontsize=8.5, parse_math=False)
        figure.draw_without_rendering()  # laid out once, so that every file of it is the same
        figure.set_layout_engine("none")
    figure.attnlaws_metadata = {  # type: ignore[attr-defined]
        "title": title,
        "description": "share of the oracle's reduction, and cost, of certified attention over eps",
    }
    return figure
