"""The inverse signal-to-noise ratio of stored pairs: against double loops, its invariances, and a law."""

import math
import statistics

import array_api_strict as strict
import mpmath
import numpy as np
import pytest

import attnlaws as al
from attnlaws.estimators import inverse_snr, summarize_inverse_snr

KERNELS = [
    ("linear", {}),
    ("relu", {}),
    ("power", {"power": 3}),
    ("power", {"power": 2}),
    ("relu_power", {"power": 1}),
    ("relu_power", {"power": 4}),
    ("biased_relu", {"bias": 0.0}),
    ("biased_relu", {"bias": 0.03}),
    ("exponential", {"tau": 0.7}),
    ("exponential", {"tau": 2.5}),
    ("solu", {"tau": 2.5}),
    ("rbf", {"tau": 0.7}),
    ("rbf", {"tau": 2.5}),
]


def kernel_value(kernel, x, y, tau=1.0, power=1, bias=0.0):
    """A stored key x, asked with y."""
    score = sum(a * b for a, b in zip(x, y, strict=True))
    if kernel in ("linear", "power"):
        return score**power
    if kernel in ("relu", "relu_power"):
        return max(score, 0.0) ** power
    if kernel == "biased_relu":
        return max(score - bias * math.sqrt(sum(b * b for b in y)), 0.0)
    if kernel in ("exponential", "solu"):
        return math.exp(score / tau) * (score if kernel == "solu" else 1.0)
    return math.exp(-sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) / (2 * tau))


def by_loops(keys, values, kernel, options):
    """The definition, pair by pair and number by number."""
    keys, values = keys.tolist(), values.tolist()
    found = []
    for i, (key, value) in enumerate(zip(keys, values, strict=True)):
        weights = [kernel_value(kernel, other, key, **options) for other in keys]
        noise = [
            math.fsum(w * v[a] for j, (w, v) in enumerate(zip(weights, values, strict=True)) if j != i)
            for a in range(len(value))
        ]
        found.append(math.fsum(r * r for r in noise) / (weights[i] ** 2 * math.fsum(v * v for v in value)))
    return found


def memories(shape, d_k, d_v, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(*shape, d_k)), rng.normal(size=(*shape, d_v))


@pytest.mark.parametrize(("kernel", "options"), KERNELS)
@pytest.mark.parametrize("sizes", [(1, 3, 2), (2, 1, 1), (9, 4, 6), (30, 7, 3)])
def test_every_kernel_is_the_double_loop(kernel, options, sizes):
    n, d_k, d_v = sizes
    keys, values = memories((2, 3, n), d_k, d_v)
    found = inverse_snr(keys, values, kernel, **options)
    assert (found.shape, found.dtype) == ((2, 3, n), np.float64)
    for i in range(2):
        for j in range(3):
            want = by_loops(keys[i, j], values[i, j], kernel, options)
            np.testing.assert_allclose(found[i, j], want, rtol=2e-12, atol=1e-30)


def test_a_pair_alone_has_no_interference():
    for kernel, options in KERNELS:
        assert inverse_snr([[3.0, 4.0]], [[2.0]], kernel, **options).tolist() == [0.0]


def test_the_exponential_kernel_is_the_default():
    keys, values = memories((5,), 3, 2)
    assert (inverse_snr(keys, values, tau=1.5) == inverse_snr(keys, values, "exponential", 1.5)).all()


@pytest.mark.parametrize(("kernel", "options"), KERNELS)
def test_the_scale_of_values_and_the_order_of_pairs_change_nothing(kernel, options):
    keys, values = memories((12,), 4, 3)
    found = inverse_snr(keys, values, kernel, **options)
    np.testing.assert_allclose(inverse_snr(keys, -1e40 * values, kernel, **options), found, rtol=1e-12)
    order = np.random.default_rng(1).permutation(12)
    np.testing.assert_allclose(inverse_snr(keys[order], values[order], kernel, **options), found[order], rtol=1e-12)


@pytest.mark.parametrize("kernel", ["linear", "relu"])
def test_the_scale_of_keys_does_not_matter_to_homogeneous_kernels(kernel):
    keys, values = memories((12,), 4, 3)
    found = inverse_snr(keys, values, kernel)
    for factor in (1e-40, 1e40):
        np.testing.assert_allclose(inverse_snr(factor * keys, values, kernel), found, rtol=1e-12)


