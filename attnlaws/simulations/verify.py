"""Referee a law: run what is missing, then judge every point of its grid."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from attnlaws.simulations.draws import drawn_items
from attnlaws.simulations.estimate import Estimate, estimate
from attnlaws.simulations.experiment import Exact, Experiment, Quantile
from attnlaws.simulations.judge import (
    far_off,
    judge,
    judge_instances,
    judge_law,
    ladder_slope,
    overall,
    wanted,
    wanted_for_law,
)
from attnlaws.simulations.run import Backend, Cpu, Progress, RowStore, run
from attnlaws.simulations.simulate import make_task
from attnlaws.simulations.task import Task
from attnlaws.simulations.verdict import Judged, Outcome, Verdict
from attnlaws.theory.claim import Equal, corrections
from attnlaws.theory.law import Law
from attnlaws.theory.prove import Proof, prove
from attnlaws.theory.source import source_text

PILOT_DRAWS = 1 << 20
PILOT_REPLICATES = (256, 4096)
LARGEST_RUNG = 1 << 30
LOOK = 16
"""Each look at a growing run is at a sample so many times larger."""
SHARE = 8
"""A limit is judged where its first correction is at most this part of the tolerance."""


@dataclass(frozen=True)
class Profile:
    """How much work a verification may do.

    Attributes:
        name: "quick", "normal" or "full".
        draws: most normals at one point of the grid.
        ladder_draws: normals at each rung of a ladder.
        instances: single instances that are compared, for a law about them.
        cheapest: simulate the curves in the experiment's last mode, an equal law with fewer draws, and only the single
            points beside them in its first; judge whole laws at those only.
        precision: how many times smaller than needed the error bars are made.
    """

    name: str
    draws: int
    ladder_draws: int
    instances: int
    cheapest: bool
    precision: int = 1


QUICK = Profile("quick", draws=1 << 31, ladder_draws=1 << 23, instances=1 << 8, cheapest=True)
NORMAL = Profile("normal", draws=1 << 34, ladder_draws=1 << 28, instances=1 << 12, cheapest=False)
FULL = Profile("full", draws=1 << 36, ladder_draws=1 << 31, instances=1 << 16, cheapest=False, precision=4)


class RecordStore(RowStore, Protocol):
    """What a verification needs of a store."""

    def record(self, kind: str, law: str, key: str | None = None) -> dict[str, Any] | None:
        """The newest record of a kind."""
        ...

    def add_record(self, kind: str, law: str, key: str, body: Mapping[str, Any]) -> None:
        """Append a record."""
        ...


def verify(
    law: Law,
    experiment: Experiment | Exact,
    store: RecordStore,
    *,
    profile: Profile = NORMAL,
    seed: int = 0,
    threads: int | None = None,
    backend: Backend | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Derive a law, simulate it or compute it in another way, and judge it on its grid.

    A pilot measures the spread, the judged run has the size that the spread asks for. Only that run is judged; it ends
    early where the claim is far off, at a distance that makes no difference to the stated false-alarm rate.

    Args:
        law: the claim.
        experiment: how it is simulated, or computed exactly.
        store: where rows, proofs and verdicts are found and kept.
        profile: how much work to do.
        seed: seed of the streams.
        threads: worker threads; the verdict does not depend on them.
        backend: who computes; by default the CPU. The verdict does not depend on it, since it is always of exact
            arithmetic.
        progress: called with the task, blocks done and blocks in all.

    Raises:
        ValueError: the law has no grid.
    """
    if law.grid is None:
        raise ValueError(f"{law.id}: must have a grid to be judged on")
    referee = _Referee(law, experiment, store, profile, seed, backend or Cpu(threads), progress)
    badge = proof_of(law, store).badge
    curves = len(law.grid.series) * len(law.grid.values)
    points: list[Judged] = []
    sabotaged: dict[str, list[Judged]] = {name: [] for name in law.sabotages}
    for index, point in enumerate(law.grid.points()):
        mode = referee.mode(index < curves)
        points += referee.judged(point, mode, sabotaged, whole_law=not (profile.cheapest and index < curves))
    ladder = referee.ladder()
    verdict = Verdict(
        law=law.id,
        statement=law.statement,
        outcome=overall(points),
        expected=law.expected,
        badge=badge,
        delta=law.delta,
        points=tuple(points),
        sabotages={name: overall(judged) for name, judged in sabotaged.items()},
        mode=", ".join(dict.fromkeys(referee.mode(i < curves) for i in range(len(law.grid.points())))),
        profile=profile.name,
        seed=seed,
        slope=ladder_slope(ladder),
        ladder=tuple(ladder),
    )
    store.add_record("verdict", law.id, key_of(law), verdict.as_dict())
    return verdict


def key_of(law: Law) -> str:
    """Hash of what a law claims and how it is derived: its file, and the forms it evaluates."""
    forms = "|".join(f"{case.label}:{case.form}" for case in law.derivations)
    return hashlib.sha256(f"{source_text(law)}|{forms}|{law.delta}".encode()).hexdigest()


