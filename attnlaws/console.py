"""What the terminal shows: tables, and progress on long work."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from attnlaws.simulations.run import Progress
    from attnlaws.simulations.verdict import Judged, Verdict

PATIENCE_SECONDS = 2.0
PRECISION_SECONDS = 1.0
WIDTH_WITHOUT_TERMINAL = 110
COLORS = {"SUPPORTED": "green", "REFUTED": "red", "INCONCLUSIVE": "yellow"}


def console() -> "Console":
    """A console on standard output; a file or a pipe gets plain text of a fixed width."""
    from rich.console import Console

    class Piped(Console):
        """A console that leaves it to the program what happens when nobody reads on."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Piped(highlight=False, width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL)


@contextmanager
def progress_bar() -> "Iterator[Progress | None]":
    """A progress bar with the time left and the precision so far, on work of over two seconds.

    Silent where standard error is not a terminal.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _advance(bar)


def _advance(bar: Any) -> "Progress":
    """A callback that shows a task once it has taken long enough to be worth it."""
    from attnlaws.simulations.estimate import combine

    started: dict[str, float] = {}
    shown: dict[str, Any] = {}
    measured: dict[str, tuple[float, str]] = {}

    def precision(task: Any, rows: Any, now: float) -> str:
        last, text = measured.get(task.identity, (0.0, ""))
        if now - last < PRECISION_SECONDS:
            return text
        try:
            result = combine(task, rows)
            text = f" ±{result.standard_error / abs(result.mean):.2%}" if result.mean else ""
        except (ValueError, ZeroDivisionError):
            text = ""
        measured[task.identity] = (now, text)
        return text

    def advance(task: Any, rows: Any, total: int) -> None:
        now = time.monotonic()
        begun = started.setdefault(task.identity, now)
        if now - begun < PATIENCE_SECONDS and task.identity not in shown:
            return
        for other in shown.keys() - {task.identity}:  # a run that time ended
            bar.remove_task(shown.pop(other))
        label = f"{task.law_id} {point_text(task.parameters)}{precision(task, rows, now)}"
        if task.identity not in shown:
            shown[task.identity] = bar.add_task(label, total=total)
        bar.update(shown[task.identity], completed=len(rows), description=label)
        if len(rows) >= total:
            bar.remove_task(shown.pop(task.identity))

    return advance


def point_text(parameters: Mapping[str, Any]) -> str:
    """A grid point in one line.

    Example:
        >>> point_text({"n": 65, "sigma": 0.5, "d_v": None})
        'n=65 sigma=0.5 d_v=none'
    """
    return " ".join(f"{name}={'none' if value is None else value}" for name, value in parameters.items())


def significant(value: float, error: float) -> str:
    """A value with two digits of its error.

    Example:
        >>> significant(0.610643, 0.000061)
        '0.610643 ± 0.000061'
        >>> significant(62229.95, 37.3)
        '62230 ± 37'
    """
    import math

    if not math.isfinite(error) or error <= 0:
        return f"{value:.6g}"
    digits = max(0, 1 - math.floor(math.log10(error)))
    if digits > 8:
        return f"{value:.6g} ± {error:.1e}"
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def colored(outcome: str) -> str:
    """An outcome in its color."""
    return f"[{COLORS[outcome]}]{outcome}[/]"


def show_points(verdict: "Verdict") -> None:
    """The table of a verdict's points."""
    from rich.table import Table

    against = "exact computation" if verdict.exact else "simulation"
    table = Table(title=f"{verdict.law}: theory and {against}", title_justify="left", expand=False)
    for name, justify in (
        ("point", "left"),
        ("theory", "right"),
        (verdict.against, "right"),
        ("off by", "right"),
        ("sees", "right"),
    ):
        table.add_column(name, justify=justify, no_wrap=name != "point")  # type: ignore[arg-type]
    table.add_column("verdict")
    for point in verdict.points:
        table.add_row(point_text(point.point), *_numbers(point), colored(point.outcome))
    out = console()
    out.print(table)
    out.print(
        "off by: relative or as a factor"
        + ("" if verdict.exact else ", and in standard errors (for a limit, after its derived first correction)")
        + "; sees: the smallest discrepancy that would have been refuted."
    )
    for reason in dict.fromkeys(point.reason for point in verdict.points if point.reason):
        out.print(f"undecided: {reason}")


def _numbers(point: "Judged") -> tuple[str, str, str, str]:
    if not point.replicates:
        return f"{point.theory:.6g}", "", "", ""
    if point.what == "law":
        return "whole law", f"distance {point.mean:.4f}", "", seen(point.visible)
    return (
        f"{point.theory:.6g}",
        significant(point.mean, point.standard_error),
        _off_by(point),
        seen(point.visible),
    )


def _off_by(point: "Judged") -> str:
    if not point.theory:
        return ""
    errors = "" if point.noiseless else f" ({point.deviation:+.1f})"
    return apart(point.mean, point.theory) + errors


