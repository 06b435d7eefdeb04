"""The catalog as a person meets it: laws with their verdicts, judged and drawn."""

import errno
import html
import os
import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnlaws import registry
from attnlaws.simulations.experiment import Exact, Experiment
from attnlaws.simulations.profile import FULL, NORMAL, QUICK, Profile
from attnlaws.simulations.run import Progress
from attnlaws.simulations.simulate import backend_named, seconds_of, whole
from attnlaws.simulations.store import Store
from attnlaws.simulations.verdict import Verdict
from attnlaws.simulations.verify import key_of, verify
from attnlaws.theory.law import Law

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, NARROWEST = 120, 40
"""Columns of the catalog where there is no terminal, and the fewest that a claim is wrapped to."""
PROFILES = {profile.name: profile for profile in (QUICK, NORMAL, FULL)}


@dataclass(frozen=True)
class Entry:
    """One law of the catalog: id, statement, source, what the store last said of it, and the law that replaces it."""

    id: str
    statement: str
    source: str
    verdict: str
    replaced_by: str = ""


@dataclass(frozen=True)
class Catalog:
    """A small table of laws; prints well, and can be iterated and indexed."""

    entries: tuple[Entry, ...]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> Entry:
        return self.entries[index]

    def __repr__(self) -> str:
        width = max(len(entry.id) for entry in self.entries) + 2
        head = f"{'law':<{width}}{'verdict':<14}claim [source]"
        room = max(shutil.get_terminal_size((WIDTH, 24)).columns - width - 14, NARROWEST)
        lines = [head]
        for entry in self.entries:
            first, *others = textwrap.wrap(f"{entry.statement} [{entry.source}]", room, break_on_hyphens=False)
            replaced = [f"-> {entry.replaced_by}"] if entry.replaced_by else []
            lines.append(f"{entry.id:<{width}}{entry.verdict:<14}{first}")
            lines += [" " * (width + 14) + line for line in (*others, *replaced)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td><code>{html.escape(e.id)}</code></td><td>{html.escape(e.verdict)}</td>"
            f'<td style="text-align: left">{html.escape(e.statement)}</td>'
            f'<td style="text-align: left">{html.escape(e.source)}</td><td>{html.escape(e.replaced_by)}</td></tr>'
            for e in self.entries
        )
        heads = "".join(f"<th>{head}</th>" for head in ("law", "verdict", "claim", "source", "replaced by"))
        return f"<table><tr>{heads}</tr>{rows}</table>"


def catalog(topic: str | None, out: str | Path) -> Catalog:
    """Laws with their sources and the last verdicts of a store."""
    entries = []
    for law_id in registry.ids(topic):
        law = registry.law(law_id)
        verdict = stored_verdict(law, out)
        source = f"{law.source.paper}, {law.source.place}"
        entries.append(
            Entry(
                law_id, law.statement, source, verdict.outcome.value if verdict else "not judged", law.replaced_by or ""
            )
        )
    return Catalog(tuple(entries))


def stored_verdict(law: Law, out: str | Path) -> Verdict | None:
    """The last verdict of a store on this very law; the store is not made where there is none."""
    if not (Path(out) / "store.sqlite").exists():
        return None
    with Store(out) as store:
        record = store.record("verdict", law.id, key_of(law))
    return Verdict.from_dict(record) if record else None


def profile_named(name: str) -> Profile:
    """A profile by its name.

    Raises:
        ValueError: there is no such profile.
    """
    if not isinstance(name, str) or name not in PROFILES:
        raise ValueError(f"profile = {name!r}: must be one of {', '.join(PROFILES)}")
    return PROFILES[name]


def judged(
    law: str | Law,
    experiment: Experiment | Exact | None = None,
    *,
    profile: str,
    out: str | Path,
    backend: str = "auto",
    threads: int | None = None,
    scheduler: str | None = None,
    seconds: float | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Verdict:
    """The verdict on a law of the catalog, by its id, or on a reader's own."""
    chosen = profile_named(profile)
    if isinstance(law, str):
        law, experiment = registry.law(law), experiment or registry.experiment(law)
    elif not isinstance(law, Law):
        raise ValueError(f"law = {law!r}: must be the id of a law, or a Law")
    if experiment is None:
        if law.id not in registry.ids():
            raise ValueError(f"experiment = None: must be given, because {law.id} is not a law of the catalog")
        experiment = registry.experiment(law.id)
    if not isinstance(experiment, Experiment | Exact):
        raise ValueError(f"experiment = {experiment!r}: must be an Experiment or an Exact")
    options["seed"] = whole("seed", options.get("seed", 0), 0)
    threads = None if threads is None else whole("threads", threads, 1)
    options["seconds"] = seconds_of(seconds)
    with backend_named(backend, threads, scheduler=scheduler) as computer, Store(out) as store:
        return verify(law, experiment, store, profile=chosen, backend=computer, progress=progress, **options)


def drawn(law_id: str, *, out: str | Path, progress: Progress | None = None) -> "Figure":
    """The figure of a law, from the last verdict of the store, or from a quick one made now."""
    law = registry.law(law_id)
    verdict = stored_verdict(law, out) or judged(law_id, profile="quick", out=out, progress=progress)
    return figure_of(law, verdict)


def picture_folder(flag: str, folder: str | Path) -> Path:
    """A folder for pictures, made before the work that they show.

    Raises:
        ValueError: it cannot be written.
    """
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise ValueError(
            f"{flag} = {str(folder)!r}: must be a folder that can be written ({error.strerror})"
        ) from error
    return path


def figure_of(law: Law, verdict: Verdict) -> "Figure":
    """The figure of a verdict, drawn in the law's own way where it has one."""
    from attnlaws.figures.overlay import overlay  # Matplotlib, which a verdict without a picture does not need

    module = registry.figure_module(law.id)
    return overlay(law, verdict, draw=module.draw if module else None)
