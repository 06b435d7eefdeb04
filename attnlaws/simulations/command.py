"""The ``simulate`` command, which the scripts of this folder share with the program."""

import argparse
import itertools
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from attnlaws.simulations.exits import AS_EXPECTED, Parser
from attnlaws.simulations.experiment import ARITHMETICS, Experiment
from attnlaws.simulations.grow import PRECISE
from attnlaws.simulations.run import Progress
from attnlaws.simulations.simulate import BACKENDS, simulate
from attnlaws.theory.law import Law
from attnlaws.theory.parameter import REQUIRED, Parameter


def add_store(parser: argparse.ArgumentParser) -> None:
    """The flags that every command with a store has."""
    parser.add_argument("--out", metavar="DIR", default=".attnlaws", help="folder of the store (default: %(default)s)")


def add_run(parser: argparse.ArgumentParser) -> None:
    """The flags that every command with a simulation has."""
    add_store(parser)
    parser.add_argument(
        "--seed", type=number, default=0, help="whole number from 0; equal seeds, equal bits (default: 0)"
    )
    parser.add_argument(
        "--backend",
        default="auto",
        help=f"one of {', '.join(BACKENDS)}: cuda for all NVIDIA GPUs of this machine, auto for the CPU; the exact "
        "result does not depend on it (default: %(default)s)",
    )
    parser.add_argument(
        "--threads", type=number, help="worker threads (default: one per core); the result does not depend on them"
    )
    parser.add_argument(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="a Dask scheduler whose workers compute; the result does not depend on them",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def simulate_parser(law: Law, experiment: Experiment, prog: str) -> Parser:
    """A parser with one flag per parameter of the law."""
    parser = Parser(
        prog=prog,
        usage=f"{prog} [--PARAMETER VALUE ...] [options]",
        description=law.statement,
        epilog="Several values of a parameter span a dimension of the result.",
    )
    group = parser.add_argument_group("parameters of the law")
    for parameter in _asked(law):
        group.add_argument(
            flag(parameter.name),
            dest=parameter.name,
            metavar="VALUE",
            nargs="+",
            help=help_text(parameter),
        )
    parser.add_argument(
        "--replicates",
        type=number,
        metavar="R",
        help="independent repetitions (default: 10000); with --precision, the most of them (default: no limit)",
    )
    parser.add_argument(
        "--precision",
        type=number,
        metavar="P",
        help="draw until the standard error is at most this part of the mean, as 1e-4, at every point",
    )
    parser.add_argument(
        "--seconds", type=number, metavar="S", help="with --precision: end after so much time at each point in any case"
    )
    parser.add_argument(
        "--mode",
        default=experiment.default_mode,
        help=f"one of {', '.join(experiment.modes)} (default: %(default)s)",
    )
    parser.add_argument(
        "--arithmetic",
        default="exact",
        help=f"one of {', '.join(ARITHMETICS)}: the same bits everywhere, or with --backend cuda the approximate "
        "functions of the GPU, whose error is added to the standard error (default: %(default)s)",
    )
    add_run(parser)
    return parser


def _asked(law: Law) -> list[Parameter]:
    """The parameters of a simulation: all but those that the experiment draws."""
    return [parameter for parameter in law.parameters if parameter.role != "instance"]


def number(text: str) -> int | float | str:
    """A number as it was typed; what is none stays text, and is refused where its domain is known.

    Example:
        >>> number("1e4"), number("12"), number("many")
        (10000.0, 12, 'many')
    """
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def flag(name: str) -> str:
    """The flag of a parameter.

    Example:
        >>> flag("d_k")
        '--d-k'
    """
    return f"--{name.replace('_', '-')}"


def help_text(parameter: Parameter) -> str:
    """Meaning, domain, unit and default of a parameter."""
    unit = f" [{parameter.unit}]" if parameter.unit else ""
    default = (
        ""
        if parameter.default is REQUIRED
        else f" (default: {'none' if parameter.default is None else parameter.default})"
    )
    return f"{parameter.meaning}{unit}: {parameter.domain.describe()}{default}".replace("%", "%%")


def simulate_command(
    law: Law,
    experiment: Experiment,
    argv: Sequence[str],
    prog: str,
    progress: Callable[[], AbstractContextManager[Progress | None]] = nullcontext,
) -> int:
    """Parse, simulate, print."""
    arguments = vars(simulate_parser(law, experiment, prog).parse_args(argv))
    as_json = arguments.pop("json")
    for parameter in _asked(law):
        given = arguments.pop(parameter.name)
        if given is not None:
            values = [parameter.parse(text) for text in given]
            arguments[parameter.name] = values if len(values) > 1 else values[0]
    with progress() as bar:
        result = simulate(law, experiment, progress=bar, **arguments)
    print(json.dumps(as_object(result)) if as_json else as_text(result))
    return AS_EXPECTED


def as_object(result: Any) -> dict[str, Any]:
    """A dataset as plain numbers, lists and text."""
    record: dict[str, Any] = dict(result.attrs)
    record |= {name: result[name].values.tolist() for name in (*result.coords, *result.data_vars)}
    return {name: None if value == float("inf") else value for name, value in record.items()}


def as_text(result: Any) -> str:
    """A dataset as a table for people."""
    names = list(result.coords)
    heads = (*names, "mean", "standard error", "replicates")
    cells: list[tuple[str, ...]] = [heads]
    for index in itertools.product(*(range(result.sizes[name]) for name in names)):
        cell = result.isel(dict(zip(names, index, strict=True)))
        given = (str(cell[name].item()) for name in names)
        mean, error = cell["mean"].item(), cell["standard_error"].item()
        cells.append((*given, f"{mean:.8g}", f"{error:.2g}", str(cell["replicates"].item())))
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    attrs = result.attrs
    fast = ", fast arithmetic" if attrs["arithmetic"] == "fast" else ""
    lines = [f"{attrs['law']}, seed {attrs['seed']}, mode {attrs['mode']}, on {attrs['backend']}{fast}"]
    lines += ["  ".join(f"{text:>{width}}" for text, width in zip(row, widths, strict=True)) for row in cells]
    if attrs.get("stopped", PRECISE) != PRECISE:
        lines.append(f"less precise than {attrs['precision']:g} of the mean; ended by: {attrs['stopped']}")
    if attrs["reliable"] != "yes":
        lines.append(f"not reliable: {attrs['reliable']}")
    return "\n".join(lines)
