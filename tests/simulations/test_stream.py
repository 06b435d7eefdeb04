"""The random streams: known words, addresses, and the same bits on another processor."""

import ast
import doctest
import hashlib
import itertools
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import mpmath
import numpy as np
import pytest
from numba import njit
from streams import (
    CALL,
    DOT_LANES,
    SQUARE_LANES,
    VECTOR,
    WIDTH,
    both,
    counter_of,
    exact_normals,
    items,
    lane_normals,
    lane_scratch,
    lane_words,
    tolerance,
    u64,
)

from attnlaws.simulations import arithmetic, lanes, stream
from attnlaws.simulations.stream import LANES, normals, philox4x32, stream_key

# Every statistical threshold below is set for a false alarm of at most 1e-9 per comparison; the seeds are fixed, so a
# failure is a defect unless the streams were changed on purpose.
SIGMAS = 6.2  # two-sided normal probability 5.6e-10
KOLMOGOROV = 3.28  # sqrt(n) D beyond this: 2 exp(-2 * 3.28^2) = 9e-10
ANDERSON = 19.0  # A^2 beyond this: about sqrt(3) erfc(sqrt(19)) = 1.2e-9

KNOWN = [
    ([0] * 4, [0] * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]

# Words ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_known_answers(counter, key, words):
    expected = [int(word, 16) for word in words.split()]
    assert philox4x32(counter, key).tolist() == expected
    call, lane = counter[0] | counter[1] << 32, counter[0] % LANES
    assert lane_words(*key, call - lane, *counter[2:])[:, lane].tolist() == expected


@pytest.mark.parametrize("call", [0, 256 * 12345, 2**32 - 256, 2**32, 2**40 + 2**32 - 256, 2**64 - 256])
def test_lanes_hold_the_words_of_the_reference(call):
    rng = np.random.default_rng(call % 1000)
    k0, k1, tag, replicate = rng.integers(0, 2**32, 4).tolist()
    counters = [counter_of(call + i, tag, replicate) for i in range(LANES)]
    np.testing.assert_array_equal(lane_words(k0, k1, call, tag, replicate), philox4x32(counters, [k0, k1]).T)


def test_philox_broadcasts():
    counter = np.arange(24, dtype=np.int16).reshape(3, 2, 4)
    key = np.arange(6, dtype=np.uint64).reshape(3, 1, 2)
    out = philox4x32(counter, key)
    assert out.shape == (3, 2, 4) and out.dtype == np.uint32
    np.testing.assert_array_equal(out[2, 1], philox4x32(counter[2, 1], key[2, 0]))


def test_key_is_the_head_of_the_hash():
    head = hashlib.sha256(b"17|topk.tail_mass").hexdigest()[:16]
    assert "".join(f"{word:08x}" for word in stream_key(17, "topk.tail_mass")) == head
    assert stream_key(10**40, "x") != stream_key(10**40 + 1, "x")
    assert stream_key(np.int64(17), "topk.tail_mass") == stream_key(17, "topk.tail_mass")


# Normals --------------------------------------------------------------------------------------------------------


@both
def test_normals_equal_their_definition(dtype):
    key, tag, replicate = (123456789, 987654321), 5, 7
    with mpmath.workdps(40):
        for call in [*range(400), 2**32 - 1, 2**32, 2**63]:
            got = CALL[dtype](*u64(*key, call, tag, replicate))
            for value, (radius, exact) in zip(got, exact_normals(dtype, key, call, tag, replicate), strict=True):
                assert abs(float(value) - exact) <= tolerance(dtype, float(radius))


@both
@pytest.mark.parametrize("call", [0, 256 * 77, 2**32 - 256, 2**32, 2**45 + 512])
def test_lanes_equal_single_calls(dtype, call):
    x = lane_normals(dtype, 3, 4, call, 5, 6)
    for i in range(LANES):
        assert tuple(x[:, i]) == CALL[dtype](*u64(3, 4, call + i, 5, 6))


@both
@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 100, 255])
def test_fewer_calls_have_the_same_bits_and_leave_what_is_beyond_whole_vectors(dtype, count):
    long, short = (lane_normals(dtype, 3, 4, 2048, 5, 6, n) for n in (LANES, count))
    np.testing.assert_array_equal(short[:, :count], long[:, :count])
    whole = VECTOR * -(-count // VECTOR)
    assert np.isnan(short[:, whole:]).all() and not np.isnan(long).any()
    q, scratch = np.linspace(-1, 2, 3 * WIDTH[dtype]).astype(dtype), lane_scratch()
    sums = [np.linspace(-3, 3, LANES).astype(dtype) for _ in range(3)]
    for s, n in zip(sums, (LANES, count), strict=False):
        DOT_LANES[dtype](*u64(3, 4, 2048, 5, 6), q, s, *scratch, n)
    np.testing.assert_array_equal(sums[1][:count], sums[0][:count])
    np.testing.assert_array_equal(sums[1][whole:], sums[2][whole:])


@both
@pytest.mark.parametrize("call", [0, 1024, 2**32 - 256, 2**45 + 512])
@pytest.mark.parametrize("tags", [1, 2, 5])
def test_dot_is_a_chain_of_fused_steps_through_the_tags(dtype, tags, call):
    width = WIDTH[dtype]
    fma = arithmetic.fma32 if dtype is np.float32 else arithmetic.fma64
    q = np.linspace(-1, 2, tags * width).astype(dtype)
    s = np.linspace(-3, 3, LANES).astype(dtype)
    expected = s.copy()
    x = np.concatenate([lane_normals(dtype, 3, 4, call, 5 + t, 6) for t in range(tags)])
    for t, i in itertools.product(range(tags * width), range(LANES)):
        expected[i] = fma(q[t], x[t, i], expected[i])
    DOT_LANES[dtype](*u64(3, 4, call, 5, 6), q, s, *lane_scratch(), LANES)
    np.testing.assert_array_equal(s, expected)


@both
@pytest.mark.parametrize("length", [1, 2, 3, 4, 7, 9])
@pytest.mark.parametrize("count", [9, 256])
def test_squares_are_a_chain_of_fused_steps_up_to_the_vector_s_end(dtype, length, count):
    fma = arithmetic.fma32 if dtype is np.float32 else arithmetic.fma64
    s = np.linspace(0, 3, LANES).astype(dtype)
    expected = s.copy()
    x = np.concatenate([lane_normals(dtype, 3, 4, 1024, 5 + t, 6) for t in range(-(-length // WIDTH[dtype]))])
    for t, i in itertools.product(range(length), range(VECTOR * -(-count // VECTOR))):
        expected[i] = fma(x[t, i], x[t, i], expected[i])
    SQUARE_LANES[dtype](*u64(3, 4, 1024, 5, 6), length, s, *lane_scratch(), count)
    np.testing.assert_array_equal(s, expected)


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="counts instructions of x86")
@pytest.mark.parametrize("function", [lanes.normal_lanes32, lanes.dot_lanes32])
def test_rounds_of_several_vectors_are_done_abreast(function):
    compiled = function.shared.function
    compiled.compile(tuple(function.shared.signature.args))
    (text,) = compiled.inspect_asm().values()
    loops = [part.count("pmuludq") for part in re.split(r"^\.L\w+:", text, flags=re.MULTILINE)]
    assert max(loops) >= 4 * 16  # two for each round of a vector, of which two are done beforehand


@both
def test_addresses(dtype):
    width, key, replicate, tag = WIDTH[dtype], (11, 12), 13, 14
    count = 3 * 256 * width + 77
    calls = np.array([CALL[dtype](*u64(*key, call, tag, replicate)) for call in range(4 * 256)])
    np.testing.assert_array_equal(items(dtype, count, key, replicate, tag), calls.ravel()[:count])


@both
def test_prefixes_do_not_depend_on_the_length(dtype):
    long = items(dtype, 2500)
    for count in (0, 1, 2, 3, 5, 255, 256, 257, 511, 513, 1023, 1024, 1025, 2499):
        np.testing.assert_array_equal(items(dtype, count), long[:count])


@both
def test_public_normals_are_items_at_tag_zero(dtype):
    got = normals(9, "some.law", 3, 3000, dtype)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, items(dtype, 3000, stream_key(9, "some.law"), replicate=3))


# The same bits everywhere ---------------------------------------------------------------------------------------

DIGESTS = {
    "normals32": "fde4d4dbfd0a9275",
    "normals64": "25307fbeb0b45a49",
    "single": "1aa0df584f53f585",
    "double": "048143f8936c41ad",
}


@njit
def _values(size, single, double):
    for i in range(size):
        word = np.uint64(i) * np.uint64(0x9E3779B97F4A7C15)
        short = np.uint32(word >> np.uint64(32))
        single[0, i], single[1, i] = arithmetic.psincos32(short)
        double[0, i], double[1, i] = arithmetic.psincos64(word)
        x = (double[0, i] + 1.001) * 100
        single[2, i], double[2, i] = arithmetic.plog32(x), arithmetic.plog64(x)
        single[3, i], double[3, i] = arithmetic.pexp32(x - 105), arithmetic.pexp64(7.2 * x - 750)


def digests(size=1_000_000):
    """Hashes of normals of both types and of the elementary functions."""
    single, double = np.empty((4, size), np.float32), np.empty((4, size))
    _values(size, single, double)
    arrays = {
        "normals32": normals(5, "bits", 6, size, np.float32),
        "normals64": normals(5, "bits", 6, size, np.float64),
        "single": single,
        "double": double,
    }
    return {name: hashlib.sha256(array.tobytes()).hexdigest()[:16] for name, array in arrays.items()}


def test_the_bits_are_those_they_always_were():
    """Every machine gives these. Whoever changes a formula changes all stored results, and these four lines."""
    assert digests() == DIGESTS


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the other processors are of the x86 family")
@pytest.mark.slow
@pytest.mark.parametrize("processor", ["haswell", "nehalem"])
def test_the_bits_of_other_processors(processor):
    """haswell has half the vector width of the newest; nehalem has no fused multiply-add, so that it is emulated."""
    size = 1_000_000 if processor == "haswell" else 20_000
    code = f"import json, test_stream; print(json.dumps(test_stream.digests({size})))"
    environment = dict(os.environ, NUMBA_CPU_NAME=processor, NUMBA_CPU_FEATURES="")
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    out = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(out.stdout) == digests(size)


# Arguments, examples, sources -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [-1, True, 1.0, "1", None, float("nan"), np.bool_(True)])
def test_bad_seeds(seed):
    with pytest.raises(ValueError, match=r"seed = .*: must be an integer >= 0"):
        stream_key(seed, "label")
    with pytest.raises(ValueError, match=r"seed = .*: must be an integer >= 0"):
        normals(seed, "law", 0, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, "law", -1, 1), r"replicate = -1: must be an integer in \[0, 2\^32\)"),
        ((0, "law", 2**32, 1), r"replicate = 4294967296: must be an integer in \[0, 2\^32\)"),
        ((0, "law", True, 1), r"replicate = True"),
        ((0, "law", 0.5, 1), r"replicate = 0.5"),
        ((0, "law", 0, -3), r"count = -3: must be an integer >= 0"),
        ((0, "law", 0, float("nan")), r"count = nan"),
        ((0, "law", 0, 1, np.int32), r"dtype = .*: must be float32 or float64"),
        ((0, "law", 0, 1, "nonsense"), r"dtype = 'nonsense'"),
        ((0, "law", 0, 1, None), r"dtype = None"),
        ((0, "law", 0, 1, np.float16), r"dtype = "),
        ((0, "law", 0, 1, ">f4"), r"dtype = "),
        ((0, 7, 0, 1), r"law_id = 7: must be a string"),
    ],
)
def test_bad_arguments_of_normals(arguments, message):
    with pytest.raises(ValueError, match=message):
        normals(*arguments)


def test_bad_label():
    with pytest.raises(ValueError, match=r"label = None: must be a string"):
        stream_key(0, None)


@pytest.mark.parametrize(
    ("counter", "key", "message"),
    [
        ([0, 0, 0], [0, 0], r"counter has dtype int64 and shape \(3,\): must be integers of shape \[\.\.\., 4\]"),
        ([0.0] * 4, [0, 0], r"counter has dtype float64"),
        ([True] * 4, [0, 0], r"counter has dtype bool"),
        ([0] * 4, 5, r"key has dtype int64 and shape \(\)"),
        ([0, 0, 0, -1], [0, 0], r"counter holds -1: must lie in \[0, 2\^32\)"),
        ([0] * 4, [0, 2**32], r"key holds 4294967296: must lie in \[0, 2\^32\)"),
        ([0, 0, 0, 2**80], [0, 0], r"counter has dtype object"),
        (
            np.zeros((3, 4), int),
            np.zeros((2, 2), int),
            r"counter and key: leading axes \(3,\) and \(2,\) must broadcast",
        ),
    ],
)
def test_bad_arguments_of_philox(counter, key, message):
    with pytest.raises(ValueError, match=message):
        philox4x32(counter, key)


def test_examples():
    assert doctest.testmod(stream) == (0, 4)


def test_kernels_are_named_after_all_the_sources_they_depend_on():
    """A kernel on disk is found by the hash of ``build.ENGINE``; a file left out would serve old bits for new ones."""
    build = pytest.importorskip("attnlaws.simulations.build")
    folder, known, queue = Path(stream.__file__).parent, set(), ["stream"]
    while queue:
        name = queue.pop()
        known.add(name)
        for node in ast.walk(ast.parse((folder / f"{name}.py").read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("attnlaws.simulations."):
                queue += {(node.module or "").rpartition(".")[2]} - known
    assert known <= set(build.ENGINE)
