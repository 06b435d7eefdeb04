"""Laws judged side by side: what befalls one worker, or one law, costs no other law what it has."""

import os
import signal
import struct
from concurrent.futures import Future

import pytest

from attnlaws import referee
from attnlaws.simulations.exits import told
from attnlaws.simulations.verdict import Outcome

OPTIONS = {"out": "", "seed": 0, "threads": 1, "backend": "auto", "scheduler": None, "seconds": None}
PATIENCE_SECONDS = 60


def die_in_the_middle_of_a_message(*_: object) -> None:
    """In a worker: what is announced is longer than what is sent."""
    with referee._turn:
        os.write(referee._channel.fileno(), struct.pack("!i", 10**6) + b"the first bytes")
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def impatient():
    """A test that hangs fails, and so does each thing that hangs while it is given up."""

    def give_up(*_):
        pytest.fail(f"no end after {PATIENCE_SECONDS} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_SECONDS, 1.0)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    signal.signal(signal.SIGALRM, before)


def test_a_worker_killed_in_the_middle_of_a_message_ends_the_run(out, impatient, monkeypatch):
    """Its client must not wait for the rest of it, nor the other worker for its turn."""
    monkeypatch.setattr(referee, "_judge", die_in_the_middle_of_a_message)
    with pytest.raises(MemoryError, match="a worker process was killed; finished blocks are kept, run it again"):
        referee.judged_apart(["topk.k_eps", "topk.tail_mass"], "quick", OPTIONS | {"out": out, "threads": 2}, None)


@pytest.fixture
def hears_ctrl_c():
    """A shell starts what runs in the background deaf to Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_waits_until_a_message_is_read_and_stored(hears_ctrl_c):
    """Otherwise the rest of the message would be taken for the next one."""
    stored = []

    class Channel:
        def poll(self):
            return not stored

        def recv(self):
            signal.raise_signal(signal.SIGINT)
            return "record", ("proof", "a.law", "key", {})

    class Store:
        def add_record(self, *content):
            stored.append(content)

    future: Future = Future()
    future.set_result(None)
    with pytest.raises(KeyboardInterrupt):
        list(referee._collected({future}, Channel(), Store()))
    assert stored == [("proof", "a.law", "key", {})]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.slow
def test_a_law_that_fails_costs_no_other_law_its_verdict(out):
    ids = ["retrieval.load_as_mean", "retrieval.nothing"]
    answers, failed = referee.judged_apart(ids, "quick", OPTIONS | {"out": out}, None)
    assert [(verdict.law, verdict.outcome) for (verdict, _), _ in answers] == [(ids[0], Outcome.REFUTED)]
    assert list(failed) == ids[1:] and "retrieval.nothing" in failed[ids[1]]


def test_laws_that_fail_are_named_and_each_reason_is_told_once(run, monkeypatch):
    failed = {"topk.k_eps": "no space", "topk.tail_mass": "no space"}
    monkeypatch.setattr(referee, "judged_apart", lambda *_: ([], failed))
    assert run("verify", "topk", "--quick") == (2, "", "error: not judged: topk.k_eps, topk.tail_mass\nno space\n")


def test_where_the_code_of_a_law_is_at_fault_is_told():
    def broken():
        raise ZeroDivisionError("no such number")

    with pytest.raises(ZeroDivisionError) as caught:
        broken()
    assert "in broken" in told(caught.value) and "no such number" in told(caught.value)


@pytest.mark.parametrize(("error", "words"), [
    (ValueError("n = 0: must be positive"), "n = 0: must be positive"),
    (OverflowError("an output of replicate 7 is beyond"), "an output of replicate 7 is beyond"),
    (MemoryError("8 GB"), "not enough memory (8 GB)"),
])  # fmt: skip
def test_what_is_meant_for_users_is_told_without_a_traceback(error, words):
    assert told(error) == words
