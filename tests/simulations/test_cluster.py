"""Blocks on a Dask cluster have the bits of a run in one process, whatever happens to workers and to the client."""

import math
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import replace
from threading import Event

import pytest
from distributed import Client, LocalCluster

from attnlaws import referee, registry
from attnlaws.simulations import cluster as module
from attnlaws.simulations.cluster import Cluster
from attnlaws.simulations.profile import QUICK
from attnlaws.simulations.run import Cpu, in_threads, run
from attnlaws.simulations.simulate import simulate
from attnlaws.simulations.store import Store
from attnlaws.simulations.task import Block
from attnlaws.simulations.verify import verify

POINT = {"n": 500, "kappa": 0.1, "sigma": 1.5}
PATIENCE_SECONDS = 120
CASES = {
    "values": ("retrieval.linear", {"n": 33, "d_k": 24, "convention": "median"}, 5_000),
    "moments": ("topk.tail_mass", POINT, 5_000),
    "groups": ("retrieval.linear", {"n": (1 << 20) + 12_345, "d_k": 5, "convention": "geometric"}, 1),
}


@pytest.fixture(scope="module")
def there():
    """Two worker processes on this machine, which no other machine can reach."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as started:
        yield started


@pytest.fixture
def dask(there):
    """A connection of the test's own, to look at the cluster."""
    with Client(there.scheduler_address, set_as_default=False) as client:
        yield client


@pytest.fixture
def backend(there):
    with closing(Cluster(there.scheduler_address)) as opened:
        yield opened


def bits(rows) -> dict[Block, bytes]:
    return {block: row.tobytes() for block, row in rows.items()}


def stored(folder) -> int:
    """Rows in a store's file, which may be being written, or not be there yet."""
    if not (folder / "store.sqlite").exists():
        return 0
    with closing(sqlite3.connect(f"file:{folder / 'store.sqlite'}?mode=ro", uri=True, timeout=60)) as database:
        try:
            return database.execute("SELECT count(*) FROM block").fetchone()[0]
        except sqlite3.OperationalError:  # made, but without its tables yet
            return 0


