"""The default picture of every law: theory as lines, simulation as points, and what separates them below."""

import re
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from attnlaws.figures.legends import clear_legends
from attnlaws.figures.style import COLORS, DASHES, MARKERS, Picture, styled
from attnlaws.figures.ticks import log_ticks, power_ticks
from attnlaws.simulations.verdict import Judged, Verdict, percent
from attnlaws.theory.claim import Bound
from attnlaws.theory.domain import Choice, Number
from attnlaws.theory.law import Law

CURVE_POINTS, ALGORITHM_POINTS = 200, 17
"""Places at which a theory line is evaluated: a formula, and an algorithm, which can take seconds."""
INTERVAL = 1.96
LABEL_WIDTH = 42
"""Characters of a label beside the upper panel that fit its height."""
WIDTH_PAD, HEIGHT_PAD = 0.08, 0.045

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
        figure = Picture(
            figsize=(9.6 if ladder else 6.8, 5.6), layout=ConstrainedLayoutEngine(w_pad=WIDTH_PAD, h_pad=HEIGHT_PAD)
        )
        grid = figure.add_gridspec(
            2, 2 if ladder else 1, height_ratios=(3, 1), width_ratios=(2, 1.15) if ladder else None
        )
        main = figure.add_subplot(grid[0, 0])
        instances = any(point.what == "instance" for point in verdict.points)  # the upper panel has its own axis
        residuals = figure.add_subplot(grid[1, 0], sharex=None if instances else main)
        noiseless = all(point.noiseless for point in verdict.points)
        (draw_differences if noiseless else draw_residuals)(residuals, law, verdict)
        (draw or draw_overlay)(main, law, verdict)
        if ladder:
            draw_ladder(figure.add_subplot(grid[:, 1]), law, verdict)
        figure.suptitle(_title(law, verdict), x=0.01, ha="left", fontsize=8.5)
        figure.align_ylabels([main, residuals])
        clear_legends(figure)
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
            *wrapped(f"{law.id}: {law.statement}", width),
            *wrapped(
                f"{verdict.outcome} (expected {verdict.expected}), derivation {verdict.badge}; "
                f"tolerance {percent(verdict.delta)}{sees}",
                width,
            ),
            f"mode {verdict.mode}; seed {verdict.seed}",
        ]
    )


def wrapped(text: str, width: int) -> list[str]:
    """Lines of a text; none begins or ends with an operator, or breaks a word at its hyphen."""
    tied = re.sub(r" ([-+*/=.<>]+) ", "\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", text)
    lines = textwrap.wrap(tied, width, break_on_hyphens=False, break_long_words=False)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]


def draw_overlay(
    axes: Axes,
    law: Law,
    verdict: Verdict,
    *,
    over: Callable[..., Any] | None = None,
    label: Callable[[Mapping[str, Any]], str] | None = None,
    reach: tuple[float, float] | None = None,
    joined: bool = False,
) -> None:
    """Theory as lines, the finite-size allowance as a band, simulation as points with 95 % intervals.

    Args:
        axes: where to draw.
        law: the law.
        verdict: what its verification found.
        over: ``over(**point)``, what everything is divided by; the label beside the axis is then left to the caller.
        label: name of a curve, from its fixed parameters.
        reach: where the theory lines begin and end, where that is not the range of the points.
        joined: the lines join the law's values at the points, because each value takes long.
    """
    assert law.grid is not None
    across, handles, shown = law.grid.across, [], []
    for index, (name, fixed, points) in enumerate(series(law, verdict)):
        color, style = COLORS[index % len(COLORS)], DASHES[index % len(DASHES)]
        look: dict[str, Any] = {"color": color, "marker": MARKERS[index % len(MARKERS)], "markerfacecolor": "white"}
        x = np.array([point.parameters[across] for point in points], float)
        theory = np.array([point.theory for point in points])
        curve, values = (x, theory) if joined else theory_line(law, fixed, reach)
        unit = np.array([over(**point.parameters) if over else 1.0 for point in points], float)
        axes.plot(curve, values / (over(**fixed, **{across: curve}) if over else 1), color=color, linestyle=style)
        theory = theory / unit
        shown += list(theory)
        if law.grid.ladder is not None:
            band = np.array([point.allowance for point in points]) / unit
            axes.fill_between(x, theory - band, theory + band, color=color, alpha=0.2, linewidth=0)
        error = np.array([INTERVAL * point.standard_error for point in points]) / unit
        axes.errorbar(
            x, np.array([point.mean for point in points]) / unit, yerr=error, linestyle="none", capsize=2, **look
        )
        handles.append(Line2D([], [], linestyle=style, label=label(fixed) if label else name, **look))
    if law.grid.logx:
        _log_axis(axes, law, reach)
    if min(shown) > 0 and max(shown) / min(shown) > 10:
        axes.set_yscale("log")
        log_ticks(axes.yaxis, *axes.get_ylim())
    axes.set_ylabel("\n".join(wrapped(law.quantity, LABEL_WIDTH)))
    axes.tick_params(labelbottom=False)
    points = "exact values" if verdict.exact else "simulation, 95 % intervals"
    lines = "theory at the points" if joined else "theory"
    axes.set_title(f"lines: {lines}; points: {points}", fontsize=8, loc="left", color="#555555")
    shared = [f"{name} = {_shown(value)}" for name, value in _common(law).items() if not isinstance(value, str)]
    axes.legend(handles=handles, title=", ".join(shared), title_fontsize=8, alignment="left")


