"""The random streams: known words, addresses, distribution, tails, and the same bits on another processor."""

import ast
import doctest
import hashlib
import itertools
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import mpmath
import numpy as np
import pytest
from numba import njit
from scipy.special import log_ndtr, ndtr
from scipy.stats import poisson

from attnlaws.simulations import arithmetic, lanes, stream
from attnlaws.simulations.stream import LANES, REFINE, normals, philox4x32, stream_key

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
WIDTH = {np.float32: 4, np.float64: 2}
FILL = {np.float32: stream.fill_normals32, np.float64: stream.fill_normals64}
NORMAL_LANES = {np.float32: stream.normal_lanes32, np.float64: stream.normal_lanes64}
DOT_LANES = {np.float32: stream.dot_lanes32, np.float64: stream.dot_lanes64}
CALL = {np.float32: lanes.normal_call32, np.float64: lanes.normal_call64}
both = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def u64(*values):
    return tuple(np.uint64(v) for v in values)


@njit
def _philox_lanes(k0, k1, call, tag, replicate, words, count):
    lanes.philox_lanes(k0, k1, call, tag, replicate, words, count)


def lane_words(k0, k1, call, tag, replicate):
    words = np.empty((4, LANES), np.uint32)
    _philox_lanes(*u64(k0, k1, call, tag, replicate), words, LANES)
    return words


def lane_normals(dtype, k0, k1, call, tag, replicate, count=LANES):
    x = np.full((WIDTH[dtype], LANES), np.nan, dtype)
    NORMAL_LANES[dtype](*u64(k0, k1, call, tag, replicate), x, np.empty((4, LANES), np.uint32), count)
    return x


def items(dtype, count, key=(1, 2), replicate=0, tag=0):
    out = np.empty(count, dtype)
    FILL[dtype](*u64(*key, replicate, tag), out)
    return out


def counter_of(call, tag, replicate):
    return [call & 0xFFFFFFFF, call >> 32, tag, replicate]


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


def exact_normals(dtype, key, call, tag, replicate):
    """Radius (twice for float32) and normals of a call by mpmath, straight from the documentation."""
    a, b, c, d = philox4x32(counter_of(call, tag, replicate), key).tolist()
    if dtype is np.float64:
        pairs = [(mpmath.mpf(2 * (a | b << 32) + 1) / 2**65, mpmath.mpf(c | d << 32) / 2**64, 1, 1)]
    else:
        extra = philox4x32(counter_of(call, tag ^ REFINE, replicate), key).tolist()
        pairs = []
        for word, more, angle in ((a, extra[0], b), (c, extra[2], d)):
            h = word % 2**31
            u = mpmath.mpf(2 * h + 1) / 2**32
            if h < 256:
                u = mpmath.mpf(h) / 2**31 + mpmath.mpf(2 * more + 1) / 2**64
            quarter = mpmath.mpf((angle + 2**31) % 2**32) / 2**32
            pairs.append((u, quarter / 4, -1 if word >> 31 else 1, -1 if angle % 2 else 1))
    for u, turn, first, second in pairs:
        radius = mpmath.sqrt(-2 * mpmath.log(u))
        yield radius, first * radius * mpmath.cospi(2 * turn)
        yield radius, second * radius * mpmath.sinpi(2 * turn)


def tolerance(dtype, radius):
    """Bound on a normal's error, with e = 2^-p half an ulp of 1 (p = 24 or 53).

    The uniform is rounded twice, so r^2 = -2 ln u errs by 4 e and r by min(2 e / r, 2 sqrt(e)). float64: the logarithm
    errs by one ulp of itself, hence r by e r, plus e r for the root; sine and cosine err by 1.5 e each, the last
    product by e. float32: root and logarithm together err by 1.8 e r (measured), sine and cosine by 2.4 e. Rounded up
    for the second order.
    """
    e = float(np.finfo(dtype).eps) / 2
    return 1.01 * (min(2 * e / radius, 2 * e**0.5) + (5.2 if dtype is np.float32 else 4.5) * e * radius)


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
def test_fewer_calls_have_the_same_bits_and_leave_the_rest(dtype, count):
    long, short = (lane_normals(dtype, 3, 4, 2048, 5, 6, n) for n in (LANES, count))
    np.testing.assert_array_equal(short[:, :count], long[:, :count])
    assert np.isnan(short[:, count:]).all() and not np.isnan(long).any()
    q, words = np.linspace(-1, 2, WIDTH[dtype]).astype(dtype), np.empty((4, LANES), np.uint32)
    sums = [np.linspace(-3, 3, LANES).astype(dtype) for _ in range(3)]
    for s, n in zip(sums, (LANES, count), strict=False):
        DOT_LANES[dtype](*u64(3, 4, 2048, 5, 6), q, s, words, n)
    np.testing.assert_array_equal(sums[1][:count], sums[0][:count])
    np.testing.assert_array_equal(sums[1][count:], sums[2][count:])


