"""NVIDIA's compiler takes every kernel, for every generation of GPUs, into the registers allowed; no GPU is needed."""

import re
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from bundle import bundled
from catalog_kernels import catalog, named, of_their_own

if sys.platform not in ("linux", "win32"):
    pytest.skip("NVIDIA's compiler exists for Linux and Windows", allow_module_level=True)

from nvrtc_compile import Usage, instructions, machine_code, usages

from attnlaws.simulations.cuda_source import header_source, kernel_source
from attnlaws.simulations.experiment import ARITHMETICS, Arithmetic, Replicate, Streaming

ARCHITECTURES = (75, 80, 90, 100, 120)  # Turing, Ampere, Hopper, and both kinds of Blackwell
THROUGHOUT = (80, 90, 120)
"""For these every kernel is compiled, for the others a few."""
VECTORS, TILTED, DIVERGENCES = (
    "retrieval.linear-literal-1",
    "retrieval.exponential-tilted-2",
    "topk.divergences-literal-0",
)
ALONE = (VECTORS, TILTED, DIVERGENCES, "topk.k_eps-radix-0")
REGISTERS = 65536  # of a multiprocessor


FAST = [name for name in of_their_own() if catalog()[name].shape.precision == "float32"]
"""What is reported in the end is float64 in any case, so that a law's conventions have the same fast arithmetic."""
NAMES = {name: (name, "exact") for name in catalog()} | {f"{name}-fast": (name, "fast") for name in FAST}
SOON = (90,)
"""The others take half a minute each, and are left to the slow tests."""
COMPILED = [
    pytest.param(name, n, marks=() if n in SOON else pytest.mark.slow)
    for n in ARCHITECTURES
    for name in (NAMES if n in THROUGHOUT else ALONE)
]


class Programs:
    """The streams asked for as one program for each arithmetic and architecture; a replicate is a program by itself,
    because some of its functions are called, and others are inlined where a text calls them once."""

    def __init__(self, names: list[str], architectures: Sequence[int], in_parallel: Any) -> None:
        streams = [name for name in names if isinstance(catalog()[name].shape, Streaming)]
        chosen = {"exact": streams, "fast": [name for name in streams if name in FAST]}
        tasks = {arithmetic: {name: catalog()[name] for name in found} for arithmetic, found in chosen.items()}
        # Printed here, because SymPy is not for several threads at once.
        self.bundles = {a: bundled(tasks[a], a, reports=a == "exact") for a in ARITHMETICS}
        self.texts = {key: self.text(*key) for key in NAMES.values() if key[0] in names}
        self.together = in_parallel(self.compiled, [(a, n) for n in architectures for a in ARITHMETICS])

    def text(self, name: str, arithmetic: Arithmetic) -> str:
        """What a GPU would get."""
        return kernel_source(catalog()[name].shape, catalog()[name].parameters, arithmetic)

    def compiled(self, arithmetic: Arithmetic, architecture: int) -> tuple[dict[str, Usage], dict[str, bytes]] | None:
        """What all streams take, and their instructions; nothing where the text is refused."""
        try:
            code = machine_code(self.bundles[arithmetic].text, architecture)
        except ValueError:
            return None  # each by itself then, so that the law is found
        return usages(code), instructions(code)

    def used(self, name: str, arithmetic: Arithmetic, architecture: int) -> dict[str, Usage]:
        """What each kernel of a task takes."""
        symbols, key = self.bundles[arithmetic].symbols.get(name), (arithmetic, architecture)
        together = self.together[key] if symbols and key in self.together else None
        if together is None:
            return usages(machine_code(self.texts[name, arithmetic], architecture))
        return {kernel: together[0][symbol] for kernel, symbol in symbols.items()}


@pytest.fixture(scope="module")
def programs(request, in_parallel) -> Programs:
    items = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    asked = [item.callspec.params for item in items if item.callspec.params.get("name") not in (None, *ALONE)]
    return Programs(named(request), sorted({one.get("architecture", 90) for one in asked} | {90}), in_parallel)


