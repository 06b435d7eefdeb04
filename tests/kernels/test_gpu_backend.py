"""The CUDA backend with this machine's processor in the place of a GPU: what is asked of CuPy, and what comes back.

The kernels are the very texts that a GPU would get; that a GPU gives the same bits is for the tests marked gpu to say.
"""

import sys
from dataclasses import replace

import numpy as np
import pytest
from fake_cupy import CUDARuntimeError, FakeCupy

import attnlaws as al
from attnlaws import registry
from attnlaws.simulations import gpu
from attnlaws.simulations import task as task_module
from attnlaws.simulations.gpu import Gpus
from attnlaws.simulations.simulate import make_task, simulate
from attnlaws.simulations.store import Store
from attnlaws.simulations.task import GROUPS, Block
from attnlaws.theory.law import Grid

pytestmark = pytest.mark.host

LINEAR = {"n": 300, "d_k": 6, "d_v": 5, "convention": "expectation"}


@pytest.fixture
def toy(host, monkeypatch):
    """Put a toy in CuPy's place."""

    def put(**options):
        made = FakeCupy(host, **options)
        monkeypatch.setitem(sys.modules, "cupy", made)
        return made

    return put


def task_of(law_id, mode, **point):
    law = registry.law(law_id)
    return make_task(law, registry.experiment(law_id), law.validate(**point), 3, mode)


def computed(task, blocks):
    gpus = Gpus()
    gpus.prepare(task)
    return gpus.rows(task, blocks)


def same(task, blocks):
    there = computed(task, blocks)
    assert set(there) == set(blocks)
    for block in blocks:
        assert np.array_equal(there[block], task.compute(block)), block


@pytest.mark.parametrize(
    ("law_id", "mode", "point"),
    [
        ("retrieval.linear", "literal", LINEAR),
        ("retrieval.linear", "collapsed", {**LINEAR, "convention": "median"}),
        ("topk.tail_mass", "literal", {"n": 100, "kappa": 0.25, "sigma": 1.0}),
    ],
)
def test_rows_are_the_cpu_s_bit_for_bit(toy, law_id, mode, point):
    toy()
    same(task_of(law_id, mode, **point), [Block(0, 7), Block(7, 5), Block(40, 3)])


def test_neighboring_blocks_are_one_launch_and_distant_ones_are_not(toy):
    cupy = toy()
    computed(task_of("retrieval.linear", "collapsed", **LINEAR), [Block(7, 5), Block(0, 7), Block(40, 3)])
    assert [kernel for kernel, _, _ in cupy.launched] == ["rows", "outputs"] * 2


def test_parts_of_a_large_replicate_are_rows_of_their_own(toy, monkeypatch):
    toy()
    task = task_of("retrieval.linear", "collapsed", **{**LINEAR, "n": (1 << 20) + 2})
    assert task.grouped
    same(task, [Block(GROUPS - 1, 1), Block(GROUPS, 1), Block(3, 1)])


@pytest.mark.parametrize("level", [None, pytest.param(4.0, marks=pytest.mark.slow)])
def test_a_long_replicate_is_shared_out_and_its_rows_are_the_cpu_s_bit_for_bit(toy, monkeypatch, level):
    """With a window that is right, and with one that misses, so that more passes follow."""
    monkeypatch.setattr(task_module, "PART_DRAWS", 1024)
    cupy = toy()
    task = task_of("topk.tail_mass", "window", n=8 * 1024 + 7, kappa=0.02, sigma=2.0)
    if level:
        given = {**task.shape.arguments(**task.parameters), "low": level, "high": level + 1.0}
        task.__dict__["shape"] = replace(task.shape, arguments=lambda **_: given)
    same(task, [Block(5, 1)])
    assert {launch[:2] for launch in cupy.launched} == {("parts", 8)}
    assert (len(cupy.launched) == 1) == (level is None)


def test_a_part_of_a_large_replicate_is_as_many_thread_blocks_as_it_has_pieces(toy):
    cupy = toy(processors=3)
    task = task_of("retrieval.linear", "collapsed", **{**LINEAR, "n": (3 << 24) + 2})
    assert task.pieces == 3
    same(task, [Block(5, 1)])
    assert cupy.launched == [("rows", task.pieces, 0)]
    computed(task_of("retrieval.linear", "collapsed", **LINEAR), [Block(0, 50)])
    assert cupy.launched[1:] == [("rows", 24, 0), ("outputs", 1, 0)]  # eight for each of three multiprocessors


