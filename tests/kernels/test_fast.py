"""Fast arithmetic without a GPU: the approximate functions err here by what NVIDIA documents, in every direction.

What it gives on a GPU is for the tests marked gpu to say; here are the bounds that follow from the documented errors.
"""

import ctypes
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from bundle import Kernels, bundled
from catalog_kernels import at, catalog, host_outputs, host_replicates, host_rows, named, numba_rows, of_their_own
from fake_cupy import FakeCupy
from sympy import Symbol, exp
from test_host_kernels import everything

from attnlaws import registry
from attnlaws.simulations.cuda_source import header_source, kernel_source
from attnlaws.simulations.estimate import difference
from attnlaws.simulations.experiment import Draw, Replicate, Streaming
from attnlaws.simulations.simulate import make_task, simulate
from attnlaws.simulations.store import Store
from attnlaws.simulations.task import Task

MILLION = 1 << 20
LEANINGS = (-1, 0, 1)
FLOAT32 = [name for name in of_their_own() if catalog()[name].shape.precision == "float32"]
LINEAR = {"n": 300, "d_k": 6, "d_v": None, "convention": "expectation"}

LEAN = 'extern "C" void lean(int to) { leaning = to; }'
LOOPS = """
extern "C" void normals(u32 k0, u32 k1, u64 call, float* out, i64 n) {
    for (i64 i = 0; i < n; ++i) normal_call(round_keys(k0, k1), call + i, 5, 6, out + 4 * i);
}
extern "C" void pairs(const float* v, const u32* a, const u32* b, float* out, i64 n) {
    for (i64 i = 0; i < n; ++i) pair32(v[i], a[i], b[i], out + 2 * i);
}
"""


def tolerance(radius):
    """What cuda/fast.cuh promises of a normal of a pair of this radius."""
    return 1.5e-6 * radius + np.minimum(6e-4, 3.4e-7 / np.maximum(radius, 1e-30))


def radii(normals):
    """The radius of each normal's pair."""
    return np.hypot(normals[:, ::2], normals[:, 1::2]).repeat(2, axis=1)


@pytest.fixture(scope="module")
def streams(host):
    """The stream in both arithmetics."""
    return {
        name: host.library(header_source("stream.cuh", name) + LOOPS + LEAN, f"stream_{name}")
        for name in ("exact", "fast")
    }


def both(streams, leaning, width, call):
    """What a function gives in exact and in fast arithmetic, float64."""
    found = []
    for name in ("exact", "fast"):
        streams[name].lean(leaning)
        count, arguments = call
        out = np.full((count, width), np.nan, np.float32)
        getattr(streams[name], "normals" if width == 4 else "pairs")(*arguments, at(out), ctypes.c_int64(count))
        found.append(out.astype(float))
    return found