@both
def test_dot_is_a_chain_of_fused_steps(dtype):
    width = WIDTH[dtype]
    fma = arithmetic.fma32 if dtype is np.float32 else arithmetic.fma64
    q = np.linspace(-1, 2, width).astype(dtype)
    s = np.linspace(-3, 3, LANES).astype(dtype)
    expected = s.copy()
    x = lane_normals(dtype, 3, 4, 1024, 5, 6)
    for t, i in itertools.product(range(width), range(LANES)):
        expected[i] = fma(q[t], x[t, i], expected[i])
    DOT_LANES[dtype](*u64(3, 4, 1024, 5, 6), q, s, np.empty((4, LANES), np.uint32), LANES)
    np.testing.assert_array_equal(s, expected)


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


# Distribution ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=[np.float32, np.float64])
def sample(request):
    return normals(2024, "distribution", 0, 1 << 24, request.param)


def test_moments(sample):
    """2^24 normals see an error of 6.2 sd: 0.0015 in the mean, 0.0021 in the variance, 2 % in the eighth moment."""
    size, power = sample.size, np.ones(sample.size)
    double_factorial = [1, 0, 1, 0, 3, 0, 15, 0, 105, 0, 945, 0, 10395, 0, 135135, 0, 2027025]
    for order in range(1, 9):
        power *= sample
        spread = np.sqrt(double_factorial[2 * order] - double_factorial[order] ** 2)
        assert abs(power.mean() - double_factorial[order]) < SIGMAS * spread / np.sqrt(size), order


def test_distribution_function(sample):
    """Kolmogorov's distance sees 0.001 anywhere; Anderson and Darling's weighs the tails. 10^7 normals."""
    ordered = np.sort(sample[: 10**7]).astype(np.float64)
    size = ordered.size
    rank = np.arange(1, size + 1)
    probability = ndtr(ordered)
    distance = max(np.max(rank / size - probability), np.max(probability - (rank - 1) / size))
    assert distance * np.sqrt(size) < KOLMOGOROV
    weights = (2 * rank - 1) / size
    assert -size - np.sum(weights * (log_ndtr(ordered) + log_ndtr(-ordered[::-1]))) < ANDERSON


@both
def test_streams_are_uncorrelated(dtype):
    """8 replicates, 8 tags, 8 labels: values and squares of all pairs; 2^17 normals see a correlation of 0.017."""
    size, keys = 1 << 17, [stream_key(0, f"law {i}") for i in range(8)]
    streams = [items(dtype, size, keys[0], replicate, 0) for replicate in range(8)]
    streams += [items(dtype, size, keys[0], 0, tag) for tag in range(1, 9)]
    streams += [items(dtype, size, key) for key in keys[1:]]
    for values in (np.array(streams, np.float64), np.array(streams, np.float64) ** 2):
        correlation = np.corrcoef(values) - np.eye(len(values))
        assert np.abs(correlation).max() < SIGMAS / np.sqrt(size)


def test_neighbors_are_uncorrelated(sample):
    """Lags within a call, between calls and between blocks; 2^24 normals see 0.0015 in values, as much in squares."""
    for values in (sample.astype(np.float64), (sample.astype(np.float64) ** 2 - 1) / np.sqrt(2)):
        for lag in (1, 2, 3, 4, 8, 255, 256, 257, 512, 768, 1024):
            product = np.dot(values[lag:], values[:-lag]) / (values.size - lag)
            assert abs(product) < SIGMAS / np.sqrt(values.size - lag), lag


# The refined tail -----------------------------------------------------------------------------------------------


@njit
def _tiny_calls(k0, k1, blocks, found):
    """Indices of the calls among the first ``256 blocks`` with 31 bits of a radius word below 256."""
    words = np.empty((4, 256), np.uint32)
    count = 0
    for block in range(blocks):
        lanes.philox_lanes(k0, k1, np.uint64(256 * block), np.uint64(0), np.uint64(0), words, 256)
        if lanes.needs_refinement(words, 256):
            for i in range(256):
                if words[0, i] % 2**31 < 256 or words[2, i] % 2**31 < 256:
                    found[count] = 256 * block + i
                    count += 1
    return count


BLOCKS = 1 << 20  # 2^30 words, 2^29 of them for radii, 64 expected to be refined


@pytest.fixture(scope="module")
def tiny():
    found = np.empty(4096, np.int64)
    return found[: _tiny_calls(*u64(1, 2), BLOCKS, found)]


