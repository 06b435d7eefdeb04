"""NVIDIA's compiler takes every kernel, for every generation of GPUs, into the registers allowed; no GPU is needed."""

import sys

import pytest
from catalog_kernels import catalog

if sys.platform not in ("linux", "win32"):
    pytest.skip("NVIDIA's compiler exists for Linux and Windows", allow_module_level=True)

from nvrtc_compile import Usage, instructions, machine_code, usages

from attnlaws.simulations.cuda_source import header_source, kernel_source

ARCHITECTURES = (75, 80, 90, 100, 120)  # Turing, Ampere, Hopper, and both kinds of Blackwell
DIVERGENCES = "topk.divergences-literal-0"
REGISTERS = {"rows": 64, "outputs": 64, "replicates": 128}
"""Four blocks of 256 threads share the 65536 registers of a multiprocessor, or two where float64 fills them."""


FAST = [name for name, task in catalog().items() if task.shape.precision == "float32"]
NAMES = [*catalog(), *(f"{name}-fast" for name in FAST)]


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    """The text of every kernel; printed here, because SymPy is not for several threads at once."""
    texts = {name: kernel_source(task.shape, task.parameters) for name, task in catalog().items()}
    tasks = {name: catalog()[name] for name in FAST}
    return texts | {f"{name}-fast": kernel_source(task.shape, task.parameters, "fast") for name, task in tasks.items()}


@pytest.fixture(scope="module")
def used(sources, in_parallel) -> dict[tuple[str, int], dict[str, Usage]]:
    """What every kernel takes of every architecture."""

    def compiled(name: str, architecture: int) -> dict[str, Usage]:
        return usages(machine_code(sources[name], architecture))

    return in_parallel(compiled, [(name, architecture) for name in sources for architecture in ARCHITECTURES])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("name", NAMES)
def test_a_kernel_compiles_and_keeps_to_its_registers(used, name, architecture):
    kernels = used[name, architecture]
    assert set(kernels) == ({"rows", "outputs"} if catalog()[name.removesuffix("-fast")].items else {"replicates"})
    for kernel, usage in kernels.items():
        assert usage.registers <= REGISTERS[kernel]
        assert usage.stack == 0  # what is spilled goes to the stack, and nothing else of ours does


def test_what_is_spilled_is_seen(sources):
    """The same kernel in 24 registers: if this passed for no stack, so would everything above."""
    crowded = sources["retrieval.linear-literal-1"].replace("__launch_bounds__(LANES)", "__maxnreg__(24)")
    usage = usages(machine_code(crowded, 90))["rows"]
    assert usage.registers == 24
    assert usage.stack > 0


@pytest.mark.parametrize("name", ["retrieval.linear-literal-1", "retrieval.exponential-tilted-2", DIVERGENCES])
def test_nothing_is_left_to_the_compiler_to_fuse(sources, name):
    """Machine code is the same whether a*b + c may become one operation or not."""
    codes = [machine_code(sources[name], 90, option) for option in ("--fmad=true", "--fmad=false")]
    assert instructions(codes[0]) == instructions(codes[1])


def test_fast_arithmetic_takes_fewer_instructions(used):
    """By a tenth at least, of the whole text; the loop over calls by a third (cuda/streaming.cuh)."""
    for name in FAST:
        exact, fast = used[name, 90]["rows"], used[f"{name}-fast", 90]["rows"]
        assert fast.instructions < 0.9 * exact.instructions


def test_a_product_that_could_be_fused_is_seen(sources):
    source = sources[DIVERGENCES].replace("__dadd_rn(__dmul_rn(order, log_q),", "(order * log_q +", 1)
    codes = [machine_code(source, 90, option) for option in ("--fmad=true", "--fmad=false")]
    assert instructions(codes[0]) != instructions(codes[1])


def test_an_error_is_told_with_its_place():
    source = header_source("streaming.cuh").replace("__fmaf_rn(f, L7, L6)", "__fmaf_rn(f, L7, missing)", 1)
    with pytest.raises(ValueError, match=r'arithmetic\.cuh\(\d+\): error: identifier "missing" is undefined'):
        machine_code(source, 90)
