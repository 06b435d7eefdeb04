"""Write the text of a replicate's module: the author's kernel, what it calls, and the loop around it."""

import ast
import hashlib
import inspect
import re
import textwrap
from collections.abc import Callable
from pathlib import Path

from attnlaws.simulations.experiment import Replicate
from attnlaws.simulations.generate import HEADER, own
from attnlaws.simulations.sources import read_sources, source_of

HEADER_NAMES = sorted(
    name.name
    for node in ast.parse(HEADER).body
    if isinstance(node, ast.ImportFrom) and str(node.module).startswith("attnlaws.")
    for name in node.names
)
"""What every kernel can call."""


def replicate_text(shape: Replicate) -> str:
    """The generated Numba module of a replicate experiment: the author's kernel and the loop around it."""
    source, name = textwrap.dedent(source_of(shape.kernel)), shape.kernel.__name__
    if name == "block" or re.search(rf"(?<![\w.]){name}(?![\w.])", HEADER):
        raise ValueError(f"{name}: a kernel cannot be called so, because its module has something else of that name")
    arguments = "".join(f", {own(argument)}" for argument in list(inspect.signature(shape.kernel).parameters)[5:])
    return "\n".join(
        [
            HEADER,
            *_borrowed(shape.kernel),
            "",
            "@njit(**KERNEL)",
            source,
            "@njit(**KERNEL)",
            f"def block(k0, k1, first, scratch, values{arguments}):",
            "    for r in range(values.shape[0]):",
            "        for i in range(scratch.size):",
            "            scratch[i] = np.nan",
            "        replicate = np.uint64(first + r)",
            f"        {name}(k0, k1, replicate, scratch, values[r]{arguments})",
            "",
        ]
    )


def _borrowed(kernel: Callable[..., object]) -> list[str]:
    """Imports of the compiled functions of experiments that a kernel calls, with the hash of the files they are in.

    Raises:
        ValueError: it calls one that a generated module cannot import.
    """
    known: dict[Path, str] = {}
    lines = []
    for name in sorted({*kernel.__code__.co_names}):
        function = getattr(kernel.__globals__.get(name), "py_func", None)
        if function is None or name in HEADER_NAMES:
            continue
        if not function.__module__.startswith("attnlaws.simulations."):
            raise ValueError(f"{name}: a kernel of your own can call only {', '.join(HEADER_NAMES)}")
        lines.append(f"from {function.__module__} import {function.__name__} as {name}")
        read_sources(Path(inspect.getfile(function)), known)
    digest = hashlib.sha256("\0".join(sorted(known.values())).encode()).hexdigest()
    return [*lines, f"# what is imported: {digest}"] if lines else []