def note(axes: Axes, text: str, at: tuple[float, float], **options: Any) -> None:
    """Words beside a line that is drawn for comparison."""
    offset = options.pop("offset", (2, 2))
    axes.annotate(text, at, offset, textcoords="offset points", fontsize=8, color="#555555", **options)


def draw_residuals(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Simulation minus theory, in standard errors."""
    assert law.grid is not None
    axes.axhspan(-INTERVAL, INTERVAL, color="#EEEEEE", zorder=0)
    axes.axhline(0, color="#555555", linewidth=0.8)
    for index, (_, _, points) in enumerate(series(law, verdict)):
        axes.plot(
            [point.parameters[law.grid.across] for point in points],
            [point.deviation for point in points],
            color=COLORS[index % len(COLORS)],
            marker=MARKERS[index % len(MARKERS)],
            markerfacecolor="white",
            linestyle="none",
        )
    largest = max((abs(p.deviation) for p in verdict.points if not p.output and np.isfinite(p.deviation)), default=0.0)
    axes.set_ylim(-max(4.0, 1.15 * largest), max(4.0, 1.15 * largest))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))
    parameter = law.parameter(law.grid.across)
    unit = f" [{parameter.unit}]" if parameter.unit else ""
    axes.set_xlabel(f"{parameter.name}: {parameter.meaning}{unit}")
    axes.set_ylabel("off by\n(std. errors" + (",\ncorrected)" if verdict.ladder else ")"))


def draw_differences(axes: Axes, law: Law, verdict: Verdict) -> None:
    """For a comparison without noise, the largest relative difference at each point, under the tolerance."""
    assert law.grid is not None
    smallest = np.finfo(np.float64).eps / 4
    axes.axhspan(law.delta, 1, color="#F3E3E3", zorder=0)
    for index, (label, _, points) in enumerate(series(law, verdict)):
        axes.plot(
            [point.parameters[law.grid.across] for point in points],
            [max(violation(law, point), smallest) for point in points],
            color=COLORS[index % len(COLORS)],
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
    what = "violation" if isinstance(law.claim, Bound) else "difference"
    axes.set_ylabel(f"relative\n{what}" if verdict.exact else f"largest\nrel. {what}")
    if not verdict.exact:
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def violation(law: Law, point: Judged) -> float:
    """The relative difference of a value from the law's; of a bound, only what lies on the wrong side."""
    if isinstance(law.claim, Bound):
        side = 1 if law.claim.side == "upper" else -1
        return side * (point.mean - point.theory) / abs(point.theory)
    return abs(point.mean / point.theory - 1)


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
        color=COLORS[0],
        linestyle="none",
        marker="o",
        markerfacecolor="white",
        capsize=2,
        label="exact values" if verdict.exact else "simulation, 95 % intervals",
    )
    if not clear.all():
        limits = np.abs(distance[~clear]) + INTERVAL * error[~clear]
        axes.plot(n[~clear], limits, color=COLORS[6], linestyle="none", marker="v", label="below this (95 %)")
    curve = np.geomspace(n.min(), n.max(), CURVE_POINTS).round()
    point: Mapping[str, Any] = law.grid.ladder["point"]
    correction = [abs(float(law.correction(**{**point, along: int(size)}))) for size in curve]
    axes.plot(curve, correction, color=COLORS[1], label="derived first correction")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    power_ticks(axes.xaxis, 2)
    power_ticks(axes.yaxis, 10)
    axes.set_xlabel(f"{along}: {law.parameter(along).meaning}")
    axes.set_ylabel(f"|{'exact value' if verdict.exact else 'simulation'} - limit|")
    slope = f": slope {verdict.slope[0]:.2f} ± {verdict.slope[1]:.2f}" if verdict.slope else ": slope not resolved"
    slope = "" if verdict.exact else slope  # a slope is fitted to noise alone
    at = ", ".join(f"{name} = {value}" for name, value in point.items())
    axes.set_title(f"towards the limit{slope}\n{at}", fontsize=8, loc="left", color="#555555")
    axes.legend(loc="best")


def series(law: Law, verdict: Verdict) -> list[tuple[str, Mapping[str, Any], list[Judged]]]:
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


def theory_line(
    law: Law, fixed: Mapping[str, Any], reach: tuple[float, float] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Places along the axis and the law's values there: whole numbers only where the axis has no others."""
    assert law.grid is not None
    low, high = reach or (min(law.grid.values), max(law.grid.values))
    choices = {name: value for name, value in fixed.items() if isinstance(law.parameter(name).domain, Choice)}
    size = CURVE_POINTS if law.derivation(**choices).value is None else ALGORITHM_POINTS
    x = np.geomspace(low, high, size) if law.grid.logx else np.linspace(low, high, size)
    x[[0, -1]] = low, high  # not a rounding error beyond the domain
    domain = law.parameter(law.grid.across).domain
    if isinstance(domain, Number) and domain.whole:
        x = np.unique(x.round())
    given = {name: value for name, value in fixed.items() if law.parameter(name).role != "simulation"}
    return x, np.broadcast_to(law(**{**given, law.grid.across: x}), x.shape)


def _log_axis(axes: Axes, law: Law, reach: tuple[float, float] | None = None) -> None:
    """A logarithmic axis with ticks at the grid's own values, as far as they can be told apart."""
    assert law.grid is not None
    axes.set_xscale("log")
    low, high = reach or (min(law.grid.values), max(law.grid.values))
    log_ticks(axes.xaxis, low, high, () if reach else law.grid.values)