def until(condition, seconds=PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# --- bits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_rows_have_the_bits_of_a_single_process(case, make, backend, memory):
    law_id, point, replicates = CASES[case]
    task = make(law_id, **point)
    far = run(task, replicates, memory, backend=backend, batch=7)
    assert bits(far) == {block: task.compute(block).tobytes() for block in task.blocks(replicates)}
    assert bits(memory.rows(task.identity)) == bits(far)


def test_a_simulation_says_where_it_was_made_and_is_the_same(there, out):
    law, experiment = registry.law("topk.tail_mass"), registry.simulation("topk.tail_mass")
    options = {"replicates": 3_000, "kappa": [0.1, 0.2], "n": 500, "sigma": 1.0}
    far = simulate(law, experiment, scheduler=there.scheduler_address, out=out / "far", **options)
    near = simulate(law, experiment, threads=1, out=out / "near", **options)
    assert far.equals(near)
    assert (far.attrs.pop("backend"), near.attrs.pop("backend")) == ("cpu, through Dask", "cpu")
    assert far.attrs == near.attrs


def test_a_law_judged_beside_others_has_the_same_verdict(there, memory, monkeypatch):
    """As in a process of ``verify --all``: theory here, blocks there, rows and records over the channel."""
    law_id, sent = "retrieval.load_as_mean", []
    monkeypatch.setattr(referee, "_hand_over", lambda *message: sent.append(message))
    monkeypatch.setattr(referee, "_stopped", Event())
    contents = {"rows": {}, "records": {}}
    limits = {"seconds": math.inf, "memory": math.inf}
    (far, _), drawn = referee._judge(law_id, "quick", 0, "auto", there.scheduler_address, contents, limits, None)
    assert drawn is None
    near = verify(registry.law(law_id), registry.experiment(law_id), memory, profile=QUICK, threads=1)
    assert far.as_dict() == near.as_dict()
    assert {content[2] for kind, *content in sent if kind == "rows"} == {"cpu, through Dask"}


# --- what may happen ------------------------------------------------------------------------------------------------


def test_a_worker_that_is_killed_leaves_no_trace(make, backend, dask, out):
    task, killed = make("topk.tail_mass", **POINT), []
    replicates = 40 * task.block_size

    def kill_a_busy_one(*_: object) -> None:
        busy = [worker for worker, keys in dask.processing().items() if keys]
        if busy and not killed:
            killed.append(dask.run(os.getpid, workers=busy[:1])[busy[0]])
            os.kill(killed[0], signal.SIGKILL)

    with Store(out) as store:
        rows = run(task, replicates, store, backend=backend, batch=1, progress=kill_a_busy_one)
    assert killed
    assert killed[0] not in dask.run(os.getpid).values()
    assert bits(rows) == bits({block: task.compute(block) for block in task.blocks(replicates)})
    assert stored(out) == 40


def test_ctrl_c_keeps_what_is_finished_and_takes_back_the_rest(make, backend, there, out, monkeypatch):
    """What is handed over would take both workers much longer than it may take to be gone."""
    monkeypatch.setattr(backend, "workers", 500)
    task = make("topk.tail_mass", **POINT)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background may ignore it

    def interrupt(_: object, rows: object, total: int) -> None:
        if rows:
            signal.raise_signal(signal.SIGINT)

    try:
        with Store(out) as store:
            with pytest.raises(KeyboardInterrupt):
                run(task, 20_000 * task.block_size, store, backend=backend, batch=20, progress=interrupt)
            kept = store.rows(task.identity)
    finally:
        signal.signal(signal.SIGINT, before)
    assert kept
    assert bits(kept) == bits({block: task.compute(block) for block in kept})
    until(lambda: not there.scheduler.tasks, 30)


ENDLESS = """
import sys
from attnlaws.cli import main
from attnlaws.simulations.cluster import Cluster

Cluster.batch_draws = 1 << 22
main(sys.argv[1:])
"""


def test_a_run_goes_on_where_a_killed_client_left_it(make, backend, there, out):
    """The client is killed in a run that would take minutes, so that it cannot be over before."""
    point = [f"--{name}={value}" for name, value in POINT.items()]
    options = ["--replicates=3000000", f"--scheduler={there.scheduler_address}", f"--out={out}"]
    client = subprocess.Popen([sys.executable, "-c", ENDLESS, "simulate", "topk.tail_mass", *point, *options])
    try:
        until(lambda: stored(out) >= 4 or client.poll() is not None)
        assert client.poll() is None
    finally:
        client.kill()
        client.wait()
    until(lambda: not there.scheduler.tasks)
    task = make("topk.tail_mass", **POINT)
    with Store(out) as store:
        before = store.rows(task.identity)
        wanted = list(task.blocks((len(before) + 8) * task.block_size))
        rows = run(task, len(wanted) * task.block_size, store, backend=backend)
        after = store.rows(task.identity)
    assert set(after) == {*before, *wanted}
    assert bits(rows) == bits({block: task.compute(block) for block in wanted})


def test_a_run_without_workers_can_be_ended(make, memory):
    """Nothing is ever finished there; who watches the progress is asked all the same."""

    class Nobody(Cpu):
        def submitting(self, task):
            @contextmanager
            def forgetting():
                yield lambda blocks: Future()

            return forgetting()

    def end(*_: object) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        run(make("topk.tail_mass", **POINT), 10, memory, backend=Nobody(1), progress=end)


# --- batches --------------------------------------------------------------------------------------------------------


def test_the_rest_of_an_unfinished_batch_is_handed_over_in_pieces_of_what_was_finished(make, memory):
    asked = []

    class Slow(Cpu):
        """Finishes three blocks at a time."""

        def submitting(self, task):
            def rows(blocks, _):
                asked.append(len(blocks))
                return {block: task.compute(block) for block in blocks[:3]}

            return in_threads(1, rows)

    task = make("topk.tail_mass", **POINT)
    rows = run(task, 11 * task.block_size, memory, backend=Slow(1), batch=11)
    assert asked == [11, 3, 3, 2]
    assert list(rows) == list(task.blocks(11 * task.block_size))


def test_a_worker_stops_when_the_time_is_over_but_not_before_the_first_block(make, monkeypatch):
    task = make("topk.tail_mass", **POINT)
    parcel, blocks = module.packed(task), list(task.blocks(5 * task.block_size))
    ticks = iter([0.0, 0.3, 0.6, 0.9])
    monkeypatch.setattr(module, "monotonic", lambda: next(ticks))
    assert list(module.computed(parcel, [(block.first, block.count) for block in blocks])) == blocks[:2]


# --- what is refused ------------------------------------------------------------------------------------------------


def test_a_worker_with_another_engine_is_refused(make, backend, memory, monkeypatch):
    task, engine = make("topk.tail_mass", **POINT), module.engine_hash()
    monkeypatch.setattr(module, "engine_hash", lambda: "0123456789abcdef0123")
    with pytest.raises(ValueError, match=r"worker tcp://127.0.0.1:\d+: must compute with what the client has") as error:
        run(task, 10, memory, backend=backend)
    wanted, found = str(error.value).split("and has")
    assert "engine 0123456789abcdef," in wanted
    assert f"engine {engine[:16]}," in found
    assert not memory.kept


def test_a_worker_whose_files_have_changed_is_refused(make, backend, dask, memory):
    """What it has in memory is then no longer what the files say, and what the client may have read from them."""

    def touch(changed):
        from attnlaws.simulations import cluster

        cluster._unpacked.cache_clear()
        cluster._files = (lambda: frozenset({("a", 1)})) if changed else cluster._files_when_loaded

    task = make("topk.tail_mass", **POINT)
    run(task, 10, memory, backend=backend)
    memory.forget()
    dask.run(touch, True)
    try:
        with pytest.raises(ValueError, match="has files that have changed since it was started"):
            run(task, 10, memory, backend=backend)
    finally:
        dask.run(touch, False)


def test_an_experiment_of_the_reader_s_own_is_refused_before_anything_travels(make, backend, memory):
    task = make("topk.tail_mass", **POINT)
    own = replace(task, experiment=replace(task.experiment))
    with pytest.raises(ValueError, match=r"^experiment of topk.tail_mass: must be one of the catalog"):
        run(own, 10, memory, backend=backend)
    claimed = replace(task, law_id="my.law", law_source="claimed")  # the law's own text matters to the client alone
    assert bits(run(claimed, 10, memory, backend=backend)) == bits({Block(0, 10): claimed.compute(Block(0, 10))})


def test_a_worker_that_cannot_load_the_package_says_so(make, backend, memory, monkeypatch):
    monkeypatch.setattr(module, "__name__", "attnlaws.simulations.not_there")
    with pytest.raises(ValueError, match=r"must have workers on which attnlaws .* is installed; one says: No module"):
        run(make("topk.tail_mass", **POINT), 10, memory, backend=backend)


@pytest.fixture
def told(run, out):
    """Simulate with some flags: exit code and what is said."""

    def call(*flags: str) -> tuple[int, str]:
        point = [f"--{name}={value}" for name, value in POINT.items()]
        code, printed, errors = run("simulate", "topk.tail_mass", *point, f"--out={out}", *flags)
        assert not printed
        return code, errors

    return call


def test_without_dask_the_extra_is_named(told, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, errors = told("--scheduler=tcp://127.0.0.1:8786")
    assert code == 2
    assert "Dask cannot be imported" in errors
    assert errors.endswith("pip install 'attnlaws[cluster]'\n")


@pytest.mark.parametrize("address", ["", "local", "tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:x", "http://a.b:1"])
def test_what_is_no_address_is_refused(told, address):
    code, errors = told(f"--scheduler={address}")
    assert code == 2
    assert errors.startswith(f"error: scheduler = {address!r}: must be the address of a Dask scheduler")


@pytest.mark.parametrize("listening", [True, False])
def test_an_address_where_no_scheduler_answers_is_refused(told, listening, monkeypatch):
    monkeypatch.setattr(module, "CONNECT_SECONDS", 0.5)
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        if not listening:
            server.close()
        code, errors = told(f"--scheduler=tcp://127.0.0.1:{port}")
    assert code == 2
    assert "must be the address of a Dask scheduler" in errors
    assert "nobody answers there" in errors


@pytest.mark.parametrize("flag", ["--backend=cuda", "--threads=2"])
def test_what_a_scheduler_leaves_to_its_workers_is_refused(told, flag):
    code, errors = told("--scheduler=tcp://127.0.0.1:8786", flag)
    assert code == 2
    assert "with a scheduler, whose workers" in errors
