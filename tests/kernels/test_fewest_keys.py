"""Fewest keys of rows by the CUDA kernel, on this machine's processor: sorting agrees, and ties are left to it."""

import numpy as np
import pytest
from fake_cupy import FakeCupy
from mpmath import mp, mpf

from attnlaws.estimators import k_eps, topk
from attnlaws.estimators.device import doubt_of, fewest_on_device
from attnlaws.simulations.cuda_source import header_source

pytestmark = pytest.mark.host

SHARES = (1e-12, 0.1, 0.999)


@pytest.fixture(scope="module")
def cupy(host):
    return FakeCupy(host)


def rows_of(n, seed):
    """Rows of many kinds: spread, with ties, with masked keys, with gaps beyond float64's exponentials."""
    rng = np.random.default_rng(seed)
    normal = rng.normal(size=n)
    masked = np.where(rng.random(n) < 0.3, -np.inf, 3 * normal)
    masked[0] = 0.0
    return np.array([
        normal, 5 * normal, np.round(2 * normal), masked, 1e4 + normal, 1e5 * normal,
        np.round(rng.standard_cauchy(n), 1),
    ])  # fmt: skip


@pytest.mark.parametrize("n", [1, 300, 2000])
def test_a_decided_row_keeps_what_sorting_keeps(cupy, n):
    """Among them ties and masks; and next to no row is left undecided."""
    undecided = 0
    for eps in SHARES:
        rows = rows_of(n, n)
        found = fewest_on_device(cupy, rows, np.full(len(rows), eps))
        want = k_eps(rows, eps)
        undecided += int((found == 0).sum())
        assert np.array_equal(found[found > 0], want[found > 0]), eps
    assert undecided <= (2 if n > 1 else 21)


def test_shares_that_a_number_of_equal_keys_loses_exactly_are_left_undecided(cupy):
    rows = np.zeros((3, 64))
    assert fewest_on_device(cupy, rows, np.array([0.25, 0.2501, 0.5])).tolist() == [0, 48, 0]


def test_a_mass_below_the_units_is_left_undecided(cupy):
    """The second key weighs e^-60, and the share is a tenth of that."""
    rows = np.array([[0.0, -60.0] + 62 * [-70.0]])
    share = np.array([0.1 * np.exp(-60.0)])
    assert fewest_on_device(cupy, rows, share).tolist() == [0]
    assert k_eps(rows, share).tolist() == [2]


@pytest.mark.parametrize(("n", "eps"), [(300, 0.1), (1 << 20, 1e-3), (1 << 30, 1e-6)])
def test_what_is_in_doubt_is_more_than_all_roundings_together(n, eps):
    """In 40 digits: units that are cut off both masses, and relative errors of weights down to 2^-62."""
    with mp.workdps(40):
        gap = 62 * mp.log(2)
        weight = gap * mpf(2) ** -53 + mpf(2) ** -51
        units = 2 * (n + 1) * mpf(2) ** -62 / mpf(eps)
        running = 4 * mp.sqrt(n) * mpf(2) ** -53
        assert 2 * weight + units + running < float(doubt_of(np.array([eps]), n)[0]) < 1e-3 * (1 + eps)


def test_k_eps_sorts_only_the_rows_that_are_left(cupy, monkeypatch):
    """The path of CuPy's arrays, with NumPy's in their place."""
    monkeypatch.setattr(topk, "fewest_on_device", lambda xp, scores, eps: fewest_on_device(cupy, scores, eps))
    sorted_rows = []
    right = topk._sorted
    monkeypatch.setattr(
        topk, "_sorted", lambda xp, scores, eps: sorted_rows.append(len(scores)) or right(xp, scores, eps)
    )
    rows = np.concatenate([rows_of(300, 1), np.zeros((1, 300))]).reshape(2, 4, 300)
    shares = np.array([0.25, 0.01]).reshape(2, 1)
    found = topk._searched(np, rows, shares, (2, 4))
    assert 1 <= sum(sorted_rows) <= 2  # the ties at least
    assert np.array_equal(found, k_eps(rows, shares))
    assert found.shape == (2, 4)
    assert found.dtype == np.int64


def test_a_selection_that_is_off_by_one_is_seen(cupy, monkeypatch):
    wrong = header_source("fewest_keys.cuh").replace("? n - least : 0", "? n - least - 1 : 0")
    monkeypatch.setattr("attnlaws.simulations.cuda_source.header_source", lambda name: wrong)
    rows = rows_of(300, 1)
    assert not np.array_equal(fewest_on_device(cupy, rows, np.full(len(rows), 0.1)), k_eps(rows, 0.1))
