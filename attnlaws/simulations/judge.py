"""Judge an estimate against a claim, with false alarms of one in ten billion and a stated blindness."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from attnlaws.simulations.estimate import FEW_REPLICATES, Estimate
from attnlaws.simulations.verdict import Judged
from attnlaws.theory.claim import Bound, Claim, Outcome

REFUTING = 6.5
"""Standard errors beyond the tolerance that refute: a chance of 8e-11 under normality."""
SUPPORTING = 3.29
"""Half-width, in standard errors, of the 99.9 % interval that must lie within the tolerance."""
RESOLUTION = 8.0
"""Standard errors that should fit in the tolerance: then a true law is supported but for a chance of 2e-6."""
FAR_OFF = 8.0
"""Standard errors beyond the tolerance at which a growing run may end: a chance of 1e-15 at each look."""
TOO_SMALL = 1.25
"""A run is enlarged whose error bar asks for so many times its size: its pilot had missed what is rare and large."""
FALSE_ALARM = 1e-10
CONFIDENCE = 1e-3
LAW_NODES = 2000
"""Values at which a claimed distribution function is evaluated; it blurs the distance by one in as many."""


def judge(
    claim: Claim,
    theory: float,
    estimate: Estimate,
    delta: float,
    *,
    parameters: Mapping[str, Any] | None = None,
    allowance: float = 0.0,
    correction: float = 0.0,
    unreliable: str = "",
    output: str = "",
    exact: bool = False,
) -> Judged:
    """Judge one point.

    Args:
        claim: what is asserted.
        theory: the formula's value.
        estimate: the simulation's.
        delta: relative tolerance.
        parameters: the point, for the record.
        allowance: absolute distance granted beyond the tolerance (first correction of a limit, error of arithmetic).
        correction: the first correction, with its sign, for the record.
        unreliable: why the error bar cannot be trusted; then nothing is supported.
        output: the output of the law that is judged, or nothing for its default one.
        exact: the estimate is no simulation but a computation without noise.

    Example:
        >>> from attnlaws.theory.claim import Equal
        >>> judge(Equal(), 1.0, Estimate(1.001, 0.0005, 10_000), 0.01).outcome
        <Outcome.SUPPORTED: 'SUPPORTED'>
        >>> judge(Equal(), 1.0, Estimate(1.05, 0.0005, 10_000), 0.01).outcome
        <Outcome.REFUTED: 'REFUTED'>
    """
    tolerance, error = delta * abs(theory), estimate.standard_error
    beyond = _beyond(claim, estimate.mean - theory)
    refuted = beyond - allowance > tolerance + REFUTING * error
    within = beyond + allowance + SUPPORTING * error <= tolerance
    reason = ""
    if estimate.conditional:
        reason = f"conditional on its {estimate.replicates} targets: at least {FEW_REPLICATES} replicates are needed"
    elif estimate.replicates < FEW_REPLICATES and error != 0:
        reason = f"{estimate.replicates} replicates: at least {FEW_REPLICATES} are needed"
    elif (refuted and not trusted(estimate, REFUTING)) or (within and not trusted(estimate, SUPPORTING)):
        reason = "the distribution is too skewed for the error bar at this many replicates"
    elif unreliable:
        reason = unreliable
    outcome = (
        Outcome.INCONCLUSIVE
        if reason
        else Outcome.REFUTED
        if refuted
        else Outcome.SUPPORTED
        if within
        else Outcome.INCONCLUSIVE
    )
    if outcome is Outcome.INCONCLUSIVE and not reason:
        reason = (
            "the error bar is wider than the tolerance"
            if SUPPORTING * error + allowance > tolerance
            else "at the edge of the tolerance"
        )
    return Judged(
        parameters=dict(parameters or {}),
        theory=theory,
        mean=estimate.mean,
        standard_error=error,
        replicates=estimate.replicates,
        allowance=allowance,
        correction=correction,
        outcome=outcome,
        reason=reason,
        visible=(tolerance + allowance + REFUTING * error) / abs(theory) if theory else math.inf,
        wanted=wanted(theory, estimate, delta, allowance) if outcome is Outcome.INCONCLUSIVE and not exact else 0,
        what="exact" if exact else "mean",
        output=output,
    )


def far_off(claim: Claim, theory: float, estimate: Estimate, delta: float, allowance: float) -> bool:
    """Whether a claim is so far off that more replicates would change nothing.

    Example:
        >>> from attnlaws.theory.claim import Equal
        >>> far_off(Equal(), 1.0, Estimate(2.0, 0.01, 10_000), 0.01, 0.0)
        True
    """
    distance = _beyond(claim, estimate.mean - theory) - allowance - delta * abs(theory)
    enough = estimate.replicates >= FEW_REPLICATES and not estimate.conditional
    return enough and distance > FAR_OFF * estimate.standard_error and trusted(estimate, FAR_OFF)


def too_wide(claim: Claim, theory: float, estimate: Estimate, delta: float, allowance: float) -> bool:
    """Whether the error bar is so much wider than it was to be that a true claim may stay undecided.

    A bound that holds by far is decided, however wide the error bar.

    Example:
        >>> from attnlaws.theory.claim import Bound, Equal
        >>> too_wide(Equal(), 1.0, Estimate(1.0, 0.002, 10_000), 0.01, 0.0)
        True
        >>> too_wide(Equal(), 1.0, Estimate(1.0, 0.00125, 10_000), 0.01, 0.0)
        False
        >>> too_wide(Bound("upper", sure=False), 1.0, Estimate(0.9, 0.002, 10_000), 0.01, 0.0)
        False
    """
    error, room = estimate.standard_error, _room_for_noise(theory, delta, allowance)
    if isinstance(claim, Bound) and _beyond(claim, estimate.mean - theory) < -FAR_OFF * error:
        return False
    return room > 0 and RESOLUTION * error > room * math.sqrt(TOO_SMALL)


def _room_for_noise(theory: float, delta: float, allowance: float) -> float:
    # What is allowed may well be there: the estimate is then off by it, and its interval is widened by it.
    return delta * abs(theory) - 2 * allowance


def _beyond(claim: Claim, difference: Any) -> Any:
    """How far the estimate lies on the wrong side."""
    if isinstance(claim, Bound):
        return difference if claim.side == "upper" else -difference
    return abs(difference)


def trusted(estimate: Estimate, z: float) -> bool:
    """Whether the skewness leaves the normal interval of z standard errors standing."""
    return abs(estimate.skewness) * z**3 < 6 * math.sqrt(estimate.replicates)


def wanted(theory: float, estimate: Estimate, delta: float, allowance: float) -> int:
    """Replicates at which a true law is supported almost surely, from the spread seen so far.

    Returns 0 where no number of them would do.
    """
    room = _room_for_noise(theory, delta, allowance)
    if room <= 0 or not math.isfinite(estimate.standard_error):
        return 0
    spread = estimate.standard_error * math.sqrt(estimate.replicates)
    precision = (RESOLUTION * spread / room) ** 2
    symmetry = (estimate.skewness * REFUTING**3 / 6) ** 2
    return math.ceil(max(precision, symmetry, FEW_REPLICATES))


def judge_instances(
    claim: Claim,
    theory: Mapping[str, np.ndarray],
    simulated: Mapping[str, np.ndarray],
    delta: float,
    *,
    parameters: Mapping[str, Any],
    arithmetic_error: float,
) -> Judged:
    """Judge a claim about every single instance by the worst one: there is no noise, and nothing is averaged.

    Args:
        claim: what is asserted.
        theory: the formula's value by output, for each instance.
        simulated: the same from the definitions.
        delta: relative tolerance.
        parameters: the point, for the record; the worst output and instance are added.
        arithmetic_error: relative error that rounding leaves in the simulated values.

    Example:
        >>> from attnlaws.theory.claim import Equal
        >>> value = {"value": np.array([1.0, 2.0])}
        >>> judge_instances(Equal(), value, value, 1e-8, parameters={}, arithmetic_error=1e-12).outcome
        <Outcome.SUPPORTED: 'SUPPORTED'>
    """
    excess = {name: _excess(claim, theory[name], simulated[name]) for name in theory}
    output = max(excess, key=lambda name: float(excess[name].max()))
    if not excess[output].any():  # no instance violates a bound: the one nearest to it says how tight the bound is
        room = {name: _room(theory[name], simulated[name]) for name in theory}
        output = min(room, key=lambda name: float(room[name].min()))
        worst = int(np.argmin(room[output]))
    else:
        worst = int(np.argmax(excess[output]))
    here, value = float(excess[output][worst]), float(theory[output][worst])
    refuted, within = here > delta + arithmetic_error, here + arithmetic_error <= delta
    return Judged(
        parameters={**parameters, "output": output, "instance": worst},
        theory=value,
        mean=float(simulated[output][worst]),
        standard_error=0.0,
        replicates=excess[output].size,
        allowance=arithmetic_error * abs(value),
        outcome=Outcome.REFUTED if refuted else Outcome.SUPPORTED if within else Outcome.INCONCLUSIVE,
        reason="" if refuted or within else "at the edge of the tolerance",
        visible=delta + arithmetic_error,
        what="instance",
    )


def _excess(claim: Claim, theory: np.ndarray, simulated: np.ndarray) -> np.ndarray:
    """How far each instance lies on the wrong side, relative to the formula; infinitely far where it is no number."""
    beyond = np.maximum(_beyond(claim, simulated - theory), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(beyond == 0, 0.0, beyond / np.abs(theory))
    return np.where(np.isnan(relative), np.inf, relative)


def _room(theory: np.ndarray, simulated: np.ndarray) -> np.ndarray:
    """How far each instance lies from the formula, relative to it; infinitely far where that is no number."""
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.abs(simulated - theory) / np.abs(theory)
    return np.where(np.isnan(relative), np.inf, relative)


def judge_law(
    distribution: Callable[..., np.ndarray], estimate: Estimate, delta: float, parameters: Mapping[str, Any]
) -> Judged:
    """Judge a whole distribution: the largest distance between the two distribution functions, in probability.

    The interval is that of Dvoretzky, Kiefer, Wolfowitz and Massart, which holds for every sample size and every
    distribution: P(distance > e) <= 2 exp(-2 R e^2).
    """
    values = estimate.values
    assert values is not None
    count = values.size
    # A distribution function can be costly, so it is evaluated at some of the sorted values only. Both functions
    # rise, so between two neighbors they are apart by no more than `upper`; at the nodes, by no less than `lower`.
    ranks = np.unique(np.linspace(0, count - 1, min(count, LAW_NODES)).round().astype(int))
    claimed = np.asarray(distribution(values[ranks], **parameters))
    before, after = ranks / count, (ranks + 1) / count
    lower = float(max(np.max(after - claimed), np.max(claimed - before)))
    between = np.maximum(before[1:] - claimed[:-1], claimed[1:] - after[:-1])
    upper = float(max(lower, np.max(between, initial=0.0), claimed[0], 1 - claimed[-1]))
    supporting = math.sqrt(math.log(2 / CONFIDENCE) / (2 * count))
    refuting = math.sqrt(math.log(2 / FALSE_ALARM) / (2 * count))
    refuted, within = lower > delta + refuting, upper + supporting <= delta
    outcome = Outcome.REFUTED if refuted else Outcome.SUPPORTED if within else Outcome.INCONCLUSIVE
    return Judged(
        parameters=dict(parameters),
        theory=0.0,
        mean=lower,
        standard_error=1 / (2 * math.sqrt(count)),
        replicates=count,
        allowance=0.0,
        outcome=outcome,
        reason=""
        if outcome is not Outcome.INCONCLUSIVE
        else "the band around the empirical distribution is wider than the tolerance",
        visible=delta + refuting,
        wanted=0 if outcome is not Outcome.INCONCLUSIVE else wanted_for_law(delta),
        what="law",
    )


def wanted_for_law(delta: float) -> int:
    """Replicates at which a true distribution is supported almost surely."""
    # Twice the band: the distance of a true law exceeds one band with chance CONFIDENCE only.
    return math.ceil(2 * math.log(2 / CONFIDENCE) / (delta - 1 / LAW_NODES) ** 2)


def unaffordable(point: Mapping[str, Any]) -> Judged:
    """A point of a limit for which no size is both large enough and affordable."""
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


def overall(points: Sequence[Judged]) -> Outcome:
    """REFUTED by one point, SUPPORTED by all, else INCONCLUSIVE.

    Example:
        >>> overall([])
        <Outcome.INCONCLUSIVE: 'INCONCLUSIVE'>
    """
    outcomes = {point.outcome for point in points}
    if Outcome.REFUTED in outcomes:
        return Outcome.REFUTED
    return Outcome.SUPPORTED if outcomes == {Outcome.SUPPORTED} else Outcome.INCONCLUSIVE


def ladder_slope(rungs: Sequence[tuple[float, float, float]]) -> tuple[float, float] | None:
    """Exponent of n in the distance to a limit, by weighted least squares on the rungs that stand out of the noise.

    It is printed, never judged: a fit over a ladder refutes true laws and blesses wrong ones.

    Args:
        rungs: (n, distance, standard error).
    """
    clear = [(math.log(n), math.log(abs(d)), e / abs(d)) for n, d, e in rungs if e > 0 and abs(d) > 3 * e]
    if len(clear) < 3:
        return None
    x, y, sd = np.array(clear).T
    weight = 1 / sd**2
    center = np.sum(weight * x) / np.sum(weight)
    information = float(np.sum(weight * (x - center) ** 2))
    return float(np.sum(weight * (x - center) * y) / information), 1 / math.sqrt(information)
