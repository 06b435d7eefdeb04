"""Certificates on the rows that formulas are known to fail on (T01 to T28), arrays of all kinds, and bad input."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import truth

from attnlaws.estimators import certify_topk, k_eps
from attnlaws.estimators.certificate import Certificate

NAN, INF = math.nan, math.inf


def encloses(found: Certificate, mass, digits=None) -> bool:
    """Whether the enclosure holds a mass (known to some digits), and is narrow."""
    low, high = mpmath.mpf(float(found.tau_lower)), mpmath.mpf(float(found.tau_upper))
    room = mpmath.mpf(mass) * mpmath.mpf(10) ** -digits if digits else 0
    return low - room <= mass <= high + room and high - low <= high * mpmath.mpf("1e-13") + mpmath.mpf("1e-323")


def random_row():
    return np.append(2 * np.random.default_rng(5).normal(size=30), -45)


MASSES = {
    "T01": ([0.0] + 1000 * [-40.0], "f8", 1e-14, 1, "4.2483542552915709e-15", 15),
    "T02": ([0.0] + 3 * [-38.0], "f8", 1e-16, 1, "9.417398376144088e-17", 14),
    "T03": (random_row(), "f8", 1e-21, 30, "3.23285e-22", 5),
    "T04": ([10003.0, 9994.0, 9994.0, 9994.0], "f4", 1e-3, 1, "3.700923932e-4", 9),
    "T05": ([1e6 + 3] + 200 * [1e6 - 2], "f4", 0.6, 1, "0.5740311316", 9),
    "T06": ([0.0, -800.0], "f8", 1e-300, 1, "3.667874584e-348", 9),
    "T07": ([0.0] + 5 * [-104.0], "f4", 1e-40, 1, "3.406778e-45", 6),
    "T08": ([0.0, -103.0], "f4", 1e-40, 1, "1.8521e-45", 4),
    "T10": ([math.log(0.5)] + 170 * [math.log(1.5 * 2**-9)], "f8", 0.1235, 129, "0.12329", 4),
    "T11": ([math.log(0.5)] + 1365 * [math.log(1.5 * 2**-12)], "f8", 0.12490, 1025, "0.12489", 4),
    "T16": ([0.0, -40.0], "f8", 1e-17, 1, "4.248354255291589e-18", 14),
    "T19": ([1.0, 0.0, 0.0], "f8", 0.25, 2, "0.2119415576", 9),
    "T24": ([1e4, 9990.0], "f8", 1e-4, 1, "4.53978687e-5", 8),
    "T25": ([0.0] + 4 * [-800.0], "f8", 1e-300, 1, "1.4671498336e-347", 9),
    "T27": ([0.0, -1e-320], "f8", 0.6, 1, "0.5", 15),
    "T27, huge": ([-1e30, -1e30], "f4", 0.5, 1, "0.5", 15),
    "T27, zeros": ([0.0, -0.0], "f8", 0.5, 1, "0.5", 15),
}


@pytest.mark.parametrize("name", MASSES)
def test_a_tail_is_enclosed_where_formulas_fail(name):
    row, dtype, eps, k, mass, digits = MASSES[name]
    row = np.array(row, dtype)
    found = certify_topk(row, eps)
    assert found.k_lower == found.k_upper == k
    sums = truth.tails(row)
    exact = sums[len(row) - k] / sums[-1]
    assert abs(exact / mpmath.mpf(mass) - 1) < 2 * mpmath.mpf(10) ** -digits
    assert encloses(found, exact)
    assert 0 <= float(found.log_tau) - mpmath.log(exact) < 1e-14 * max(1, -mpmath.log(exact))


def test_t06_a_loss_of_nothing_keeps_what_float64_cannot_show():
    assert certify_topk([0.0, -800.0], 0).k_upper == 2
    found = certify_topk([0.0, -800.0], 1e-300)
    assert (float(found.tau_lower), float(found.tau_upper)) == (0.0, 5e-324)
    assert math.isclose(found.log_tau, -800, rel_tol=1e-15)


def test_t09_a_running_sum_that_stands_still():
    """Eleven million masses of 1.5 ulp of the sum in float32; k is known by counting."""
    count, kept = 11_184_810, 8_388_609
    row = np.full(count + 1, np.log(1.5 * 2.0**-25))
    row[0] = math.log(0.5)
    weight = mpmath.exp(mpmath.mpf(float(row[1])) - mpmath.mpf(float(row[0])))
    exact = (count + 1 - kept) * weight / (1 + count * weight)
    found = certify_topk(row, float(exact * (1 + 1e-9)))
    assert found.k_lower == found.k_upper == kept
    assert encloses(found, exact)
    assert abs(exact - 0.125) < 1e-4


def test_t12_so_many_equal_logits_that_a_float32_sum_stalls():
    n = 1 << 25
    row = np.broadcast_to(np.float32(0.3), n)
    found = certify_topk(row, np.array([0.1, 0.5, 1.0]))
    assert found.k_upper.tolist() == found.k_lower.tolist() == [n - int(Fraction(0.1) * n), n // 2, 1]
    assert found.tau_lower[2] <= 1 - 2.0**-25 <= found.tau_upper[2]


@pytest.mark.parametrize(("n", "eps", "k"), [(10, 0.1, 9), (10, 0.3, 8), (8, 0.25, 6), (8, np.nextafter(0.25, 0), 7)])
def test_t13_to_t15_equal_logits_are_counted(n, eps, k):
    found = certify_topk(np.full(n, -7.3), eps)
    assert found.k_lower == found.k_upper == k
    assert encloses(found, mpmath.mpf(n - k) / n)


def test_t16_to_t18_losses_at_the_ends():
    row = np.array([0.0, -38.0, -38.0, -38.0, -INF])
    assert certify_topk(row, 1e-17).k_upper == 4
    assert certify_topk(row, 0.0).k_upper == 4
    assert certify_topk(row, 0.0).log_tau == -INF
    for eps in (1.0, 1.5, INF):
        assert certify_topk(row, eps).k_upper == certify_topk(row, eps).k_lower == 1
    full = certify_topk([1.0], 0.5)
    assert (full.k_upper, full.tau_lower, full.tau_upper) == (1, 0, 0)


def test_t22_and_t23_masked_keys_do_not_count():
    row = np.array([2.0, 1.0, -1.0] + 1000 * [-INF])
    found = certify_topk(row, 0.3)
    assert found.k_upper == 1
    assert encloses(found, mpmath.mpf("0.29461549"), 7)
    seen = np.arange(6) < 3
    logits = np.array([2.0, 1.0, -1.0, 9.0, 9.0, 9.0], np.float32)
    assert certify_topk(logits, 0.0, seen).k_upper == 3
    added = logits + np.where(seen, 0, -1e9).astype(np.float32)
    assert certify_topk(added, 0.0).k_upper == 6  # a large number is no mask: its keys have mass
    assert float(certify_topk(logits, 0.3, seen).tau_upper) == float(certify_topk(row, 0.3).tau_upper)


def test_t26_two_levels_meet_the_bound_of_a_single_gap():
    """The tail mass is then 1/(1 + k/(n-k) exp(gap)) itself, and the enclosure must hold it in float32 too."""
    rng = np.random.default_rng(0)
    for _ in range(500):
        n, gap = int(rng.integers(2, 60)), float(rng.integers(1, 40)) / 4
        k = int(rng.integers(1, n))
        exact = 1 / (1 + mpmath.mpf(k) / (n - k) * mpmath.exp(gap))
        found = certify_topk(
            np.where(np.arange(n) < k, 12.5, 12.5 - gap).astype(np.float32), float(exact * (1 + 1e-12))
        )
        assert found.k_upper == found.k_lower == k
        assert encloses(found, exact)


def test_t28_the_order_of_the_keys_changes_nothing():
    rng = np.random.default_rng(1)
    row = rng.normal(size=500) * 4
    found = certify_topk(row, 0.01)
    for _ in range(5):
        again = certify_topk(rng.permutation(row), 0.01)
        assert vars(again) == vars(found)


def test_a_tie_of_the_largest_is_weighed_without_the_rounding_of_its_sum():
    """Half of two equal masses may be lost, and a third one is as small as can be: too much by that alone."""
    assert certify_topk([-3e38, 0.0, 0.0], 0.5).k_lower == 2
    assert certify_topk([-3e38, 0.0, 0.0], 0.5).k_upper == 2
    assert certify_topk([-3e38, 0.0, 0.0], np.nextafter(0.5, 1)).k_upper == 1


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, np.uint16, np.int64, ">f4"])
@pytest.mark.parametrize("layout", ["C", "F", "strided", "backwards"])
def test_every_dtype_and_layout_is_read_as_the_numbers_it_holds(dtype, layout):
    rows = (np.random.default_rng(2).integers(0, 12, (5, 24)) / (1 if np.dtype(dtype).kind in "iu" else 2)).astype(
        dtype
    )
    given = {
        "C": rows,
        "F": np.asfortranarray(rows),
        "strided": np.repeat(np.repeat(rows, 3, axis=1), 2, axis=0)[::2, ::3],
        "backwards": rows[:, ::-1].copy()[:, ::-1],
    }[layout]
    want, found = certify_topk(rows.astype(np.float64), 0.05), certify_topk(given, np.float32(0.05))
    assert (found.k_upper == certify_topk(rows.astype(np.float64), float(np.float32(0.05))).k_upper).all()
    assert (certify_topk(given, 0.05).tau_upper == want.tau_upper).all()
    assert (certify_topk(given, 0.05).log_tau == want.log_tau).all()


def test_fields_have_the_shape_of_the_batch():
    rng = np.random.default_rng(3)
    logits, mask = rng.normal(size=(3, 4, 20)) * 2, rng.random((4, 20)) < 0.7
    found = certify_topk(logits, 0.1, mask)
    for field in vars(found).values():
        assert field.shape == (3, 4)
    assert found.decided.all()
    for i, j in np.ndindex(3, 4):
        alone = certify_topk(logits[i, j][mask[j]], 0.1)
        assert alone.k_upper.shape == ()
        assert (alone.k_upper, alone.tau_lower, alone.log_tau) == (
            found.k_upper[i, j],
            found.tau_lower[i, j],
            found.log_tau[i, j],
        )
    eps = np.array([[[0.3]], [[0.01]]])
    several = certify_topk(logits, eps, mask)
    assert several.k_upper.shape == (2, 3, 4)
    assert (several.k_upper[1] == certify_topk(logits, 0.01, mask).k_upper).all()


def test_the_rows_of_a_trained_model_agree_with_the_plain_estimator(real_rows):
    for eps in (0.5, 0.1, 0.01, 1e-6):
        found = certify_topk(real_rows, eps)
        assert found.decided.all()
        assert (found.k_upper == k_eps(real_rows, eps)).all()


@pytest.mark.parametrize(
    ("logits", "eps", "mask", "message"),
    [
        ([[0.0, 1.0], [NAN, 1.0]], 0.1, None, r"logits\[1, 0\] = nan: must be a real number, or -inf for a masked key"),
        ([0.0, INF], 0.1, None, r"logits\[1\] = inf: must be"),
        ([0.0, NAN], 0.1, [True, False], r"logits\[1\] = nan"),
        ([0.0, INF], 0.1, [True, False], r"logits\[1\] = inf"),
        ([[0.0], [-INF]], 0.1, None, r"logits\[1\]: must have a key that is not masked"),
        ([[0.0], [1.0]], 0.1, [[True], [False]], r"logits\[1\]: must have a key that is not masked"),
        ([-INF], 0.1, None, r"logits: must have a key that is not masked"),
        ([0.0, NAN], [0.1, 0.2], None, r"logits\[1\] = nan"),
        ([[[0.0], [INF]]], [[[0.1]], [[0.2]]], None, r"logits\[0, 1, 0\] = inf"),
        ([0.0], -0.1, None, "eps = -0.1: must be a real number >= 0"),
        ([0.0], NAN, None, "eps = nan: must be a real number >= 0"),
        ([[0.0]], [0.1, 0.1], None, None),
        ([[0.0], [1.0]], [0.1, 0.1, 0.1], None, r"eps.shape = \(3,\): must be one that broadcasts"),
        ([0.0], None, None, "eps = None: must be an array of "),
        ([], 0.1, None, r"logits.shape = \(0,\): must be free of zeros"),
        (1.0, 0.1, None, "logits.ndim = 0: must be an integer >= 1"),
        ("text", 0.1, None, "logits = 'text': must be an array of "),
        ([1j], 0.1, None, r"logits.dtype = dtype\('complex128'\)"),
        ([True], 0.1, None, r"logits.dtype = dtype\('bool'\)"),
        ([[1.0], [1.0, 2.0]], 0.1, None, r"logits = \[\[1.0\], \[1.0, 2.0\]\]: must be"),
        (np.ones(2, np.longdouble), 0.1, None, r"logits.dtype = dtype\('float128'\)"),
        ([0, 2**53 + 1], 0.1, None, r"logits\[1\] = 9007199254740993: must be at most 2\^53 in size"),
        (np.ma.array([1.0, 2.0], mask=[True, False]), 0.1, None, "logits = a masked array: must be"),
        ([0.0, 1.0], 0.1, [1, 0], r"mask.dtype = dtype\('int64'\): must be bool"),
        ([0.0, 1.0], 0.1, [True, False, True], r"mask.shape = \(3,\): must be one that broadcasts to that of logits"),
    ],
)
def test_bad_input(logits, eps, mask, message):
    if message is None:
        assert certify_topk(logits, eps, mask).k_upper.shape == (2,)
        return
    with pytest.raises(ValueError, match=f"^{message}"):
        certify_topk(logits, eps, mask)


class OnDevice:
    """An array that NumPy cannot read, as those on a GPU."""

    def __array__(self, *_, **__):
        raise TypeError("Implicit conversion to a NumPy array is not allowed")


def test_an_array_on_a_gpu_is_refused_with_the_remedy():
    with pytest.raises(ValueError, match=r"^logits = .*OnDevice: must be .*copy it to the host first"):
        certify_topk(OnDevice(), 0.1)