@pytest.mark.parametrize("kernel", ["exponential", "rbf"])
def test_keys_and_the_root_of_the_temperature_scale_together(kernel):
    keys, values = memories((12,), 4, 3)
    found = inverse_snr(keys, values, kernel, 1.5)
    np.testing.assert_allclose(inverse_snr(1e20 * keys, values, kernel, 1.5e40), found, rtol=1e-12)


def test_a_common_offset_of_the_keys_does_not_matter_to_the_rbf_kernel():
    keys, values = memories((12,), 4, 3)
    far = inverse_snr(1e5 + keys, values, "rbf", 1.0)
    np.testing.assert_allclose(far, inverse_snr((1e5 + keys) - 1e5, values, "rbf", 1.0), rtol=1e-9)


def test_nothing_overflows_before_the_ratio_does():
    """exp(x.y / tau) itself is exp(2e4) here."""
    keys, values = np.array([[100.0, 0.0], [99.9, 0.0], [0.0, 100.0]]), np.array([[1.0], [2.0], [3.0]])
    with mpmath.workdps(40):
        ratio = (2 * mpmath.exp((mpmath.mpf(99.9) * 100 - 10000) / mpmath.mpf(0.5))) ** 2
    found = inverse_snr(keys, values, tau=0.5)
    assert abs(float(found[0] / ratio) - 1) < 1e-10
    assert found[2] == 0
    with mpmath.workdps(40):
        ratio = (mpmath.exp(600) * mpmath.mpf(1e-60) / mpmath.mpf(1e60)) ** 2
    found = inverse_snr([[1.0], [601.0]], [[1e60], [1e-60]], tau=1.0)
    assert abs(float(found[0] / ratio) - 1) < 1e-12
    assert inverse_snr([[1.0], [400.0]], [[1.0], [1.0]], tau=1.0).tolist() == [math.inf, 0.0]


@pytest.mark.parametrize("kernel", ["linear", "relu"])
def test_the_ends_of_the_domain_cause_no_overflow_either(kernel):
    assert inverse_snr([[1e-60], [1e60]], [[1e-60], [1e60]], kernel).tolist() == [math.inf, 0.0]


@pytest.mark.parametrize("convention", ["expectation", "ratio"])
def test_simulated_memories_agree_with_the_law(convention):
    """Means of 4000 memories, 16 pairs each: false alarm 1 in 10^5; off by 3 % is seen (error bar 0.7 % or less)."""
    n, d_k, d_v, count = 16, 16, 12, 4000
    keys, values = memories((count, n), d_k, d_v, seed=11)
    found = inverse_snr(keys, values, "linear")
    signal = ((keys**2).sum(-1)) ** 2 * (values**2).sum(-1)
    want = al.law("retrieval.linear")(n=n, d_k=d_k, d_v=d_v, convention=convention)
    if convention == "expectation":
        per_memory = found.mean(-1)
        mean, error = per_memory.mean(), per_memory.std(ddof=1) / math.sqrt(count)
    else:
        noise = (found * signal).mean(-1)
        base = signal.mean(-1)
        mean = noise.mean() / base.mean()
        error = (noise - mean * base).std(ddof=1) / base.mean() / math.sqrt(count)
    assert error < 0.007 * want
    assert abs(mean - want) < 4.42 * error


def test_a_strict_array_of_the_standard_gives_the_same_numbers():
    keys, values = memories((2, 6), 4, 3)
    for kernel, options in KERNELS:
        found = inverse_snr(strict.asarray(keys), strict.asarray(values), kernel, **options)
        assert isinstance(found, type(strict.asarray(keys)))
        assert found.dtype == strict.float64
        assert (np.asarray(found) == inverse_snr(keys, values, kernel, **options)).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_narrow_dtypes_are_widened_before_anything_is_computed(dtype):
    keys, values = (array.astype(dtype) for array in memories((6,), 4, 3))
    wide = inverse_snr(keys.astype(np.float64), values.astype(np.float64), tau=2.0)
    assert (inverse_snr(keys, values, tau=2.0) == wide).all()


