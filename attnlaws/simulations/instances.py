"""Laws about single rows: compared with their definitions one instance after the other, without noise."""

from typing import Any

import numpy as np

from attnlaws.simulations.draws import drawn_items
from attnlaws.simulations.experiment import Experiment
from attnlaws.simulations.grow import Budget
from attnlaws.simulations.judge import judge_instances
from attnlaws.simulations.task import Task
from attnlaws.simulations.timings import Timings
from attnlaws.simulations.verdict import Judged
from attnlaws.theory.law import Law

AT_ONCE = 1 << 8
"""Instances that are in memory together."""


def compare_instances(
    law: Law, experiment: Experiment, task: Task, count: int, budget: Budget, timings: Timings
) -> dict[str, Judged]:
    """Judge a law, under the empty name, and its sabotages at one point, on the same instances.

    Args:
        law: the claim.
        experiment: has ``instance``, which makes the law's arguments from draws.
        task: what is drawn.
        count: instances; the first few are compared in any case, and the others while there is time.
        budget: the time.
        timings: where it is added up.
    """
    assert experiment.instance is not None
    own = {p.name: task.parameters[p.name] for p in law.parameters if p.role == "law"}
    laws = {"": law, **law.claims_sabotaged()}
    # A sabotage changes one output, and the others are evaluated once.
    forms: dict[Any, tuple[Law, str]] = {}
    for each in laws.values():
        for name in law.outputs:
            forms.setdefault(each.derivation(name).form, (each, name))
    claimed: dict[Any, list[np.ndarray]] = {form: [] for form in forms}
    drawn: list[np.ndarray] = []
    for first in range(0, count, AT_ONCE):
        if first and budget.left <= 0:
            break
        size = min(AT_ONCE, count - first)
        with timings.simulating():
            with timings.preparing():
                task.prepare()
            drawn.append(task.values(first, size))
            rows = experiment.instance({"items": drawn_items(task, first, size)}, **task.parameters)
        for form, (each, name) in forms.items():
            claimed[form].append(each(output=name, **rows, **own))
    outputs = np.concatenate(drawn)
    values = {form: np.concatenate(parts) for form, parts in claimed.items()}
    return {
        sabotage: judge_instances(
            each.claim,
            {name: values[each.derivation(name).form] for name in law.outputs},
            {name: outputs[:, task.outputs.index(name)] for name in law.outputs},
            law.delta,
            parameters=task.parameters,
            arithmetic_error=experiment.arithmetic_error,
        )
        for sabotage, each in laws.items()
    }
