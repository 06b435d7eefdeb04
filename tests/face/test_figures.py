"""The picture of every law, drawn from a made-up verdict: nothing cut off, nothing covered, ticks that can be read."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from attnlaws import registry
from attnlaws.catalog import figure_of
from attnlaws.figures.overlay import _wrapped
from attnlaws.figures.style import save
from attnlaws.figures.ticks import number
from attnlaws.simulations.experiment import Exact
from attnlaws.simulations.verdict import Judged, Verdict
from attnlaws.theory.claim import Outcome

LAWS = registry.ids()
ERROR = 0.01
"""Relative standard error of the made-up points."""


def made_up(law, experiment):
    """A verdict without a simulation: every point lies one standard error above the law."""
    instances = any(parameter.role == "instance" for parameter in law.parameters)
    what = "instance" if instances else "exact" if isinstance(experiment, Exact) else "mean"
    names = {p.name for p in law.parameters if p.role in ("law", "simulation")} if instances else None
    points = []
    for point in law.grid.points():
        theory = 1.0 if instances else float(law(**{k: v for k, v in point.items() if not simulated_only(law, k)}))
        error = 0.0 if what != "mean" else ERROR * abs(theory)
        shown = point if names is None else law.validate(**point)
        points.append(
            Judged(shown, theory, theory + error, error, 100, 0.0, Outcome.SUPPORTED, visible=0.02, what=what)
        )
    rungs = tuple((float(n), 1.0 / n, 1e-3 / n) for n in law.grid.ladder["values"]) if law.grid.ladder else ()
    return Verdict(
        law=law.id,
        statement=law.statement,
        outcome=Outcome.SUPPORTED,
        expected=law.expected,
        badge="proven",
        delta=law.delta,
        points=tuple(points),
        sabotages={},
        mode="literal",
        profile="quick",
        seed=0,
        slope=(-1.0, 0.1) if rungs else None,
        ladder=rungs,
    )


def simulated_only(law, name):
    return law.parameter(name).role == "simulation"


@pytest.fixture(scope="module", params=LAWS)
def drawn(request):
    law = registry.law(request.param)
    figure = figure_of(law, made_up(law, registry.experiment(law.id)))
    figure.draw_without_rendering()
    return law, figure
