"""A result has the same bits whatever made it."""

import random
from dataclasses import replace

import numpy as np
import pytest

from attnlaws.simulations.estimate import combine, estimate
from attnlaws.simulations.run import run
from attnlaws.simulations.store import Store
from attnlaws.simulations.task import BLOCK_DRAWS, GROUPS, Block, Kernel

CASES = {
    "moments": ("retrieval.linear", {"n": 33, "d_k": 24, "convention": "ratio"}, 5_000),
    "values": ("retrieval.linear", {"n": 33, "d_k": 24, "convention": "median"}, 5_000),
    "replicates": ("topk.tail_mass", {"n": 500, "kappa": 0.1, "sigma": 1.5}, 5_000),
    "parts": ("topk.tail_mass", {"mode": "window", "n": 700_001, "kappa": 0.01, "sigma": 2.0}, 5),
    "groups": ("retrieval.linear", {"n": (1 << 20) + 12_345, "d_k": 5, "convention": "geometric"}, 2),
}


@pytest.fixture(params=CASES)
def case(request, make):
    law_id, point, replicates = CASES[request.param]
    return make(law_id, **point), replicates


def bits(result) -> tuple[str, str]:
    return float(result.mean).hex(), float(result.standard_error).hex()


def test_threads_batches_and_order_leave_no_trace(case, memory):
    task, replicates = case
    want = bits(estimate(task, run(task, replicates, memory), replicates))
    for threads, batch in ((1, 1), (2, 7), (2, 1024)):
        fresh = type(memory)()
        assert bits(estimate(task, run(task, replicates, fresh, threads=threads, batch=batch), replicates)) == want
    blocks = list(task.blocks(replicates))
    random.Random(0).shuffle(blocks)
    assert bits(estimate(task, {block: task.compute(block) for block in blocks}, replicates)) == want


def test_shards_merge_to_the_same_bits(case, memory, tmp_path):
    task, replicates = case
    want = bits(estimate(task, run(task, replicates, memory), replicates))
    with Store(tmp_path / "whole") as whole:
        for shard in range(3):
            with Store(tmp_path / str(shard)) as store:
                store.add(task, {b: task.compute(b) for i, b in enumerate(task.blocks(replicates)) if i % 3 == shard})
                whole.merge(store)
        assert bits(estimate(task, whole.rows(task.identity), replicates)) == want


def test_growing_a_run_keeps_its_full_blocks(make, out):
    task = make("retrieval.linear", n=33, d_k=32, convention="ratio")
    size = task.block_size
    assert size == BLOCK_DRAWS // task.draws
    with Store(out) as store:
        run(task, size + 10, store)
        before = store.rows(task.identity)
        run(task, 2 * size + 10, store)
        after = store.rows(task.identity)
    assert set(before) == {Block(0, size), Block(size, 10)}
    assert set(after) == {Block(0, size), Block(size, size), Block(2 * size, 10)}
    assert after[Block(0, size)].tobytes() == before[Block(0, size)].tobytes()


def test_groups_of_a_replicate_are_a_partition_of_its_items(make):
    task = make("retrieval.linear", n=(1 << 20) + 12_345, d_k=5, convention="geometric")
    assert task.grouped
    sizes = [task.items_of_group(g) for g in range(GROUPS)]
    assert sum(sizes) == task.items
    assert min(sizes) > 0


def test_a_group_is_the_sum_of_its_pieces_from_first_to_last(make):
    """Added up anew here, in Python; and a sum over the whole group, in another order, says that no item is missing."""
    task = make("retrieval.linear", n=(1 << 21) + 12_345, d_k=32, d_v=3, convention="ratio")
    assert task.grouped
    assert task.pieces == 4
    group, kernel = GROUPS + 5, Kernel.of(task)
    pieces = [kernel.raw(group * 4 + piece, 1, GROUPS * 4)[0] for piece in range(4)]
    shared, rest = pieces[0][: task.scalars], [piece[task.scalars :] for piece in pieces]
    assert all((piece[: task.scalars] == shared).all() for piece in pieces)
    total = [((a + b) + c) + d for a, b, c, d in zip(*rest, strict=True)]
    assert task.compute(Block(group, 1)).tolist() == [*shared, *total]
    np.testing.assert_allclose(kernel.raw(group, 1, GROUPS)[0], task.compute(Block(group, 1)), rtol=1e-9)


