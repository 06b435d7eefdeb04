"""Every divergence of a cut row over its tail mass, against it: rows of all lengths fall on one line each."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from attnlaws.figures.style import COLORS, DASHES, MARKERS
from attnlaws.simulations.simulate import make_task
from attnlaws.simulations.topk.divergences import EXPERIMENT
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

LABELS = {
    "chi_square": "chi²(Q|P)",
    "kl": "KL(Q|P), Rényi of Q from P",
    "tv": "total variation",
    "hellinger": "squared Hellinger",
    "jensen_shannon": "Jensen-Shannon",
}
SHOWN = 3
DROPPED = 999


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Theory as lines; a few of the simulated rows of each point, from the definitions, as markers."""
    # One key kept out of a thousand, and its score moved, gives every tail mass below 0.999.
    score = np.linspace(0.0, 16.0, 400)
    rows = np.concatenate([score[:, None], np.zeros((score.size, DROPPED))], axis=1)
    tail = law(logits=rows, k=1, output="tv")
    simulated = _simulated(law, verdict)
    for index, (output, label) in enumerate(LABELS.items()):
        color, marker = COLORS[index], MARKERS[index]
        axes.plot(tail, law(logits=rows, k=1, output=output) / tail, color=color, linestyle=DASHES[index])
        axes.plot(
            simulated["tv"],
            simulated[output] / simulated["tv"],
            color=color,
            marker=marker,
            markerfacecolor="white",
            linestyle="none",
            markersize=3.5,
        )
        axes.plot([], [], color=color, linestyle=DASHES[index], marker=marker, markerfacecolor="white", label=label)
    axes.set_xscale("logit")
    axes.set_yscale("log")
    axes.set_xlim(1e-4, 0.99)
    axes.set_ylim(0.3, 30)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    axes.set_xlabel("tail mass tau (probability dropped)")
    axes.set_ylabel("divergence of the cut row Q\nfrom the row P, over tau")
    axes.legend(
        title="lines: theory; points: simulated rows",
        title_fontsize=8,
        alignment="left",
        bbox_to_anchor=(1, 0.5),
        loc="center left",
    )


def _simulated(law: Law, verdict: Verdict) -> dict[str, np.ndarray]:
    """The divergences of a few rows at every judged point."""
    found = []
    names = [parameter.name for parameter in law.parameters if parameter.role != "instance"]
    for point in verdict.points:
        parameters = law.validate(**{name: point.parameters[name] for name in names})
        task = make_task(law, EXPERIMENT, parameters, verdict.seed, EXPERIMENT.default_mode)
        found.append(task.values(0, SHOWN))
    values = np.concatenate(found)
    return {name: values[:, index] for index, name in enumerate(task.outputs)}