def proof_of(law: Law, store: RecordStore) -> Proof:
    """The stored proof of this very law, or a new one."""
    stored = store.record("proof", law.id, key_of(law))
    if stored is not None:
        return Proof.from_json(stored["proof"])
    proof = prove(law)
    store.add_record("proof", law.id, key_of(law), {"proof": proof.to_json()})
    return proof


@dataclass(frozen=True)
class _Referee:
    """What all points of one verification share."""

    law: Law
    experiment: Experiment | Exact
    store: RecordStore
    profile: Profile
    seed: int
    backend: Backend
    progress: Progress | None

    def mode(self, on_curve: bool) -> str:
        """The mode that a point is simulated in."""
        if isinstance(self.experiment, Exact):
            return "exact"
        modes = tuple(self.experiment.modes)
        return modes[-1] if self.profile.cheapest and on_curve else modes[0]

    def judged(
        self, point: Mapping[str, Any], mode: str, sabotaged: dict[str, list[Judged]], whole_law: bool
    ) -> list[Judged]:
        """Judge every output of the law, and its sabotages, at one point, from the same simulation."""
        if isinstance(self.experiment, Experiment) and self.experiment.instance is not None:
            return [self.instances(point, mode, sabotaged)]
        parameters = self.affordable(point)
        if parameters is None:
            return [_unaffordable(point)]
        points: list[Judged] = []
        for output in ("", *self.experiment.also):
            whole_law_too = whole_law and not output and self.in_law(parameters)
            points += self.output_judged(parameters, mode, output, sabotaged, whole_law_too)
        return points

    def output_judged(
        self,
        parameters: dict[str, Any],
        mode: str,
        output: str,
        sabotaged: dict[str, list[Judged]],
        whole_law: bool,
    ) -> list[Judged]:
        """Judge one output; a sabotage that has no such output says nothing about it."""
        at, experiment = self.evaluated_at(parameters), self.experiment
        theory = float(self.law(output=output or None, **at))
        correction = self.correction(parameters, at, output)
        allowance = self.arithmetic_error * abs(theory) + abs(correction)
        unreliable = "" if isinstance(experiment, Exact) else experiment.reliable(mode=mode, **parameters)
        result = self.found(parameters, mode, output, theory, allowance, whole_law)

        def judged_for(law: Law) -> Judged:
            return judge(
                law.claim,
                float(law(output=output or None, **at)),
                result,
                law.delta,
                parameters=parameters,
                allowance=allowance,
                correction=correction,
                unreliable=unreliable,
                output=output,
                exact=isinstance(experiment, Exact),
            )

        for name, law in self.law.claims_sabotaged().items():
            if not output or output in law.outputs:
                sabotaged[name].append(judged_for(law))
        points = [judged_for(self.law)]
        if whole_law:
            assert self.law.distribution is not None
            points.append(judge_law(self.law.distribution, result, self.law.delta, parameters))
        return points

    def found(
        self, parameters: dict[str, Any], mode: str, output: str, theory: float, allowance: float, whole_law: bool
    ) -> Estimate:
        """What is held against the law: a simulation, or an exact computation."""
        if isinstance(self.experiment, Exact):
            return Estimate(self.experiment.value_of(output, parameters), 0.0, 1)
        return self.simulated(parameters, mode, output, theory, allowance, whole_law)

    @property
    def arithmetic_error(self) -> float:
        """Relative error of what is held against the law."""
        experiment = self.experiment
        return experiment.error if isinstance(experiment, Exact) else experiment.arithmetic_error

    def instances(self, point: Mapping[str, Any], mode: str, sabotaged: dict[str, list[Judged]]) -> Judged:
        """Compare the law, and its sabotages, with the definitions, one instance after the other."""
        assert isinstance(self.experiment, Experiment) and self.experiment.instance is not None
        parameters = self.law.validate(**point)
        task = make_task(self.law, self.experiment, parameters, self.seed, mode)
        count = min(self.profile.instances, max(1, self.profile.draws // task.draws))
        outputs = task.values(0, count)
        simulated = {name: outputs[:, task.outputs.index(name)] for name in self.law.outputs}
        rows = self.experiment.instance({"items": drawn_items(task, 0, count)}, **parameters)
        own = {p.name: parameters[p.name] for p in self.law.parameters if p.role == "law"}

        known: dict[Any, np.ndarray] = {}  # a sabotage changes one output, and the others are evaluated once

        def theory(law: Law, name: str) -> np.ndarray:
            form = law.derivation(name).form
            if form not in known:
                known[form] = law(output=name, **rows, **own)
            return known[form]

        def judged_for(law: Law) -> Judged:
            return judge_instances(
                law.claim,
                {name: theory(law, name) for name in law.outputs},
                simulated,
                law.delta,
                parameters=parameters,
                arithmetic_error=self.arithmetic_error,
            )

        for name, law in self.law.claims_sabotaged().items():
            sabotaged[name].append(judged_for(law))
        return judged_for(self.law)

    def in_law(self, parameters: Mapping[str, Any]) -> bool:
        """Whether the whole distribution is judged here: it is claimed, and the values are kept."""
        claim = self.law.claim
        if isinstance(self.experiment, Exact):
            return False
        claimed = isinstance(claim, Equal) and claim.in_law and self.law.distribution is not None
        return claimed and isinstance(self.experiment.estimator(**parameters), Quantile)

    def evaluated_at(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The law's own parameters, with what the simulation rounds."""
        rounded = {} if isinstance(self.experiment, Exact) else self.experiment.evaluated_at(**parameters)
        point = {**parameters, **rounded}
        return {p.name: point[p.name] for p in self.law.parameters if p.role == "law"}

    def correction(self, parameters: Mapping[str, Any], at: Mapping[str, Any], output: str = "") -> float:
        """The derived first correction of a limit; 0 where equality is exact, or none is declared."""
        if (output or self.law.outputs[0]) not in corrections(self.law.claim, self.law.outputs[0]):
            return 0.0
        return float(self.law.correction(output=output or None, **{**parameters, **at}))

    def small(self, parameters: Mapping[str, Any], at: Mapping[str, Any]) -> bool:
        """Whether the first corrections and the arithmetic's error take a small part of the tolerance only."""
        for output in (
            "",
            *(name for name in self.experiment.also if name in corrections(self.law.claim, self.law.outputs[0])),
        ):
            size = abs(float(self.law(output=output or None, **at)))
            allowance = self.arithmetic_error * size + abs(self.correction(parameters, at, output))
            if not allowance < size * self.law.delta / SHARE:
                return False
        return True

    def affordable(self, point: Mapping[str, Any]) -> dict[str, Any] | None:
        """The point with, for a limit, the smallest size at which its first correction is an eighth of the tolerance.

        At a quarter the law could be judged too, but with half the room left for the noise it takes more draws. One
        over that size must be as small as well: where the first correction happens to vanish, the next one is of the
        order of its square.
        """
        along = getattr(self.law.claim, "along", None)
        if along is None:
            return self.law.validate(**point)
        size = 2
        while size <= LARGEST_RUNG:
            parameters = self.law.validate(**point, **{along: size})
            try:
                at = self.evaluated_at(parameters)
            except ValueError:  # too small for the point to exist
                size *= 2
                continue
            if SHARE / size < self.law.delta and self.small(parameters, at):
                break
            size *= 2
        if isinstance(self.experiment, Exact):
            return parameters
        shape = self.experiment.shape(self.experiment.default_mode, parameters)
        return parameters if shape.draws(parameters) * PILOT_REPLICATES[0] <= self.profile.draws else None

    def simulated(
        self, parameters: dict[str, Any], mode: str, output: str, theory: float, allowance: float, whole_law: bool
    ) -> Estimate:
        """Pilot, then the run that is judged; a claim that is far off is not simulated to the last digit."""
        assert isinstance(self.experiment, Experiment)
        task = make_task(self.law, self.experiment, parameters, self.seed, mode)
        low, high = PILOT_REPLICATES
        pilot = min(high, max(low, PILOT_DRAWS // task.draws))
        first = result = self.estimated(task, pilot, output)
        needed = wanted(theory, first, self.law.delta, allowance) * self.profile.precision**2
        if whole_law:
            needed = max(needed, wanted_for_law(self.law.delta))
        replicates, size = max(pilot, min(needed, self.profile.draws // task.draws)), pilot
        while size < replicates:
            if not whole_law and far_off(self.law.claim, theory, result, self.law.delta, allowance):
                break
            size = min(LOOK * size, replicates)
            result = self.estimated(task, size, output)
        return result

    def estimated(self, task: Task, replicates: int, output: str = "") -> Estimate:
        """Run what is missing and combine."""
        rows = run(task, replicates, self.store, backend=self.backend, progress=self.progress)
        return estimate(task, rows, replicates, output)

    def ladder(self) -> list[tuple[float, float, float]]:
        """Distance to the limit at each rung: (size, simulated minus law, standard error)."""
        grid = self.law.grid
        if grid is None or grid.ladder is None:
            return []
        rungs = []
        for size in grid.ladder["values"]:
            parameters = self.law.validate(**grid.ladder["point"], **{grid.ladder["along"]: size})
            if isinstance(self.experiment, Exact):
                result = Estimate(self.experiment.value_of("", parameters), 0.0, 1)
            else:
                task = make_task(self.law, self.experiment, parameters, self.seed, self.experiment.default_mode)
                result = self.estimated(task, max(PILOT_REPLICATES[0], self.profile.ladder_draws // task.draws))
            theory = float(self.law(**self.evaluated_at(parameters)))
            rungs.append((float(size), result.mean - theory, result.standard_error))
        return rungs


def _unaffordable(point: Mapping[str, Any]) -> Judged:
    return Judged(
        parameters=dict(point),
        theory=float("nan"),
        mean=float("nan"),
        standard_error=float("inf"),
        replicates=0,
        allowance=float("inf"),
        outcome=Outcome.INCONCLUSIVE,
        reason="no affordable size brings the first correction below an eighth of the tolerance",
    )
