"""The ``verify`` command: one law in this process, many laws in one process per core."""

import argparse
import json
import multiprocessing
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from attnlaws import registry
from attnlaws.catalog import figure_of, judged, picture_folder, profile_named
from attnlaws.console import progress_bar, show_points, show_verdict, verdict_table
from attnlaws.figures.style import save
from attnlaws.simulations.exits import AS_EXPECTED, CONTRADICTED
from attnlaws.simulations.run import cores
from attnlaws.simulations.simulate import backend_named, whole
from attnlaws.simulations.store import Store, describe
from attnlaws.simulations.task import Block, Task
from attnlaws.simulations.verdict import Verdict
from attnlaws.simulations.verify import verify

POLL_SECONDS = 0.05

Timed = tuple[Verdict, float]


def verify_command(arguments: argparse.Namespace) -> int:
    """Judge what was asked for, print it, and say by the exit code whether it is as expected."""
    profile = arguments.profile or "normal"
    threads = None if arguments.threads is None else whole("threads", arguments.threads, 1)
    options = {"out": arguments.out, "seed": whole("seed", arguments.seed, 0), "threads": threads}
    options |= {"backend": arguments.backend, "scheduler": arguments.scheduler}
    targets: Sequence[str] = arguments.targets
    single: tuple[Any, Any] | None = None
    ids: list[str] = []
    if files := [target for target in targets if target.endswith(".py") or Path(target).is_file()]:
        if len(targets) > 1:
            raise ValueError(f"FILE = {files[0]!r}: must be judged alone, here are {len(targets)} targets")
        single = registry.load_file(files[0])
    elif len(targets) == 1 and "." in targets[0]:
        single = registry.law(targets[0]), None
    else:
        ids = registry.ids() if arguments.all else _ids_of(targets)
    if arguments.draw:
        picture_folder("draw", arguments.draw)
    results = [_judged_here(*single, profile, options)] if single else judged_apart(ids, profile, options)
    if arguments.draw:
        _draw([verdict for verdict, _ in results], arguments.draw)
    _report(results, arguments.json)
    return AS_EXPECTED if all(verdict.as_expected for verdict, _ in results) else CONTRADICTED


def _draw(verdicts: Sequence[Verdict], folder: str) -> None:
    """Draw the laws of the catalog among those judged; where the pictures lie goes to standard error."""
    for verdict in verdicts:
        if verdict.law in registry.ids():
            path = save(figure_of(registry.law(verdict.law), verdict), Path(folder) / f"{verdict.law}.svg")
            print(f"drew {path}", file=sys.stderr)


def _ids_of(targets: Sequence[str]) -> list[str]:
    """Laws, and those of topics, each once; a word that is neither is answered with the nearest laws."""
    topics = {law_id.split(".")[0] for law_id in registry.ids()}
    found: dict[str, None] = {}
    for target in targets:
        if target not in topics:
            registry.path_of(target)
        found |= dict.fromkeys(registry.ids(target) if target in topics else [target])
    return list(found)


def _timed(action: Callable[[], Verdict]) -> Timed:
    start = time.monotonic()
    return action(), time.monotonic() - start


def _judged_here(law: Any, experiment: Any, profile: str, options: Mapping[str, Any]) -> Timed:
    with progress_bar() as progress:
        return _timed(lambda: judged(law, experiment, profile=profile, progress=progress, **options))


def _report(results: Sequence[Timed], as_json: bool) -> None:
    if as_json:
        records = [verdict.as_dict() | {"seconds": round(seconds, 3)} for verdict, seconds in results]
        print(json.dumps(records[0] if len(records) == 1 else {"laws": records}))
        return
    if len(results) == 1:
        show_points(results[0][0])
    for verdict, _ in results:
        show_verdict(verdict)
        print()
    if len(results) > 1:
        verdict_table(list(results))


# --- many laws ------------------------------------------------------------------------------------------------------
# Workers never open the store: they get the rows that are there, and hand new ones over as they come.

_channel: Any = None
_stopped: Any = None


