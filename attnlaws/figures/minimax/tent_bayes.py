"""The ladder of lower bounds: what each argument loses beside the exact Bayes risk of tents, over the sample size."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attnlaws.figures.overlay import INTERVAL
from attnlaws.figures.style import COLORS, DASHES, MARKERS
from attnlaws.figures.ticks import log_ticks
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law
from attnlaws.theory.minimax.assouad import LAW as ASSOUAD
from attnlaws.theory.minimax.fano import LAW as FANO
from attnlaws.theory.minimax.le_cam import LAW as LE_CAM

SHOWN: dict[str, Any] = {"alpha": 1.0, "kappa": 1.0}
"""The box of the ladder, the first of the judged ones."""
SAMPLES = (2.0, 24.0, 31)


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """A line per bound, and the simulated Bayes risk on the uppermost; the other judged box beside it."""
    assert law.grid is not None
    log_n = np.linspace(*SAMPLES)
    rungs = [
        ("exact Bayes risk, v mmse(gamma)", law(log_n=log_n, **SHOWN)),
        ("Assouad, v Phi(-sqrt(gamma))", ASSOUAD(log_n=log_n, **SHOWN)),
        ("Fano on a code", FANO(log_n=log_n, **SHOWN)),
        ("Le Cam, two points", LE_CAM(log_n=log_n, kappa=SHOWN["kappa"])),
    ]
    handles, names = [], []
    for index, (name, bound) in enumerate(rungs):
        color = COLORS[index + (index > 0)]  # the second is that of the other box, as in the panel below
        handles += axes.plot(log_n, bound, color=color, linestyle=DASHES[index % len(DASHES)])
        names.append(name)
    for index, fixed in enumerate(law.grid.series):
        color = COLORS[index]
        if fixed != SHOWN:
            handles += axes.plot(log_n, law(log_n=log_n, **fixed), color=color, linewidth=1.0)
            names.append("exact, " + ", ".join(f"{key} = {value:g}" for key, value in fixed.items()))
        points = [p for p in verdict.points if all(p.parameters.get(key) == value for key, value in fixed.items())]
        axes.errorbar(
            [p.parameters["log_n"] for p in points],
            [p.mean for p in points],
            yerr=[INTERVAL * p.standard_error for p in points],
            color=color,
            marker=MARKERS[index],
            markerfacecolor="white",
            linestyle="none",
            capsize=2,
        )
    handles.append(Line2D([], [], color=COLORS[0], marker=MARKERS[0], markerfacecolor="white", linestyle="none"))
    names.append("simulated signs and noise")
    axes.set_yscale("log")
    log_ticks(axes.yaxis, *axes.get_ylim())
    axes.tick_params(labelbottom=False)
    axes.set_ylabel("lower bound on the minimax risk\n(mean square error)")
    title = ", ".join(f"{key} = {value:g}" for key, value in SHOWN.items())
    axes.legend(handles=handles, labels=names, title=title, title_fontsize=8, alignment="left")