@pytest.mark.parametrize(("name", "architecture"), COMPILED)
def test_a_kernel_compiles_and_keeps_to_its_registers(programs, name, architecture):
    kernels, text = programs.used(*NAMES[name], architecture), programs.texts[NAMES[name]]
    resident = {kernel: int(blocks) for blocks, kernel in re.findall(r"__launch_bounds__\(LANES, (\d)\)\s+(\w+)", text)}
    task = catalog()[NAMES[name][0]]
    shared = {"parts"} if isinstance(task.shape, Replicate) and task.shape.passes else set()
    assert set(resident) == ({"rows", "outputs"} if task.items else {"replicates"} | shared)
    reported = {"outputs"} & set(resident) if NAMES[name][1] == "fast" else set()  # compiled with the exact rows
    assert set(kernels) | reported == set(resident)
    for kernel, usage in kernels.items():
        assert resident[kernel] in (2, 3)
        assert usage.registers * 256 * resident[kernel] <= REGISTERS
        assert usage.stack == 0  # what is spilled goes to the stack, and nothing else of ours does


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_kernel_of_an_estimator_compiles_and_keeps_to_its_registers(architecture):
    usage = usages(machine_code(header_source("fewest_keys.cuh"), architecture))["fewest_keys"]
    assert usage.registers * 256 * 3 <= REGISTERS
    assert usage.stack == 0


@pytest.mark.parametrize("name", [VECTORS, TILTED])
def test_a_kernel_is_the_same_alone(programs, sources, name):
    """That many are compiled in one text is for speed, and changes none of their instructions."""
    _, together = programs.together["exact", 90]
    symbols = programs.bundles["exact"].symbols[name]
    alone = instructions(machine_code(sources[name], 90))
    assert alone == {f".text.{kernel}": together[f".text.{symbol}"] for kernel, symbol in symbols.items()}


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    """The text of some kernels."""
    return {name: kernel_source(catalog()[name].shape, catalog()[name].parameters) for name in ALONE}


def test_what_is_spilled_is_seen(sources):
    """The same kernel in 24 registers: if this passed for no stack, so would everything above."""
    crowded = sources[VECTORS].replace("__launch_bounds__(LANES, 3)", "__maxnreg__(24)")
    usage = usages(machine_code(crowded, 90))["rows"]
    assert usage.registers == 24
    assert usage.stack > 0


@pytest.mark.parametrize("name", ALONE)
def test_nothing_is_left_to_the_compiler_to_fuse(sources, name):
    """Machine code is the same whether a*b + c may become one operation or not."""
    codes = [machine_code(sources[name], 90, option) for option in ("--fmad=true", "--fmad=false")]
    assert instructions(codes[0]) == instructions(codes[1])


@pytest.mark.parametrize("name", [name for name in FAST if catalog()[name].items])
def test_fast_arithmetic_takes_fewer_instructions(programs, name):
    """By a twentieth at least, of the whole text; loops over calls are counted in test_instruction_counts.py."""
    exact, fast = (programs.used(name, arithmetic, 90)["rows"] for arithmetic in ARITHMETICS)
    assert fast.instructions < 0.95 * exact.instructions


def test_a_product_that_could_be_fused_is_seen(sources):
    source = sources[DIVERGENCES].replace("__dadd_rn(__dmul_rn(order, log_q),", "(order * log_q +", 1)
    codes = [machine_code(source, 90, option) for option in ("--fmad=true", "--fmad=false")]
    assert instructions(codes[0]) != instructions(codes[1])


def test_an_error_is_told_with_its_place():
    source = header_source("streaming.cuh").replace("__fmaf_rn(f, L7, L6)", "__fmaf_rn(f, L7, missing)", 1)
    with pytest.raises(ValueError, match=r'arithmetic\.cuh\(\d+\): error: identifier "missing" is undefined'):
        machine_code(source, 90)
