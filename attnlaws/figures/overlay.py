"""The default picture of every law: theory as lines, simulation as points, and what separates them below."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator, ScalarFormatter

from attnlaws.figures.style import COLOURS, DASHES, MARKERS, Picture, styled
from attnlaws.simulations.verdict import Judged, Verdict, percent
from attnlaws.theory.domain import Number
from attnlaws.theory.law import Law

CURVE_POINTS = 200
INTERVAL = 1.96

Draw = Callable[[Axes, Law, Verdict], None]


def overlay(law: Law, verdict: Verdict, draw: Draw | None = None) -> Figure:
    """Theory over simulation, residuals in standard errors below, and for a limit the way to it beside.

    Args:
        law: the law, with a grid.
        verdict: what its verification found.
        draw: draws the upper panel in the law's own way.

    Returns:
        A matplotlib figure, made without pyplot.
    """
    assert law.grid is not None
    with styled():
        ladder = len(verdict.ladder) > 0
        figure = Picture(figsize=(9.6 if ladder else 6.8, 5.6), layout="constrained")
        grid = figure.add_gridspec(
            2, 2 if ladder else 1, height_ratios=(3, 1), width_ratios=(2, 1.15) if ladder else None
        )
        main = figure.add_subplot(grid[0, 0])
        if all(point.noiseless for point in verdict.points):
            residuals = figure.add_subplot(grid[1, 0])
            draw_differences(residuals, law, verdict)
        else:
            residuals = figure.add_subplot(grid[1, 0], sharex=main)
            draw_residuals(residuals, law, verdict)
        (draw or draw_overlay)(main, law, verdict)
        if ladder:
            draw_ladder(figure.add_subplot(grid[:, 1]), law, verdict)
        figure.suptitle(_title(law, verdict), x=0.01, ha="left", fontsize=8.5)
        # Every drawing would lay it out a little further, and two files of one figure would differ.
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
    figure.attnlaws_metadata = {  # type: ignore[attr-defined]
        "title": f"{law.id}: {law.statement}",
        "description": f"{verdict.outcome}; modes {verdict.mode}; seed {verdict.seed}",
    }
    return figure


def _title(law: Law, verdict: Verdict) -> str:
    width = 140 if verdict.ladder else 100
    sees = "" if verdict.outcome == "REFUTED" else f", errors above {percent(verdict.visible)} would be refuted"
    return "\n".join(
        [
            *_wrapped(f"{law.id}: {law.statement}", width),
            f"{verdict.outcome} (expected {verdict.expected}), derivation {verdict.badge}; "
            f"tolerance {percent(verdict.delta)}{sees}",
            f"mode {verdict.mode}; seed {verdict.seed}",
        ]
    )


def _wrapped(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width)


def draw_overlay(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Theory as lines, the finite-size allowance as a band, simulation as points with 95 % intervals."""
    assert law.grid is not None
    across, handles = law.grid.across, []
    for index, (label, fixed, points) in enumerate(_series(law, verdict)):
        colour, style = COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)]
        marker = MARKERS[index % len(MARKERS)]
        x = np.array([point.parameters[across] for point in points], float)
        axes.plot(*_curve(law, fixed), color=colour, linestyle=style)
        band = np.array([point.allowance for point in points])
        theory = np.array([point.theory for point in points])
        if law.grid.ladder is not None:
            axes.fill_between(x, theory - band, theory + band, color=colour, alpha=0.2, linewidth=0)
        axes.errorbar(
            x,
            [point.mean for point in points],
            yerr=[INTERVAL * point.standard_error for point in points],
            color=colour,
            linestyle="none",
            marker=marker,
            markerfacecolor="white",
            capsize=2,
        )
        handles.append(
            Line2D([], [], color=colour, linestyle=style, marker=marker, markerfacecolor="white", label=label)
        )
    if law.grid.logx:
        _log_axis(axes, law)
    values = [point.theory for point in verdict.points if point.what in ("mean", "exact") and not point.output]
    if min(values) > 0 and max(values) / min(values) > 10:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        if max(values) / min(values) < 100:
            axes.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))
            axes.yaxis.set_minor_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_ylabel(law.quantity)
    axes.tick_params(labelbottom=False)
    shared = [f"{name} = {_shown(value)}" for name, value in _common(law).items()]
    points = "exact values" if verdict.exact else "simulation, 95 % intervals"
    title = "\n".join([f"lines: theory; points: {points}", *([", ".join(shared)] if shared else [])])
    axes.legend(handles=handles, title=title, title_fontsize=8, alignment="left")


