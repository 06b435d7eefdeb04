"""The random streams: distribution, independence and the tail that is refined."""

import itertools

import mpmath
import numpy as np
import pytest
from numba import njit
from scipy.special import log_ndtr, ndtr
from scipy.stats import poisson
from streams import both, counter_of, exact_normals, items, lane_normals, lane_scratch, lane_words, tolerance, u64

from attnlaws.simulations import arithmetic, lanes, stream
from attnlaws.simulations.stream import LANES, normals, philox4x32, stream_key

# Every statistical threshold below is set for a false alarm of at most 1e-9 per comparison; the seeds are fixed, so a
# failure is a defect unless the streams were changed on purpose.
SIGMAS = 6.2  # two-sided normal probability 5.6e-10
KOLMOGOROV = 3.28  # sqrt(n) D beyond this: 2 exp(-2 * 3.28^2) = 9e-10
ANDERSON = 19.0  # A^2 beyond this: about sqrt(3) erfc(sqrt(19)) = 1.2e-9


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
    q, scratch = np.array([0.5, -1.25, 2, 0.75], np.float32), lane_scratch()
    for call in tiny[:5].tolist():
        first = call - call % 256
        words = lane_words(1, 2, first, 0, 0)
        refined = words[[0, 0, 2, 2]] % 2**31 < 256
        x = lane_normals(np.float32, 1, 2, first, 0, 0)
        plain = np.array([_plain_quad(*words[:, i]) for i in range(LANES)], np.float32).T
        assert refined.any() and (x[~refined] == plain[~refined]).all() and (x[refined] != plain[refined]).all()
        s, expected = np.ones(LANES, np.float32), np.ones(LANES, np.float32)
        stream.dot_lanes32(*u64(1, 2, first, 0, 0), q, s, *scratch, LANES)
        for t, i in itertools.product(range(4), range(LANES)):
            expected[i] = arithmetic.fma32(q[t], x[t, i], expected[i])
        np.testing.assert_array_equal(s, expected)
        s, expected = np.ones(LANES, np.float32), np.ones(LANES, np.float32)
        stream.square_lanes32(*u64(1, 2, first, 0, 0), 3, s, *scratch, LANES)
        for t, i in itertools.product(range(3), range(LANES)):
            expected[i] = arithmetic.fma32(x[t, i], x[t, i], expected[i])
        np.testing.assert_array_equal(s, expected)
