"""The kernels of the catalog: every law and mode, and each of the texts that its parameters lead to."""

import ctypes
import itertools
from collections.abc import Hashable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from attnlaws import registry
from attnlaws.simulations.cuda_source import FOLDER, header_of, kernel_source, round_keys, rows_text, workspace_size
from attnlaws.simulations.experiment import Experiment, Shape, Streaming
from attnlaws.simulations.simulate import make_task
from attnlaws.simulations.task import Kernel, Task

ITEMS = 1300  # some superblocks of 256 calls, the last one short, and more than one that four items share a call of


def points(law: Any) -> list[dict[str, Any]]:
    """Where a law is judged, and the same with every other choice and with what may be none; few items everywhere."""
    names = {parameter.name for parameter in law.parameters}
    found = []
    for point in law.grid.points():
        small = {p.name: ITEMS for p in law.parameters if p.role == "simulation"} | point
        small |= {"n": int(min(ITEMS, law.parameter("n").domain.high))} if "n" in names else {}
        options = {p.name: p.domain.names for p in law.parameters if hasattr(p.domain, "names")}
        options |= {"d_v": (None, 5)} if "d_v" in names else {}
        found += [
            {**small, **dict(zip(options, chosen, strict=True))} for chosen in itertools.product(*options.values())
        ]
    return found


def telling(law: Any) -> list[dict[str, Any]]:
    """The first of those points that differ in a real number or in n alone: a text has neither in it."""
    found: dict[Hashable, dict[str, Any]] = {}
    for point in points(law):
        alike = {name: value for name, value in point.items() if name != "n" and not isinstance(value, float)}
        found.setdefault(frozenset(alike.items()), point)
    return list(found.values())


def tasks(law_id: str, mode: str) -> Iterator[Task]:
    """A law's tasks in one mode; where choices do not go together there is none."""
    law = registry.law(law_id)
    return tasks_at(telling(law), law, mode)


def tasks_at(places: list[dict[str, Any]], law: Any, mode: str) -> Iterator[Task]:
    """The tasks of a law at some points."""
    experiment = registry.experiment(law.id)
    for point in places:
        try:
            task = make_task(law, experiment, law.validate(**point), 0, mode)
            _ = task.shape
        except ValueError:
            continue
        yield task


def modes() -> list[tuple[str, str]]:
    """Every law that is simulated, with every mode; those with a kernel of their own before those that borrow it."""
    found = {law_id: registry.experiment(law_id) for law_id in registry.ids()}
    some = [(law_id, mode) for law_id, one in found.items() if isinstance(one, Experiment) for mode in one.modes]
    return sorted(some, key=lambda one: not (FOLDER / f"{one[0].replace('.', '/')}.cuh").exists())


def runs_on_a_gpu(task: Task) -> bool:
    """Whether there is a CUDA kernel: always for a stream, and for a replicate where one has been written."""
    return isinstance(task.shape, Streaming) or header_of(task.shape).exists()


def printed(shape: Shape, parameters: Mapping[str, Any]) -> Hashable:
    """What the text of a shape is made of: equal where the texts are, and quicker to compare."""
    if not isinstance(shape, Streaming):
        return kernel_source(shape, parameters)
    parts = (shape.scalars, shape.sums, shape.outputs)
    return (shape.item, shape.shared, shape.vector_sums, shape.precision, *(tuple(part.items()) for part in parts))


@lru_cache
def catalog() -> dict[str, Task]:
    """One task for each text that is compiled, by a name for the test."""
    found: dict[Hashable, tuple[str, Task]] = {}
    for law_id, mode in modes():
        known = len(found)
        for task in filter(runs_on_a_gpu, tasks(law_id, mode)):
            found.setdefault(printed(task.shape, task.parameters), (f"{law_id}-{mode}-{len(found) - known}", task))
    return dict(found.values())


@lru_cache
def of_their_own() -> list[str]:
    """The names of those that draw and add up as none before them; others differ in what is reported at last."""
    known: dict[str, str] = {}
    for name, task in catalog().items():
        known.setdefault(rows_text(task.shape) if isinstance(task.shape, Streaming) else name, name)
    return list(known.values())


def named(request: Any) -> list[str]:
    """The names that the tests of this file ask for in this session: not all of them, where somebody wants one law."""
    items = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    asked = {item.callspec.params.get("name") for item in items}
    return [name for name in catalog() if name in asked or f"{name}-fast" in asked]


def at(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def host_rows(library: Any, task: Task, first: int, count: int, parts: int, blocks: int) -> np.ndarray:
    """Rows of a stream, from its kernel on this machine; the workspace starts as NaN."""
    kernel, space = Kernel.of(task), workspace_size(task.shape, task.parameters)
    out, workspace = np.full((count, kernel.width), np.nan), np.full(blocks * space, np.nan)
    numbers = [ctypes.c_uint64(v) for v in (first, count, parts)] + [ctypes.c_int64(kernel.items)]
    arrays = [*map(at, kernel.arguments), at(out), at(workspace)]
    library.launch_rows(blocks, at(round_keys(kernel.key)), *numbers, *arrays, ctypes.c_uint64(space))
    # Blocks take turns here, so that two could share a place unnoticed; on a GPU they must not.
    assert not np.isnan(workspace[::space]).any()
    return out


def numba_rows(task: Task, first: int, count: int) -> np.ndarray:
    """Rows of whole replicates from the CPU's kernel."""
    return Kernel.of(task).raw(first, count)


def numba_groups(task: Task, replicate: int, parts: int) -> np.ndarray:
    """Rows of the parts of one replicate from the CPU's kernel."""
    return Kernel.of(task).raw(replicate * parts, parts, parts)


def host_outputs(library: Any, task: Task, raw: np.ndarray) -> np.ndarray:
    """Outputs of replicates from their rows."""
    out = np.full((len(raw), len(task.outputs)), np.nan)
    arrays = [*map(at, Kernel.of(task).arguments), at(raw), at(out)]
    library.launch_outputs(1, ctypes.c_uint64(len(raw)), *arrays)
    return out


def host_replicates(library: Any, task: Task, first: int, count: int, blocks: int) -> np.ndarray:
    """Outputs of self-contained replicates."""
    assert not isinstance(task.shape, Streaming)
    space = workspace_size(task.shape, task.parameters)
    out, scratch = np.full((count, len(task.outputs)), np.nan), np.zeros(blocks * space)
    numbers = [ctypes.c_uint64(first), ctypes.c_uint64(count)]
    given = [
        ctypes.c_int64(value) if isinstance(value, int) else ctypes.c_double(value)
        for value in Kernel.of(task).arguments
    ]
    begin = [ctypes.c_int64(task.draws), at(Kernel.of(task).plan)] if task.shape.passes else []
    places = at(scratch), ctypes.c_uint64(space), at(out)
    library.launch_replicates(blocks, at(round_keys(Kernel.of(task).key)), *numbers, *places, *begin, *given)
    assert scratch[::space].all()
    return out
