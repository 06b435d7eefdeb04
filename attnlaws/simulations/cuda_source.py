"""The CUDA source of an experiment's kernel: constants, headers and expressions in one text that needs no other file.

One text is what a compiler takes, on a GPU's machine or on one without, and what a cache of compiled kernels can be
keyed by. The loops are written by hand in ``attnlaws/cuda``; printed here is what they ask of a law.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from attnlaws.simulations import arithmetic, lanes, logarithm, masses, philox, window
from attnlaws.simulations.emit import print_cuda
from attnlaws.simulations.experiment import (
    ARITHMETICS,
    Arithmetic,
    Draw,
    Parameters,
    Replicate,
    Shape,
    Streaming,
    arguments_of,
)
from attnlaws.simulations.generate import Layout, cuda_finish_text, cuda_item_text, own
from attnlaws.simulations.replicate import all_arguments

FOLDER = Path(__file__).parent.parent / "cuda"
TABLES = (logarithm, arithmetic, philox, lanes, masses, window)
INCLUDE = re.compile(r'#include "(.+)"')
CONSTANT = re.compile(r"_[A-Z]\w*")
C_TYPES = {"float32": "float", "float64": "double", "uint32": "u32", "uint64": "u64", "int32": "i32", "int64": "i64"}


def kernel_source(shape: Shape, parameters: Parameters, arithmetic: Arithmetic = "exact") -> str:
    """The whole text of a shape's kernels.

    A stream has ``rows``, which draws and adds up, and ``outputs``; a replicate has ``replicates``, and ``parts`` where
    it can be shared out. The shape gives the text; of the parameters only the types of a replicate's arguments matter.

    With fast arithmetic the normals, and the items of a stream, are made with the hardware's approximate functions; in
    a replicate's own code nothing but its normals changes.

    Raises:
        ValueError: a replicate experiment whose kernel has not been written in CUDA; fast arithmetic for float64, which
            has none; an arithmetic that does not exist.

    Example:
        >>> from attnlaws import registry
        >>> shape = registry.experiment("topk.tail_mass").shape("literal", {"n": 64})
        >>> "#include" in kernel_source(shape, {"n": 64, "kappa": 0.5, "sigma": 1.0})
        False
    """
    if arithmetic not in ARITHMETICS:
        raise ValueError(f"arithmetic = {arithmetic!r}: must be one of {', '.join(ARITHMETICS)}")
    if arithmetic == "fast" and shape.precision != "float32":
        raise ValueError("arithmetic = 'fast': must be 'exact' where draws are float64, as this experiment's are")
    text = streaming_text(shape, arithmetic) if isinstance(shape, Streaming) else replicate_text(shape, parameters)
    return whole_text(text, "kernel.cu", arithmetic)


def round_keys(key: Iterable[Any]) -> np.ndarray:
    """The keys of Philox's ten rounds, as ``Keys`` of ``stream.cuh`` has them: uint32 [20].

    Example:
        >>> round_keys((1, 2))[[0, 1, 10, 19]].tolist()
        [1, 2654435770, 2, 2527404719]
    """
    bumps = zip(key, (philox._W0, philox._W1), strict=True)
    return np.array([int(first) + r * int(bump) & 0xFFFFFFFF for first, bump in bumps for r in range(10)], np.uint32)


def workspace_size(shape: Shape, parameters: Parameters) -> int:
    """Float64 numbers of workspace that each thread block of a shape's main kernel needs."""
    if isinstance(shape, Replicate):
        return shape.scratch(**parameters)
    columns = len(shape.sums) + sum(v.vector.size(parameters) for v in shape.vector_sums)
    shared = sum(-(-draw.size(parameters) // 4) * 4 for draw in shape.shared if draw.length is not None)
    return columns * philox.LANES + shared


def header_source(name: str, arithmetic: Arithmetic = "exact") -> str:
    """The whole text of one of our headers, with what it includes."""
    return whole_text(f'#include "{name}"', "header.cu", arithmetic)


# --- headers --------------------------------------------------------------------------------------------------------


def constants_text(arithmetic: Arithmetic = "exact") -> str:
    """The constants of the arithmetic and of the streams as C++, from the tables that Numba compiles."""
    text = [f"constexpr bool FAST = {'true' if arithmetic == 'fast' else 'false'};"]
    text += [f"constexpr int LANES = {philox.LANES};"]
    # What one module imports from another is one constant.
    constants = {name: value for m in TABLES for name, value in vars(m).items() if CONSTANT.fullmatch(name)}
    for name, value in constants.items():
        if isinstance(value, tuple):
            text += [_constant(f"{name[1:]}_{index}", entry) for index, entry in enumerate(value)]
        else:
            text += [_constant(name[1:], value)]
    return "\n".join(text)


def _constant(name: str, value: Any) -> str:
    kind = C_TYPES[value.dtype.name]
    if isinstance(value, np.floating):
        return f"constexpr {kind} {name} = {float(value).hex()}{'f' if kind == 'float' else ''};"
    return f"constexpr {kind} {name} = {int(value)}{'ull' if kind == 'u64' else 'u' if kind == 'u32' else ''};"


def whole_text(text: str, name: str, arithmetic: Arithmetic) -> str:
    """A text of this name, for error messages, with its headers and constants in place."""
    constants = ['#line 1 "constants.cuh"', *constants_text(arithmetic).splitlines()]
    return "\n".join(_inlined(text.splitlines(), name, FOLDER, constants, set())) + "\n"


def _inlined(text: list[str], name: str, folder: Path, constants: list[str], seen: set[Path]) -> list[str]:
    """Lines with every header of ours in the place of its first include, numbered as in its file for error messages."""
    lines = [f'#line 1 "{name}"']
    for number, line in enumerate(text, 1):
        match = INCLUDE.fullmatch(line)
        if not match:
            lines.append("" if line == "#pragma once" else line)
        elif match[1] == "constants.cuh":
            lines += [*constants, f'#line {number + 1} "{name}"']
        else:
            path = (folder / match[1]).resolve()
            if path not in seen:
                seen.add(path)
                inner = path.relative_to(FOLDER.resolve()).as_posix()
                lines += _inlined(path.read_text("utf-8").splitlines(), inner, path.parent, constants, seen)
            lines += [f'#line {number + 1} "{name}"']
    return lines


# --- streaming ------------------------------------------------------------------------------------------------------


def streaming_text(shape: Streaming, arithmetic: Arithmetic = "exact") -> str:
    """What streaming.cuh asks of a law, and the kernels made of both."""
    parts = rows_text(shape, arithmetic), outputs_text(shape)
    return "\n".join(["// Generated by attnlaws; do not edit.", '#include "streaming.cuh"', "", *parts])


def rows_text(shape: Streaming, arithmetic: Arithmetic = "exact") -> str:
    """What draws and adds up, the same for all conventions of a law: ``Law``, and the kernel ``rows``."""
    layout = Layout(shape)
    scalars, operations = _scalars_text(layout)
    lines = [cuda_item_text(layout, arithmetic), "struct Law {", *_counts(layout), *_tables(layout)]
    few = operations <= FEW_OPERATIONS and _held(layout) <= FEW_HELD
    bounds = BOUNDS.format(RESIDENT if few else RESIDENT_WIDE)
    return "\n".join([*lines, *scalars, *_add(layout), "};", "", bounds, *ROWS])


def outputs_text(shape: Streaming) -> str:
    """What is reported in the end, of rows of the same ``Law``: the kernel ``outputs``."""
    layout = Layout(shape)
    lines = [cuda_finish_text(layout), "struct Report {", f"    static constexpr int OUTPUTS = {len(shape.outputs)};"]
    return "\n".join([*lines, *_report(layout), "};", "", *OUTPUTS])


RESIDENT, RESIDENT_WIDE = 3, 2
"""Thread blocks that a multiprocessor must be able to hold: 80 registers a thread, or 128 for much work in float64.

Said to the compiler, because left to itself it may save registers at the price of spilling some.
"""
FEW_OPERATIONS, FEW_HELD = 30, 9
"""Operations of a law's scalars, and registers for what it keeps through the loop, that 80 registers are enough for."""
BOUNDS = 'extern "C" __global__ void __launch_bounds__(LANES, {})'
ROWS = (
    "rows(const Keys* keys, u64 first, u64 count, u64 parts, i64 items, const double* parameters,",
    "     const i64* lengths, double* out, double* workspace, u64 space) {",
    "    streaming_rows<Law>(*keys, first, count, parts, items, parameters, lengths, out, workspace, space);",
    "}",
    "",
)
OUTPUTS = (
    BOUNDS.format(RESIDENT),
    "outputs(u64 count, const double* parameters, const i64* lengths, const double* raw, double* out) {",
    "    finish_rows<Law, Report>(count, parameters, lengths, raw, out);",
    "}",
    "",
)


def _held(layout: Layout) -> int:
    """Registers of a thread that a law keeps through the loop over items: its sums, scalars and parameters."""
    given = len(layout.shape.scalars) + len(layout.parameters)
    return 2 * len(layout.shape.sums) + layout.bits // 32 * given


def _counts(layout: Layout) -> list[str]:
    """How many of everything there are."""
    shape = layout.shape
    counts = {
        "SERVED": layout.items_per_call,
        "ITEM_SCALARS": len(layout.item_scalars),
        "DOTS": len(layout.item_dots),
        "SHARED": len(layout.shared_vectors),
        "SHARED_SCALARS": len(layout.shared_scalars),
        "PARAMETERS": len(layout.parameters),
        "SCALARS": len(shape.scalars),
        "SUMS": len(shape.sums),
        "VECTOR_SUMS": len(shape.vector_sums),
    }
    tag = layout.tags[layout.item_scalars[0].name] if layout.item_scalars else 0
    return [
        f"    using Number = {'float' if layout.bits == 32 else 'double'};",
        *(f"    static constexpr int {name} = {count};" for name, count in counts.items()),
        f"    static constexpr u32 ITEM_TAG = {tag}u;",
    ]


def _tables(layout: Layout) -> list[str]:
    """Tags of the draws, and which of the lengths is theirs; functions, because device code has no constant arrays."""
    shared = [draw.name for draw in layout.shared_vectors]
    dots: list[tuple[Draw, int]] = []  # with the index of the shared vector, -1 for the item's own
    for dot in layout.item_dots:
        vector, other = layout.factors(dot)
        dots.append((vector, -1 if other == vector.name else shared.index(other)))
    vectors = [v.vector for v in layout.shape.vector_sums]

    def length(draw: Draw) -> int:
        return layout.lengths.index(str(draw.length))

    return [
        _table("int", "shared_length", map(length, layout.shared_vectors)),
        _table("u32", "shared_tag", (layout.tags[name] for name in shared)),
        _table("u32", "shared_scalar_tag", (layout.tags[draw.name] for draw in layout.shared_scalars)),
        _table("int", "dot_length", (length(draw) for draw, _ in dots)),
        _table("u32", "dot_tag", (layout.tags[draw.name] for draw, _ in dots)),
        _table("int", "dot_shared", (index for _, index in dots)),
        _table("int", "vector_length", map(length, vectors)),
        _table("u32", "vector_tag", (layout.tags[draw.name] for draw in vectors)),
    ]


def _table(kind: str, name: str, values: Iterable[int]) -> str:
    """A function from an index to a number."""
    suffix = "u" if kind == "u32" else ""
    cases = "".join(f"i == {index} ? {value}{suffix} : " for index, value in enumerate(values))
    return f"    static EXACT constexpr {kind} {name}(int i) {{ return {cases}0; }}"


def _scalars_text(layout: Layout) -> tuple[list[str], int]:
    """``scalars``: what is replicate-wide, from the shared draws; and the number of operations."""
    shape, shared = layout.shape, [draw.name for draw in layout.shared_vectors]
    program, dots = layout.plain_program(
        shape.scalars, [*layout.parameters, *(draw.name for draw in layout.shared_scalars)], "s"
    )
    lines = ["    static __device__ void scalars(const double* parameters, const double* drawn, Number* const* shared,"]
    lines += ["                                   const i64* sizes, double* out) {"]
    lines += [f"        const double {own(name)} = parameters[{i}];" for i, name in enumerate(layout.parameters)]
    lines += [f"        const double {own(draw.name)} = drawn[{i}];" for i, draw in enumerate(layout.shared_scalars)]
    for name, dot in dots:
        i, j = map(shared.index, dot.names)
        lines += [f"        const double {name} = dot64(shared[{i}], shared[{j}], sizes[{i}]);"]
    lines += print_cuda(program, "float64", indent=8)
    lines += [*(f"        out[{i}] = {r};" for i, r in enumerate(program.results.values())), "    }"]
    return lines, len(program.operations)


def _add(layout: Layout) -> list[str]:
    """``add``: the item's function, with arguments from arrays in the order of :func:`cuda_item_text`."""
    counts = {
        "x": len(layout.item_scalars),
        "dots": len(layout.item_dots),
        "scalars": len(layout.shape.scalars),
        "parameters": len(layout.parameters),
    }
    given = [f"{name}[{i}]" for name, count in counts.items() for i in range(count)]
    return [
        "    static EXACT void add(const Number* x, const Number* dots, const Number* scalars,",
        "                          const Number* parameters, Term<Number>* sums) {",
        f"        item({', '.join([*given, 'sums'])});",
        "    }",
    ]


def _report(layout: Layout) -> list[str]:
    """``report``: the function of the outputs, with arguments from arrays in the order of :func:`cuda_finish_text`."""
    shape = layout.shape
    fixed = len(shape.scalars) + len(shape.sums)
    given = [f"row[{i}]" for i in range(fixed)] + [f"parameters[{i}]" for i in range(len(layout.parameters))]
    lines = [
        "    static EXACT void report(const double* parameters, const i64* lengths, const double* row, double* out) {",
        f"        const double* vector0 = row + {fixed};",
    ]
    for i in range(len(shape.vector_sums)):
        lines += [f"        const double* vector{i + 1} = vector{i} + lengths[Law::vector_length({i})];"]
        given += [f"vector{i}", f"lengths[Law::vector_length({i})]"]
    return [*lines, f"        finish({', '.join([*given, 'out'])});", "    }"]


# --- replicates -----------------------------------------------------------------------------------------------------


def header_of(shape: Replicate) -> Path:
    """Where a replicate's kernel is looked for: the stem is that of the module which holds its Numba twin."""
    return FOLDER / (shape.kernel.__module__.removeprefix("attnlaws.simulations.").replace(".", "/") + ".cuh")


def replicate_text(shape: Replicate, parameters: Parameters) -> str:
    """The loop over replicates around a kernel written by hand, in the file that its Numba twin's stem names."""
    function, header = shape.kernel, header_of(shape)
    if not header.exists():
        place = header.relative_to(FOLDER.parent).as_posix()
        raise ValueError(f"{function.__module__}: its kernel is not written in CUDA (there is no {place})")
    given = shape.arguments(**parameters)
    typed = "".join(
        f", {'i64' if isinstance(given[name], int) else 'double'} {own(name)}" for name in all_arguments(shape)
    )
    names = {"kernel": function.__name__, "arguments": _listed(function), "typed": typed, "outputs": len(shape.outputs)}
    loops = REPLICATES
    if shape.passes:
        decide, plan = shape.passes.decide, len(shape.passes.plan(**given))
        names |= {
            "decide": decide.__name__,
            "decide_arguments": _listed(decide),
            "plan": plan,
            "sums": shape.passes.sums,
        }
        loops = PASSES
    bounds = BOUNDS.format(RESIDENT_WIDE)
    include = f'#include "{header.relative_to(FOLDER).as_posix()}"'
    return f"// Generated by attnlaws; do not edit.\n{include}\n{loops.format(**names, bounds=bounds)}"


def _listed(kernel: Callable[..., object]) -> str:
    return "".join(f", {own(name)}" for name in arguments_of(kernel))


REPLICATES = """
{bounds}
replicates(const Keys* keys, u64 first, u64 count, double* scratch, u64 space, double* out{typed}) {{
    const auto kernel = [=](u32 replicate, double* own, double* values) {{
        {kernel}(*keys, replicate, own, values{arguments});
    }};
    each_replicate(first, count, scratch, space, out, {outputs}, kernel);
}}"""
PASSES = """
{bounds}
replicates(const Keys* keys, u64 first, u64 count, double* scratch, u64 space, double* out, i64 draws,
           const double* begin{typed}) {{
    const auto part = [=](u32 replicate, i64 from, i64 to, const double* plan, double* sums, double* kept,
                          u64* filled) {{
        {kernel}(*keys, replicate, from, to, plan, sums, kept, (i64)space, filled{arguments});
    }};
    const auto decide = [=](double* plan, const double* sums, const double* kept, i64 stored, double* values) {{
        return {decide}(plan, sums, kept, stored, values{decide_arguments});
    }};
    each_in_passes<{plan}, {sums}>(first, count, scratch, space, out, {outputs}, draws, begin, part, decide);
}}

{bounds}
parts(const Keys* keys, u32 replicate, u64 count, i64 size, i64 draws, const double* plan, double* sums, double* kept,
      u64 room, u64* filled{typed}) {{
    const auto part = [=](i64 from, i64 to, double* own) {{
        {kernel}(*keys, replicate, from, to, plan, own, kept, (i64)room, filled{arguments});
    }};
    each_part(count, size, draws, sums, {sums}, part);
}}"""
