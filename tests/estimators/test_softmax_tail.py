"""Tail mass and k_eps against exact sums, on a trained model's rows and on random ones."""

import math

import array_api_strict as strict
import exact
import mpmath
import numpy as np
import pytest

from attnlaws.estimators import k_eps, softmax_tail_mass

EPS = (0.5, 0.1, 0.01, 1e-6)
UNDECIDED = 1e-12  # a decision closer than this is the exponential's to make, not the sum's


def random_rows(n, count, seed):
    """Rows of five sorts, with -inf among them: Gaussian, tied, all but equal, heavy-tailed, and steep."""
    rng = np.random.default_rng(seed)
    kinds = [
        rng.normal(scale=rng.choice([0.3, 1.0, 3.0], (count, 1)), size=(count, n)),
        rng.integers(-2, 3, (count, n)).astype(float),
        rng.normal(scale=1e-9, size=(count, n)),
        np.clip(rng.standard_t(1.5, (count, n)), -200, 200),
        rng.uniform(-300, 300, (count, n)),
    ]
    rows = np.concatenate([kind[: count // 5] for kind in kinds])
    hidden = rng.random(rows.shape) < rng.choice([0.0, 0.3, 0.9], (len(rows), 1))
    hidden[:, 0] = False
    return np.where(hidden, -np.inf, rows)


BATCHES = [random_rows(n, 2000, seed) for seed, n in enumerate((1, 3, 17, 40, 65))]


def test_there_are_ten_thousand_random_rows():
    assert sum(len(batch) for batch in BATCHES) == 10_000


def compare(rows, k_choices):
    """Tail masses at a few k of each row against exact integer sums."""
    rng = np.random.default_rng(5)
    left = (rows > -np.inf).sum(-1)
    for choose in k_choices:
        k = choose(rng, left)
        found = softmax_tail_mass(rows, k)
        for row, size, mass in zip(rows, k, found, strict=True):
            want = exact.tail(exact.running_tails(row), int(size))
            if want == 0:
                assert mass == 0
            else:
                assert abs(mass / float(want) - 1) < 1e-13


def test_tail_masses_of_a_trained_model_are_the_exact_sums(real_rows):
    compare(real_rows, [lambda rng, left: rng.integers(1, left + 1)])
    ends = softmax_tail_mass(real_rows, real_rows.shape[-1])
    assert (ends == 0).all()


@pytest.mark.parametrize("rows", BATCHES, ids=lambda rows: f"n={rows.shape[1]}")
def test_tail_masses_of_random_rows_are_the_exact_sums(rows):
    compare(rows, [lambda rng, left: rng.integers(1, left + 1), lambda rng, left: np.ones_like(left)])


def assert_smallest(rows, eps):
    found = k_eps(rows, eps)
    close = 0
    for row, k in zip(rows, found, strict=True):
        want, near = exact.smallest_k(exact.running_tails(row), eps)
        if near < UNDECIDED:
            close += 1
            assert abs(int(k) - want) <= 1
        else:
            assert int(k) == want
    return close


@pytest.mark.parametrize("eps", EPS)
def test_k_eps_of_a_trained_model_is_the_smallest_k(real_rows, eps):
    assert assert_smallest(real_rows, eps) == 0


@pytest.mark.parametrize("rows", BATCHES, ids=lambda rows: f"n={rows.shape[1]}")
def test_k_eps_of_random_rows_is_the_smallest_k(rows):
    close = sum(assert_smallest(rows, eps) for eps in (0.3, 0.03))
    assert close <= 5  # none but ties that meet eps exactly


@pytest.mark.parametrize("eps", EPS)
def test_the_two_functions_decide_alike(real_rows, eps):
    for rows in (real_rows, *BATCHES[1:]):
        k = k_eps(rows, eps)
        assert (softmax_tail_mass(rows, k) <= eps).all()
        more = k > 1
        assert more.any()
        assert (softmax_tail_mass(rows[more], k[more] - 1) > eps).all()


def test_a_tail_that_meets_eps_exactly_is_small_enough():
    ties = np.zeros(8)
    assert softmax_tail_mass(ties, 6) == 0.25
    assert k_eps(ties, 0.25) == 6
    assert k_eps(ties, math.nextafter(0.25, 0)) == 7


@pytest.mark.parametrize("offset", [0.0, 0.1, 1e5])
def test_tails_are_accurate_down_to_1e_300(offset):
    """float64 logits, so that the difference to the largest one is rounded too: 6e-14 if it were left so."""
    rng = np.random.default_rng(3)
    for depth in (1, 30, 300, 600, 685):
        row = offset + np.concatenate([rng.normal(size=3), -depth - rng.random(40) * 3])
        want = exact.precise_tail(row, 3)
        assert want > 1e-300
        assert abs(mpmath.mpf(float(softmax_tail_mass(row, 3))) / want - 1) < 1e-14


def test_a_long_row_of_equal_logits_does_not_drift():
    """One sweep over 2^20 equal addends that are no power of two would be off by 1e-12 and more."""
    n = 1 << 20
    row = np.full(n, -0.3)
    row[0] = 0.0
    weight = mpmath.exp(mpmath.mpf(-0.3))
    for k in (1, n // 3, n - 7):
        want = (n - k) * weight / (1 + (n - 1) * weight)
        assert abs(float(softmax_tail_mass(row, k) / want) - 1) < 2 * 1024 * 2.3e-16 / 10


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, np.int64])
def test_every_dtype_is_widened_before_anything_is_computed(dtype):
    rows = (np.random.default_rng(0).normal(size=(20, 30)) * 4).astype(dtype)
    wide = rows.astype(np.float64)
    found = softmax_tail_mass(rows, 5)
    assert found.dtype == np.float64
    assert (found == softmax_tail_mass(wide, 5)).all()
    assert (k_eps(rows, 0.1) == k_eps(wide, 0.1)).all()
    assert k_eps(rows, np.float32(0.1)).dtype == np.int64


def test_a_mask_is_the_same_as_minus_infinity():
    rng = np.random.default_rng(1)
    logits, mask = rng.normal(size=(3, 4, 20)), rng.random((4, 20)) < 0.6
    hidden = np.where(mask, logits, -np.inf)
    assert (softmax_tail_mass(logits, 2, mask) == softmax_tail_mass(hidden, 2)).all()
    assert (k_eps(logits, 0.2, mask) == k_eps(hidden, 0.2)).all()
    assert (k_eps(logits, 0.2, mask) != k_eps(logits, 0.2)).any()
    short = [row[keep] for row, keep in zip(logits[0], mask, strict=True)]
    assert k_eps(logits[0], 0.2, mask).tolist() == [int(k_eps(row, 0.2)) for row in short]


def test_k_and_eps_broadcast_against_the_leading_axes():
    rows = np.random.default_rng(2).normal(size=(3, 4, 10))
    k = np.array([[1], [4], [10]])
    found = softmax_tail_mass(rows, k)
    assert found.shape == (3, 4)
    assert all(found[i, j] == softmax_tail_mass(rows[i, j], int(k[i, 0])) for i in range(3) for j in range(4))
    assert softmax_tail_mass(rows[0, 0], [1, 2, 3]).tolist() == [softmax_tail_mass(rows[0, 0], i) for i in (1, 2, 3)]
    eps = np.array([[[0.3]], [[0.1]]])
    several = k_eps(rows, eps)
    assert several.shape == (2, 3, 4)
    assert (several[1] == k_eps(rows, 0.1)).all()
    assert k_eps(rows[0, 0], 0.1).shape == ()


def test_the_order_of_keys_and_a_common_shift_change_nothing():
    rows = np.random.default_rng(4).integers(-40, 40, (50, 30)) / 8
    mixed = np.random.default_rng(4).permuted(rows, axis=-1)
    assert (softmax_tail_mass(mixed, 4) == softmax_tail_mass(rows, 4)).all()
    assert (softmax_tail_mass(rows + 1024, 4) == softmax_tail_mass(rows, 4)).all()


def test_logits_at_the_ends_of_float64_cause_no_overflow():
    row = [1e308, -1e308, 1e308, 0.0]
    assert softmax_tail_mass(row, [1, 2]).tolist() == [0.5, 0.0]
    assert k_eps(row, 0.1) == 2


def test_a_strict_array_of_the_standard_gives_one_and_the_same_numbers():
    rng = np.random.default_rng(6)
    logits, mask, k = rng.normal(size=(3, 4, 37)), rng.random((4, 37)) < 0.7, np.array([[1], [2], [3]])
    for dtype in (np.float32, np.float64):
        given = strict.asarray(logits.astype(dtype))
        mass = softmax_tail_mass(given, strict.asarray(k), strict.asarray(mask))
        count = k_eps(given, strict.asarray([0.1]), strict.asarray(mask))
        assert type(mass) is type(count) is type(given)
        assert (mass.dtype, count.dtype) == (strict.float64, strict.int64)
        assert (np.asarray(mass) == softmax_tail_mass(logits.astype(dtype), k, mask)).all()
        assert (np.asarray(count) == k_eps(logits.astype(dtype), 0.1, mask)).all()


def test_lists_and_numbers_follow_the_array_they_come_with():
    row = strict.asarray([0.0, 1.0, 2.0])
    assert type(softmax_tail_mass(row, [1, 2], [True, False, True])) is type(row)
    assert type(k_eps(row, 0.1)) is type(row)
    assert isinstance(k_eps([[0.0, 1.0]], [0.1]), np.ndarray)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 15, 16, 17, 100])
def test_running_sums_are_those_of_one_sweep(n):
    from attnlaws.estimators.topk import running_sum

    values = np.random.default_rng(n).integers(0, 1000, (2, n)).astype(float)
    assert (running_sum(np, values) == np.cumsum(values, axis=-1)).all()
