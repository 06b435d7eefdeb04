"""The streams and the exact arithmetic of the CUDA headers on this machine: Numba's bits, a million times."""

import ctypes

import numpy as np
import pytest
from numba import njit

from attnlaws.simulations import arithmetic, lanes, philox
from attnlaws.simulations.cuda_source import FOLDER, header_source
from attnlaws.simulations.stream import fill_normals32, fill_normals64, philox4x32

pytestmark = pytest.mark.host

MILLION = 1 << 20
KNOWN = [
    ([0] * 4, [0] * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]  # Random123's own known answers

LOOPS = """
#define EACH(name, type) \\
    extern "C" void name##_each(const type* x, type* out, i64 n) { for (i64 i = 0; i < n; ++i) out[i] = name(x[i]); }
EACH(plog32, float) EACH(pexp32, float) EACH(pradius32, float) EACH(root32, float)
EACH(plog64, double) EACH(pexp64, double)
#define EACH_ANGLE(name, word, type) \\
    extern "C" void name##_each(const word* w, type* out, i64 n) { \\
        for (i64 i = 0; i < n; ++i) name(w[i], out[2 * i], out[2 * i + 1]); \\
    }
EACH_ANGLE(psincos32, u32, float) EACH_ANGLE(psincos64, u64, double)
extern "C" void words(u32 k0, u32 k1, u64 call, u32 tag, u32 replicate, u32* out, i64 n) {
    for (i64 i = 0; i < n; ++i) {
        const Words w = philox_call(round_keys(k0, k1), call + i, tag, replicate);
        for (u32 word : {w.a, w.b, w.c, w.d}) *out++ = word;
    }
}
extern "C" void calls32(u32 k0, u32 k1, const u64* call, u32 tag, u32 replicate, float* out, i64 n) {
    for (i64 i = 0; i < n; ++i) normal_call(round_keys(k0, k1), call[i], tag, replicate, out + 4 * i);
}
#define FILL(name, type) \\
    extern "C" void name(u32 k0, u32 k1, u32 replicate, u32 tag, type* out, i64 n) { \\
        blockDim.x = 1; \\
        fill_normals(round_keys(k0, k1), replicate, tag, out, n); \\
    }
FILL(fill32, float) FILL(fill64, double)
extern "C" void refined(const u32* a, const u32* e, float* out, i64 n) {
    for (i64 i = 0; i < n; ++i) out[i] = refined32(a[i], e[i]);
}
"""


@pytest.fixture(scope="module")
def stream(host):
    return host.library(header_source("stream.cuh") + LOOPS, "stream")


def at(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def words_of(stream, key, call, tag, replicate, count):
    out = np.empty((count, 4), np.uint32)
    stream.words(*key, ctypes.c_uint64(call), tag, replicate, at(out), ctypes.c_int64(count))
    return out


@njit
def _each(f, x, out):
    for i in range(x.size):
        out[i] = f(x[i])


@njit
def _each_angle(f, words, out):
    for i in range(words.size):
        out[i, 0], out[i, 1] = f(words[i])


def bits(array):
    return array.view(np.uint32 if array.dtype == np.float32 else np.uint64)


@pytest.fixture(scope="module")
def random_words():
    """Eight million random bytes."""
    return philox4x32(np.arange(MILLION // 2)[:, None] * [1, 0, 0, 0], [5, 6]).ravel()


def arguments(random_words, dtype, finite):
    """Every bit pattern is as likely: all exponents, with those that are no argument taken out."""
    x = random_words.view(dtype)[:MILLION]
    return x[np.isfinite(x) & (np.abs(x) >= np.finfo(dtype).tiny)] if finite else x


@pytest.mark.parametrize("name", ["plog32", "plog64", "pexp32", "pexp64", "pradius32"])
def test_functions_of_numbers(stream, random_words, name):
    dtype = np.float32 if name.endswith("32") else np.float64
    x = arguments(random_words, dtype, finite=not name.startswith("plog"))
    uniform = random_words.astype(dtype) * dtype(2.0**-32)
    if name.startswith("pexp"):
        x = np.concatenate([x, uniform * dtype(1600) - dtype(800), [dtype(v) for v in (0, np.inf, -np.inf)]])
    else:
        x = np.concatenate([x, uniform, [dtype(v) for v in (0, np.inf, -np.inf, np.nan)]])
    if name == "pradius32":
        x = -2 * uniform[uniform > 0]
    x = np.ascontiguousarray(x.astype(dtype))
    got, want = np.empty_like(x), np.empty_like(x)
    getattr(stream, f"{name}_each")(at(x), at(got), ctypes.c_int64(x.size))
    _each(getattr(arithmetic, name), x, want)
    assert x.size > 900_000
    np.testing.assert_array_equal(bits(got), bits(want))


def test_every_root(stream):
    """All fractions with an even and with an odd exponent, from reciprocal roots that are rounded to nearest; and 0."""
    x = np.append(np.arange(0x3F800000, 0x40800000, dtype=np.uint32).view(np.float32), np.float32(0))
    got = np.empty_like(x)
    stream.root32_each(at(x), at(got), ctypes.c_int64(x.size))
    np.testing.assert_array_equal(bits(got), bits(np.sqrt(x)))


@pytest.mark.parametrize(("name", "word", "dtype"), [("psincos32", "u4", "f4"), ("psincos64", "u8", "f8")])
def test_sine_and_cosine(stream, random_words, name, word, dtype):
    words = random_words.view(word)[:MILLION].copy()
    quarters = [k << (8 * words.itemsize - 2) for k in range(4)]
    words[:12] = [(quarter + k) % 2 ** (8 * words.itemsize) for quarter in quarters for k in (-1, 0, 1)]
    got, want = np.empty((words.size, 2), dtype), np.empty((words.size, 2), dtype)
    getattr(stream, f"{name}_each")(at(words), at(got), ctypes.c_int64(words.size))
    _each_angle(getattr(arithmetic, name), words, want)
    np.testing.assert_array_equal(bits(got), bits(want))


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_known_answers(stream, counter, key, words):
    call = counter[0] | counter[1] << 32
    got = words_of(stream, key, call, *counter[2:], 1)[0]
    assert got.tolist() == [int(word, 16) for word in words.split()]


def test_a_million_words(stream):
    start = 2**32 - MILLION // 8  # the low half of the call index overflows on the way
    calls = start + np.arange(MILLION // 4)
    counters = np.stack([calls & 0xFFFFFFFF, calls >> 32, np.full_like(calls, 7), np.full_like(calls, 8)], axis=1)
    np.testing.assert_array_equal(words_of(stream, (3, 4), start, 7, 8, calls.size), philox4x32(counters, [3, 4]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_million_normals(stream, dtype):
    count = MILLION + 3
    got, want = np.empty(count, dtype), np.empty(count, dtype)
    size = ctypes.c_int64(count)
    (stream.fill32 if dtype is np.float32 else stream.fill64)(11, 12, 13, 14, at(got), size)
    fill = fill_normals32 if dtype is np.float32 else fill_normals64
    fill(*(np.uint64(v) for v in (11, 12, 13, 14)), want)
    np.testing.assert_array_equal(bits(got), bits(want))


@njit
def _tiny_calls(k0, k1, count, found):
    """Calls of which a radius word is refined: one in four million."""
    at = 0
    for call in range(count):
        a, _, c, _ = philox.philox_call(k0, k1, np.uint64(call), np.uint64(2), np.uint64(3))
        if min(a & np.uint64(0x7FFFFFFF), c & np.uint64(0x7FFFFFFF)) < 256 and at < found.size:
            found[at] = call
            at += 1
    return at


@njit
def _calls32(k0, k1, calls, out):
    for i in range(calls.size):
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = lanes.normal_call32(k0, k1, calls[i], np.uint64(2), np.uint64(3))


def test_the_tail_is_refined(stream):
    found = np.empty(100, np.uint64)
    count = _tiny_calls(np.uint64(1), np.uint64(2), 1 << 25, found)
    calls = found[:count].copy()
    got, want = np.empty((count, 4), np.float32), np.empty((count, 4), np.float32)
    stream.calls32(1, 2, at(calls), 2, 3, at(got), ctypes.c_int64(count))
    _calls32(np.uint64(1), np.uint64(2), calls, want)
    assert count >= 3
    assert np.abs(got).max(axis=1).min() > 3.9  # the larger share of a radius of 5.6 or more
    np.testing.assert_array_equal(bits(got), bits(want))


@njit
def _refined(a, e, out):
    for i in range(a.size):
        out[i] = lanes.refined32(a[i], e[i])


def test_refined_uniforms(stream, random_words):
    a, e = (random_words[i:MILLION:2] % np.uint32(m) for i, m in ((0, 256), (1, 0xFFFFFFFF)))
    got, want = np.empty(a.size, np.float32), np.empty(a.size, np.float32)
    stream.refined(at(a), at(e), at(got), ctypes.c_int64(a.size))
    _refined(a, e, want)
    np.testing.assert_array_equal(bits(got), bits(want))


def test_every_constant_in_the_headers_comes_from_the_tables():
    """Digits typed into a header could drift from those that Numba compiles."""
    import re

    for name in ("arithmetic.cuh", "stream.cuh"):
        code = re.sub(r"//.*", "", (FOLDER / name).read_text("utf-8"))
        numbers = set(re.findall(r"(?<![\w.])(?:0x[0-9a-fA-F.]+p[-+]?\d+f?|0x[0-9a-fA-F]+|\d+\.\d+)", code))
        assert numbers <= {"1.0", "2.0", "0x1p-62f", "0x1p-63f", "0x1p-64", "0x1p-65"}, name