@pytest.mark.slow
def test_thread_blocks_are_as_many_as_the_gpu_holds_and_has_memory_for(toy):
    task = task_of("topk.tail_mass", "literal", n=100, kappa=0.25, sigma=1.0)
    space = 8 * 200
    for free, count, grid in ((1 << 30, 50, 16), (1 << 30, 3, 3), (2 * 5 * space + 8, 50, 5)):
        cupy = toy(free=free, processors=2)
        computed(task, [Block(0, count)])
        assert cupy.launched == [("replicates", grid, 0)]


def test_too_little_memory_is_said_with_its_size(toy):
    toy(free=1000)
    with pytest.raises(MemoryError, match=r"needs 1,600 bytes of workspace; the GPU has 1,000 free"):
        computed(task_of("topk.tail_mass", "literal", n=100, kappa=0.25, sigma=1.0), [Block(0, 1)])


@pytest.mark.slow
def test_several_gpus_share_the_blocks_and_the_result_is_the_same(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(Gpus, "batch_draws", 1)  # every block by itself
    law, experiment = registry.law("retrieval.linear"), registry.experiment("retrieval.linear")
    cupy = toy(gpus=2)
    results = [
        simulate(law, experiment, replicates=500, backend=backend, out=tmp_path / backend, **{**LINEAR, "n": 1000})
        for backend in ("cpu", "cuda")
    ]
    assert results[0]["mean"].item() == results[1]["mean"].item()
    assert results[0]["standard_error"].item() == results[1]["standard_error"].item()
    assert results[0].attrs["task"] == results[1].attrs["task"]
    assert [result.attrs["backend"] for result in results] == ["cpu", "cuda: toy 0, toy 1"]
    assert {number for _, _, number in cupy.launched} == {0, 1}
    assert Gpus().workers == 2


def test_what_is_missing_is_named(toy, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(
        ValueError, match=r"^backend = 'cuda': .*CuPy cannot be imported .*pip install 'attnlaws\[gpu\]'"
    ):
        Gpus()

    def fails(kind):
        def call():
            raise kind("it is not there")

        return call

    cupy = toy()
    cupy.cuda.runtime.getDeviceCount = fails(CUDARuntimeError)
    with pytest.raises(ValueError, match=r"no NVIDIA driver answers \(it is not there\)"):
        Gpus()
    toy(gpus=0)
    with pytest.raises(ValueError, match="the driver knows of no GPU"):
        Gpus()
    cupy = toy()
    cupy.cuda.nvrtc.getVersion = fails(RuntimeError)
    with pytest.raises(ValueError, match=r"NVRTC cannot be loaded \(it is not there\)"):
        Gpus()


def test_a_gpu_is_given_back_after_an_error(toy):
    toy(free=1000)
    gpus = Gpus()
    task = task_of("topk.tail_mass", "literal", n=100, kappa=0.25, sigma=1.0)
    gpus.prepare(task)
    for _ in range(2):  # a second try would wait for ever
        with pytest.raises(MemoryError):
            gpus.rows(task, [Block(0, 1)])
    assert gpu.Gpus.batch_draws > 1 << 23


@pytest.mark.slow
def test_the_benchmark_compares_before_it_times(toy, monkeypatch):
    """Its own steps, at a size that a processor can do; ratios to peers need a GPU."""
    import benchmarks.gpu as bench

    toy()
    monkeypatch.setattr(registry, "ids", lambda: ["topk.tail_mass"])
    every = list(bench.compared_tasks())
    assert len(every) >= 6
    monkeypatch.setattr(bench, "compared_tasks", lambda: every[:1] + every[-1:])  # 256 threads a row take long here
    gpus = Gpus()
    assert bench.equal_bits(gpus) == 4
    sizes = [("topk.tail_mass", "literal", {"n": 64, "kappa": 0.25, "sigma": 1.0})]
    (row,) = bench.rates(gpus, sizes, rows=10, repeats=1)  # in float64, so there is no fast one beside it
    assert (row["normals"], row["arithmetic"]) == (640, "exact")
    assert 0 < row["seconds"] <= row["slowest"]
    assert row["normals_per_second"] == pytest.approx(640 / row["seconds"])
    monkeypatch.setattr(task_module, "PART_DRAWS", 1024)  # of a replicate in parts there is one
    sizes = [("topk.tail_mass", "window", {"n": 4096, "kappa": 0.25, "sigma": 1.0})]
    assert [row["normals"] for row in bench.rates(gpus, sizes, rows=10, repeats=1)] == [4096, 4096]
    monkeypatch.setattr(gpus, "rows", lambda task, blocks: {block: task.compute(block) + 1e-9 for block in blocks})
    with pytest.raises(SystemExit, match="differs from the CPU's"):
        bench.equal_bits(gpus)


def test_the_benchmark_times_fast_arithmetic_only_where_it_is_as_exact_as_stated(toy, monkeypatch):
    import benchmarks.gpu as bench

    toy()
    task = task_of("retrieval.linear", "collapsed", **LINEAR)
    monkeypatch.setattr(bench, "compared_tasks", lambda: iter([("toy", task)]))
    gpus = Gpus()
    assert 1e-3 < bench.fast_error(gpus) < 1
    found = bench.rates(gpus, [("retrieval.linear", "collapsed", LINEAR)], rows=3, repeats=1)
    assert [row["arithmetic"] for row in found] == ["exact", "fast"]
    attributes = gpus.cupy.cuda.Device().attributes
    for row in found:
        turn = bench.INSTRUCTIONS["retrieval.linear", "collapsed", row["arithmetic"]]
        begun = attributes["MultiProcessorCount"] * attributes["ClockRate"] * 1e3
        calls = row["normals_per_second"] / 4
        assert row["of_ceiling"] * begun * 128 == pytest.approx(turn.instructions * calls)
        assert row["of_special"] * begun * 16 == pytest.approx(turn.special * calls)
    twice = [{**row, "normals_per_second": row["normals_per_second"] / part} for row in found for part in (1, 4, 2)]
    assert bench.flatness(twice) == {"exact": 0.25, "fast": 0.25}
    right = gpu.GpuKernel.values
    monkeypatch.setattr(gpu.GpuKernel, "values", lambda *given: right(*given) * (1 + 1e-4))
    with pytest.raises(SystemExit, match=r"^toy: fast arithmetic is off by [45]\.\d+ times what is stated$"):
        bench.fast_error(gpus)


def test_a_verdict_is_of_exact_rows_from_the_backend_asked_for(toy, monkeypatch, tmp_path):
    """What a GPU computes is the CPU's, bit for bit, by the tests above; so is here what stands for it."""
    toy()
    asked = []

    def rows(self, task, blocks):
        asked.append((task.arithmetic, len(blocks)))
        return {block: task.compute(block) for block in blocks}

    monkeypatch.setattr(Gpus, "rows", rows)
    law = registry.law("retrieval.linear")
    law = replace(law, grid=Grid("d_k", ({"n": 33, "d_v": None, "convention": "ratio"},), (32,)))
    verdicts = {name: al.verify(law, profile="quick", backend=name, out=tmp_path / name) for name in ("auto", "cuda")}
    assert {arithmetic for arithmetic, _ in asked} == {"exact"}
    assert verdicts["auto"] == verdicts["cuda"]
    with Store(tmp_path / "auto") as cpu, Store(tmp_path / "cuda") as cuda:
        assert [device for device, *_ in cpu.made(law.id)] == ["cpu"]
        assert [device for device, *_ in cuda.made(law.id)] == ["cuda: toy 0"]


@pytest.mark.parametrize("target", ["retrieval.linear", "retrieval"])
def test_verify_refuses_a_backend_that_does_not_work_here(target, run, out, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    for backend, message in (("gpu", "must be one of auto, cpu, cuda"), ("cuda", "CuPy cannot be imported")):
        code, printed, complaint = run("verify", target, "--quick", "--backend", backend, "--out", out)
        assert (code, printed) == (2, "")
        assert complaint.startswith(f"error: backend = '{backend}': ")
        assert message in complaint
    assert not out.exists()
