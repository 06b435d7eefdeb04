"""A number that went wrong inside a kernel stays visible to the end, and is refused by name before it is stored."""

import math

import pytest
from memory_store import MemoryStore
from sympy import Float, Max, Min, Symbol, log, sqrt

from attnlaws.simulations.emit import lower, print_numba
from attnlaws.simulations.experiment import Draw, Experiment, Quantile, Smooth, Streaming
from attnlaws.simulations.run import run
from attnlaws.simulations.task import Task

Z, SUM = Draw("z"), Symbol("total")
ALWAYS_NEGATIVE = -1 - Z.symbol**2


def task_of(weight, output, estimator=None) -> Task:
    """A stream of 5 items that adds up ``weight`` and reports ``output``."""
    shape = Streaming(items=lambda **_: 5, item=(Z,), sums={"total": weight}, outputs={"y": output})
    chosen = estimator or Smooth(Symbol("y"))
    experiment = Experiment({"m": lambda **_: shape}, lambda *_, **__: {}, lambda **_: chosen, 1e-6, "")
    return Task("toy.broken", "", experiment, {"n": 5}, 0, "m")


@pytest.mark.parametrize("larger", [Max, Min])
def test_a_maximum_of_something_and_nothing_is_nothing(larger):
    x, y = Symbol("x"), Symbol("y")
    program = lower({"out": larger(x, y, 0.5)}, ["x", "y"])
    for values in ({"x": math.nan, "y": 1.0}, {"x": 1.0, "y": math.nan}):
        names = {"np": __import__("numpy"), **values}
        for line in print_numba(program, "float64"):
            exec(line.strip(), names)
        assert math.isnan(names[program.results["out"]])


@pytest.mark.parametrize(
    ("weight", "output"),
    [
        (Z.symbol, log(SUM - 1000)),
        (sqrt(ALWAYS_NEGATIVE), log(SUM)),
        (sqrt(ALWAYS_NEGATIVE), Max(SUM, 0)),
        (Max(0, log(Z.symbol - 100)), SUM),
        (0 * Z.symbol, log(SUM)),
        (Z.symbol**2, Float(1e200) * SUM),
    ],
    ids=["log of a negative sum", "log of NaN", "max of NaN", "NaN in an item", "log of zero", "cube beyond float64"],
)
def test_what_is_no_finite_number_is_refused_and_not_stored(weight, output):
    task, store = task_of(weight, output), MemoryStore()
    with pytest.raises(OverflowError, match=r'^toy\.broken, mode m, at {"n":5}: an output of replicates 0 to 99, or'):
        run(task, 100, store)
    assert not store.kept.get(task.identity)


def test_a_quantile_may_sort_infinities_but_no_nan():
    infinite = task_of(0 * Z.symbol, -log(SUM), Quantile("y"))
    assert run(infinite, 100, MemoryStore())
    with pytest.raises(OverflowError, match=r"toy\.broken"):
        run(task_of(sqrt(ALWAYS_NEGATIVE), log(SUM), Quantile("y")), 100, MemoryStore())