def draw_residuals(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Simulation minus theory, in standard errors."""
    assert law.grid is not None
    axes.axhspan(-INTERVAL, INTERVAL, color="#EEEEEE", zorder=0)
    axes.axhline(0, color="#555555", linewidth=0.8)
    for index, (_, _, points) in enumerate(_series(law, verdict)):
        axes.plot(
            [point.parameters[law.grid.across] for point in points],
            [point.deviation for point in points],
            color=COLOURS[index % len(COLOURS)],
            marker=MARKERS[index % len(MARKERS)],
            markerfacecolor="white",
            linestyle="none",
        )
    largest = max((abs(p.deviation) for p in verdict.points if not p.output and np.isfinite(p.deviation)), default=0.0)
    axes.set_ylim(-max(4.0, 1.15 * largest), max(4.0, 1.15 * largest))
    parameter = law.parameter(law.grid.across)
    unit = f" [{parameter.unit}]" if parameter.unit else ""
    axes.set_xlabel(f"{parameter.name}: {parameter.meaning}{unit}")
    axes.set_ylabel("off by\n(std. errors)" + ("\nafter correction" if verdict.ladder else ""))


def draw_differences(axes: Axes, law: Law, verdict: Verdict) -> None:
    """For a comparison without noise, the largest relative difference at each point, under the tolerance."""
    assert law.grid is not None
    smallest = np.finfo(np.float64).eps / 4
    axes.axhspan(law.delta, 1, color="#F3E3E3", zorder=0)
    for index, (label, _, points) in enumerate(_series(law, verdict)):
        axes.plot(
            [point.parameters[law.grid.across] for point in points],
            [max(abs(point.mean / point.theory - 1), smallest) for point in points],
            color=COLOURS[index % len(COLOURS)],
            marker=MARKERS[index % len(MARKERS)],
            markerfacecolor="white",
            linestyle="none",
            label=label,
        )
    if law.grid.logx:
        _log_axis(axes, law)
    axes.set_yscale("log")
    axes.set_ylim(smallest / 2, 1)
    axes.yaxis.set_major_locator(FixedLocator([1e-16, 1e-12, 1e-8, 1e-4, 1]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.annotate("refuted", (0.01, law.delta), xycoords=("axes fraction", "data"), va="bottom", fontsize=8)
    axes.set_xlabel(f"{law.grid.across}: {law.parameter(law.grid.across).meaning}")
    axes.set_ylabel("relative\ndifference" if verdict.exact else "largest\nrel. difference")
    if not verdict.exact:
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def draw_ladder(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Distance between simulation and limit as the size grows, against the derived first correction."""
    assert law.grid is not None and law.grid.ladder is not None
    along = law.grid.ladder["along"]
    n, distance, error = np.array(verdict.ladder).T
    clear = np.abs(distance) > INTERVAL * error
    axes.errorbar(
        n[clear],
        np.abs(distance[clear]),
        yerr=INTERVAL * error[clear],
        color=COLOURS[0],
        linestyle="none",
        marker="o",
        markerfacecolor="white",
        capsize=2,
        label="simulation, 95 % intervals",
    )
    if not clear.all():
        limits = np.abs(distance[~clear]) + INTERVAL * error[~clear]
        axes.plot(n[~clear], limits, color=COLOURS[6], linestyle="none", marker="v", label="below this (95 %)")
    curve = np.geomspace(n.min(), n.max(), CURVE_POINTS).round()
    correction = [abs(float(law.correction(**law.grid.ladder["point"], **{along: int(size)}))) for size in curve]
    axes.plot(curve, correction, color=COLOURS[1], label="derived first correction")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(f"{along}: {law.parameter(along).meaning}")
    axes.set_ylabel("|simulation - limit|")
    slope = f"slope {verdict.slope[0]:.2f} ± {verdict.slope[1]:.2f}" if verdict.slope else "slope not resolved"
    point = ", ".join(f"{name} = {value}" for name, value in law.grid.ladder["point"].items())
    axes.set_title(f"towards the limit at {point}\n{slope}", fontsize=9, loc="left")
    axes.legend(loc="best")


def _series(law: Law, verdict: Verdict) -> list[tuple[str, Mapping[str, Any], list[Judged]]]:
    """Label, fixed parameters and judged points of each curve."""
    assert law.grid is not None
    common = _common(law)
    result = []
    for fixed in law.grid.series:
        names = {k: v for k, v in fixed.items() if k not in common}
        label = ", ".join(v if isinstance(v, str) else f"{k} = {_shown(v)}" for k, v in names.items())
        points = [
            point
            for point in verdict.points
            if point.what != "law"
            and not point.output
            and np.isfinite(point.mean)
            and all(point.parameters.get(k) == v for k, v in fixed.items())
            and point.parameters[law.grid.across] in law.grid.values
        ]
        result.append((label, fixed, points))
    return result


def _common(law: Law) -> dict[str, Any]:
    """Parameters that have one value on all of several curves."""
    assert law.grid is not None
    first, *others = law.grid.series
    return {k: v for k, v in first.items() if others and all(k in other and other[k] == v for other in others)}


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)


def _curve(law: Law, fixed: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """The theory line: whole numbers only where the axis has no others."""
    assert law.grid is not None
    low, high = min(law.grid.values), max(law.grid.values)
    x = np.geomspace(low, high, CURVE_POINTS) if law.grid.logx else np.linspace(low, high, CURVE_POINTS)
    domain = law.parameter(law.grid.across).domain
    if isinstance(domain, Number) and domain.whole:
        x = np.unique(x.round())
    point: dict[str, Any] = {**fixed, law.grid.across: x}
    return x, law(**point)


def _log_axis(axes: Axes, law: Law) -> None:
    """A logarithmic axis with ticks at the grid's own values."""
    assert law.grid is not None
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(list(law.grid.values)))
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_locator(NullLocator())
