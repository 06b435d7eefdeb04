"""The referee: what it calls, at its thresholds, and how often it errs."""

import math

import numpy as np
import pytest
from scipy import stats

from attnlaws.simulations.estimate import Estimate
from attnlaws.simulations.judge import (
    REFUTING,
    SUPPORTING,
    judge,
    judge_instances,
    judge_law,
    ladder_slope,
    overall,
    trusted,
    wanted,
)
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.claim import Bound, Equal, Outcome

S, R, U = Outcome.SUPPORTED, Outcome.REFUTED, Outcome.INCONCLUSIVE
ERROR, DELTA = 0.001, 0.01


def outcome(offset: float, error: float = ERROR, claim=None, **options) -> Outcome:
    return judge(claim or Equal(), 1.0, Estimate(1.0 + offset, error, 10_000), DELTA, **options).outcome


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (0.0, S),
        (DELTA - SUPPORTING * ERROR - 1e-9, S),
        (DELTA - SUPPORTING * ERROR + 1e-9, U),
        (DELTA + REFUTING * ERROR - 1e-9, U),
        (DELTA + REFUTING * ERROR + 1e-9, R),
    ],
)
def test_thresholds(offset, expected, sign):
    assert outcome(sign * offset) is expected


def test_the_constants_are_the_stated_probabilities():
    assert 2 * stats.norm.sf(REFUTING) < 1e-10
    assert 2 * stats.norm.sf(SUPPORTING) == pytest.approx(1e-3, rel=0.01)


def test_a_bound_is_judged_on_its_side():
    upper, lower = Bound("upper", sure=False), Bound("lower", sure=False)
    assert outcome(-0.5, claim=upper) is S
    assert outcome(+0.5, claim=upper) is R
    assert outcome(+0.5, claim=lower) is S
    assert outcome(-0.5, claim=lower) is R


def test_an_allowance_widens_in_favor_of_neither():
    """It is granted before refuting and charged before supporting."""
    assert outcome(DELTA + REFUTING * ERROR + 0.001, allowance=0.002) is U
    assert outcome(DELTA - SUPPORTING * ERROR - 0.001, allowance=0.002) is U
    assert outcome(0.0, allowance=0.002) is S


def test_nothing_is_decided_on_an_unreliable_error_bar():
    for offset in (0.0, 1.0):
        result = judge(Equal(), 1.0, Estimate(1 + offset, ERROR, 10_000), DELTA, unreliable="heavy tail")
        assert (result.outcome, result.reason) == (U, "heavy tail")
        assert judge(Equal(), 1.0, Estimate(1 + offset, ERROR, 99), DELTA).outcome is U
        assert judge(Equal(), 1.0, Estimate(1 + offset, ERROR, 3, conditional=True), DELTA).outcome is U
        assert judge(Equal(), 1.0, Estimate(1 + offset, math.inf, 1), DELTA).outcome is U


def test_skewness_forbids_what_its_interval_cannot_carry():
    skewed = Estimate(1.0, ERROR, 10_000, skewness=50.0)
    assert trusted(Estimate(1.0, ERROR, 10_000, skewness=2.0), REFUTING)
    assert not trusted(skewed, REFUTING)
    assert judge(Equal(), 1.0, skewed, DELTA).outcome is U
    assert "skewed" in judge(Equal(), 1.0, skewed, DELTA).reason


def test_an_identity_without_noise_is_decided_exactly():
    assert judge(Equal(), 1.0, Estimate(1.0, 0.0, 200), DELTA).outcome is S
    assert judge(Equal(), 1.0, Estimate(1.011, 0.0, 200), DELTA).outcome is R


def test_visible_is_where_refutation_begins():
    point = judge(Equal(), 1.0, Estimate(1.0, ERROR, 10_000), DELTA)
    assert outcome(point.visible + 1e-9) is R
    assert outcome(point.visible - 1e-9) is not R


def test_wanted_replicates_decide():
    """With as many replicates as asked for, a true law is supported although its estimate lies four errors off."""
    first = Estimate(1.0, 0.02, 500)
    count = wanted(1.0, first, DELTA, 0.0)
    error = first.standard_error * math.sqrt(first.replicates / count)
    assert judge(Equal(), 1.0, Estimate(1.0 + 4 * error, error, count), DELTA).outcome is S
    assert wanted(1.0, first, DELTA, 0.02) == 0


def test_false_alarms_and_misses_on_simulated_estimates():
    """100 000 true laws at the designed precision, and as many that are wrong by the visible error and half a percent.

    Expected: no refutation of a true law (chance 1e-5 in all), and fewer than 1 % of the wrong ones supported.
    """
    rng, error = np.random.default_rng(3), DELTA / 8
    right = [outcome(x, error) for x in error * rng.normal(size=100_000)]
    assert R not in right
    assert right.count(S) > 99_900
    wrong = [outcome(DELTA + x, error) for x in error * rng.normal(size=100_000)]
    assert wrong.count(S) < 1_000


