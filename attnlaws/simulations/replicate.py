"""Write the text of a replicate's module: the author's kernels, what they call, and the loops around them."""

import ast
import hashlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path

from attnlaws.simulations.experiment import Replicate, arguments_of
from attnlaws.simulations.generate import HEADER, own
from attnlaws.simulations.sources import read_sources, source_of

HEADER_NAMES = sorted(
    name.name
    for node in ast.parse(HEADER).body
    if isinstance(node, ast.ImportFrom) and str(node.module).startswith("attnlaws.")
    for name in node.names
)
"""What every kernel can call."""


BLOCK = """
@njit(**KERNEL)
def block(k0, k1, first, scratch, values{arguments}):
    for r in range(values.shape[0]):
        for i in range(scratch.size):
            scratch[i] = np.nan
        replicate = np.uint64(first + r)
        {kernel}(k0, k1, replicate, scratch, values[r]{arguments})
"""
PASSES = """
@njit(**KERNEL)
def pass_over(k0, k1, replicate, first, last, size, draws, plan, sums, kept{arguments}):
    filled = 0
    for at in range(first, last):
        end = min(draws, (at + 1) * size)
        filled = {kernel}(k0, k1, replicate, at * size, end, plan, sums[at], kept, filled{arguments})
    return filled


@njit(**KERNEL)
def block(k0, k1, first, scratch, values, draws, begin, sums{all_arguments}):
    for r in range(values.shape[0]):
        for i in range(scratch.size):
            scratch[i] = np.nan
        plan, replicate, found = begin.copy(), np.uint64(first + r), False
        while not found:
            filled = {kernel}(k0, k1, replicate, 0, draws, plan, sums[0], scratch, 0{arguments})
            found = {decide}(plan, sums, scratch[:min(filled, scratch.size)], values[r]{decide_arguments})
"""


def replicate_text(shape: Replicate) -> str:
    """The generated Numba module of a replicate experiment: the author's kernels and the loops around them."""
    names = {"kernel": shape.kernel.__name__, "arguments": _listed(arguments_of(shape.kernel))}
    if shape.passes is None:
        return "".join([HEADER, *_borrowed([shape.kernel]), _own_text(shape.kernel), BLOCK.format(**names)])
    kernels = [shape.kernel, shape.passes.decide]
    names |= {"decide": shape.passes.decide.__name__, "decide_arguments": _listed(arguments_of(shape.passes.decide))}
    loops = PASSES.format(**names, all_arguments=_listed(all_arguments(shape)))
    return "".join([HEADER, *_borrowed(kernels), *map(_own_text, kernels), loops])


def all_arguments(shape: Replicate) -> list[str]:
    """Names of the arguments of a shape's kernels, each once."""
    kernels = [shape.kernel, *([shape.passes.decide] if shape.passes else [])]
    return list(dict.fromkeys(name for kernel in kernels for name in arguments_of(kernel)))


def _listed(names: Iterable[str]) -> str:
    return "".join(f", {own(name)}" for name in names)


def _own_text(kernel: Callable[..., object]) -> str:
    """The source of a kernel, compiled.

    Raises:
        ValueError: it is called as something else in its module.
    """
    name = kernel.__name__
    others = HEADER + re.sub(r"{\w+}", "", BLOCK + PASSES)
    if re.search(rf"(?<![\w.]){name}(?![\w.])", others):
        raise ValueError(f"{name}: a kernel cannot be called so, because its module has something else of that name")
    return f"\n\n@njit(**KERNEL)\n{textwrap.dedent(source_of(kernel))}"


def _borrowed(kernels: Iterable[Callable[..., object]]) -> list[str]:
    """Imports of the compiled functions of experiments that kernels call, with the hash of the files they are in.

    Raises:
        ValueError: one calls one that a generated module cannot import.
    """
    known: dict[Path, str] = {}
    lines = set()
    for kernel in kernels:
        for name in {*kernel.__code__.co_names} - {*HEADER_NAMES}:
            function = getattr(kernel.__globals__.get(name), "py_func", None)
            if function is None:
                continue
            if not function.__module__.startswith("attnlaws.simulations."):
                raise ValueError(f"{name}: a kernel of your own can call only {', '.join(HEADER_NAMES)}")
            lines.add(f"from {function.__module__} import {function.__name__} as {name}\n")
            read_sources(Path(inspect.getfile(function)), known)
    digest = hashlib.sha256("\0".join(sorted(known.values())).encode()).hexdigest()
    return [*sorted(lines), f"# what is imported: {digest}\n"] if lines else []