@pytest.mark.host
@pytest.mark.parametrize("leaning", LEANINGS)
def test_a_million_normals_are_the_exact_ones_up_to_the_bound(streams, leaning):
    exact, fast = both(streams, leaning, 4, (MILLION // 4, (1, 2, ctypes.c_uint64(3))))
    off, radius = np.abs(fast - exact), radii(exact)
    assert (off <= tolerance(radius)).all()
    assert off[(radius > 0.04) & (radius < 6.6)].max() < 1e-5
    # Nor is the bound loose: the errors that are put in do come out, and all signs and quadrants are the same.
    assert (off / tolerance(radius)).max() > 0.5
    assert np.mean(off) > 1e-7


@pytest.mark.host
@pytest.mark.parametrize("leaning", LEANINGS)
def test_the_smallest_and_the_largest_radii(streams, leaning):
    """Uniforms next to 1, where a logarithm that errs upward is positive, and those of the refined tail."""
    u = np.concatenate([1 - np.arange(1 << 16) * 2.0**-24, 2.0 ** -np.linspace(0, 64, 1 << 16)])
    a, b = (np.random.default_rng(seed).integers(1 << 32, size=u.size, dtype=np.uint32) for seed in (7, 8))
    v = (-2 * u).astype(np.float32)
    exact, fast = both(streams, leaning, 2, (u.size, (at(v), at(a), at(b))))
    radius = radii(exact)
    assert radius.min() == 0
    assert radius.max() > 9.4
    assert (np.abs(fast - exact) <= tolerance(radius)).all()  # and so none is NaN


@pytest.fixture(scope="module")
def kernels(request, host, in_parallel):
    """The kernels of the catalog in float32, with fast arithmetic; in exact arithmetic they have Numba's bits."""
    names = [name for name in named(request) if name in FLOAT32]
    halves = {number: {name: catalog()[name] for name in names[number::2]} for number in range(2)}
    bundles = {number: bundled(tasks, "fast", LEAN) for number, tasks in halves.items()}

    def built(number):
        return host.library(bundles[number].text, f"fast_{number}")

    made = in_parallel(built, [(number,) for number in bundles])
    return {name: Kernels(made[n,], own) for n, bundle in bundles.items() for name, own in bundle.symbols.items()}


@pytest.mark.host
@pytest.mark.slow
@pytest.mark.parametrize("name", FLOAT32)
def test_a_law_s_results_are_the_exact_ones_up_to_the_stated_error(name, kernels):
    task, library = catalog()[name], kernels[name]
    want, fast = task.values(5, 3), replace(task, arithmetic="fast")
    seen = 0.0
    for leaning in LEANINGS:
        library.lean(leaning)
        if isinstance(task.shape, Streaming):
            got = host_outputs(library, task, host_rows(library, task, 5, 3, 1, 2))
        else:
            got = host_replicates(library, task, 5, 3, 2)
        assert difference(task, got, want) <= fast.arithmetic_error
        seen = max(seen, float(np.abs(got - want).max()))
    # The arithmetic is another one; a count, and what these replicates report is one, may well be the same.
    assert seen > 0 or isinstance(task.shape, Replicate) or np.array_equal(want, want.round())


@pytest.mark.host
def test_everything_that_a_stream_can_have(host):
    task = everything("float32")
    fast = host.library(kernel_source(task.shape, task.parameters, "fast") + LEAN, "all_fast")
    want = numba_rows(task, 0, 2)
    for leaning in LEANINGS:
        fast.lean(leaning)
        got = host_rows(fast, task, 0, 2, 1, 2)
        # Relative to the largest sum, of exponentials of products of two normals each: exponents below 10 are off by
        # 10 * 2 * 1.5e-6, and what is multiplied with them by as much again at most.
        assert np.abs(got - want).max() <= 4e-5 * np.abs(want).max()
        assert not np.array_equal(got, want)


def item_of(text: str) -> list[str]:
    """The operations of an item."""
    return re.findall(r"const float (t\d+ = .+);", text[text.index(" item(") : text.index("struct Law")])


def test_fast_text_uses_the_hardware_and_exact_text_does_not():
    x, scale = Draw("x"), Symbol("scale")
    shape = Streaming(lambda **_: 9, (x,), {"a": Symbol("a")}, sums={"a": exp(x.symbol / scale) + x.symbol})
    exact, fast = (kernel_source(shape, {}, arithmetic) for arithmetic in ("exact", "fast"))
    assert "FAST = false" in exact
    assert "FAST = true" in fast
    assert item_of(fast) == ["t0 = fast_div(x_, scale_)", "t1 = fast_exp(t0)", "t2 = x_ + t1"]
    assert item_of(exact) == ["t0 = __fdiv_rn(x_, scale_)", "t1 = pexp32(t0)", "t2 = __fadd_rn(x_, t1)"]


def test_float64_has_no_fast_arithmetic():
    task = catalog()["topk.tail_mass-literal-0"]
    with pytest.raises(ValueError, match=r"^arithmetic = 'fast': must be 'exact' where draws are float64"):
        kernel_source(task.shape, task.parameters, "fast")
    with pytest.raises(ValueError, match=r"^arithmetic = 'quick': must be one of exact, fast$"):
        kernel_source(task.shape, task.parameters, "quick")  # type: ignore[arg-type]


def test_a_replicate_in_float32_gets_fast_normals():
    shape = catalog()["topk.tail_mass-literal-0"].shape
    assert isinstance(shape, Replicate)
    text = kernel_source(replace(shape, precision="float32"), {"n": 9, "kappa": 0.5, "sigma": 1.0}, "fast")
    assert "FAST = true" in text


# --- tasks and stores -----------------------------------------------------------------------------------------------


def task_of(**changes) -> Task:
    law = registry.law("retrieval.linear")
    return replace(make_task(law, registry.experiment(law.id), law.validate(**LINEAR), 3, "literal"), **changes)


def test_the_arithmetic_is_part_of_what_a_task_is_and_its_numbers_are_not():
    exact, fast = task_of(), task_of(arithmetic="fast", hardware="cuda: a")
    other = task_of(arithmetic="fast", hardware="cuda: b")
    assert len({exact.identity, fast.identity, other.identity}) == 3
    assert exact.label == fast.label


def test_a_cpu_refuses_fast_arithmetic(tmp_path):
    fast = task_of(arithmetic="fast")
    block = next(fast.blocks(10))
    for action in (lambda: fast.compute(block), lambda: fast.values(0, 1)):
        with pytest.raises(ValueError, match=r"^arithmetic = 'fast': must be 'exact' on a CPU .*backend = 'cuda'"):
            action()
    law, experiment = registry.law("retrieval.linear"), registry.experiment("retrieval.linear")
    for backend in ("auto", "cpu"):
        with pytest.raises(ValueError, match=r"^arithmetic = 'fast': must be 'exact' on a CPU"):
            simulate(law, experiment, backend=backend, arithmetic="fast", out=tmp_path, **LINEAR)
    assert not list(tmp_path.iterdir())


@pytest.mark.host
@pytest.mark.slow
def test_rows_of_both_arithmetics_lie_in_one_store_apart(host, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "cupy", FakeCupy(host))
    law, experiment = registry.law("retrieval.linear"), registry.experiment("retrieval.linear")

    def result(arithmetic, replicates):
        given = {"backend": "cuda", "arithmetic": arithmetic, "replicates": replicates, "out": tmp_path}
        return simulate(law, experiment, seed=3, **given, **LINEAR)

    exact, fast = result("exact", 200), result("fast", 200)
    assert (exact.attrs["arithmetic"], fast.attrs["arithmetic"]) == ("exact", "fast")
    assert (exact.attrs["arithmetic_error"], fast.attrs["arithmetic_error"]) == (1e-6, pytest.approx(2e-5))
    mean, other = exact["mean"].item(), fast["mean"].item()
    assert mean != other
    assert other == pytest.approx(mean, rel=2e-5)
    widened = exact["standard_error"].item() + 2e-5 * mean
    assert fast["standard_error"].item() == pytest.approx(widened, rel=1e-4)
    with Store(tmp_path) as store:
        rows = [store.rows(data.attrs["task"]) for data in (exact, fast)]
        devices = {device for device, *_ in store.made(law.id)}
    assert devices == {"cuda: toy 0", "cuda: toy 0, fast arithmetic"}
    assert [len(found) for found in rows] == [1, 1]
    assert set(rows[0]) == set(rows[1])
    assert not any(np.array_equal(rows[0][block], rows[1][block]) for block in rows[0])
    # What was stored is found again, each by its own arithmetic, and nothing is computed for it.
    monkeypatch.setattr(FakeCupy, "_launch", lambda *_: pytest.fail("computed again"))
    assert result("exact", 200)["mean"].item() == mean
    assert result("fast", 200)["mean"].item() == other


@pytest.mark.host
def test_a_law_in_float64_is_refused_by_its_gpu(host, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "cupy", FakeCupy(host))
    law, experiment = registry.law("topk.tail_mass"), registry.experiment("topk.tail_mass")
    with pytest.raises(ValueError, match=r"^arithmetic = 'fast': must be 'exact' where draws are float64"):
        simulate(law, experiment, backend="cuda", arithmetic="fast", out=tmp_path, n=64, kappa=0.5, sigma=1.0)
