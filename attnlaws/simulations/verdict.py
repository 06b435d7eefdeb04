"""Verdicts: what a referee found at each point, and of the law as a whole."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from attnlaws.theory.claim import Outcome

FAILED_BADGES = ("unknown", "contradicted")
"""What a derivation is called in which a step does not hold."""


@dataclass(frozen=True)
class Judged:
    """One point of a grid, judged.

    Attributes:
        parameters: the point.
        theory: the law's value there.
        mean: the simulated value.
        standard_error: its standard error.
        replicates: replicates behind it.
        allowance: what was granted to the law beyond the tolerance: its first correction and the arithmetic's error.
        correction: the derived first correction of a limit, with its sign.
        outcome: the verdict at this point.
        reason: why, where it is INCONCLUSIVE.
        visible: relative discrepancy from which on this check would have refuted.
        wanted: replicates that would decide an INCONCLUSIVE point, or 0.
        what: "mean" for the claimed value, "law" for its whole distribution, "exact" for a value computed without
            noise, "instance" for a claim about every single instance: then the values are those of the worst one,
            named in the parameters.
        output: the output of the law that was judged, or nothing for its default one.
    """

    parameters: Mapping[str, Any]
    theory: float
    mean: float
    standard_error: float
    replicates: int
    allowance: float
    outcome: Outcome
    reason: str = ""
    visible: float = math.inf
    wanted: int = 0
    what: str = "mean"
    correction: float = 0.0
    output: str = ""

    @property
    def point(self) -> dict[str, Any]:
        """The parameters, and the output where it is not the default one."""
        return {**self.parameters, **({"output": self.output} if self.output else {})}

    @property
    def noiseless(self) -> bool:
        """Whether the value is that of one instance or of an exact computation: then it has no standard error."""
        return self.what in ("instance", "exact")

    @property
    def deviation(self) -> float:
        """Simulation minus theory and its first correction, in standard errors; 0 where they agree to the last bit."""
        difference = self.mean - self.theory - self.correction
        return (
            difference / self.standard_error
            if self.standard_error
            else math.copysign(math.inf, difference)
            if difference
            else 0.0
        )


@dataclass(frozen=True)
class Verdict:
    """What the referee says about a law.

    Attributes:
        law: id of the law.
        statement: its statement.
        outcome: SUPPORTED, REFUTED or INCONCLUSIVE.
        expected: what the catalog expects.
        badge: strength of the derivation: "proven", "checked", "cited", "algorithm" or "conjecture".
        delta: relative tolerance.
        points: the points judged.
        sabotages: outcome of each deliberately wrong formula, by name.
        mode: modes simulated.
        profile: how much work was done: "quick", "normal" or "full".
        seed: the seed.
        slope: for a limit, how the distance to it shrinks: exponent of n and its standard error.
        ladder: for a limit, the distances themselves, as (n, distance, standard error).
    """

    law: str
    statement: str
    outcome: Outcome
    expected: Outcome
    badge: str
    delta: float
    points: tuple[Judged, ...]
    sabotages: Mapping[str, Outcome]
    mode: str
    profile: str
    seed: int
    slope: tuple[float, float] | None = None
    ladder: tuple[tuple[float, float, float], ...] = ()

    @property
    def as_expected(self) -> bool:
        """Whether law, sabotages and derivation came out as the catalog says; the undecided do not contradict."""
        decided = self.outcome in (self.expected, Outcome.INCONCLUSIVE)
        return decided and not self.missed and self.badge not in FAILED_BADGES

    @property
    def exact(self) -> bool:
        """Whether nothing was simulated: the law was held against an exact computation."""
        return all(point.what == "exact" for point in self.points)

    @property
    def against(self) -> str:
        """What the law was held against, in a word."""
        return "exact" if self.exact else "simulation"

    @property
    def missed(self) -> tuple[str, ...]:
        """Sabotages that were not refuted although the law itself was decided."""
        if self.outcome is Outcome.INCONCLUSIVE:
            return ()
        return tuple(name for name, outcome in self.sabotages.items() if outcome is not Outcome.REFUTED)

    @property
    def visible(self) -> float:
        """Relative error that would have been refuted at any single point that could be judged."""
        return max((point.visible for point in self.points if point.replicates), default=math.inf)

    @property
    def wanted(self) -> int:
        """Replicates at the worst undecided point that would decide it."""
        return max((point.wanted for point in self.points), default=0)

    @property
    def worst(self) -> Judged | None:
        """The point that decides most: the farthest off where it is refuted, else the least certain one."""
        means = [point for point in self.points if point.what != "law" and point.replicates]
        refuted = [point for point in means if point.outcome is Outcome.REFUTED]
        if refuted:
            return max(refuted, key=lambda point: abs(point.mean - point.theory) / abs(point.theory or 1))
        return max(means, key=lambda point: point.visible, default=None)

    def __str__(self) -> str:
        counts = f"{len(self.points)} points, tolerance {percent(self.delta)}, derivation {self.badge}"
        lines = [f"{self.law}: {self.outcome} ({counts})"]
        if self.worst:
            worst = self.worst
            point = ", ".join(f"{name}={value}" for name, value in worst.point.items() if value is not None)
            lines.append(
                f"  at {point}: formula {worst.theory:.5g}, {self.against} {worst.mean:.5g} +- "
                f"{worst.standard_error:.1g}"
            )
        if self.outcome is not Outcome.REFUTED and self.visible < math.inf:
            lines.append(f"  an error above {percent(self.visible)} at any point would have been refuted")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and text, for JSON."""
        record = asdict(self) | {"visible": self.visible, "as_expected": self.as_expected, "wanted": self.wanted}
        return _finite(record)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Verdict":
        """The verdict that :meth:`as_dict` wrote down."""
        points = tuple(
            Judged(**{**point, "outcome": Outcome(point["outcome"]), **{k: _number(point[k]) for k in _FLOATS}})
            for point in record["points"]
        )
        names = ("law", "statement", "badge", "delta", "mode", "profile", "seed")
        return cls(
            **{name: record[name] for name in names},
            outcome=Outcome(record["outcome"]),
            expected=Outcome(record["expected"]),
            points=points,
            sabotages={name: Outcome(outcome) for name, outcome in record["sabotages"].items()},
            slope=tuple(record["slope"]) if record["slope"] else None,  # type: ignore[arg-type]
            ladder=tuple(tuple(rung) for rung in record["ladder"]),  # type: ignore[misc]
        )


def percent(value: float) -> str:
    """A relative size in percent, or as a power of ten where that is small.

    Example:
        >>> percent(0.01), percent(0.0188), percent(1e-9)
        ('1%', '1.9%', '1e-09')
    """
    return f"{100 * value:.2g}%" if value >= 1e-4 else f"{value:.2g}"


_FLOATS = ("theory", "mean", "standard_error", "allowance", "correction", "visible")


def _number(value: float | None) -> float:
    return math.inf if value is None else value


def _finite(value: Any) -> Any:
    """JSON has no infinity: None stands for it."""
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
