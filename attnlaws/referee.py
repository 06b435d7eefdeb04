"""The ``verify`` command: one law in this process, many laws in one process per core."""

import argparse
import json
import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from attnlaws import registry
from attnlaws.catalog import judged, picture_folder, profile_named
from attnlaws.console import progress_bar, show_points, show_verdict, timings_table, verdict_table
from attnlaws.helpers import helpers
from attnlaws.kept import draw
from attnlaws.simulations.exits import AS_EXPECTED, CONTRADICTED, told
from attnlaws.simulations.grow import largest_rows
from attnlaws.simulations.run import cores
from attnlaws.simulations.simulate import backend_named, seconds_of, whole
from attnlaws.simulations.store import Store, describe
from attnlaws.simulations.task import Block, Task
from attnlaws.simulations.timings import DRAW, LOAD, Timings
from attnlaws.simulations.verdict import Verdict
from attnlaws.simulations.verify import verify

POLL_SECONDS = 0.05

Timed = tuple[Verdict, Timings]
Answer = tuple[Timed, Path | str | None]
"""A verdict, and where its picture lies or why there is none."""


def verify_command(arguments: argparse.Namespace) -> int:
    """Judge what was asked for, print it, and say by the exit code whether it is as expected."""
    profile = arguments.profile or "normal"
    threads = None if arguments.threads is None else whole("threads", arguments.threads, 1)
    options = {"out": arguments.out, "seed": whole("seed", arguments.seed, 0), "threads": threads}
    options |= {"backend": arguments.backend, "scheduler": arguments.scheduler, "seconds": arguments.seconds}
    seconds_of(arguments.seconds)  # refused here, before anything is loaded
    targets: Sequence[str] = arguments.targets
    single: Callable[[], tuple[Any, Any]] | None = None
    ids: list[str] = []
    failed: dict[str, str] = {}
    if files := [target for target in targets if target.endswith(".py") or Path(target).is_file()]:
        if len(targets) > 1:
            raise ValueError(f"FILE = {files[0]!r}: must be judged alone, here are {len(targets)} targets")
        single = partial(registry.load_file, files[0])
    elif len(targets) == 1 and "." in targets[0]:
        single = partial(_loaded, targets[0])
    else:
        ids = registry.ids() if arguments.all else _ids_of(targets)
    if arguments.draw:
        picture_folder("draw", arguments.draw)
    if single:
        timed = _judged_here(single, profile, options)
        answers = [(timed, _draw(*timed, arguments.draw))]
    else:
        answers, failed = judged_apart(ids, profile, options, arguments.draw)
    results = [timed for timed, _ in answers]
    _report(results, arguments.json, arguments.timings)
    _tell(answers, failed)
    return AS_EXPECTED if all(verdict.as_expected for verdict, _ in results) else CONTRADICTED


def _draw(verdict: Verdict, timings: Timings, folder: str | None) -> Path | str | None:
    """Draw a law of the catalog that was judged: where its picture lies, or in words what went wrong with it.

    Its formulas are set too: a report, which shows both, would have to import the law again for that.
    """
    if folder is None or verdict.law not in registry.ids():
        return None
    from attnlaws.report.typeset import typeset

    try:
        with timings.phase(DRAW):
            typeset(registry.law(verdict.law))
            return draw(registry.law(verdict.law), verdict, folder)
    except Exception as error:  # a fault of the figure's costs the picture, and not the verdict
        return told(error)


def _tell(answers: Sequence[Answer], failed: Mapping[str, str]) -> None:
    """Where the pictures lie goes to standard error.

    Raises:
        ValueError: some laws could not be judged or drawn.
    """
    drawn = [where for _, where in answers if isinstance(where, Path)]
    if drawn:
        what = str(drawn[0]) if len(drawn) == 1 else f"{len(drawn)} pictures into {drawn[0].parent}"
        print(f"drew {what}", file=sys.stderr)
    undrawn = {verdict.law: reason for (verdict, _), reason in answers if isinstance(reason, str)}
    wrong = [_listed("not judged", failed), _listed("judged and stored, but not drawn", undrawn)]
    if any(wrong):
        raise ValueError("\n".join(filter(None, wrong)))