def test_the_whole_law_is_judged_by_its_largest_distance():
    rng = np.random.default_rng(5)

    def band(values):
        ordered = np.sort(values)
        return Estimate(float(np.median(ordered)), 0.01, ordered.size, values=ordered)

    normal = stats.norm.cdf
    right = judge_law(lambda y, **_: normal(y), band(rng.normal(size=200_000)), DELTA, {})
    assert right.outcome is S
    assert right.mean == pytest.approx(stats.kstest(rng.normal(size=200_000), "norm").statistic, abs=0.003)
    assert judge_law(lambda y, **_: normal(y), band(rng.normal(size=1_000)), DELTA, {}).outcome is U
    assert judge_law(lambda y, **_: normal(y), band(rng.standard_t(4, size=200_000)), DELTA, {}).outcome is R


def test_one_point_refutes_and_all_must_support():
    points = [judge(Equal(), 1.0, Estimate(1 + x, ERROR, 10_000), DELTA) for x in (0.0, 0.01, 0.5)]
    assert overall(points[:1]) is S
    assert overall(points[:2]) is U
    assert overall(points) is R


def test_the_ladder_shows_its_exponent_and_ignores_noise():
    rungs = [(n, 3.0 / n, 0.01 / n) for n in (64.0, 128.0, 256.0, 512.0)] + [(1024.0, 1e-9, 1.0)]
    slope, error = ladder_slope(rungs)
    assert slope == pytest.approx(-1.0, abs=1e-9)
    assert error < 0.01
    assert ladder_slope(rungs[-2:]) is None


def test_a_verdict_survives_being_written_down():
    point = judge(Equal(), 1.0, Estimate(1.0, math.inf, 1), DELTA, parameters={"n": 3, "d_v": None})
    verdict = Verdict(
        "t.n",
        "text",
        S,
        S,
        "proven",
        DELTA,
        (point,),
        {"wrong": R},
        "literal",
        "quick",
        0,
        (-1.0, 0.1),
        ((1.0, 2.0, 3),),
    )
    import json

    assert Verdict.from_dict(json.loads(json.dumps(verdict.as_dict()))) == verdict


@pytest.mark.parametrize(
    ("found", "sabotage", "fine"), [(S, R, True), (S, S, False), (S, U, False), (R, R, False), (U, U, True)]
)
def test_what_counts_as_expected(found, sabotage, fine):
    verdict = Verdict("t.n", "text", found, S, "proven", DELTA, (), {"wrong": sabotage}, "literal", "quick", 0)
    assert verdict.as_expected is fine


@pytest.mark.parametrize("badge", ["unknown", "contradicted"])
def test_a_broken_derivation_is_never_as_expected(badge):
    assert not Verdict("t.n", "text", S, S, badge, DELTA, (), {}, "literal", "quick", 0).as_expected


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(("theory", "simulated"), [(1.0, math.nan), (math.nan, 1.0), (0.0, 1e-30)])
def test_an_instance_that_is_no_number_or_misses_zero_is_refuted_in_whatever_output(place, theory, simulated):
    """None of them has a relative difference, and the other output, which is right, must not hide it."""
    right, names = np.array([1.0, 2.0, 3.0]), ("first", "second")
    claimed, found = ({name: right.copy() for name in names} for _ in range(2))
    claimed[names[place]][1], found[names[place]][1] = theory, simulated
    point = judge_instances(Equal(), claimed, found, DELTA, parameters={}, arithmetic_error=0.0)
    assert point.outcome is R
    assert (point.parameters["output"], point.parameters["instance"]) == (names[place], 1)


def test_instances_that_are_zero_on_both_sides_agree():
    zero = {"value": np.zeros(3)}
    assert judge_instances(Equal(), zero, zero, DELTA, parameters={}, arithmetic_error=0.0).outcome is S


@pytest.mark.parametrize(("side", "simulated"), [("upper", [0.5, 0.9, 0.1]), ("lower", [3.0, 1.2, 9.0])])
def test_a_bound_that_nothing_violates_is_reported_at_its_tightest(side, simulated):
    """In whatever output: the second one comes nearest, and its second instance."""
    loose = np.array([0.25, 0.25, 0.25] if side == "upper" else [4.0, 4.0, 4.0])
    claimed, found = ({"first": np.ones(3), "second": np.ones(3)}, {"first": loose, "second": np.array(simulated)})
    point = judge_instances(Bound(side, True), claimed, found, DELTA, parameters={}, arithmetic_error=0.0)
    assert (point.outcome, point.mean) == (S, simulated[1])
    assert (point.parameters["output"], point.parameters["instance"]) == ("second", 1)


def test_one_instance_beyond_a_sure_bound_refutes_it():
    claimed = {"value": np.ones(3)}
    for side, outside in (("upper", 1.02), ("lower", 0.98)):
        found = {"value": np.array([1.0, outside, 1.0])}
        point = judge_instances(Bound(side, True), claimed, found, DELTA, parameters={}, arithmetic_error=0.0)
        assert (point.outcome, point.parameters["instance"]) == (R, 1)
