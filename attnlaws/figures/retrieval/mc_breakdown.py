"""What n samples of an exponential have not seen of its mean, and how often their 95 % interval holds the truth."""

import numpy as np
from matplotlib.axes import Axes

from attnlaws.figures.style import COLORS, DASHES, MARKERS
from attnlaws.simulations.retrieval.mc_breakdown import EXPERIMENT
from attnlaws.simulations.simulate import make_task
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

INTERVAL = 1.96
SIZES = (100, 1000, 10_000)
SPREADS = (0.5, 1.0, 1.5, 2.0, 3.0)
RUNS = 500


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Shares as lines with the judged points on them; coverage as dotted lines with filled markers."""
    assert law.grid is not None
    sigma = np.linspace(0.1, max(SPREADS), 80)
    covered = EXPERIMENT.shape(EXPERIMENT.default_mode, {}).outputs
    column = list(covered).index("covered")
    for index, size in enumerate(sorted({fixed["n"] for fixed in law.grid.series} | set(SIZES))):
        color, marker = COLORS[index], MARKERS[index]
        axes.plot(sigma, law(n=size, sigma=sigma), color=color, linestyle=DASHES[0], label=f"unseen share, n = {size}")
        points = [p for p in verdict.points if not p.output and p.parameters["n"] == size]
        axes.errorbar(
            [p.parameters["sigma"] for p in points],
            [p.mean for p in points],
            yerr=[INTERVAL * p.standard_error for p in points],
            color=color,
            linestyle="none",
            marker=marker,
            markerfacecolor="white",
            capsize=2,
        )
        if size in SIZES:
            held = []
            for spread in SPREADS:
                task = make_task(law, EXPERIMENT, law.validate(n=size, sigma=spread), verdict.seed, "literal")
                held.append(task.values(0, RUNS)[:, column].mean())
            axes.plot(SPREADS, held, color=color, linestyle=":", marker=marker, label=f"coverage, n = {size}")
    axes.axhline(0.95, color="#555555", linewidth=0.8)
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("share of the mean unseen;\ncoverage of a 95 % interval")
    axes.tick_params(labelbottom=False)
    axes.legend(
        title=f"open: judged points\nfilled: {RUNS} runs each", title_fontsize=8, alignment="left",
        loc="center left", bbox_to_anchor=(1, 0.5),
    )  # fmt: skip