def _listed(what: str, reasons: Mapping[str, str]) -> str:
    """The laws that something went wrong with, and each reason once."""
    return "\n".join([f"{what}: {', '.join(reasons)}", *dict.fromkeys(reasons.values())]) if reasons else ""


def _ids_of(targets: Sequence[str]) -> list[str]:
    """Laws, and those of topics, each once; a word that is neither is answered with the nearest laws."""
    topics = {law_id.split(".")[0] for law_id in registry.ids()}
    found: dict[str, None] = {}
    for target in targets:
        if target not in topics:
            registry.path_of(target)
        found |= dict.fromkeys(registry.ids(target) if target in topics else [target])
    return list(found)


def _loaded(law_id: str) -> tuple[Any, Any]:
    """A law and its experiment."""
    return registry.law(law_id), registry.experiment(law_id)


def _judged_here(load: Callable[[], tuple[Any, Any]], profile: str, options: Mapping[str, Any]) -> Timed:
    timings = Timings()
    with timings.phase(LOAD):
        law, experiment = load()
    with progress_bar() as progress:
        return judged(law, experiment, profile=profile, progress=progress, timings=timings, **options), timings


def _report(results: Sequence[Timed], as_json: bool, with_timings: bool) -> None:
    if as_json:
        records = [verdict.as_dict() | _seconds(timings, with_timings) for verdict, timings in results]
        print(json.dumps(records[0] if len(records) == 1 else {"laws": records}))
        return
    if len(results) == 1:
        show_points(results[0][0])
    for verdict, _ in results:
        show_verdict(verdict)
        print()
    if len(results) > 1:
        verdict_table([(verdict, timings.total) for verdict, timings in results])
    if with_timings:
        timings_table([(verdict.law, timings.seconds) for verdict, timings in results])


def _seconds(timings: Timings, each: bool) -> dict[str, Any]:
    """What JSON says of the time: all of it, and the parts."""
    parts = {name: round(seconds, 3) for name, seconds in timings.seconds.items()}
    return {"seconds": round(timings.total, 3)} | ({"timings": parts} if each else {})


# --- many laws ------------------------------------------------------------------------------------------------------
# Workers never open the store: they get the rows that are there, and hand new ones over as they come.

_channel: Any = None
_turn: Any = None
_stopped: Any = None


