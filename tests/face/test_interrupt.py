"""Ctrl-C keeps what is finished and names the command that continues, which ends as if never stopped."""

import json
import os
import shlex
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

LONG = [
    "simulate",
    "topk.tail_mass",
    "--n",
    "2000",
    "--kappa",
    "0.1",
    "--sigma",
    "1",
    "--replicates",
    "100000",
    "--json",
]
LONG_BLOCKS = -(-100_000 // (2**20 // 2000))
PATIENCE_SECONDS = 120
SEVERAL = ["topk.tail_mass", "topk.k_eps", "retrieval.linear_sphere", "retrieval.load_as_mean"]
"""Laws that are judged soon: what is tested does not depend on how many there are."""


def start(folder, arguments):
    """The program in a session of its own, as a terminal would start it."""
    return subprocess.Popen(
        ["attnlaws", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell starts what runs in the background deaf to Ctrl-C, and so would be all that a test starts there.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def blocks(store) -> int:
    if not store.exists():
        return 0
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=60)) as database:
        try:
            return database.execute("SELECT count(*) FROM block").fetchone()[0]
        except sqlite3.OperationalError:  # made, but without its tables yet
            return 0


def interrupted(folder, arguments, at_least):
    """Run a command until some blocks are stored, then press Ctrl-C: exit code, output, errors."""
    child, deadline = start(folder, arguments), time.monotonic() + PATIENCE_SECONDS
    while blocks(folder / "my store" / "store.sqlite") < at_least:
        assert child.poll() is None, child.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(child.pid, signal.SIGINT)
    printed, errors = child.communicate(timeout=PATIENCE_SECONDS)
    deadline = time.monotonic() + 10
    while alive(child.pid) and time.monotonic() < deadline:  # multiprocessing's tracker may be a moment behind
        time.sleep(0.05)
    assert not alive(child.pid), "a process was left running"
    return child.returncode, printed, errors


def alive(group) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def continuing(errors) -> list[str]:
    """The command that the message names."""
    head, command = errors.strip().split("\n")
    assert head == "Interrupted; finished blocks are kept. Continue with:"
    return shlex.split(command)


def sound(store) -> bool:
    with closing(sqlite3.connect(store)) as database:
        return database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.slow
def test_an_interrupted_simulation_goes_on_where_it_stopped(tmp_path, on_path):
    store = tmp_path / "my store" / "store.sqlite"
    arguments = [*LONG, "--out", "my store"]
    code, printed, errors = interrupted(tmp_path, arguments, 3)
    assert (code, printed) == (130, "")
    assert sound(store)
    kept = blocks(store)
    assert 3 <= kept < LONG_BLOCKS
    command = continuing(errors)
    assert command == ["attnlaws", *arguments]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    whole = subprocess.run(["attnlaws", *LONG], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(ended.stdout) == json.loads(whole.stdout)
    assert blocks(store) == LONG_BLOCKS


@pytest.mark.slow
def test_interrupted_verifications_side_by_side_go_on_where_they_stopped(tmp_path, judged_once, on_path):
    """Two worker processes; proofs are there, so that blocks come soon."""
    folder = tmp_path / "my store"
    folder.mkdir()
    with closing(sqlite3.connect(judged_once / "store.sqlite")) as there:
        there.execute("VACUUM INTO ?", (str(folder / "store.sqlite"),))
    with closing(sqlite3.connect(folder / "store.sqlite")) as here:
        here.execute("DELETE FROM block")
        here.execute("DELETE FROM record WHERE kind = 'verdict'")
        here.commit()
    arguments = ["verify", *SEVERAL, "--quick", "--threads", "2", "--json", "--out", "my store"]
    code, printed, errors = interrupted(tmp_path, arguments, 5)
    assert (code, printed) == (130, "")
    assert sound(folder / "store.sqlite")
    kept = blocks(folder / "store.sqlite")
    command = continuing(errors)
    assert command == ["attnlaws", *arguments]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert all(law["as_expected"] for law in json.loads(ended.stdout)["laws"])
    assert blocks(folder / "store.sqlite") > kept
    # The law that was judged without interruption has the same numbers.
    with closing(sqlite3.connect(judged_once / "store.sqlite")) as there:
        (body,) = there.execute("SELECT body FROM record WHERE kind = 'verdict'").fetchone()
    again = next(law for law in json.loads(ended.stdout)["laws"] if law["law"] == "topk.tail_mass")
    assert again["points"] == json.loads(body)["points"]


@pytest.mark.slow
def test_an_interruption_before_anything_is_running_leaves_nothing_behind(tmp_path, on_path):
    child = start(tmp_path, ["verify", *SEVERAL, "--quick", "--out", "my store"])
    store = tmp_path / "my store" / "store.sqlite"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not store.exists():
        assert time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(0.3)  # the workers are importing
    os.killpg(child.pid, signal.SIGINT)
    _, errors = child.communicate(timeout=PATIENCE_SECONDS)
    assert child.returncode == 130
    assert f"Continue with:\n  attnlaws verify {' '.join(SEVERAL)} --quick --out 'my store'\n" in errors
    assert sound(store)


@pytest.mark.slow
def test_a_killed_worker_ends_the_run_with_a_message_and_keeps_what_is_finished(tmp_path, on_path):
    """As the system kills a process when memory runs out."""
    child = start(tmp_path, ["verify", *SEVERAL, "--quick", "--threads", "2", "--out", "my store"])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (workers := [pid for pid in children(child.pid) if b"spawn_main" in command_line(pid)]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1.0)
    os.kill(workers[0], signal.SIGKILL)
    _, errors = child.communicate(timeout=PATIENCE_SECONDS)
    assert child.returncode == 2
    assert "a worker process was killed; finished blocks are kept, run it again" in errors
    assert "Traceback" not in errors
    assert sound(tmp_path / "my store" / "store.sqlite")


@pytest.mark.slow
def test_workers_end_when_their_client_is_killed(tmp_path, on_path):
    """Only the client, as when memory runs out; nobody is left who could tell them."""
    child = start(tmp_path, ["verify", *SEVERAL, "--quick", "--threads", "2", "--out", "my store"])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(workers := [pid for pid in children(child.pid) if b"spawn_main" in command_line(pid)]) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1.0)
    child.kill()
    child.communicate(timeout=PATIENCE_SECONDS)
    while any(b"spawn_main" in command_line(pid) for pid in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def children(pid) -> list[int]:
    """Processes started by a process, as Linux tells."""
    return [
        int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()
    ]


def command_line(pid) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