def apart(simulated: float, theory: float) -> str:
    """A relative difference in percent, or a factor from two upwards.

    Example:
        >>> apart(1.01, 1.0), apart(12.0, 1.0), apart(-0.3, 1.0)
        ('+1.00%', 'x 12', '-130.00%')
    """
    factor, relative = simulated / theory, (simulated - theory) / abs(theory)
    if factor >= 2 or 0 < factor <= 0.5:
        return f"x {factor:.3g}"
    return f"{relative:+.2%}" if abs(relative) >= 1e-4 or relative == 0 else f"{relative:+.0e}"


def seen(visible: float) -> str:
    """The smallest discrepancy that would have been refuted, in percent, or as a factor from two upwards.

    Example:
        >>> seen(0.018), seen(40.0)
        ('1.8%', 'x 41')
    """
    from attnlaws.simulations.verdict import percent

    return percent(visible) if visible < 1 else f"x {1 + visible:.3g}"


def show_verdict(verdict: "Verdict") -> None:
    """The verdict in a few lines."""
    from attnlaws.simulations.verdict import percent

    out = console()
    out.print(f"[bold]{verdict.law}[/]: {verdict.statement}")
    out.print(
        f"{colored(verdict.outcome)} (expected {verdict.expected}); derivation: {verdict.badge}; "
        f"tolerance {percent(verdict.delta)}."
    )
    if verdict.outcome == "REFUTED" and (worst := verdict.worst):
        out.print(
            f"At {point_text(worst.point)} the formula gives {worst.theory:.6g} and the "
            f"{'exact computation' if verdict.exact else 'simulation'} "
            f"{significant(worst.mean, worst.standard_error)}: {apart(worst.mean, worst.theory)}."
        )
    elif verdict.visible == float("inf"):
        out.print("At no point is there an estimate that could have refuted it.")
    elif any(point.what == "instance" for point in verdict.points):
        count = sum(point.replicates for point in verdict.points)
        out.print(
            f"{count:,} single instances were compared; a relative difference above {percent(verdict.visible)} in any "
            f"would have refuted it. Shown is the worst at each point."
        )
    elif verdict.exact:
        out.print(
            f"Compared with an exact computation: a relative error above {percent(verdict.visible)} at any "
            f"point would have been refuted."
        )
    else:
        out.print(
            f"A relative error above {percent(verdict.visible)} at any point would have been refuted "
            f"(false alarms: 1 in 10 billion per check)."
        )
    if verdict.slope:
        out.print(
            f"Distance to the limit shrinks as n^({verdict.slope[0]:.2f} ± {verdict.slope[1]:.2f}) along the ladder."
        )
    for name, outcome in verdict.sabotages.items():
        out.print(f"  wrong on purpose, {name}: {colored(outcome)}")
    if verdict.wanted:
        out.print(f"About {verdict.wanted:,} replicates at the widest point would decide it.")


def verdict_table(rows: "list[tuple[Verdict, float]]") -> None:
    """One line per law, as the last thing printed."""
    from rich import box
    from rich.table import Table

    table = Table(title="Verdicts", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("law", "verdict", "as expected", "derivation", "sees", "wrong ones refuted", "points", "time"):
        left, longest = name in ("law", "verdict", "as expected", "derivation"), max(map(len, name.split()))
        table.add_column(name, justify="left" if left else "right", no_wrap=name == "law", min_width=longest)
    for verdict, seconds in rows:
        refuted = sum(outcome == "REFUTED" for outcome in verdict.sabotages.values())
        table.add_row(
            verdict.law,
            colored(verdict.outcome),
            _as_expected(verdict),
            verdict.badge,
            "" if verdict.outcome == "REFUTED" else seen(verdict.visible),
            f"{refuted} of {len(verdict.sabotages)}",
            str(len(verdict.points)),
            f"{seconds:.1f} s",
        )
    out = console()
    out.print(table)
    undecided = sum(verdict.outcome == "INCONCLUSIVE" for verdict, _ in rows)
    against = [verdict.law for verdict, _ in rows if not verdict.as_expected]
    out.print(
        f"{len(rows)} laws: {len(rows) - len(against) - undecided} as expected, {undecided} undecided, "
        f"{len(against)} against expectation{': ' + ', '.join(against) if against else ''}."
    )


def timings_table(rows: "list[tuple[str, Mapping[str, float]]]") -> None:
    """Where the time went, law by law."""
    from rich import box
    from rich.table import Table

    title = "Seconds on the wall, in the process that judged the law"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("law", no_wrap=True)
    for name in (*rows[0][1], "all"):
        table.add_column(name, justify="right")
    sums = "all", {name: sum(seconds[name] for _, seconds in rows) for name in rows[0][1]}
    for law_id, seconds in [*rows, sums] if len(rows) > 1 else rows:
        table.add_row(law_id, *(f"{value:.2f}" for value in (*seconds.values(), sum(seconds.values()))))
    console().print(table)


def _as_expected(verdict: "Verdict") -> str:
    if not verdict.as_expected:
        return "NO"
    return "yes" if verdict.outcome == verdict.expected else "undecided"
