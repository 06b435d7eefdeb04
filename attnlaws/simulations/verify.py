"""Referee a law: run what is missing, then judge every point of its grid."""

import hashlib
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from attnlaws.simulations.estimate import FEW_REPLICATES, Estimate
from attnlaws.simulations.experiment import Exact, Experiment, Quantile
from attnlaws.simulations.grow import PRECISE, REPLICATES, Budget, Clock, Growing, Grown, pilot_size
from attnlaws.simulations.instances import compare_instances
from attnlaws.simulations.judge import judge, judge_law, ladder_slope, overall, unaffordable, wanted_for_law
from attnlaws.simulations.profile import NORMAL, Profile
from attnlaws.simulations.run import Backend, Cpu, Progress, RowStore
from attnlaws.simulations.simulate import make_task
from attnlaws.simulations.sized import PILOT_LEAST, affords, sized_run
from attnlaws.simulations.timings import DERIVE, JUDGE, SIMULATE, TimedBackend, Timings
from attnlaws.simulations.verdict import Judged, Verdict
from attnlaws.theory.claim import Equal, corrections
from attnlaws.theory.law import Law
from attnlaws.theory.prove import Proof, prove
from attnlaws.theory.source import source_text

LARGEST_RUNG = 1 << 30
SHARE = 8
"""A limit is judged where its first correction is at most this part of the tolerance."""


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
    seconds: float = math.inf,
    memory: float | None = None,
    timings: Timings | None = None,
    clock: Clock = time.monotonic,
) -> Verdict:
    """Derive a law, simulate it or compute it in another way, and judge it on its grid.

    A pilot measures the spread, the judged run has the size that the spread asks for. Only that run is judged; it ends
    early where the claim is far off, at a distance that makes no difference to the stated false-alarm rate. Where time
    or memory do not suffice it is as large as they allow, is judged once at that size, and may be undecided.

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
        seconds: time for all simulations of the law together; each point of the grid may take an equal part of what
            those before it have left. Derivation, compilation and what is computed without noise take the time that
            they need, and a batch of blocks that is under way is finished.
        memory: most bytes of rows at one point; by default half of this machine's.
        timings: where the time that it takes is added up.
        clock: seconds that pass.

    Raises:
        ValueError: the law has no grid.
    """
    if law.grid is None:
        raise ValueError(f"{law.id}: must have a grid to be judged on")
    timings = timings or Timings()
    with timings.phase(JUDGE):
        with timings.phase(DERIVE):
            badge = proof_of(law, store).badge
        computer = TimedBackend(backend or Cpu(threads), timings)
        parts = len(law.grid.points()) + len(_rungs(law))
        # A kernel is compiled once for all time, and would leave none to the first verification.
        budget = Budget(parts, seconds, memory, lambda: clock() - timings.compiled)
        referee = _Referee(law, experiment, store, profile, seed, computer, progress, budget, timings)
        verdict = referee.verdict(badge)
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
    budget: Budget
    timings: Timings

    def verdict(self, badge: str) -> Verdict:
        """Judge every point, and measure the ladder."""
        law, grid = self.law, self.law.grid
        assert grid is not None
        curves = len(grid.series) * len(grid.values)
        points: list[Judged] = []
        sabotaged: dict[str, list[Judged]] = {name: [] for name in law.sabotages}
        places = [self.affordable(point) for point in grid.points()]
        modes = [self.mode(place, index < curves) for index, place in enumerate(places)]
        if self.budget.end < math.inf:  # every point gets its pilot first, which says how many replicates it needs
            for parameters, mode in zip(places, modes, strict=True):
                if parameters and isinstance(self.experiment, Experiment) and self.experiment.instance is None:
                    self.pilot(parameters, mode)
        for index, (point, parameters, mode) in enumerate(zip(grid.points(), places, modes, strict=True)):
            self.budget.begin_part()
            if parameters is None:
                points.append(unaffordable(point))
            else:
                whole_law = not (self.profile.cheapest and index < curves)
                points += self.judged(parameters, mode, sabotaged, whole_law)
        ladder = self.ladder()
        return Verdict(
            law=law.id,
            statement=law.statement,
            outcome=overall(points),
            expected=law.expected,
            badge=badge,
            delta=law.delta,
            points=tuple(points),
            sabotages={name: overall(judged) for name, judged in sabotaged.items()},
            mode=", ".join(dict.fromkeys(modes)),
            profile=self.profile.name,
            seed=self.seed,
            slope=ladder_slope(ladder),
            ladder=tuple(ladder),
        )

    def mode(self, parameters: dict[str, Any] | None, on_curve: bool) -> str:
        """The first mode whose error bar can be trusted at a point, and that the profile affords there.

        Where little is to be done, the last one that can be trusted.
        """
        experiment = self.experiment
        if isinstance(experiment, Exact):
            return "exact"
        modes, cheap = list(experiment.modes), self.profile.cheapest and on_curve
        if cheap:
            modes.reverse()
        if parameters is None:
            return modes[0]
        sound = [mode for mode in modes if not experiment.reliable(mode=mode, **parameters)] or modes[:1]
        if cheap or len(sound) == 1 or experiment.instance is not None:
            return sound[0]
        return next((mode for mode in sound if self.affords(parameters, mode)), sound[0])

    def affords(self, parameters: dict[str, Any], mode: str) -> bool:
        """Whether the profile has the draws that a verdict needs, by the spread of a pilot."""
        growing, (_, theory, _, allowance) = self.pilot(parameters, mode), self.expected(parameters, "")
        return affords(growing, self.law.claim, theory, self.law.delta, allowance)

    def pilot(self, parameters: dict[str, Any], mode: str) -> Growing:
        """Measure the spread at a point."""
        growing = self.growing(parameters, mode, self.profile.draws)
        with self.timings.simulating():
            growing.to(pilot_size(growing.task, PILOT_LEAST))
        return growing

    def expected(self, parameters: dict[str, Any], output: str) -> tuple[dict[str, Any], float, float, float]:
        """Where the law is evaluated at a point, its value, its first correction, and what is granted on both sides."""
        at = self.evaluated_at(parameters)
        theory, correction = float(self.law(output=output or None, **at)), self.correction(parameters, at, output)
        return at, theory, correction, self.arithmetic_error * abs(theory) + abs(correction)

    def judged(
        self, parameters: dict[str, Any], mode: str, sabotaged: dict[str, list[Judged]], whole_law: bool
    ) -> list[Judged]:
        """Judge every output of the law, and its sabotages, at one point, from the same simulation."""
        if isinstance(self.experiment, Experiment) and self.experiment.instance is not None:
            return [self.instances(parameters, mode, sabotaged)]
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
        experiment, (at, theory, correction, allowance) = self.experiment, self.expected(parameters, output)
        unreliable = "" if isinstance(experiment, Exact) else experiment.reliable(mode=mode, **parameters)
        found = self.found(parameters, mode, output, theory, allowance, whole_law)
        result = found.estimate

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
        if whole_law and result.values is not None:  # there are none where no time was left; that is undecided above
            assert self.law.distribution is not None
            points.append(judge_law(self.law.distribution, result, self.law.delta, parameters))
        if found.stopped != PRECISE:
            limit = f"{found.stopped} of the profile" if found.stopped == REPLICATES else found.stopped
            points = [replace(p, reason=f"{p.reason}; ended by: {limit}") if p.reason else p for p in points]
        return points

    def found(
        self, parameters: dict[str, Any], mode: str, output: str, theory: float, allowance: float, whole_law: bool
    ) -> Grown:
        """What is held against the law: a simulation, or an exact computation."""
        if isinstance(self.experiment, Exact):
            with self.timings.phase(SIMULATE):
                return Grown(Estimate(self.experiment.value_of(output, parameters), 0.0, 1), PRECISE)
        with self.timings.simulating():
            return sized_run(
                self.growing(parameters, mode, self.profile.draws),
                self.law.claim,
                theory,
                self.law.delta,
                allowance,
                output=output,
                precision=self.profile.precision,
                least=wanted_for_law(self.law.delta) if whole_law else 0,
                may_end_early=not whole_law,
            )

    def growing(self, parameters: dict[str, Any], mode: str, draws: int) -> Growing:
        """A run within the limits of the point, and of about so many draws at most."""
        assert isinstance(self.experiment, Experiment)
        task = make_task(self.law, self.experiment, parameters, self.seed, mode)
        limits = self.budget.limits(max(PILOT_LEAST, draws // task.draws))
        clock = self.budget.clock
        return Growing(task, self.store, limits, backend=self.backend, progress=self.progress, clock=clock)

    @property
    def arithmetic_error(self) -> float:
        """Relative error of what is held against the law."""
        experiment = self.experiment
        return experiment.error if isinstance(experiment, Exact) else experiment.arithmetic_error

    def instances(self, parameters: dict[str, Any], mode: str, sabotaged: dict[str, list[Judged]]) -> Judged:
        """Compare the law, and its sabotages, with the definitions, one instance after the other."""
        assert isinstance(self.experiment, Experiment)
        task = make_task(self.law, self.experiment, parameters, self.seed, mode)
        count = min(self.profile.instances, max(1, self.profile.draws // task.draws))
        found = compare_instances(self.law, self.experiment, task, count, self.budget, self.timings)
        for name, judged in sabotaged.items():
            judged.append(found[name])
        return found[""]

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
        return parameters if shape.draws(parameters) * PILOT_LEAST <= self.profile.draws else None

    def ladder(self) -> list[tuple[float, float, float]]:
        """Distance to the limit at each rung: (size, simulated minus law, standard error); those with time for it."""
        rungs = []
        for size, parameters in _rungs(self.law).items():
            self.budget.begin_part()
            result = self.rung(parameters)
            if result is not None:
                theory = float(self.law(**self.evaluated_at(parameters)))
                rungs.append((size, result.mean - theory, result.standard_error))
        return rungs

    def rung(self, parameters: dict[str, Any]) -> Estimate | None:
        """The value at a rung."""
        if isinstance(self.experiment, Exact):
            with self.timings.phase(SIMULATE):
                return Estimate(self.experiment.value_of("", parameters), 0.0, 1)
        with self.timings.simulating():
            growing = self.growing(parameters, self.experiment.default_mode, self.profile.ladder_draws)
            growing.to(growing.most)
            return growing.estimate() if growing.size >= FEW_REPLICATES else None


def _rungs(law: Law) -> dict[float, dict[str, Any]]:
    """The points of a law's ladder by their size."""
    ladder = law.grid.ladder if law.grid else None
    if ladder is None:
        return {}
    return {float(size): law.validate(**ladder["point"], **{ladder["along"]: size}) for size in ladder["values"]}
