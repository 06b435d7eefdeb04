"""The kernels as small programs under the sanitizers: no stray access, no undefined step, no race between threads."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from catalog_kernels import catalog, numba_rows
from host_build import Compiler

from attnlaws.simulations.cuda_source import kernel_source, workspace_size
from attnlaws.simulations.experiment import Streaming
from attnlaws.simulations.task import Kernel

pytestmark = [pytest.mark.host, pytest.mark.slow]

SANITIZERS = {
    "memory": ("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    "threads": ("-fsanitize=thread",),
}
KERNELS = (
    "retrieval.linear-literal-3",  # inner products, and sums of vectors
    "retrieval.exponential-tilted-2",  # two scalar draws an item, two items a call
    "topk.tail_mass-literal-0",
    "topk.divergences-literal-0",
    "topk.tail_mass-window-0",
    "topk.k_eps-literal-0",
    "topk.k_eps-radix-0",
)
FIRST, COUNT, BLOCKS = 5, 3, 2

PROGRAM = """
#include <cstdio>
int main() {{
    [[maybe_unused]] double parameters[] = {{{parameters}}};
    [[maybe_unused]] i64 lengths[] = {{{lengths}}};
    const Keys keys = round_keys({k0}u, {k1}u);
    std::vector<double> out({size}, NAN), workspace({blocks} * {space}ull, NAN), told({told}, NAN);
    launch({blocks}, LANES, [&] {{ {call}; }});
    {last}
    for (double value : out) std::printf("%a\\n", value);
    for (double value : told) std::printf("%a\\n", value);
}}
"""


def program(task, source: str) -> str:
    """A text with a ``main`` that runs its kernel and prints what came out; arrays are as long as they have to be."""
    kernel, space = Kernel.of(task), workspace_size(task.shape, task.parameters)
    k0, k1 = map(int, kernel.key)
    stream = isinstance(task.shape, Streaming)
    if stream:
        numbers, lengths = kernel.arguments
        values = f"&keys, {FIRST}, {COUNT}, 1, {kernel.items}, parameters, lengths, out.data(), workspace.data()"
        call = f"rows({values}, {space})"
        last = f"launch(1, LANES, [&] {{ outputs({COUNT}, parameters, lengths, out.data(), told.data()); }});"
    else:
        lengths, last = [], ""
        numbers = kernel.plan if task.shape.passes else []
        begin = f"{task.draws}, parameters, " if task.shape.passes else ""
        given = begin + ", ".join(map(repr, kernel.arguments))
        call = f"replicates(&keys, {FIRST}, {COUNT}, workspace.data(), {space}, out.data(), {given})"
    return source + PROGRAM.format(
        k0=k0,
        k1=k1,
        parameters=", ".join(float(v).hex() for v in numbers) or "0",
        lengths=", ".join(map(str, lengths)) or "0",
        size=COUNT * (kernel.width if stream else len(task.outputs)),
        blocks=BLOCKS,
        space=space,
        told=COUNT * len(task.outputs) if stream else 0,
        call=call,
        last=last,
    )


def run(path: Path) -> subprocess.CompletedProcess:
    # GCC's thread sanitizer does not know the addresses that newer kernels hand out at random.
    steady = ["setarch", "-R"] if shutil.which("setarch") else []
    environment = os.environ | {"TSAN_OPTIONS": "halt_on_error=1"}
    return subprocess.run(
        [*steady, str(path)], capture_output=True, text=True, check=False, env=environment, timeout=120
    )


def without_barrier(source: str, function: str) -> str:
    """The text with the first barrier of a function taken out."""
    start = source.index("__syncthreads();", source.index(f" {function}("))
    return source[:start] + source[start + len("__syncthreads();") :]


PLANTED = {
    "draw_shared": KERNELS[0],  # the query would be read while it is drawn
    "partial": KERNELS[0],  # a lane would be folded before it was summed
    "kth_largest": KERNELS[2],  # a histogram would be emptied while it is filled
    "part_of_tail": KERNELS[4],  # scores would be counted before the count is set to zero
    "lost_of": KERNELS[6],  # masses would be added before they are set to zero
}


@pytest.fixture(scope="module")
def results(tmp_path_factory, in_parallel):
    """What every program printed, by sanitizer and kernel, or by the function whose barrier is missing."""
    if shutil.which("g++") is None:
        pytest.skip("needs g++")
    tasks = {name: catalog()[name] for name in KERNELS}
    sources = {name: kernel_source(task.shape, task.parameters) for name, task in tasks.items()}
    texts = {(kind, name): program(tasks[name], sources[name]) for kind in SANITIZERS for name in KERNELS}
    for function, name in PLANTED.items():
        texts["threads", function] = program(tasks[name], without_barrier(sources[name], function))
    compilers = in_parallel(
        lambda kind: Compiler(Path(tmp_path_factory.mktemp(kind)), *SANITIZERS[kind]), [(kind,) for kind in SANITIZERS]
    )
    ready = {kind: compilers[kind,] for kind in SANITIZERS}

    def result(kind: str, name: str) -> subprocess.CompletedProcess:
        return run(ready[kind].build(texts[kind, name], re.sub(r"\W", "_", name)))

    return in_parallel(result, texts)


@pytest.mark.parametrize("kind", SANITIZERS)
@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_is_clean_and_has_the_same_bits(results, kind, name):
    done, task = results[kind, name], catalog()[name]
    assert done.returncode == 0, done.stderr[:4000]
    got = np.array([float.fromhex(line) for line in done.stdout.split()])
    rows = numba_rows(task, FIRST, COUNT) if task.items else np.empty(0)
    np.testing.assert_array_equal(got, np.concatenate([rows.ravel(), task.values(FIRST, COUNT).ravel()]))


@pytest.mark.parametrize("function", PLANTED)
def test_a_barrier_that_is_missing_is_found(results, function):
    done = results["threads", function]
    assert done.returncode == 66, done.stderr[:4000]
    assert "ThreadSanitizer: data race" in done.stderr
