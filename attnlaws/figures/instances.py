"""Pictures of laws about single rows: some of the very rows that were judged, one point each."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from attnlaws.figures.overlay import series
from attnlaws.figures.style import COLORS, MARKERS
from attnlaws.simulations.draws import drawn_items
from attnlaws.simulations.experiment import Experiment
from attnlaws.simulations.simulate import make_task
from attnlaws.simulations.verdict import Judged, Verdict
from attnlaws.theory.law import Law

SHOWN = 20
"""Rows of each judged point."""
Values = Mapping[str, np.ndarray]


def instances(
    law: Law, experiment: Experiment, verdict: Verdict, point: Judged, formulas: Mapping[str, tuple[Law, str]]
) -> tuple[Values, Values]:
    """What the definitions and what formulas give for the first rows of a judged point.

    Args:
        law: the law.
        experiment: its experiment, with ``instance``.
        verdict: what its verification found.
        point: one of its points.
        formulas: by name, a law about the same rows and its output.

    Returns:
        The outputs of the experiment and the formulas, by name.
    """
    assert experiment.instance is not None
    names = [parameter.name for parameter in law.parameters if parameter.role != "instance"]
    parameters = law.validate(**{name: point.parameters[name] for name in names if name in point.parameters})
    task = make_task(law, experiment, parameters, verdict.seed, experiment.default_mode)
    found = task.values(0, SHOWN)
    rows = experiment.instance({"items": drawn_items(task, 0, SHOWN)}, **parameters)
    own = {p.name: parameters[p.name] for p in law.parameters if p.role == "law"}
    values = {name: asked(output=output, **rows, **own) for name, (asked, output) in formulas.items()}
    return dict(zip(task.outputs, found.T, strict=True)), values


def draw_equal(axes: Axes, law: Law, verdict: Verdict, experiment: Experiment, output: str) -> None:
    """A formula over what the definition gives: one point a row, on the diagonal where they agree."""
    ends = []
    for index, (label, _, points) in enumerate(series(law, verdict)):
        pairs = [instances(law, experiment, verdict, point, {output: (law, output)}) for point in points]
        x, y = (np.concatenate([side[output] for side in sides]) for sides in zip(*pairs, strict=True))
        ends += [x.min(), x.max()]
        _dots(axes, x, y, index, label)
    reach = np.array([min(ends) / 1.5, max(ends) * 1.5])
    axes.plot(reach, reach, color="#555555", linewidth=0.8, zorder=0)
    axes.set_xlim(*reach)
    axes.set_ylim(*reach)
    _log_axes(axes)
    axes.set_xlabel("from the definition")
    axes.set_ylabel(f"by the law: {law.quantity}".replace(" [", "\n["))
    axes.legend(title="line: equality; points: drawn instances", title_fontsize=8, alignment="left")


def draw_bounds(
    axes: Axes,
    law: Law,
    verdict: Verdict,
    experiment: Experiment,
    bounds: Mapping[str, tuple[Law, str]],
) -> None:
    """Bounds over what they are a bound on, against it; one point a row and bound.

    Args:
        axes: where to draw.
        law: the law.
        verdict: what its verification found.
        experiment: its experiment; all its outputs are what the bounds are on.
        bounds: by the name in the legend, a law about the same rows and its output.
    """
    found = list(_all(law, experiment, verdict, bounds))
    x = np.concatenate([next(iter(simulated.values())) for simulated, _ in found])
    for index, name in enumerate(bounds):
        ratio = np.concatenate([values[name] for _, values in found]) / x
        _dots(axes, x, ratio, index, f"{name}; median {np.median(ratio):.1f}")
    axes.axhline(1, color="#555555", linewidth=0.8, zorder=0)
    axes.set_ylim(bottom=0.7)
    _log_axes(axes)
    axes.set_xlabel(law.quantity)
    axes.set_ylabel("bound over that distance")
    axes.legend(
        title="points: simulated rows;\nline: what no bound may be below",
        title_fontsize=8,
        alignment="left",
        bbox_to_anchor=(1, 0.5),
        loc="center left",
    )


def _all(
    law: Law, experiment: Experiment, verdict: Verdict, bounds: Mapping[str, tuple[Law, str]]
) -> Iterator[tuple[Values, Values]]:
    return (instances(law, experiment, verdict, point, bounds) for point in verdict.points)


def _dots(axes: Axes, x: np.ndarray, y: np.ndarray, index: int, label: str) -> None:
    look: dict[str, Any] = {"color": COLORS[index], "marker": MARKERS[index], "markerfacecolor": "none"}
    axes.plot(x, y, linestyle="none", markersize=3, markeredgewidth=0.7, label=label, **look)


def _log_axes(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
