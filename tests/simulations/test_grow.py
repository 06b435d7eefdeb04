"""Precision on demand: intervals of grown runs cover as often as those of fixed size, and limits end a run."""

import itertools
import json
import math

import numpy as np
import pytest
from sympy import Symbol

import attnlaws as al
from attnlaws.simulations.estimate import Estimate, estimate
from attnlaws.simulations.experiment import Draw, Experiment, Quantile, Smooth, Streaming
from attnlaws.simulations.grow import GROWTH, MARGIN, Limits, grow, most_that_fit, next_size
from attnlaws.simulations.run import Cpu
from attnlaws.simulations.run import run as run_task
from attnlaws.simulations.task import Task

SCORE, TOTAL = Draw("score"), Symbol("total")
POINT = {"n": 64, "kappa": 0.25, "sigma": 1.0}
RUNS = 800


def toy(seed: int, estimator=None) -> Task:
    """Chi-square with 8 degrees of freedom: mean 8, standard deviation 4, skewness 1."""
    shape = Streaming(
        items=lambda **_: 8,
        item=(SCORE,),
        sums={"total": SCORE.symbol**2},
        outputs={"y": TOTAL},
        precision="float64",
    )
    chosen = estimator or Smooth(Symbol("y"))
    experiment = Experiment({"literal": lambda **_: shape}, lambda **_: {}, lambda **_: chosen, 1e-12, "toy")
    return Task("toy.grow", "", experiment, {"items": 8}, seed, "literal")


def clock():
    """One on which a second passes at every look."""
    ticks = itertools.count()
    return lambda: float(next(ticks))


@pytest.fixture
def steady(monkeypatch):
    """Pilots of 100 replicates, so that runs grow in several steps."""
    monkeypatch.setattr("attnlaws.simulations.grow.PILOT_MOST", 100)


@pytest.mark.slow
def test_intervals_of_grown_runs_cover_95_percent(memory, steady):
    """800 runs that end at 1.6 % of the mean, near 1000 replicates. Three percent is 3.9 standard deviations of the
    count (false alarm 1e-4); error bars that are 13 % too small are seen. 2000 runs held within 2 % as well."""
    covered, sizes = 0, []
    for seed in range(RUNS):
        found = grow(toy(seed), 0.016, memory, Limits())
        assert found.stopped == "precise"
        covered += abs(found.estimate.mean - 8) <= 1.959964 * found.estimate.standard_error
        sizes.append(found.estimate.replicates)
        memory.forget()
    assert abs(covered / RUNS - 0.95) < 0.03
    assert len(set(sizes)) > 100  # the size followed the spread
    assert 0.7 < np.median(sizes) / (0.5 / 0.016) ** 2 / MARGIN < 1.3


def test_a_rule_that_looks_at_the_mean_would_be_seen(memory):
    """A wrong rule: it looks after each 100 replicates, and ends where its interval does not hold the truth."""
    covered = 0
    for seed in range(60):
        for size in range(100, 1001, 100):
            result = estimate(toy(seed), run_task(toy(seed), size, memory), size)
            holds = abs(result.mean - 8) <= 1.959964 * result.standard_error
            if not holds:
                break
        covered += holds
        memory.forget()
    assert covered / 60 < 0.91


def test_a_grown_run_is_the_run_of_that_size_bit_for_bit(memory, steady):
    found = grow(toy(3), 0.01, memory, Limits()).estimate
    memory.forget()
    alone = estimate(toy(3), run_task(toy(3), found.replicates, memory), found.replicates)
    assert (found.mean, found.standard_error) == (alone.mean, alone.standard_error)
    assert found.standard_error <= 0.01 * found.mean


def test_it_grows_by_what_the_spread_asks_for_in_bounded_steps():
    assert next_size(Estimate(1.0, 0.02, 1000), 0.01) == 4400
    assert next_size(Estimate(1.0, 1.0, 1000), 0.01) == GROWTH * 1000
    assert next_size(Estimate(1.0, math.inf, 100), 0.01) == GROWTH * 100
    assert next_size(Estimate(0.0, 0.1, 100), 0.01) == GROWTH * 100
    assert next_size(Estimate(1.0, 0.01, 100), 0.01) > 100


@pytest.mark.parametrize(("limits", "stopped", "replicates"), [
    (Limits(500), "replicates", 500), (Limits(memory=8.0 * 700), "memory", 700),
])  # fmt: skip
def test_limits_end_a_run_and_are_named(memory, steady, limits, stopped, replicates):
    """A quantile keeps its values, 8 bytes a replicate."""
    found = grow(toy(0, Quantile("y")), 0.01, memory, limits)
    assert (found.stopped, found.estimate.replicates) == (stopped, replicates)


def test_time_ends_a_run_at_its_largest_whole_part(memory, steady, monkeypatch):
    """Blocks of 64, of which time lets a few be finished after the pilot of 100; nothing more is begun."""
    monkeypatch.setattr("attnlaws.simulations.task.LARGEST_BLOCK", 64)
    backend = Cpu(1)
    backend.batch_draws = 1
    found = grow(toy(0), 1e-6, memory, Limits(seconds=9.0), backend=backend, clock=clock())
    size = found.estimate.replicates
    assert found.stopped == "seconds" and size % 64 == 0 and 100 < size < 800
    assert found.estimate == estimate(toy(0), run_task(toy(0), size, memory), size)


def test_time_that_is_not_enough_for_anything_is_an_error(memory):
    with pytest.raises(ValueError, match=r"seconds = 0\.5: must be enough for 100 replicates"):
        grow(toy(0), 0.01, memory, Limits(seconds=0.5), clock=clock())


def test_memory_counts_what_is_kept():
    assert most_that_fit(toy(0, Quantile("y")), 8e6) == 10**6
    assert most_that_fit(toy(0), 1e9) > 10**9  # sums of blocks
    assert most_that_fit(toy(0, Quantile("y")), 1.0) == 2


def test_precision_from_python_and_from_the_shell(out, run):
    found = al.simulate("topk.tail_mass", **POINT, precision=5e-3, out=out)
    assert found.attrs["stopped"] == "precise"
    assert found["standard_error"].item() <= 5e-3 * found["mean"].item()
    words = [word for name, value in POINT.items() for word in (f"--{name}", value)]
    code, printed, _ = run("simulate", "topk.tail_mass", *words, "--precision", "5e-3", "--json", "--out", out)
    assert code == 0
    assert json.loads(printed)["mean"] == found["mean"].item()
    limited = ("--precision", "1e-5", "--replicates", 3000)
    code, printed, _ = run("simulate", "topk.tail_mass", *words, *limited, "--out", out)
    assert code == 0
    assert "less precise than 1e-05 of the mean; ended by: replicates" in printed
    assert "stopped" not in al.simulate("topk.tail_mass", **POINT, replicates=100, out=out).attrs


@pytest.mark.parametrize(("options", "message"), [
    ({"precision": 0}, "precision = 0.0: must be a real number in"), ({"precision": 2.0}, "precision = 2.0: must be"),
    ({"precision": float("nan")}, "precision = nan: must be"),
    ({"seconds": 3}, "seconds = 3: must come with a precision"),
    ({"precision": 0.1, "seconds": -1}, "seconds = -1.0: must be a real number > 0"),
])  # fmt: skip
def test_bad_limits_are_named(options, message, out):
    with pytest.raises(ValueError, match=message):
        al.simulate("topk.tail_mass", **POINT, **options, out=out)
    assert not out.exists()