def judged_apart(
    ids: Sequence[str], profile: str, options: Mapping[str, Any], folder: str | None
) -> tuple[list[Answer], dict[str, str]]:
    """Judge laws side by side, one process a core, so that compilation is parallel too, and drawing.

    Args:
        ids: of the laws.
        profile: how much work to do.
        options: of the run.
        folder: where pictures go; None for none.

    Returns:
        The answers, and what went wrong with the laws that have none.

    Raises:
        KeyboardInterrupt: after Ctrl-C, once what the workers had finished is stored.
        MemoryError: a worker was killed; what the workers had finished is stored.
    """
    profile_named(profile)
    with backend_named(options["backend"], options["threads"], scheduler=options["scheduler"]):
        pass  # refused here, before any process is started
    context = multiprocessing.get_context("spawn")
    channel, from_worker = context.Pipe(duplex=False)
    stopped = context.Event()
    workers = min(options["threads"] or cores(), len(ids))
    results: dict[str, Answer] = {}
    failed: dict[str, str] = {}
    with (
        Store(options["out"]) as store,
        _laws_bar(len(ids)) as tick,
        helpers(workers, _begin, from_worker, context.Lock(), stopped) as pool,
    ):
        contents = {law_id: store.contents(law_id) for law_id in ids}
        futures: dict[Future[Answer], str] = {}
        try:
            with _uninterrupted():
                limits = {"seconds": seconds_of(options["seconds"]), "memory": largest_rows() / workers}
                for law_id in ids:
                    where = options["backend"], options["scheduler"]
                    given = profile, options["seed"], *where, contents[law_id], limits, folder
                    futures[pool.submit(_judge, law_id, *given)] = law_id
                # The pool watches those workers that it had when work last came; now it has them all.
                pool.submit(int)
            from_worker.close()  # all workers have it: the channel ends when they do
            for future in _collected(set(futures), channel, store):
                law_id = futures[future]
                try:
                    results[law_id] = future.result()
                except BrokenProcessPool:
                    raise
                except Exception as error:  # a fault of one law's does not cost the others their verdicts
                    failed[law_id] = told(error)
                tick(law_id)
        except BaseException as error:
            stopped.set()
            # Cancelled one by one: the pool's own way leaves futures that nobody is told are done.
            for _ in _collected({future for future in futures if not future.cancel()}, channel, store):
                pass  # what was on its way is stored; how the laws ended no longer matters
            if isinstance(error, BrokenProcessPool):
                raise MemoryError("a worker process was killed; finished blocks are kept, run it again") from error
            raise
    return [results[law_id] for law_id in ids if law_id in results], failed


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


def _collected(running: "set[Future[Answer]]", channel: Connection, store: Store) -> "Iterator[Future[Answer]]":
    """Store what workers send, and give each law's future once it is done and all that it sent is stored."""
    while running:
        done, running = wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        # A worker's message is on the channel before its law is done, so one look after that finds them all.
        while channel.poll():
            with _finishing():
                try:
                    kind, content = channel.recv()
                except (EOFError, OSError):  # all workers have ended, one perhaps killed in the middle of a message
                    break
                if kind == "rows":
                    store.add_foreign(*content)
                else:
                    store.add_record(*content)
        yield from done


@contextmanager
def _finishing() -> Iterator[None]:
    """Let Ctrl-C wait for the end of what is begun: half a message read is a channel lost."""
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if heard:
        signal.raise_signal(signal.SIGINT)


def _begin(channel: Connection, turn: Any, stopped: Any) -> None:
    """A worker speaks in turn, and is told by the client when to stop."""
    global _channel, _turn, _stopped
    _channel, _turn, _stopped = channel, turn, stopped


def _hand_over(kind: str, *content: Any) -> None:
    """To the client, which keeps it."""
    with _turn:
        _channel.send((kind, content))


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
        _hand_over("rows", describe(task), dict(rows), device)

    def record(self, kind: str, law: str, key: str | None = None) -> dict[str, Any] | None:
        return self.contents["records"].get((kind, key))

    def add_record(self, kind: str, law: str, key: str, body: Mapping[str, Any]) -> None:
        _hand_over("record", kind, law, key, dict(body))


def _go_on(*_: object) -> None:
    """Progress of a worker: none is shown, but it may have to stop."""
    if _stopped.is_set():
        raise _Stopped


def _judge(
    law_id: str,
    profile: str,
    seed: int,
    backend: str,
    scheduler: str | None,
    contents: Mapping[str, Any],
    limits: Mapping[str, float],
    folder: str | None,
) -> Answer:
    """Judge one law in a worker, and draw it, with the kernels that are compiled there.

    On a cluster, the law's blocks are computed there and its theory here.
    """
    timings, known = Timings(), _Remote(contents)
    with timings.phase(LOAD):
        law, experiment = _loaded(law_id)
    options: dict[str, Any] = {"profile": profile_named(profile), "seed": seed, "progress": _go_on, **limits}
    with backend_named(backend, None if scheduler else 1, scheduler=scheduler) as computer:
        verdict = verify(law, experiment, known, backend=computer, timings=timings, **options)
    return (verdict, timings), _draw(verdict, timings, folder)


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
