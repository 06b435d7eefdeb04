"""How far bounds are from what they bound, for single rows: the ratio of the two, over the quantity itself."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from attnlaws.figures.style import COLORS, MARKERS
from attnlaws.figures.ticks import log_ticks
from attnlaws.simulations.draws import drawn_items
from attnlaws.simulations.experiment import Experiment
from attnlaws.simulations.simulate import make_task
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

SHOWN = 24
"""Rows of each judged point that are drawn."""

Formula = Callable[..., np.ndarray]


def draw_ratios(
    axes: Axes,
    law: Law,
    verdict: Verdict,
    experiment: Experiment,
    shown: Mapping[str, tuple[str, Formula]],
    *,
    across: str,
    labels: tuple[str, str],
) -> None:
    """A marker for every row and formula: the formula over the simulated quantity, over one simulated quantity.

    Args:
        axes: where to draw.
        law: the law; its grid says where rows are drawn.
        verdict: what its verification found; the rows are those of its seed.
        experiment: how rows are drawn.
        shown: for each legend entry, the simulated output that is bounded, and ``formula(**rows, **parameters)``.
        across: the simulated output along the horizontal axis.
        labels: of the two axes.
    """
    axes.axhline(1, color="#555555", linewidth=0.8)
    for index, (name, (output, formula)) in enumerate(shown.items()):
        x, y = [], []
        for parameters, rows, simulated in _points(law, verdict, experiment):
            given = {p.name: parameters[p.name] for p in law.parameters if p.role == "law"}
            x.append(simulated[across])
            y.append(formula(**rows, **given) / simulated[output])
        axes.plot(
            np.concatenate(x),
            np.concatenate(y),
            color=COLORS[index],
            marker=MARKERS[index],
            markerfacecolor="none",
            markersize=3,
            markeredgewidth=0.7,
            linestyle="none",
            label=name,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    log_ticks(axes.xaxis, *axes.get_xlim())
    log_ticks(axes.yaxis, *axes.get_ylim())
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.legend(title="a point per simulated row", title_fontsize=8, alignment="left",
                bbox_to_anchor=(1, 0.5), loc="center left")  # fmt: skip


def _points(law: Law, verdict: Verdict, experiment: Experiment) -> Any:
    """At every judged point: its parameters, some rows, and what was simulated on them by output."""
    names = [parameter.name for parameter in law.parameters if parameter.role != "instance"]
    for point in verdict.points:
        parameters = law.validate(**{name: point.parameters[name] for name in names if name in point.parameters})
        task = make_task(law, experiment, parameters, verdict.seed, experiment.default_mode)
        values = task.values(0, SHOWN)
        assert experiment.instance is not None
        rows = experiment.instance({"items": drawn_items(task, 0, SHOWN)}, **parameters)
        yield parameters, rows, {name: values[:, i] for i, name in enumerate(task.outputs)}


TAIL_MASS = "tail mass tau (probability dropped)"
BOUND = "bound over tail mass,\n1 where it is exact"


def of_output(law: Law, output: str) -> Formula:
    """One output of a law, as a formula."""
    return lambda **given: law(output=output, **given)
