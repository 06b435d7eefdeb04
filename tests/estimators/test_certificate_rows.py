"""A hundred thousand rows that were made to deceive, against sums of 200 bits; and what the usual formulas make of it.

Nothing here is left to chance: a certificate is right or wrong. Seeds choose the rows and no more.
"""

from collections import Counter
from functools import lru_cache

import mpmath
import numpy as np
import pytest
import truth

from attnlaws.estimators import certify_topk

ROWS = {1: 1000, 2: 8000, 3: 11000, 4: 11000, 6: 9000, 9: 6000, 14: 3000, 40: 1500}  # by the number of keys
DTYPES = (np.float32, np.float64)
pytestmark = pytest.mark.slow
WIDTH = 3e-14  # of an enclosure, relative to the mass; the sums of a row of 40 keys are good to 6e-15


def deceptive(n, count, dtype, rng):
    """Rows of ten sorts."""
    size = (count, n)
    sorts = [
        rng.normal(size=size) * rng.choice([0.3, 1, 3, 10], (count, 1)),
        rng.integers(-2, 3, size).astype(float),
        1e4 + rng.integers(-3, 4, size) * 2.0**-10,
        np.where(rng.random(size) < 0.2, 1e6 + 3, 1e6 - 2),
        -800 * rng.random(size) ** 3,  # with bits far below those of the largest, so that differences round
        -1700 * rng.random(size) ** 3 * (rng.random(size) < 0.7),
        np.where(np.arange(n) == 0, 0.0, rng.choice([-17.0, -37.5, -88.0, -104.0, -745.5], (count, 1))),
        np.repeat(rng.normal(size=(count, 1)) * 50, n, axis=1),
        rng.choice([-3e38, -1e30, 0.0, -0.0, 1e-40, -1e-45, 1e30, 3e38], size),
        np.log(rng.integers(1, 6, size)) + rng.choice([0.0, 700.0], (count, 1)),
    ]
    with np.errstate(over="ignore", under="ignore"):
        rows = np.array(sorts)[rng.integers(0, len(sorts), count), np.arange(count)].astype(dtype)
    rows[(rng.random(size) < 0.3) & (rng.random((count, 1)) < 0.2) & (np.arange(n) > 0)] = -np.inf
    return rng.permuted(rows, axis=-1)


def deceptive_eps(sums, rng):
    """Loss that is allowed: the tail mass of some k, rounded, or a neighbor of that; a round number; or a tiny one."""
    chance, n = rng.random(), len(sums) - 1
    if chance < 0.6:
        eps = float(sums[rng.integers(0, n + 1)] / sums[n])
        return max(0.0, float(np.nextafter(eps, rng.choice([0.0, eps, 1.0]))))
    if chance < 0.8:
        return float(rng.choice([0.1, 0.25, 0.3, 0.5, 1 / 3, 0.01, 0.7]))
    return float(rng.choice([0.0, 5e-324, 1e-310, 1e-300, 1e-100, 1e-17, 1 - 2.0**-53, 1.0, 3.0]))


@lru_cache
def batches(dtype):
    """Rows, eps, their exact sums and their certificates, by the number of keys."""
    made = []
    for n, count in ROWS.items():
        rng = np.random.default_rng([n, np.dtype(dtype).itemsize])
        rows = deceptive(n, count, dtype, rng)
        sums = [truth.tails(row) for row in rows]
        eps = np.array([deceptive_eps(one, rng) for one in sums])
        made.append((rows, eps, sums, certify_topk(rows, eps)))
    return made


def test_there_are_a_hundred_thousand_rows():
    assert len(DTYPES) * sum(ROWS.values()) >= 100_000


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_certificate_is_true(dtype):
    for rows, eps, sums, found in batches(dtype):
        for i, row in enumerate(rows):
            n = len(sums[i]) - 1
            k = truth.smallest_k(row, sums[i], eps[i])
            assert found.k_lower[i] == found.k_upper[i] == k, (row, eps[i])
            lost = sums[i][n - k]
            with mpmath.workprec(truth.BITS):
                mass = lost / sums[i][n]
                assert mpmath.mpf(float(found.tau_lower[i])) <= mass <= mpmath.mpf(float(found.tau_upper[i]))
                assert mpmath.mpf(float(found.log_tau[i])) >= (mpmath.log(mass) if mass else -mpmath.inf)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_enclosure_is_narrow(dtype):
    """So that a certificate that said nothing would not pass for a true one."""
    for _, _, sums, found in batches(dtype):
        for i, one in enumerate(sums):
            mass = one[len(one) - 1 - found.k_upper[i]] / one[-1]
            low, high, log = (float(field[i]) for field in (found.tau_lower, found.tau_upper, found.log_tau))
            if mass == 0:
                assert (low, high, log) == (0, 0, -np.inf)
                continue
            assert high - low <= WIDTH * high + 2e-323  # four steps of the smallest number
            want = mpmath.log(mass)
            if want > -1.7e308:
                assert log - want <= 1e-14 * max(1, -want)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_usual_formulas_fail_on_many_of_them(dtype):
    """The rows would be worth little if everything passed: a tail understated, a k that loses more than eps."""
    failures = Counter()
    for rows, eps, sums, found in batches(dtype):
        left = np.isfinite(rows).sum(-1)
        k = np.random.default_rng(len(rows)).integers(1, left + 1)
        with np.errstate(under="ignore"):
            exact = [one[len(one) - 1 - k[i]] / one[-1] for i, one in enumerate(sums)]
        for name, masses in truth.naive_masses(rows, k, dtype).items():
            failures[name] += sum(not float(mass) >= want for mass, want in zip(masses, exact, strict=True))
        failures["top-p"] += int((truth.naive_k(rows, eps, dtype) < found.k_lower).sum())
    print(dict(failures), "of", sum(ROWS.values()))
    assert min(failures.values()) > 2000
