"""On a GPU: the CPU's bits from every law and mode, fast arithmetic near them, memory that says when it is short, and
streams without end.
"""

from dataclasses import replace

import numpy as np
import pytest
from catalog_kernels import catalog

from attnlaws import registry
from attnlaws.estimators import k_eps
from attnlaws.simulations.cuda_source import header_source
from attnlaws.simulations.estimate import difference
from attnlaws.simulations.gpu import OPTIONS, GpuKernel, Gpus
from attnlaws.simulations.simulate import make_task
from attnlaws.simulations.task import GROUPS, Block

pytestmark = pytest.mark.gpu

NORMALS = """
extern "C" __global__ void normals(u32 k0, u32 k1, float* out) {
    const u64 call = blockIdx.x * (u64)blockDim.x + threadIdx.x;
    normal_call(round_keys(k0, k1), call, 5, 6, out + 4 * call);
}
"""


@pytest.fixture(scope="module")
def gpus():
    try:
        return Gpus()
    except ValueError as error:
        pytest.skip(str(error))


def computed(gpus, task, blocks):
    gpus.prepare(task)
    return gpus.rows(task, blocks)


def test_every_law_and_mode_gives_the_cpu_s_bits(gpus):
    for source, task in catalog().items():
        rows = computed(gpus, task, [Block(0, 40), Block(1000, 3)])
        for block, row in rows.items():
            assert np.array_equal(row, task.compute(block)), (task.law_id, task.mode, task.parameters, len(source))


def test_fast_arithmetic_is_off_by_no_more_than_is_stated(gpus):
    """The results of every law and mode in float32."""
    for task in catalog().values():
        if task.shape.precision == "float32":
            fast, want = replace(task, arithmetic="fast", hardware=gpus.hardware), task.values(0, 40)
            gpus.prepare(fast)
            got = GpuKernel(gpus.cupy, fast, gpus.texts[fast.identity]).values(fast, 0, 40)
            assert not np.array_equal(got, want) or np.array_equal(want, want.round())
            assert difference(task, got, want) <= fast.arithmetic_error, (task.law_id, task.mode)


def test_fast_normals_are_the_exact_ones_up_to_the_bound(gpus):
    """A million normals, by the bound of cuda/fast.cuh, which follows from what NVIDIA documents."""
    found = []
    for arithmetic in ("exact", "fast"):
        code = gpus.cupy.RawModule(code=header_source("stream.cuh", arithmetic) + NORMALS, options=OPTIONS)
        out = gpus.cupy.empty((1 << 18, 4), np.float32)
        code.get_function("normals")((1 << 10,), (256,), (np.uint32(1), np.uint32(2), out))
        found.append(gpus.cupy.asnumpy(out).astype(float))
    exact, fast = found
    radius = np.hypot(exact[:, ::2], exact[:, 1::2]).repeat(2, axis=1)
    bound = 1.5e-6 * radius + np.minimum(6e-4, 3.4e-7 / np.maximum(radius, 1e-30))
    assert (np.abs(fast - exact) <= bound).all()
    assert not np.array_equal(exact, fast)


def test_a_result_does_not_depend_on_what_is_computed_beside_it(gpus):
    law = registry.law("topk.tail_mass")
    task = make_task(law, registry.experiment(law.id), law.validate(n=1000, kappa=0.1, sigma=2.0), 0, "literal")
    together = computed(gpus, task, [Block(0, 500), Block(500, 500)])
    alone = computed(gpus, task, [Block(500, 500)])
    assert np.array_equal(together[Block(500, 500)], alone[Block(500, 500)])
    assert np.isfinite(alone[Block(500, 500)]).all()  # the workspace starts as NaN


def test_scratch_that_does_not_fit_is_said_with_its_size(gpus):
    law = registry.law("topk.tail_mass")
    task = make_task(law, registry.experiment(law.id), law.validate(n=10**11, kappa=0.1, sigma=1.0), 0, "literal")
    with pytest.raises(MemoryError, match=r"a replicate needs 1,600,000,000,000 bytes of workspace"):
        computed(gpus, task, [Block(0, 1)])


@pytest.mark.slow
def test_a_part_of_a_memory_of_a_trillion_pairs(gpus):
    """False alarm 2e-9 (6 standard errors); visible: 6 sqrt(2/(items d_k)), below 1e-4."""
    law = registry.law("retrieval.linear")
    point = law.validate(n=10**12, d_k=8, d_v=None, convention="expectation")
    task = make_task(law, registry.experiment(law.id), point, 0, "collapsed")
    assert task.grouped
    row = computed(gpus, task, [Block(17, 1)])[Block(17, 1)]
    norm2, noise2 = row[0], row[task.scalars]
    items = task.items_of_group(17 % GROUPS)
    assert abs(noise2 / (norm2 * items) - 1) < 6 * np.sqrt(2 / items)


def test_the_fewest_keys_of_long_rows_are_numpy_s(gpus):
    """Spread, with ties, and masked; a row of equal keys that lose the share exactly is sorted instead."""
    rng = np.random.default_rng(5)
    normal = rng.normal(size=100_000)
    rows = np.array([normal, np.round(4 * normal), np.where(normal > 0, normal, -np.inf), 0 * normal])
    found = k_eps(gpus.cupy.asarray(rows), gpus.cupy.asarray(np.full(4, 0.25)))
    assert isinstance(found, gpus.cupy.ndarray)
    assert np.array_equal(gpus.cupy.asnumpy(found), k_eps(rows, 0.25))