def judged_apart(ids: Sequence[str], profile: str, options: Mapping[str, Any]) -> list[Timed]:
    """Judge laws side by side, one process a core, so that compilation is parallel too.

    Raises:
        KeyboardInterrupt: after Ctrl-C, once what the workers had finished is stored.
    """
    profile_named(profile)
    with backend_named(options["backend"], options["threads"], scheduler=options["scheduler"]):
        pass  # refused here, before any process is started
    context = multiprocessing.get_context("spawn")
    channel, stopped = context.SimpleQueue(), context.Event()
    workers = min(options["threads"] or cores(), len(ids))
    results: dict[str, Timed] = {}
    with (
        Store(options["out"]) as store,
        _laws_bar(len(ids)) as tick,
        ProcessPoolExecutor(workers, context, _begin, (channel, stopped)) as pool,
    ):
        contents = {law_id: store.contents(law_id) for law_id in ids}
        futures: dict[Future[Timed], str] = {}
        try:
            with _uninterrupted():
                for law_id in ids:
                    where = options["backend"], options["scheduler"]
                    given = profile, options["seed"], *where, contents[law_id]
                    futures[pool.submit(_judge, law_id, *given)] = law_id
            for future in _collected(set(futures), channel, store):
                results[futures[future]] = future.result()
                tick(futures[future])
        except BaseException as error:
            stopped.set()
            # Cancelled one by one: the pool's own way leaves futures that nobody is told are done.
            for _ in _collected({future for future in futures if not future.cancel()}, channel, store):
                pass  # what was on its way is stored; how the laws ended no longer matters
            if isinstance(error, BrokenProcessPool):
                raise MemoryError("a worker process was killed; finished blocks are kept, run it again") from error
            raise
    return [results[law_id] for law_id in ids]


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back while workers are started: they inherit the hold, and the client hears of it afterwards.

    A worker that is hit while it starts would die, and take the pool with it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _collected(running: "set[Future[Timed]]", channel: Any, store: Store) -> "Iterator[Future[Timed]]":
    """Store what workers send, and give each law's future once it is done and all that it sent is stored."""
    while running:
        done, running = wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        # A worker's message is on the channel before its law is done, so one look after that finds them all.
        while not channel.empty():
            kind, content = channel.get()
            if kind == "rows":
                store.add_foreign(*content)
            else:
                store.add_record(*content)
        yield from done


def _begin(channel: Any, stopped: Any) -> None:
    """A worker leaves Ctrl-C to the client, which tells it to stop."""
    global _channel, _stopped
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _channel, _stopped = channel, stopped


class _Stopped(Exception):  # noqa: N818  (not an error: the client asked)
    """The client was interrupted."""


class _Remote:
    """A store as a worker sees it: what was there at the start, and a way to hand over what is new."""

    def __init__(self, contents: Mapping[str, Any]) -> None:
        self.contents = contents

    def rows(self, identity: str) -> dict[Block, np.ndarray]:
        _go_on()
        return dict(self.contents["rows"].get(identity, {}))

    def add(self, task: Task, rows: Mapping[Block, np.ndarray], device: str = "cpu") -> None:
        self.contents["rows"].setdefault(task.identity, {}).update(rows)
        _channel.put(("rows", (describe(task), dict(rows), device)))

    def record(self, kind: str, law: str, key: str | None = None) -> dict[str, Any] | None:
        return self.contents["records"].get((kind, key))

    def add_record(self, kind: str, law: str, key: str, body: Mapping[str, Any]) -> None:
        _channel.put(("record", (kind, law, key, dict(body))))


def _go_on(*_: object) -> None:
    """Progress of a worker: none is shown, but it may have to stop."""
    if _stopped.is_set():
        raise _Stopped


def _judge(
    law_id: str, profile: str, seed: int, backend: str, scheduler: str | None, contents: Mapping[str, Any]
) -> Timed:
    """Judge one law in a worker; on a cluster, its blocks are computed there and its theory here."""
    law, experiment, store = registry.law(law_id), registry.experiment(law_id), _Remote(contents)
    options: dict[str, Any] = {"profile": profile_named(profile), "seed": seed, "progress": _go_on}
    with backend_named(backend, None if scheduler else 1, scheduler=scheduler) as computer:
        return _timed(lambda: verify(law, experiment, store, backend=computer, **options))


@contextmanager
def _laws_bar(total: int) -> Iterator[Callable[[str], None]]:
    """A bar that counts laws; silent where standard error is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("judging laws", total=total)
        yield lambda law_id: shown.update(task, advance=1, description=f"judged {law_id}")
