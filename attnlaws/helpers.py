"""Helper processes: they leave Ctrl-C to their client, and end when it does, even where it was killed."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any


def helpers(count: int, begin: Callable[..., None] | None = None, *given: Any) -> ProcessPoolExecutor:
    """So many processes at most, each started when there is work for it.

    Args:
        count: of processes.
        begin: called first in each of them.
        given: what it is called with.
    """
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _begin, (begin, given))


def end_with_client() -> None:
    """In a helper: end when the process that started it ends.

    A pool waits for work on a pipe that its helpers hold open themselves, so they would never hear of its end.
    """
    threading.Thread(target=_end_after_client, daemon=True).start()


def _begin(begin: Callable[..., None] | None, given: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_client()
    if begin:
        begin(*given)


def _end_after_client() -> None:
    client = multiprocessing.parent_process()
    assert client is not None
    client.join()
    os._exit(1)
