"""The store: whole after a kill at any instant, never mixing what disagrees, refusing what is not its own."""

import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import time

import numpy as np
import pytest

from attnlaws import registry
from attnlaws.simulations.estimate import estimate
from attnlaws.simulations.run import run
from attnlaws.simulations.simulate import make_task
from attnlaws.simulations.store import Store, StoreError
from attnlaws.simulations.task import Block

POINT = {"n": 65, "d_k": 64, "convention": "ratio"}
REPLICATES = 60_000
IMPORTED = [
    f"attnlaws.{name}"
    for name in ("theory.retrieval.linear", "simulations.retrieval.linear", "simulations.simulate", "simulations.store")
]


def into_store(folder, pipe):
    """In a child: run the task into a store."""
    law, experiment = registry.law("retrieval.linear"), registry.experiment("retrieval.linear")
    task = make_task(law, experiment, law.validate(**POINT), 0, "literal")
    task.prepare()
    pipe.send("ready")
    with Store(folder) as store:
        run(task, REPLICATES, store, batch=2)


@pytest.fixture
def task(make):
    return make("retrieval.linear", **POINT)


@pytest.fixture(scope="module")
def start():
    """Starts a child that runs the task into a store, past its imports: they were made once, in the parent of all."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)

    def started(folder):
        heard, told = context.Pipe(duplex=False)
        child = context.Process(target=into_store, args=(folder, told))
        child.start()
        told.close()  # or the end of a child that failed would not be heard
        assert heard.recv() == "ready"
        return child

    return started


@pytest.mark.slow
def test_a_run_killed_twenty_times_ends_with_the_same_bits(task, tmp_path, memory, start):
    """SIGKILL at random instants; each next child goes on from what the one before left."""
    want = run(task, REPLICATES, memory)
    rng, rounds, kills = random.Random(1), 0, 0
    folder = tmp_path / "killed"
    while kills < 20:
        child = start(folder)
        time.sleep(rng.uniform(0.0, 0.25))
        child.kill()
        child.join()
        kills += 1
        with Store(folder) as store:
            rows = store.rows(task.identity)
            assert all(rows[block].tobytes() == want[block].tobytes() for block in rows)
            assert store.database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        if len(rows) == len(want):
            rounds += 1
            folder = tmp_path / f"killed{rounds}"
    with Store(folder) as store:
        got = estimate(task, run(task, REPLICATES, store), REPLICATES)
    assert got == estimate(task, want, REPLICATES)


def killed_while_writing(database: sqlite3.Connection) -> None:
    """In a child: die inside a transaction that has already changed the file, as a transaction that commits has."""
    database.execute("PRAGMA cache_size = 1")  # so that pages go to the file before the commit
    database.execute("BEGIN IMMEDIATE")
    for table in ("task", "block", "record"):
        database.execute(f"CREATE TABLE IF NOT EXISTS {table} (a, b, c, d, e)")
    for _ in range(20):
        database.execute("INSERT INTO record VALUES ('verdict', 'a.law', 'key', ?, '')", ("x" * 10_000,))
    os.kill(os.getpid(), signal.SIGKILL)


def die_in_a_store(folder):
    killed_while_writing(Store(folder).database)


def die_making_a_store(folder):
    folder.mkdir()
    killed_while_writing(sqlite3.connect(folder / "store.sqlite", isolation_level=None))


def in_a_child(dies, folder):
    child = multiprocessing.get_context("spawn").Process(target=dies, args=(folder,))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert (folder / "store.sqlite-journal").stat().st_size > 0


@pytest.mark.parametrize("header_first", [False, True])
def test_a_write_that_a_kill_left_half_done_is_taken_back(header_first, task, out):
    """The file alone looks damaged or truncated then; with its journal it is whole."""
    with Store(out) as store:
        rows = run(task, 1_000, store)
    path = out / "store.sqlite"
    whole = path.read_bytes()
    in_a_child(die_in_a_store, out)
    data = bytearray(path.read_bytes())
    assert data[: len(whole)] != whole or len(data) > len(whole)
    if header_first:  # the page with the number of pages is written before the pages that it counts
        data[28:32] = (10**6).to_bytes(4, "big")
        path.write_bytes(data)
    with Store(out) as store:
        assert set(store.rows(task.identity)) == set(rows)
        assert store.record("verdict", "a.law") is None
    assert path.read_bytes() == whole


def test_a_store_whose_making_was_killed_is_made_anew(task, out):
    in_a_child(die_making_a_store, out)
    assert (out / "store.sqlite").stat().st_size > 0
    with Store(out) as store:
        rows = run(task, 1_000, store)
    with Store(out) as store:
        assert set(store.rows(task.identity)) == set(rows)


def test_two_processes_share_a_store(task, tmp_path, memory, start):
    children = [start(tmp_path) for _ in range(2)]
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0]
    with Store(tmp_path) as store:
        rows = store.rows(task.identity)
    assert len(rows) == len(list(task.blocks(REPLICATES)))
    assert all(rows[b].tobytes() == row.tobytes() for b, row in run(task, REPLICATES, memory).items())


def test_an_interruption_keeps_finished_blocks(task, out):
    def interrupt(task, rows, total):
        if len(rows) >= 6:
            raise KeyboardInterrupt

    with Store(out) as store:
        with pytest.raises(KeyboardInterrupt):
            run(task, REPLICATES, store, threads=1, batch=2, progress=interrupt)
        assert len(store.rows(task.identity)) >= 6


def test_a_truncated_store_is_refused_and_left_alone(task, out):
    with Store(out) as store:
        run(task, 20_000, store)
    path = out / "store.sqlite"
    data = path.read_bytes()
    for size in (len(data) - 1, len(data) - 4096, len(data) // 2, 90, 50, 1):  # SQLite alone makes 90 bytes whole
        path.write_bytes(data[:size])
        with pytest.raises(StoreError, match="is truncated"):
            Store(out)
        assert path.read_bytes() == data[:size]


def test_another_programs_file_is_refused_and_left_alone(out):
    out.mkdir()
    path = out / "store.sqlite"
    for content in (b"hello, this is a text file", b"\0" * 4096):
        path.write_bytes(content)
        with pytest.raises(StoreError, match="must be a store of attnlaws"):
            Store(out)
        assert path.read_bytes() == content
    path.unlink()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="must be a store of attnlaws"):
        Store(out)
    assert path.read_bytes() == before


def test_a_flipped_bit_is_noticed(task, out):
    with Store(out) as store:
        run(task, 1_000, store)
        row = store.rows(task.identity)[Block(0, task.block_size)].copy()
        row[0] = np.nextafter(row[0], np.inf)
        store.database.execute("UPDATE block SET sums = ? WHERE first = 0", (row.tobytes(),))
        with pytest.raises(StoreError, match=r"block 0 .* is damaged"):
            store.rows(task.identity)


def test_rows_that_disagree_are_refused_and_nothing_is_merged(task, tmp_path):
    rows = {block: task.compute(block) for block in task.blocks(3 * task.block_size)}
    with Store(tmp_path / "a") as a, Store(tmp_path / "b") as b:
        first, second, third = rows
        a.add(task, {first: rows[first]})
        b.add(task, {second: rows[second], third: rows[third]})
        b.add(task, {first: rows[first] + 1})
        before = a.rows(task.identity)
        with pytest.raises(StoreError, match="disagrees"):
            a.merge(b)
        assert set(a.rows(task.identity)) == set(before)
        with pytest.raises(StoreError, match="disagrees"):
            a.add(task, {first: rows[first] + 1})


def test_merging_twice_changes_nothing(task, tmp_path):
    with Store(tmp_path / "a") as a, Store(tmp_path / "b") as b:
        b.add(task, {block: task.compute(block) for block in task.blocks(100)})
        b.add_record("verdict", task.law_id, "key", {"outcome": "SUPPORTED"})
        assert (a.merge(b), a.merge(b)) == (1, 0)
        assert a.record("verdict", task.law_id, "key") == {"outcome": "SUPPORTED"}
        assert a.database.execute("SELECT count(*) FROM record").fetchone() == (1,)


def test_records_keep_their_history_and_the_newest_wins(out):
    with Store(out) as store:
        for value in (1, 2):
            store.add_record("proof", "t.n", "key", {"value": value})
        assert store.record("proof", "t.n") == {"value": 2}
        assert store.record("proof", "t.n", "other") is None
        assert store.database.execute("SELECT count(*) FROM record").fetchone() == (2,)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"out = '.*file/below': must be a folder that can be written"):
        Store(tmp_path / "file" / "below")


def test_a_store_may_move(task, out, tmp_path):
    with Store(out) as store:
        rows = run(task, 1_000, store)
    shutil.move(out, tmp_path / "elsewhere")
    with Store(tmp_path / "elsewhere") as store:
        assert set(store.rows(task.identity)) == set(rows)


def test_a_full_disk_is_named_and_what_was_stored_is_safe(make, tmp_path):
    task = make("topk.tail_mass", "literal", n=16, kappa=0.25, sigma=1.0)
    with Store(tmp_path / "store") as store:
        blocks = list(task.blocks(10**6))[:3]
        rows = {block: task.compute(block) for block in blocks[:1]}
        store.add(task, rows)
        pages = store.database.execute("PRAGMA page_count").fetchone()[0]
        store.database.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match=r"^store = .*: cannot be written \(database or disk is full\)"):
            store.add_record("verdict", task.law_id, "key", {"text": "x" * 10**6})
        store.database.execute("PRAGMA max_page_count = 1073741823")
        store.add(task, {blocks[1]: task.compute(blocks[1])})
        assert set(store.rows(task.identity)) == set(blocks[:2])