PAIRS = ([[1.0, 2.0], [3.0, 4.0]], [[1.0], [2.0]])
NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("keys", "values", "options", "message"),
    [
        (*PAIRS, {}, r"tau = None: must be a real number in \[1e-60, 1e60\] \(the exponential kernel .* sqrt\(d_k\)"),
        (*PAIRS, {"kernel": "rbf"}, r"tau = None: must be .* \(the rbf kernel"),
        (*PAIRS, {"kernel": "linear", "tau": 1.0}, "tau = 1.0: must be left out"),
        (*PAIRS, {"kernel": "relu", "tau": 1.0}, "tau = 1.0: must be left out"),
        (*PAIRS, {"tau": 0.0}, "tau = 0.0: must be a real number"),
        (*PAIRS, {"tau": -1}, "tau = -1.0: must be a real number"),
        (*PAIRS, {"tau": NAN}, "tau = nan: must be a real number"),
        (*PAIRS, {"tau": [1.0]}, r"tau = \[1.0\]: must be a real number"),
        (*PAIRS, {"tau": True}, "tau = True: must be a real number"),
        (*PAIRS, {"kernel": "gauss", "tau": 1.0}, "kernel = 'gauss': must be one of linear, relu, power, relu_pow"),
        (*PAIRS, {"kernel": "power"}, r"power = None: must be an integer .* \(the power kernel has a power\)"),
        (*PAIRS, {"kernel": "relu_power", "power": 1.5}, "power = 1.5: must be an integer"),
        (*PAIRS, {"kernel": "linear", "power": 2}, r"power = 2: must be left out \(the linear kernel has no power\)"),
        (*PAIRS, {"kernel": "biased_relu"}, "bias = None: must be a real number"),
        (*PAIRS, {"kernel": "biased_relu", "bias": -0.1}, "bias = -0.1: must be a real number"),
        (*PAIRS, {"kernel": "biased_relu", "bias": 3.0}, r"norm of keys\[0\] = 2.23.*: must be above bias = 3"),
        ([[0.0, 0.0], [1.0, 1.0]], PAIRS[1], {"kernel": "linear"}, r"norm of keys\[0\] = 0.0: must be >= 1e-60"),
        ([[1.0], [0.0]], PAIRS[1], {"kernel": "relu"}, r"norm of keys\[1\] = 0.0: must be >= 1e-60"),
        ([[1.0], [1.0]], [[1.0], [0.0]], {"tau": 1.0}, r"norm of values\[1\] = 0.0: must be >= 1e-60"),
        ([PAIRS[0]], [[[0.0], [1.0]]], {"tau": 1.0}, r"norm of values\[0, 0\] = 0.0"),
        ([[1.0, NAN], [1.0, 1.0]], PAIRS[1], {"tau": 1.0}, r"keys\[0, 1\] = nan: must be a real number of at most"),
        (PAIRS[0], [[1.0], [-INF]], {"tau": 1.0}, r"values\[1, 0\] = -inf: must be a real number of at most 1e\+60"),
        ([[1e61, 0.0], [1.0, 1.0]], PAIRS[1], {"tau": 1.0}, r"keys\[0, 0\] = 1e\+61: must be"),
        ([1.0, 2.0], PAIRS[1], {"tau": 1.0}, "keys.ndim = 1: must be an integer >= 2"),
        (PAIRS[0], [[1.0]], {"tau": 1.0}, r"values.shape = \(1, 1\): must be \(2, 'd_v'\), because keys"),
        (PAIRS[0], [[[1.0], [2.0]]], {"tau": 1.0}, r"values.shape = \(1, 2, 1\): must be"),
        ([[], []], PAIRS[1], {"tau": 1.0}, r"keys.shape = \(2, 0\): must be free of zeros"),
        ([[True], [False]], PAIRS[1], {"tau": 1.0}, "keys.dtype = dtype\\('bool'\\)"),
        (strict.asarray(PAIRS[0]), np.array(PAIRS[1]), {"tau": 1.0}, "type of values = .*numpy.ndarray.*: must be"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(keys, values, options, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        inverse_snr(keys, values, **options)


def test_a_key_of_norm_zero_is_no_fault_where_the_ratio_exists():
    assert inverse_snr([[0.0], [0.0]], [[1.0], [2.0]], tau=1.0).tolist() == [4.0, 0.25]
    assert inverse_snr([[0.0], [0.0]], [[1.0], [2.0]], "rbf", 1.0).tolist() == [4.0, 0.25]


def test_every_kernel_survives_large_powers_and_small_temperatures():
    """The weight of the nearer pair is (100 / 99)^-60 relative to the target's, and nothing overflows on the way."""
    keys, values = np.array([[100.0], [99.0]]), np.ones((2, 1))
    want = (99 / 100) ** 120
    assert inverse_snr(1e50 * keys, values, "power", power=60)[0] == pytest.approx(want, rel=1e-11)
    assert inverse_snr(keys, values, "solu", 0.1)[0] == pytest.approx(0.0, abs=1e-300)


# --- the summary ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kernel", "options"), KERNELS)
def test_the_summary_has_every_convention_of_the_definition(kernel, options):
    keys, values = memories((3, 8), 4, 3)
    found = summarize_inverse_snr(keys, values, kernel, **options)
    assert (found.pairs == inverse_snr(keys, values, kernel, **options)).all()
    for i in range(3):
        pairs = by_loops(keys[i], values[i], kernel, options)
        signal = [
            kernel_value(kernel, key, key, **options) ** 2 * sum(v * v for v in value)
            for key, value in zip(keys[i].tolist(), values[i].tolist(), strict=True)
        ]
        noise = [pair * own for pair, own in zip(pairs, signal, strict=True)]
        logs = [math.log(pair) if pair else -math.inf for pair in pairs]
        assert found.expectation[i] == pytest.approx(statistics.fmean(pairs), rel=1e-10)
        assert found.ratio[i] == pytest.approx(math.fsum(noise) / math.fsum(signal), rel=1e-10)
        assert found.geometric[i] == pytest.approx(math.exp(statistics.fmean(logs)), rel=1e-10)
        assert found.median[i] == pytest.approx(statistics.median(pairs), rel=1e-10)


@pytest.mark.parametrize("n", [8, 9])
def test_effective_number_and_spread_are_those_of_the_definition(n):
    keys, values = memories((n,), 4, 3)
    found = summarize_inverse_snr(keys, values, tau=1.5)
    for i, key in enumerate(keys):
        scores = np.delete(keys, i, axis=0) @ key / 1.5
        weights = np.exp(scores)
        assert found.effective[i] == pytest.approx((weights**2).sum() ** 2 / (weights**4).sum(), rel=1e-10)
        assert found.spread is not None and found.spread[i] == pytest.approx(scores.std(), rel=1e-10)
        assert found.mean_is_typical is not None and found.error_bars_hold is not None
        assert found.mean_is_typical[i] == (math.log(n - 1) > 2 * scores.var())
        assert found.error_bars_hold[i] == (math.log(n - 1) > 8 * scores.var())
    assert found.median == pytest.approx(np.median(found.pairs), rel=1e-15)


def test_equal_keys_carry_interference_alike():
    found = summarize_inverse_snr(np.ones((5, 3)), np.ones((5, 1)), tau=2.0)
    assert found.effective.tolist() == [4.0] * 5
    assert found.mean_is_typical is not None and found.mean_is_typical.all()
    assert found.expectation == found.median == 16.0
    assert str(found).startswith("expectation 16, ratio 16, geometric 16, median 16 over 5 pairs")


def test_a_summary_of_the_mean_agrees_with_the_law_of_power_kernels():
    """5000 memories of 9 pairs; false alarm 1 in 10^5; off by 5 % is seen."""
    n, d_k, count = 9, 14, 5000
    keys, values = memories((count, n), d_k, 1, seed=5)
    found = summarize_inverse_snr(keys, np.sign(values), "relu").expectation
    mean, error = found.mean(), found.std(ddof=1) / math.sqrt(count)
    want = (n - 1) / (2 * (d_k - 2))
    assert error < 0.012 * want
    assert abs(mean - want) < 4.42 * error


def test_a_strict_array_of_the_standard_gives_the_same_summary():
    keys, values = memories((2, 6), 4, 3)
    found = summarize_inverse_snr(strict.asarray(keys), strict.asarray(values), tau=2.0)
    plain = summarize_inverse_snr(keys, values, tau=2.0)
    for name in ("pairs", "expectation", "ratio", "geometric", "median", "effective", "spread", "error_bars_hold"):
        np.testing.assert_allclose(np.asarray(getattr(found, name)), getattr(plain, name), rtol=1e-14)


def test_one_pair_has_no_summary():
    with pytest.raises(ValueError, match=r"^keys.shape = \(1, 2\): must be at least 2 pairs"):
        summarize_inverse_snr([[1.0, 2.0]], [[1.0]], tau=1.0)
