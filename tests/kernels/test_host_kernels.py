"""Whole kernels, from the text that a GPU would get, on this machine: Numba's rows and outputs bit for bit."""

import ctypes

import numpy as np
import pytest
from bundle import Kernels, bundled
from catalog_kernels import (
    at,
    catalog,
    host_outputs,
    host_replicates,
    host_rows,
    named,
    numba_groups,
    numba_rows,
)
from sympy import Integer, Max, Symbol, exp, log

from attnlaws.simulations.cuda_source import header_source, kernel_source
from attnlaws.simulations.experiment import Dot, Draw, Experiment, Precision, Smooth, Streaming, VectorSum
from attnlaws.simulations.task import Task

pytestmark = pytest.mark.host

STREAMS = [name for name, task in catalog().items() if isinstance(task.shape, Streaming)]
REPLICATES = [name for name in catalog() if name not in STREAMS]


def equal(got: np.ndarray, want: np.ndarray) -> None:
    assert not np.isnan(want).any()
    np.testing.assert_array_equal(got.view(np.uint64), want.view(np.uint64))


@pytest.fixture(scope="module")
def libraries(request, host, in_parallel):
    """The kernels of each task that is asked for, compiled in as many texts as there are processors to do it."""
    names = named(request)
    halves = {number: {name: catalog()[name] for name in names[number::2]} for number in range(2)}
    bundles = {number: bundled(tasks) for number, tasks in halves.items()}

    def built(number):
        return host.library(bundles[number].text, f"kernels_{number}")

    made = in_parallel(built, [(number,) for number in bundles])
    return {name: Kernels(made[n,], own) for n, bundle in bundles.items() for name, own in bundle.symbols.items()}


@pytest.mark.parametrize("name", STREAMS)
def test_streams(name, libraries):
    task = catalog()[name]
    kernels = libraries[name]
    want = numba_rows(task, 5, 3)
    equal(host_rows(kernels, task, 5, 3, 1, 2), want)
    equal(host_outputs(kernels, task, want), task.finish(want))


@pytest.mark.parametrize("name", STREAMS)
def test_parts_of_a_replicate(name, libraries):
    task = catalog()[name]
    equal(host_rows(libraries[name], task, 3 * 7, 3, 3, 1), numba_groups(task, 7, 3))


@pytest.mark.parametrize("name", REPLICATES)
def test_replicates(name, libraries):
    task = catalog()[name]
    equal(host_replicates(libraries[name], task, 5, 3, 2), task.values(5, 3))


def everything(precision: Precision) -> Task:
    """What no law of the catalog has at once: both precisions, shared scalars, two vector sums, more items than the
    weights of which are kept at a time, vectors that do not fill their last call, and an item's own norms."""
    query, other, luck = Draw("query", "d_k"), Draw("other", "d_v"), Draw("luck")
    key, value, score, twist = Draw("key", "d_k"), Draw("value", "d_v"), Draw("score"), Draw("twist")
    product = Dot(query.symbol, key.symbol)
    read, seen = VectorSum("read", product * score.symbol, value), VectorSum("seen", twist.symbol, key)
    norm2, scale = Symbol("norm2"), Symbol("scale")
    shape = Streaming(
        items=lambda *, n, **_: n,
        shared=(luck, query, other),
        item=(score, key, twist, value),
        scalars={"norm2": Dot(query.symbol, query.symbol) + luck.symbol, "cross": Dot(other.symbol, other.symbol)},
        sums={
            "mass": exp(product / scale) * norm2,
            "count": Integer(1),
            "top": Max(score.symbol, 0) * twist.symbol,
            "own": Dot(key.symbol, key.symbol) / Dot(value.symbol, value.symbol),
        },
        vector_sums=(read, seen),
        outputs={"size": Dot(read.symbol, read.symbol) / norm2, "odd": log(Symbol("count")) - Symbol("cross")},
        precision=precision,
    )
    experiment = Experiment({"all": lambda **_: shape}, lambda *_, **__: {}, lambda **_: Smooth(Symbol("size")), 0, "")
    return Task("toy", "", experiment, {"n": 17 * 256 + 9, "d_k": 6, "d_v": 3, "scale": 1.25}, 0, "all")


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_everything_that_a_stream_can_have(host, precision):
    task = everything(precision)
    kernels = host.library(kernel_source(task.shape, task.parameters), f"everything_{precision}")
    want = numba_rows(task, 0, 2)
    equal(host_rows(kernels, task, 0, 2, 1, 2), want)
    equal(host_rows(kernels, task, 4, 4, 4, 2), numba_groups(task, 1, 4))
    equal(host_outputs(kernels, task, want), task.finish(want))


def test_scratch_starts_as_not_a_number(host):
    text = 'extern "C" void poisoned(double* s, i64 n) { launch(1, LANES, [=] { poison(s, n); }); }'
    scratch = np.zeros(1000)
    host.library(header_source("replicate.cuh") + text, "poison").poisoned(at(scratch), ctypes.c_int64(999))
    assert np.isnan(scratch[:999]).all()
    assert scratch[999] == 0