def test_pieces_are_many_in_a_large_group_and_one_in_a_small_one(make):
    """As many as keep a GPU busy: 132 multiprocessors hold up to 8 thread blocks each."""
    point = {"d_k": 64, "convention": "expectation"}
    small, large, huge = (make("retrieval.linear", n=n, **point).pieces for n in (1 << 20, 1 << 24, 10**12))
    assert small == 4
    assert large * GROUPS > 3 * 132 * 8
    assert huge > 3 * 132 * 8  # a group by itself
    assert make("retrieval.linear", "collapsed", n=1 << 20, **point).pieces == 1
    assert make("retrieval.linear", "collapsed", n=10**12, **point).pieces == huge


def test_the_identity_changes_with_everything_that_changes_a_bit(make):
    base = make("retrieval.linear", n=33, d_k=24, convention="ratio")
    others = [
        make("retrieval.linear", n=34, d_k=24, convention="ratio"),
        make("retrieval.linear", n=33, d_k=24, convention="ratio", seed=1),
        make("retrieval.linear", "collapsed", n=33, d_k=24, convention="ratio"),
        make("retrieval.linear", n=33, d_k=24, convention="expectation"),
        replace(base, law_source=base.law_source + " "),
    ]
    assert len({task.identity for task in (base, *others)}) == 1 + len(others)
    assert make("retrieval.linear", n=33.0, d_k=24, convention="ratio").identity == base.identity


def test_rungs_of_a_ladder_do_not_share_their_numbers(make):
    """Without the parameters in the stream's label neighboring rungs correlate at 0.7.

    False alarm: 1e-9 (|r| sqrt(R) beyond 6.1); visible: a correlation of 0.14.
    """
    replicates = 2_000
    values = [make("topk.tail_mass", n=n, kappa=0.1, sigma=1.0).values(0, replicates)[:, 0] for n in (512, 1024)]
    assert abs(np.corrcoef(*values)[0, 1]) < 6.1 / np.sqrt(replicates)


def test_a_lost_block_is_noticed(case, memory):
    task, replicates = case
    rows = dict(run(task, replicates, memory))
    rows.pop(next(iter(rows)))
    with pytest.raises(ValueError, match=r"1 of \d+ blocks are missing"):
        estimate(task, rows, replicates)


def test_blocks_draw_different_numbers_and_each_the_same_again(make):
    """That a repeated stream shows in the error bars is tested in test_estimate.py."""
    task = make("topk.tail_mass", n=500, kappa=0.1, sigma=1.5)
    blocks = list(task.blocks(3 * task.block_size))
    rows = [task.compute(block).tobytes() for block in blocks]
    assert len(set(rows)) == len(rows)
    assert task.compute(blocks[0]).tobytes() == rows[0]


def test_float32_sums_would_be_noticed(make):
    """A wrong engine: sums in float32. At a million items they are off by far more than float64 sums are."""
    from attnlaws.simulations.draws import drawn

    task = make("retrieval.linear", "collapsed", n=1_000_001, d_k=8, convention="ratio")
    draws = drawn(task, 0)
    value = task.values(0, 1)[0, task.outputs.index("noise")]
    exact = float(np.sum(draws["query"].astype(float) ** 2) * np.sum(draws["score"].astype(float) ** 2))
    wrong = float(np.sum(draws["query"].astype(float) ** 2)) * float(np.add.accumulate(draws["score"] ** 2)[-1])
    assert abs(value / exact - 1) < 1e-7
    assert abs(wrong / exact - 1) > 1e-6


def test_partial_rows_estimate_from_whole_replicates_only(make, memory):
    task = make("retrieval.linear", n=(1 << 20) + 12_345, d_k=5, convention="geometric")
    rows = dict(run(task, 1, memory))
    more = {**rows, Block(GROUPS, 1): task.compute(Block(GROUPS, 1))}
    assert combine(task, more).replicates == 1
    with pytest.raises(ValueError, match="at least one whole replicate"):
        combine(task, {Block(GROUPS, 1): more[Block(GROUPS, 1)]})
