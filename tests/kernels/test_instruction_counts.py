"""The instructions that benchmarks/gpu.py states for loops that are timed, counted in the machine code for sm_90."""

import sys

import pytest

import benchmarks.gpu as bench

if sys.platform not in ("linux", "win32"):
    pytest.skip("NVIDIA's compiler exists for Linux and Windows", allow_module_level=True)

from catalog_kernels import catalog
from hot_loop import decoded, hot_loop
from nvrtc_compile import instructions, machine_code, usages

from attnlaws.simulations.cuda_source import RESIDENT, header_source, kernel_source, rows_text, whole_text
from attnlaws.simulations.experiment import Streaming

POINTS = {(law_id, mode): point for law_id, mode, point in bench.SIZES}
TOLERANCE = 0.03
"""Another version of the compiler may order things otherwise; this one is pinned, and gives the numbers themselves."""


def text_of(law_id: str, mode: str, arithmetic) -> str:
    """The text of ``rows``, without what is reported in the end, or of a long row's ``parts``."""
    task = bench.task_of(law_id, mode, POINTS[law_id, mode])
    if isinstance(task.shape, Streaming):
        return whole_text(f'#include "streaming.cuh"\n{rows_text(task.shape, arithmetic)}', "rows.cu", arithmetic)
    return kernel_source(task.shape, task.parameters, arithmetic)


@pytest.fixture(scope="module")
def codes(in_parallel):
    """Machine code by law, mode and arithmetic."""
    texts = {key: text_of(*key) for key in bench.INSTRUCTIONS}
    return in_parallel(lambda *key: machine_code(texts[key], 90), texts)


@pytest.mark.parametrize("key", bench.INSTRUCTIONS, ids="-".join)
def test_a_turn_takes_the_instructions_that_are_stated(codes, key):
    kernel = "parts" if key[1] == "window" else "rows"
    counts, stated = hot_loop(instructions(codes[key])[f".text.{kernel}"]), bench.INSTRUCTIONS[key]
    assert sum(counts.values()) == pytest.approx(stated.instructions, rel=TOLERANCE), counts
    assert counts["MUFU"] + counts["F2F"] == stated.special
    # One product of the ten rounds' twenty is the same in all turns, and no round makes its keys itself.
    assert (counts["IMAD.WIDE"], counts["UIADD3"]) == (19, 0)
    usage = usages(codes[key])[kernel]
    assert usage.registers * 256 * RESIDENT <= 65536
    assert usage.stack == 0


DRAWING = {
    "topk.tail_mass-literal-0": 231,
    "topk.divergences-literal-0": 233,
    "topk.k_eps-literal-0": 233,
    "topk.k_eps-radix-0": 172,
    "minimax.nearest_neighbor-literal-0": 62,
}
"""A turn of the loop over calls where one thread block makes a replicate: two scores in float64, four in float32 with
the comparison that says whether they are counted, or the gaps along four axes. What is said beside the kernels is for
one score.
"""


@pytest.mark.parametrize("name", DRAWING)
def test_drawing_takes_the_instructions_that_are_stated(name):
    task = catalog()[name]
    code = machine_code(kernel_source(task.shape, task.parameters), 90)
    found = instructions(code)
    counts, usage = hot_loop(found[".text.replicates"]), usages(code)["replicates"]
    assert sum(counts.values()) == pytest.approx(DRAWING[name], rel=TOLERANCE), counts
    assert counts["UIADD3"] < 2  # no round makes its keys itself; one addition may count the turns
    assert (usage.registers * 256 * RESIDENT <= 65536, usage.stack) == (True, 0)


def test_more_instructions_would_be_seen():
    """The keys of the rounds made anew in every call, by so many additions less a few that are the same in all."""
    text = text_of("retrieval.linear", "literal", "fast")
    made = text.replace("streaming_rows<Law>(*keys,", "streaming_rows<Law>(round_keys(space, count),", 1)
    assert made != text
    counts = hot_loop(instructions(machine_code(made, 90))[".text.rows"])
    assert counts["UIADD3"] > 15
    stated = bench.INSTRUCTIONS["retrieval.linear", "literal", "fast"].instructions
    assert sum(counts.values()) > (1 + TOLERANCE) * stated


ROOTS = """
extern "C" __global__ void own(float* x) { x[threadIdx.x] = root32(x[threadIdx.x]); }
extern "C" __global__ void compiler_s(float* x) { x[threadIdx.x] = __fsqrt_rn(x[threadIdx.x]); }
"""


@pytest.mark.parametrize("architecture", [75, 80, 90, 100, 120])
def test_the_root_is_made_by_the_steps_of_the_compiler_s_own(architecture):
    """Reciprocal root r, y = x r, h = r / 2, x - y y, and y + h times that; the slow way comes behind the other's."""
    found = instructions(machine_code(header_source("arithmetic.cuh") + ROOTS, architecture))
    steps = {}
    for kernel in ("own", "compiler_s"):
        some = [one for one in decoded(found[f".text.{kernel}"]) if one.name in ("MUFU", "FMUL", "FFMA")]
        steps[kernel] = [(one.name, one.form, one.constant if one.form == 4 else 0) for one in some[:5]]
    half = 0x3F000000
    assert steps["own"] == steps["compiler_s"]
    assert sorted(steps["own"]) == [("FFMA", 1, 0)] * 2 + [("FMUL", 1, 0), ("FMUL", 4, half), ("MUFU", 1, 0)]
