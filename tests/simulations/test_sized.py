"""Runs that a verdict is taken from: its rates of error hold whatever ends them, and a rule that peeks is caught."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from memory_store import MemoryStore
from sympy import Symbol, exp

from attnlaws.simulations import judge as judging
from attnlaws.simulations.estimate import Estimate, estimate
from attnlaws.simulations.experiment import Draw, Experiment, Quantile, Smooth, Streaming
from attnlaws.simulations.grow import MEMORY, PRECISE, REPLICATES, SECONDS, Budget, Growing, Limits, whole_part
from attnlaws.simulations.judge import RESOLUTION, TOO_SMALL, judge, wanted
from attnlaws.simulations.run import Cpu, run
from attnlaws.simulations.sized import sized_run
from attnlaws.simulations.task import Block, Task
from attnlaws.theory.claim import Equal, Outcome

SCORE, TOTAL = Draw("score"), Symbol("total")
DEGREES, DELTA, STEP = 64, 0.05, 64
Z, RATE = 1.645, 0.05
"""Standard errors at which everything is decided here, so that errors are frequent enough to be counted."""
RUNS, PEEKING_RUNS, MOST_PEEKS = 1000, 300, 24
SHAPE = Streaming(
    items=lambda **_: DEGREES,
    item=(SCORE,),
    sums={"total": SCORE.symbol**2},
    outputs={"y": TOTAL},
    precision="float64",
)
MEAN = Experiment({"literal": lambda **_: SHAPE}, lambda **_: {}, lambda **_: Smooth(Symbol("y")), 1e-12, "toy")
RARE = replace(SHAPE, items=lambda **_: 4, sums={"total": exp(SCORE.symbol)})
RARELY_LARGE = Experiment({"literal": lambda **_: RARE}, lambda **_: {}, lambda **_: Smooth(Symbol("y")), 1e-6, "toy")
LARGE_MEAN, LARGE_DELTA = 4 * math.exp(0.5), 0.2
MEDIAN = replace(MEAN, estimator=lambda **_: Quantile("y"))


def toy(seed: int, experiment=MEAN) -> Task:
    """Chi-square with 64 degrees of freedom: mean 64, standard deviation 11.3, skewness 0.35."""
    return Task("toy.sized", "", experiment, {"items": DEGREES}, seed, "literal")


@dataclass
class Worked:
    """A clock that work drives: a new block takes about a second, and longer the larger its numbers are."""

    known: set[Block]
    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    def progress(self, task, rows, total) -> None:
        self.now += sum(rows[block][0] for block in rows.keys() - self.known) / (STEP * DEGREES)
        self.known |= rows.keys()


@pytest.fixture
def one_by_one(monkeypatch):
    """A backend that hands over single blocks of 64 replicates, of which two are a pilot."""
    monkeypatch.setattr("attnlaws.simulations.task.LARGEST_BLOCK", STEP)
    monkeypatch.setattr("attnlaws.simulations.grow.PILOT_MOST", 2 * STEP)
    monkeypatch.setattr("attnlaws.simulations.sized.PILOT_LEAST", 2 * STEP)
    backend = Cpu(1)
    backend.batch_draws = 1
    return backend


def growing(seed, backend, limits, *, experiment=MEAN, store=None) -> Growing:
    store, task = MemoryStore() if store is None else store, toy(seed, experiment)
    clock = Worked(set(store.rows(task.identity)))
    return Growing(task, store, limits, backend=backend, progress=clock.progress, clock=clock)


def honest(seed, backend, theory) -> Estimate:
    """The rule, under all kinds of time limits and in one run of four without any."""
    limits = Limits(seconds=4.0 + seed % 20) if seed % 4 else Limits()
    return sized_run(growing(seed, backend, limits), Equal(), theory, DELTA, 0.0).estimate


def peeking(seed, backend, theory) -> Estimate:
    """A wrong rule: it looks after every block, and ends where the claim is supported."""
    rows = run(toy(seed), MOST_PEEKS * STEP, MemoryStore(), backend=Cpu(1))
    found = Estimate(theory, math.inf, 0)
    for size in range(2 * STEP, MOST_PEEKS * STEP + 1, STEP):
        found = estimate(toy(seed), rows, size)
        if judge(Equal(), theory, found, DELTA).outcome is Outcome.SUPPORTED:
            break
    return found


def error_rates(rule, runs, backend, theory) -> tuple[dict[Outcome, float], list[int]]:
    """How often a rule supports, refutes and leaves open, and the sizes at which it ended."""
    found = [rule(seed, backend, theory) for seed in range(runs)]
    outcomes = [judge(Equal(), theory, each, DELTA).outcome for each in found]
    return {outcome: outcomes.count(outcome) / runs for outcome in Outcome}, [each.replicates for each in found]


def most_by_chance(runs) -> float:
    """What a rate of 5 % exceeds in so many runs with a chance of 1e-5."""
    return RATE + 4.3 * math.sqrt(RATE * (1 - RATE) / runs)


@pytest.fixture
def coarse(monkeypatch):
    """Decisions at 1.645 standard errors: each kind of error has a chance of 5 % at the edge of the tolerance.

    The rule does not know the thresholds, so that what holds of these holds of those that a verdict has.
    """
    monkeypatch.setattr(judging, "SUPPORTING", Z)
    monkeypatch.setattr(judging, "REFUTING", Z)


@pytest.mark.parametrize("side", [1, -1])
def test_errors_are_as_frequent_as_stated_whatever_ends_the_run(side, one_by_one, coarse):
    """A claim at the very edge of its tolerance, where both errors are most frequent.

    500 runs at each edge. False alarms of this test: 1e-5 each of four times; a rate of 9.2 % would be seen in it, or
    an interval 20 % too narrow. Where time ends a run its interval can be too wide to support anything.
    """
    rates, sizes = error_rates(honest, RUNS // 2, one_by_one, 64 / (1 + side * DELTA))
    assert len(set(sizes)) > 50 and min(sizes) < 400 < 900 < max(sizes)  # limits of time did end runs
    assert rates[Outcome.SUPPORTED] < most_by_chance(RUNS // 2)
    assert abs(rates[Outcome.REFUTED] - RATE) < most_by_chance(RUNS // 2) - RATE


def test_a_rule_that_peeks_is_caught_by_the_same_count(one_by_one, coarse):
    rates, _ = error_rates(peeking, PEEKING_RUNS, one_by_one, 64 / (1 + DELTA))
    assert rates[Outcome.SUPPORTED] > most_by_chance(PEEKING_RUNS)


def test_at_the_real_thresholds_little_time_leaves_open_and_does_not_err(one_by_one):
    """Wrong by 28 % at a tolerance of 5 %, and right: false alarms of this test are below 1e-9."""
    for seed in range(40):
        outside = judge(Equal(), 50.0, honest(seed, one_by_one, 50.0), DELTA)
        inside = judge(Equal(), 64.0, honest(seed, one_by_one, 64.0), DELTA)
        for point, right in ((outside, Outcome.REFUTED), (inside, Outcome.SUPPORTED)):
            assert point.outcome is right or (point.wanted > point.replicates and seed % 4)


def test_the_pilot_says_how_large_the_run_is_and_time_that_suffices_changes_no_bit(one_by_one):
    pilot = estimate(toy(0), run(toy(0), 2 * STEP, MemoryStore()), 2 * STEP)
    free = sized_run(growing(0, one_by_one, Limits()), Equal(), 64.0, DELTA, 0.0)
    assert (free.estimate.replicates, free.stopped) == (wanted(64.0, pilot, DELTA, 0.0), PRECISE)
    assert free == sized_run(growing(0, one_by_one, Limits(seconds=1000.0)), Equal(), 64.0, DELTA, 0.0)
    finer = sized_run(growing(0, one_by_one, Limits()), Equal(), 64.0, DELTA, 0.0, precision=2)
    assert finer.estimate.replicates == pytest.approx(4 * free.estimate.replicates, abs=4)
    assert (
        sized_run(growing(0, one_by_one, Limits()), Equal(), 64.0, DELTA, 0.0, least=5000).estimate.replicates == 5000
    )


def test_time_ends_a_run_at_its_largest_whole_part_from_which_a_second_one_goes_on(one_by_one):
    store = MemoryStore()
    sizes = []
    for _ in range(2):
        found = sized_run(growing(0, one_by_one, Limits(seconds=3.0), store=store), Equal(), 64.0, DELTA, 0.0)
        assert found.stopped == SECONDS
        sizes.append(found.estimate.replicates)
        alone = run(toy(0), sizes[-1], MemoryStore())
        assert found.estimate == estimate(toy(0), alone, sizes[-1])
    assert 3 * STEP <= sizes[0] <= 6 * STEP and sizes[0] + 3 * STEP <= sizes[1]
    assert all(size % STEP == 0 for size in sizes)


def test_without_time_there_is_no_estimate_and_nothing_is_computed(one_by_one):
    store = MemoryStore()
    found = sized_run(growing(0, one_by_one, Limits(seconds=0.0), store=store), Equal(), 64.0, DELTA, 0.0)
    assert (found.stopped, found.estimate.replicates, store.kept) == (SECONDS, 0, {})
    point = judge(Equal(), 64.0, found.estimate, DELTA)
    assert (point.outcome, point.reason) == (Outcome.INCONCLUSIVE, "0 replicates: at least 100 are needed")


def enlarged(seed, backend, theory) -> Estimate:
    """The rule where a pilot often misses what is rare: four lognormal variables, skewness 3.1, kurtosis 28."""
    return sized_run(
        growing(seed, backend, Limits(), experiment=RARELY_LARGE), Equal(), theory, LARGE_DELTA, 0.0
    ).estimate


def test_a_run_whose_pilot_missed_what_is_rare_is_enlarged(one_by_one, coarse):
    """Its error bar is hardly wider than it was to be, although the pilot often did ask for a quarter less."""
    more = 0
    for seed in range(60):
        found = enlarged(seed, one_by_one, LARGE_MEAN)
        assert found.standard_error <= math.sqrt(TOO_SMALL) * LARGE_DELTA * LARGE_MEAN / RESOLUTION
        task = toy(seed, RARELY_LARGE)
        pilot = estimate(task, run(task, 2 * STEP, MemoryStore(), backend=one_by_one), 2 * STEP)
        more += found.replicates > TOO_SMALL * wanted(LARGE_MEAN, pilot, LARGE_DELTA, 0.0)
    assert more > 10


@pytest.mark.parametrize("side", [1, -1])
def test_enlarging_makes_errors_no_more_frequent(side, one_by_one, coarse, monkeypatch):
    """A claim at the edge of its tolerance, judged with and without, in 500 runs with the same numbers.

    Skewness alone makes the errors 3 % and 8 % instead of 5 %. Those with and without differ only in runs that were
    enlarged, one in four: the difference of two rates has a standard error of about 0.6 %, and 3 % would be seen.
    """
    theory, rates, sizes = LARGE_MEAN / (1 + side * LARGE_DELTA), {}, {}
    for factor in (TOO_SMALL, math.inf):
        monkeypatch.setattr(judging, "TOO_SMALL", factor)
        found = [enlarged(seed, one_by_one, theory) for seed in range(RUNS // 2)]
        outcomes = [judge(Equal(), theory, each, LARGE_DELTA).outcome for each in found]
        rates[factor] = [outcomes.count(outcome) / len(found) for outcome in (Outcome.SUPPORTED, Outcome.REFUTED)]
        sizes[factor] = [each.replicates for each in found]
    larger = [with_it > without for with_it, without in zip(*sizes.values(), strict=True)]
    assert 50 < sum(larger) < 200
    assert np.abs(np.subtract(*rates.values())).max() < 0.03


@pytest.mark.parametrize(("limits", "stopped"), [
    (Limits(300), REPLICATES), (Limits(memory=8.0 * 300), MEMORY),
])  # fmt: skip
def test_other_limits_end_a_run_too(limits, stopped, one_by_one):
    found = sized_run(growing(0, one_by_one, limits, experiment=MEDIAN), Equal(), 64.0, DELTA, 0.0)
    assert (found.stopped, found.estimate.replicates) == (stopped, 300)


def test_a_whole_part_has_no_gap():
    task, row = toy(0), np.zeros(3)
    size = task.block_size
    full = {Block(i * size, size): row for i in range(3)}
    assert whole_part(task, {}, 10 * size) == 0
    assert whole_part(task, full, 10 * size) == 3 * size
    assert whole_part(task, full, 2 * size + 5) == 2 * size  # the short block of just that size is not there
    assert whole_part(task, {**full, Block(4 * size, size): row}, 10 * size) == 3 * size
    assert whole_part(task, {**full, Block(3 * size, 7): row, Block(3 * size, 9): row}, 10 * size) == 3 * size + 9


def test_parts_share_what_is_left_of_the_time():
    times = iter((0.0, 0.0, 1.0, 1.0, 1.0, 9.5, 9.5, 12.0, 13.0))
    budget = Budget(4, 10.0, clock=lambda: next(times))
    lefts = []
    for _ in range(4):
        budget.begin_part()
        lefts.append(budget.left)
    assert lefts == [1.5, 3.0, 0.25, -1.0]
