"""A law's names and the engine's never meet, in either language: not those of loops, arrays, functions and types."""

import numpy as np
import pytest
from catalog_kernels import host_outputs, host_rows, numba_rows
from sympy import Integer, Max, Symbol, exp

from attnlaws.simulations.cuda_source import kernel_source
from attnlaws.simulations.experiment import Dot, Draw, Experiment, Replicate, Smooth, Streaming, VectorSum
from attnlaws.simulations.generate import Layout
from attnlaws.simulations.replicate import replicate_text
from attnlaws.simulations.task import Kernel, Task

# Each kind of name in turn gets the worst ones: loops, arrays, temporaries, functions, words of both languages.
WORST = (
    "at x m call words lanes sums out i j w t b tag one row raw begin end items k0 k1 replicate parameters lengths",
    "scalars part parts first superblocks r acc0 lane_dot0 size0 vector0 weight0 dot0 s_dot0 f_dot0 t0 s0 f0 fold",
    "item finish shared partial block group np njit plog32 pexp32 min range int lambda float double struct LANES L7",
    "Law Report Row Number u32 i64 add report drawn sizes rows outputs M0 NAN weight_read read_size kept class None",
)


def task_of(names: dict[str, str]) -> Task:
    """A law with everything that has a name, by what each is called."""

    def called(name: str) -> str:
        return names.get(name, name)

    query, other, luck = Draw(called("query"), "d_k"), Draw(called("other"), "d_v"), Draw(called("luck"))
    key, value = Draw(called("key"), "d_k"), Draw(called("value"), "d_v")
    score, twist = Draw(called("score")), Draw(called("twist"))
    product = Dot(query.symbol, key.symbol)
    read = VectorSum(called("read"), product * score.symbol, value)
    seen = VectorSum(called("seen"), twist.symbol, key)
    norm2, scale, cross, mass, count = (Symbol(called(name)) for name in ("norm2", "scale", "cross", "mass", "count"))
    shape = Streaming(
        items=lambda **_: 700,
        shared=(luck, query, other),
        item=(score, key, twist, value),
        scalars={
            norm2.name: Dot(query.symbol, query.symbol) + luck.symbol,
            cross.name: Dot(other.symbol, other.symbol),
        },
        sums={
            mass.name: exp(product / scale) * norm2,
            count.name: Integer(1),
            called("top"): Max(score.symbol, 0) * twist.symbol,
        },
        vector_sums=(read, seen),
        outputs={
            called("size"): Dot(read.symbol, read.symbol) / norm2,
            called("odd"): mass + Symbol(called("top")) * scale + count - cross,
        },
    )
    experiment = Experiment({"all": lambda **_: shape}, lambda *_, **__: {}, lambda **_: Smooth(Symbol("size")), 0, "")
    return Task("toy", "", experiment, {"d_k": 6, "d_v": 3, called("scale"): 1.25}, 0, "all")


KINDS = "query other luck key value score twist read seen norm2 scale cross mass count top size odd"
CALLED = [
    dict(zip(KINDS.split(), words[start:], strict=False))
    for line in WORST
    for words in [line.split()]
    for start in (0, 9)
]


def values_of(task: Task) -> np.ndarray:
    """Outputs of the same draws for all; a task's own depend on what its parameters are called."""
    kernel, key = Kernel.of(task), Kernel.of(task_of({})).key
    assert kernel.last is not None
    raw, out = np.empty((2, kernel.width)), np.empty((2, 2))
    kernel.module.block(*key, 3, kernel.items, *kernel.arguments, raw, 1)
    kernel.last.finish(*kernel.arguments, raw, out)
    return out


@pytest.mark.parametrize("names", CALLED, ids=lambda names: names["query"])
def test_numbers_do_not_depend_on_names(names):
    """But for the last bits, because the order of SymPy's terms follows names."""
    np.testing.assert_allclose(values_of(task_of(names)), values_of(task_of({})), rtol=1e-5)


@pytest.mark.host
def test_the_worst_names_in_cuda(host):
    for number, names in enumerate(CALLED[::2]):
        task = task_of(names)
        library = host.library(kernel_source(task.shape, task.parameters), f"names_{number}")
        want = numba_rows(task, 3, 2)
        np.testing.assert_array_equal(host_rows(library, task, 3, 2, 1, 2), want)
        np.testing.assert_array_equal(host_outputs(library, task, want), task.finish(want))


@pytest.mark.parametrize(
    "name", ["at_", "_x", "two__in_a_row", "a b", "\N{GREEK SMALL LETTER SIGMA}", "out\\", "1st", ""]
)
def test_a_name_that_a_text_cannot_hold_is_refused(name):
    with pytest.raises(ValueError, match="a name must be of letters"):
        Layout(task_of({"norm2": name}).shape)


def test_two_things_of_one_name_are_refused():
    with pytest.raises(ValueError, match=r"^'score': must be one draw, scalar or sum, not two$"):
        Layout(task_of({"norm2": "score"}).shape)


def fold(k0, k1, replicate, scratch, out, n):
    """A kernel that is called as one of the engine's functions."""


def test_a_kernel_called_as_the_engine_s_is_refused():
    with pytest.raises(ValueError, match=r"^fold: a kernel cannot be called so"):
        replicate_text(Replicate(fold, lambda **_: {"n": 1}, lambda **_: 1, lambda **_: 1, ("out",)))


def kernel(k0, k1, replicate, scratch, out, r, values, first):
    """A kernel with arguments called as what the loop around it counts with."""
    out[0] = r + 10 * values + 100 * first


def test_arguments_of_a_replicate_are_not_the_loop_s():
    given = {"r": 1, "values": 2, "first": 3}
    shape = Replicate(kernel, lambda **_: given, lambda **_: 1, lambda **_: 1, ("size",))
    experiment = Experiment({"all": lambda **_: shape}, lambda *_, **__: {}, lambda **_: Smooth(Symbol("size")), 0, "")
    task = Task("toy", "", experiment, {}, 0, "all")
    assert task.values(5, 2).tolist() == [[321.0], [321.0]]