def test_tiny_radius_words_are_as_many_as_they_should_be(tiny):
    """2^29 radius words: 64 expected, so an error of 90 % is seen."""
    words = philox4x32([counter_of(call, 0, 0) for call in tiny.tolist()], [1, 2])
    count = int((words[:, [0, 2]] % 2**31 < 256).sum())
    assert poisson.cdf(count, 64) > 5e-10 and poisson.sf(count - 1, 64) > 5e-10


def test_refined_uniforms_are_uniform(tiny):
    """Kolmogorov's distance of about 64 values sees 0.41; without refinement all would lie in the middle of a bar."""
    uniforms = []
    for call in tiny.tolist():
        words = philox4x32(counter_of(call, 0, 0), [1, 2])
        x = np.array(lanes.normal_call32(*u64(1, 2, call, 0, 0)), np.float64)
        uniforms += [np.exp(-(x[k] ** 2 + x[k + 1] ** 2) / 2) * 2**23 for k in (0, 2) if words[k] % 2**31 < 256]
    ordered, size = np.sort(uniforms), len(uniforms)
    rank = np.arange(1, size + 1)
    distance = max(np.max(rank / size - ordered), np.max(ordered - (rank - 1) / size))
    assert distance * np.sqrt(size) < KOLMOGOROV
    assert max(abs(u * 256 - int(u * 256) - 0.5) for u in uniforms) > 0.4


def test_refined_normals_equal_their_definition(tiny):
    with mpmath.workdps(40):
        for call in tiny[:40].tolist():
            got = lanes.normal_call32(*u64(1, 2, call, 0, 0))
            for value, (radius, exact) in zip(got, exact_normals(np.float32, (1, 2), call, 0, 0), strict=True):
                assert abs(float(value) - exact) <= tolerance(np.float32, float(radius))


@pytest.mark.parametrize("word", [0, 1, 255, 2**31, 2**31 + 255])
@pytest.mark.parametrize("more", [0, 1, 2**31 + 12345, 2**32 - 1])
def test_forced_words_reach_the_far_tail(word, more):
    h = word % 2**31
    exact = mpmath.sqrt(-2 * mpmath.log(mpmath.mpf(h) / 2**31 + mpmath.mpf(2 * more + 1) / 2**64))
    # The angle word 2^31 stands for the angle 0.
    radius, zero = (float(v) for v in lanes.pair32(lanes.refined32(word, more), word, 1 << 31))
    assert abs(abs(radius) - exact) <= tolerance(np.float32, float(exact)) and abs(zero) < 2e-6
    assert (radius < 0) == (word >> 31) and abs(radius) > 5.6 and (h or more or abs(radius) > 9.41)


def test_signs_turn_a_quarter_into_a_circle():
    v, h = lanes.uniform32(12345678), 12345678
    signs = {(a, b): lanes.pair32(v, h | a << 31, 1000 | b) for a in (0, 1) for b in (0, 1)}
    assert {pair: (x < 0, y < 0) for pair, (x, y) in signs.items()} == {(a, b): (a, b) for a in (0, 1) for b in (0, 1)}


@pytest.mark.parametrize(
    ("row", "word", "needed"),
    [
        *((0, 255, 1), (2, 255, 1), (0, 256, 0), (2, 256, 0), (1, 0, 0), (3, 0, 0)),
        *((0, 2**31 + 255, 1), (2, 2**31, 1), (0, 2**31 + 256, 0), (3, 2**31, 0)),
    ],
)
def test_what_makes_a_block_slow(row, word, needed):
    for lane in (0, 100, 255):
        words = np.full((4, LANES), 0xFFFFFFFF, np.uint32)
        words[row, lane] = word
        assert lanes.needs_refinement(words, LANES) == needed


@njit
def _plain_quad(a, b, c, d):
    return lanes.quad32(a, b, c, d)


def test_slow_blocks_have_the_bits_of_fast_ones(tiny):
    q = np.array([0.5, -1.25, 2, 0.75], np.float32)
    for call in tiny[:5].tolist():
        first = call - call % 256
        words = lane_words(1, 2, first, 0, 0)
        refined = words[[0, 0, 2, 2]] % 2**31 < 256
        x = lane_normals(np.float32, 1, 2, first, 0, 0)
        plain = np.array([_plain_quad(*words[:, i]) for i in range(LANES)], np.float32).T
        assert refined.any() and (x[~refined] == plain[~refined]).all() and (x[refined] != plain[refined]).all()
        s, expected = np.ones(LANES, np.float32), np.ones(LANES, np.float32)
        stream.dot_lanes32(*u64(1, 2, first, 0, 0), q, s, words, LANES)
        for t, i in itertools.product(range(4), range(LANES)):
            expected[i] = arithmetic.fma32(q[t], x[t, i], expected[i])
        np.testing.assert_array_equal(s, expected)


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
