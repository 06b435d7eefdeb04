"""Error bars mean what they say: 95 % intervals cover in 95 % of runs, on toys that go through the whole engine."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats
from sympy import Symbol, log, sqrt

from attnlaws.simulations import estimate as estimate_module
from attnlaws.simulations import task as task_module
from attnlaws.simulations.estimate import combine, quantile_estimate, smooth_estimate
from attnlaws.simulations.experiment import Draw, Experiment, Quantile, Smooth, Streaming
from attnlaws.simulations.judge import judge
from attnlaws.simulations.task import GROUPS, Block, Task
from attnlaws.theory.claim import Equal, Outcome

RUNS, SIZE = 20_000, 512
SCORE, TOTAL, FIRST = Draw("score"), Symbol("total"), Symbol("first")


def toy(outputs, estimator, items: int = 8) -> Task:
    """A stream of standard normals whose sum of squares is chi-square with ``items`` degrees of freedom."""
    shape = Streaming(
        items=lambda **_: items,
        item=(SCORE,),
        sums={"total": SCORE.symbol**2, "first": SCORE.symbol},
        outputs=outputs,
        precision="float64",
    )
    experiment = Experiment({"literal": lambda **_: shape}, lambda **_: {}, lambda **_: estimator, 1e-12, "toy")
    return Task("toy.coverage", "", experiment, {"items": items}, 7, "literal")


TOYS = {
    "mean of a skewed output": (toy({"y": TOTAL}, Smooth(Symbol("y"))), 8.0),
    "ratio of means": (toy({"a": TOTAL, "b": TOTAL + FIRST + 4}, Smooth(Symbol("a") / Symbol("b"))), 8 / 12),
    "exponential of a mean logarithm": (
        toy({"l": log(TOTAL)}, Smooth(Symbol("l") ** 2)),
        float((stats.chi2(8).expect(np.log)) ** 2),
    ),
    "median": (toy({"y": TOTAL}, Quantile("y")), float(stats.chi2(8).median())),
}


def coverage(task: Task, truth: float, runs: int) -> float:
    """Share of runs, of 512 replicates each, whose 95 % interval holds the truth."""
    return sum(covers(task, truth, Block(run * SIZE, SIZE)) for run in range(runs)) / runs


def covers(task: Task, truth: float, block: Block) -> bool:
    """Whether the 95 % interval of one run holds the truth."""
    result = combine(task, {block: task.compute(block)})
    return abs(result.mean - truth) <= 1.959964 * result.standard_error


@pytest.fixture(scope="module")
def shares() -> dict[str, float]:
    """The coverage of every toy: they make something else of the same sums, which are drawn once."""
    drawn, known = task_module.Kernel.raw, {}

    def drawn_once(kernel, *given):
        at = (kernel.stream.item, kernel.key, kernel.items, *given)
        if at not in known:
            known.clear()
            known[at] = drawn(kernel, *given)
        return known[at]

    covered = dict.fromkeys(TOYS, 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(task_module.Kernel, "raw", drawn_once)
        for run in range(RUNS):
            for name, (task, truth) in TOYS.items():
                covered[name] += covers(task, truth, Block(run * SIZE, SIZE))
    return {name: count / RUNS for name, count in covered.items()}


@pytest.mark.slow
@pytest.mark.parametrize("name", TOYS)
def test_intervals_cover_95_percent(name, shares):
    """20 000 runs. One percent is 6.5 standard deviations of the count: a false alarm of 1e-10; error bars that are
    4 % too small or too large are seen."""
    assert abs(shares[name] - 0.95) < 0.01


@pytest.mark.slow
def test_a_repeated_stream_is_caught_by_coverage(monkeypatch):
    """A wrong engine: the second half of every block repeats the first. The error bar is then too small by sqrt 2."""
    task, truth = TOYS["mean of a skewed output"]
    honest = task_module.Kernel.values

    def repeated(kernel, task, first, count, share):
        half = honest(kernel, task, first, count // 2, share)
        return np.concatenate([half, half])

    monkeypatch.setattr(task_module.Kernel, "values", repeated)
    assert abs(coverage(task, truth, 2_000) - 0.95) > 0.05


@pytest.mark.slow
def test_jackknife_over_item_groups_covers(monkeypatch):
    """2 000 runs of one replicate each, cut into 64 groups of its items; 2 % is 4.1 standard deviations of the count
    (false alarm 4e-5); error bars off by 8 % are seen."""
    monkeypatch.setattr(task_module, "GROUPED_ITEMS", 1)
    items = 1 << 16
    task = toy({"y": log(TOTAL)}, Smooth(Symbol("y")), items=items)
    covered = 0
    for run in range(2_000):
        rows = {Block(run * GROUPS + g, 1): task.compute(Block(run * GROUPS + g, 1)) for g in range(GROUPS)}
        result = combine(task, rows)
        assert result.conditional
        covered += abs(result.mean - math.log(items)) <= 1.959964 * result.standard_error
    assert abs(covered / 2_000 - 0.95) < 0.02


def moments_of(values: np.ndarray) -> dict[tuple[int, ...], Fraction]:
    """Sample moments up to degree three, exactly."""
    columns = [[Fraction(float(v)) for v in column] for column in values.T]
    found = {}
    for p in np.ndindex(*(4,) * len(columns)):
        if 0 < sum(p) <= 3:
            terms = [
                math.prod((c[i] ** e for c, e in zip(columns, p, strict=True)), start=Fraction(1))
                for i in range(len(values))
            ]
            found[p] = sum(terms, Fraction(0)) / len(values)
    return found


def test_mean_and_standard_error_are_the_textbook_ones():
    values = np.random.default_rng(0).gamma(2.0, size=(500, 1))
    result = smooth_estimate(Smooth(Symbol("y")), ("y",), moments_of(values), 500)
    assert result.mean == pytest.approx(values.mean(), rel=1e-14)
    assert result.standard_error == pytest.approx(stats.sem(values[:, 0]), rel=1e-12)
    # The unbiased variance in the denominator, the plain third moment above it.
    assert result.skewness == pytest.approx(stats.skew(values[:, 0]) * (499 / 500) ** 1.5, rel=1e-10)


def test_a_large_offset_does_not_cancel_the_variance():
    values = 1e8 + np.random.default_rng(0).normal(size=(500, 1))
    result = smooth_estimate(Smooth(Symbol("y")), ("y",), moments_of(values), 500)
    assert result.standard_error == pytest.approx(stats.sem(values[:, 0]), rel=1e-9)


def test_ratio_error_is_that_of_the_linearized_residuals():
    values = np.random.default_rng(0).gamma(3.0, size=(400, 2))
    result = smooth_estimate(Smooth(Symbol("a") / Symbol("b")), ("a", "b"), moments_of(values), 400)
    ratio = values[:, 0].mean() / values[:, 1].mean()
    residuals = (values[:, 0] - ratio * values[:, 1]) / values[:, 1].mean()
    assert result.mean == pytest.approx(ratio, rel=1e-14)
    assert result.standard_error == pytest.approx(stats.sem(residuals), rel=1e-12)


@pytest.mark.parametrize("expression", [log(Symbol("y")), 1 / Symbol("y"), sqrt(Symbol("y"))])
def test_a_function_without_a_value_or_a_slope_where_nothing_was_drawn_decides_nothing(expression):
    """Where no rare event was drawn, a mean of 0 has no logarithm and no inverse, and its root no slope."""
    nothing = {(power,): Fraction(0) for power in (1, 2, 3)}
    found = smooth_estimate(Smooth(expression), ["y"], nothing, 1000)
    assert found.mean == 0 if expression == sqrt(Symbol("y")) else math.isnan(found.mean)
    assert (found.standard_error, found.replicates) == (math.inf, 1000)
    assert judge(Equal(), 1e-9, found, 0.01).outcome is Outcome.INCONCLUSIVE


def test_groups_of_items_without_a_value_have_no_error_bar(monkeypatch):
    """Of 64 groups one alone holds what is not zero: without it there is no logarithm."""
    monkeypatch.setattr(task_module, "GROUPED_ITEMS", 64)
    task = toy({"y": TOTAL}, Smooth(log(Symbol("y"))), items=256 * GROUPS)
    assert task.grouped
    rows = {Block(group, 1): np.array([1.0 if group == 3 else 0.0, 0.0]) for group in range(GROUPS)}
    found = combine(task, rows)
    assert (found.mean, found.standard_error, found.conditional) == (0.0, math.inf, True)


def test_one_replicate_has_no_error_bar():
    assert smooth_estimate(Smooth(Symbol("y")), ("y",), moments_of(np.array([[2.0]])), 1).standard_error == math.inf
    assert quantile_estimate(np.array([1.0, 2.0, 3.0]), 0.5).standard_error == math.inf


def test_median_error_is_that_of_the_density():
    """The asymptotic standard error of a median is 1 / (2 f sqrt R); order statistics estimate it to about 4 %."""
    values = np.random.default_rng(0).normal(size=100_000)
    expected = math.sqrt(math.pi / 2 / values.size)
    assert quantile_estimate(values, 0.5).standard_error == pytest.approx(expected, rel=0.15)


def test_an_empty_set_of_rows_is_refused():
    with pytest.raises(ValueError, match="at least one block"):
        combine(TOYS["median"][0], {})


def test_few_replicates_of_large_streams_are_marked_conditional(make, memory):
    task = make("retrieval.linear", "collapsed", n=(1 << 20) + 2, d_k=8, convention="ratio")
    from attnlaws.simulations.run import run

    assert estimate_module.estimate(task, run(task, 2, memory), 2).conditional
