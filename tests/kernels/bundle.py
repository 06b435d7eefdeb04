"""Many kernels in one text: compilers read the headers once, and what laws have in common is compiled once.

Every law's text stands in a namespace of its own, and its kernels get names of their own; nothing else changes, and
test_nvrtc.py compares the machine code with that of a text alone.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from attnlaws.simulations.cuda_source import INCLUDE, outputs_text, replicate_text, rows_text, whole_text
from attnlaws.simulations.experiment import Arithmetic, Streaming
from attnlaws.simulations.task import Task

KERNEL = re.compile(r'(extern "C" __global__ void __launch_bounds__\(LANES, \d\)\s+)(\w+)\(')


class Bundle(NamedTuple):
    """A text, and what each task's kernels are called in it."""

    text: str
    symbols: dict[str, dict[str, str]]


class Kernels:
    """The launchers of one task's kernels, by the names that they have in a library of their own."""

    def __init__(self, library: Any, symbols: Mapping[str, str]) -> None:
        self.lean = getattr(library, "lean", None)
        for kernel, symbol in symbols.items():
            setattr(self, f"launch_{kernel}", getattr(library, f"launch_{symbol}"))


def bundled(
    tasks: Mapping[str, Task], arithmetic: Arithmetic = "exact", extra: str = "", reports: bool = True
) -> Bundle:
    """The kernels of tasks, by the tests' names for them; rows that are drawn alike are there once.

    What is reported in the end has one text for both arithmetics, and may be left out.
    """
    symbols: dict[str, dict[str, str]] = {}
    drawn: dict[str, str] = {}  # the namespace of each text of rows
    spaces: dict[str, list[str]] = {}
    includes = {'#include "streaming.cuh"': None}
    for name, task in tasks.items():
        own = re.sub(r"\W", "_", name)
        if isinstance(task.shape, Streaming):
            rows = rows_text(task.shape, arithmetic)
            space = drawn.setdefault(rows, own)
            if space == own:
                spaces[space] = section(rows, name, own)
            symbols[name] = {"rows": f"rows__{space}"}
            if reports:
                lines = [f"namespace of_{own} {{", *section(outputs_text(task.shape), name, own), "}"]
                spaces[space] += [*lines, f"using namespace of_{own};"]
                symbols[name]["outputs"] = f"outputs__{own}"
        else:
            lines = replicate_text(task.shape, task.parameters).splitlines()
            includes |= {line: None for line in lines if INCLUDE.fullmatch(line)}
            spaces[own] = section("\n".join(line for line in lines if not INCLUDE.fullmatch(line)), name, own)
            symbols[name] = {kernel: f"{kernel}__{own}" for _, kernel in KERNEL.findall("\n".join(lines))}
    body = [line for space, lines in spaces.items() for line in _in_namespace(space, lines)]
    return Bundle(whole_text("\n".join([*includes, *body, extra]), "kernels.cu", arithmetic), symbols)


def section(text: str, name: str, own: str) -> list[str]:
    """A text whose kernels are called otherwise; what a compiler says of it says whose it is."""
    return [f'#line 1 "{name}"', KERNEL.sub(rf"\1\2__{own}(", text)]


def _in_namespace(space: str, lines: Iterable[str]) -> list[str]:
    return [f"namespace {space} {{", *lines, "}", f"using namespace {space};"]
