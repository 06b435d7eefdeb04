"""Rows that are read in pieces: the same certificates as of rows that are sorted, and in little memory."""

import math
import tracemalloc

import numpy as np
import pytest

from attnlaws.estimators import certificate, certify_topk, decide, k_eps, selection, topk
from attnlaws.estimators.stream import Stream

EPS = (0.0, 1e-310, 1e-17, 0.01, 0.25, 0.7, 1 - 2.0**-53, 1.0)


@pytest.fixture
def small(monkeypatch):
    """Seven keys at a time, room for three, eight bins: every turn of the search is taken in a row of some keys."""
    monkeypatch.setattr(Stream, "piece", 7)
    monkeypatch.setattr(Stream, "room", 3)
    monkeypatch.setattr(Stream, "digit", 3)


def rows():
    """Rows of eight sorts with up to 300 keys; ties and gaps at which histograms may go wrong."""
    rng = np.random.default_rng(0)
    for n in (1, 2, 7, 60, 300):
        yield rng.normal(size=n) * 3
        yield rng.integers(-3, 3, n).astype(float)
        yield np.full(n, -2.5)
        yield rng.uniform(-900, 0, n)
        yield np.where(rng.random(n) < 0.5, 1.0, 1.0 + 2.0**-52)
        yield rng.choice([-1e300, -0.0, 0.0, -5e-324, 1e300], n)
        yield rng.choice([-1.0, -0.0, 0.0], n)
        yield np.append(rng.normal(size=n) * 1e-9, 40.0)


def test_pieces_and_histograms_give_what_sorting_gives(small):
    for row in rows():
        for eps in EPS:
            want = certify_topk(row, eps)
            found = certificate.long_row(Stream(row, None), eps)
            assert [int(found[0][0]), int(found[1][0])] == [want.k_lower, want.k_upper], (row, eps)
            for one, other in zip(found[2:], (want.tau_lower, want.tau_upper, want.log_tau), strict=True):
                np.testing.assert_allclose(one[0], other, rtol=2e-14)
            assert found[2][0] <= want.tau_upper
            assert want.tau_lower <= found[3][0]


@pytest.mark.parametrize("later", [2, 3, 4])
def test_sums_that_round_otherwise_in_another_order_drop_no_more_than_they_say(small, monkeypatch, later):
    """A bin was seen to exceed the limit; its parts, added anew, are made to stay within it. They can be dropped then,
    and no others: what is dropped must be what the cut names, and the mass what is dropped."""
    row = np.random.default_rng(4).normal(size=3000)
    stream, calls, real = Stream(row, None), [], selection.crossed

    def crossed(counts, highs, lows, limit, high, low):
        calls.append(limit)
        return real(counts, highs, lows, limit * (1 + (len(calls) == later)), high, low)

    want = stream.cut(0.1 * stream.total, 0)[0]
    monkeypatch.setattr(selection, "crossed", crossed)
    cut = stream.cut(0.1 * stream.total, 0)[0]
    assert len(calls) == later
    assert want.dropped < cut.dropped < want.dropped + 1000
    assert cut.dropped == (row < cut.score).sum() + cut.tied
    reference, mass = stream.tail(cut)
    dropped = np.sort(row)[: cut.dropped]
    assert reference == dropped[-1]
    assert math.isclose(mass, np.exp(dropped - reference).sum(), rel_tol=1e-12)


def test_a_mask_hides_keys_of_a_stream(small):
    rng = np.random.default_rng(1)
    row, mask = rng.normal(size=400) * 3, rng.random(400) < 0.3
    found = certificate.long_row(Stream(row, mask), 0.05)
    want = certify_topk(row, 0.05, mask)
    assert (found[0][0], found[1][0]) == (want.k_lower, want.k_upper)


@pytest.mark.parametrize(("bad", "message"), [(np.nan, "= nan: must be a real"), (np.inf, "= inf: must be a real")])
def test_a_bad_score_is_named_where_it_is(bad, message):
    row = np.zeros((2, 70_000), np.float32)
    row[1, 66_000] = bad
    with pytest.raises(ValueError, match=rf"^logits\[1, 66000\] {message}"):
        certify_topk(row, 0.1)
    with pytest.raises(ValueError, match=rf"^logits\[1, 66000\] {message}"):
        certify_topk(row, 0.1, np.arange(70_000) < 60_000)  # what a mask hides must be a number too
    with pytest.raises(ValueError, match=r"^logits\[0\]: must have a key that is not masked"):
        certify_topk(row, 0.1, np.zeros(70_000, bool))


def test_long_rows_are_the_short_ones_with_keys_of_no_mass():
    """Two certificates of rows of 70 000 keys, of which all but 500 are masked."""
    rng = np.random.default_rng(2)
    row = np.full((2, 70_000), -np.inf, np.float32)
    row[:, ::140] = rng.normal(size=(2, 500)) * 3
    long, short = certify_topk(row, 0.1), certify_topk(row[:, ::140], 0.1)
    assert (long.k_upper == short.k_upper).all()
    assert (long.k_lower == short.k_lower).all()
    np.testing.assert_allclose(long.log_tau, short.log_tau, rtol=1e-14)


def test_what_float64_cannot_decide_stays_open_where_there_are_too_many_logits(small, monkeypatch):
    """An eps that is the tail mass itself, rounded: with room for the logits it is decided, without it is enclosed."""
    row = np.random.default_rng(3).normal(size=2000)
    ordered = np.sort(row)
    masses = np.cumsum(np.exp(ordered))
    eps = masses[999] / masses[-1]
    want = certify_topk(row, eps)
    assert want.decided
    stream = Stream(row, None)
    decided = certificate.long_row(stream, eps)
    assert decided[0][0] == decided[1][0] == want.k_upper
    monkeypatch.setattr(decide, "DISTINCT", 100)
    open_row = certificate.long_row(stream, eps)
    assert (open_row[0][0], open_row[1][0]) == (1000, 1001)
    assert want.k_upper in (1000, 1001)


def tied_rows(n, count):
    """Rows of integers, of half as many values as keys, and of values that are all but equal; some keys masked."""
    rng = np.random.default_rng(n)
    sorts = [
        rng.integers(-2, 3, (count, n)).astype(float),
        np.take_along_axis(rng.normal(size=(count, n)) * 3, rng.integers(0, n // 2 + 1, (count, n)), axis=1),
        rng.choice([-1e-9, 0.0, 1e-9], (count, n)),
    ]
    found = np.array(sorts)[rng.integers(0, 3, count), np.arange(count)]
    found[:, 1:][rng.random((count, n - 1)) < 0.2] = -np.inf
    return found


@pytest.mark.parametrize(("n", "count"), [(1, 400), (2, 1600), (3, 2000), (8, 2500), (20, 2500), (64, 1000)])
def test_searching_keeps_what_sorting_keeps(n, count, monkeypatch):
    """Ten thousand rows with ties. No eps here is a tail mass but for 1e-9 or more, so both routes decide alike."""
    given, mask = tied_rows(n, count), np.random.default_rng(0).random(n) < 0.9
    mask[0] = True
    eps = np.random.default_rng(1).choice([0.0371, 0.2371, 0.5371, 0.8371], count)
    want = k_eps(given, eps, mask)
    monkeypatch.setattr(topk, "SHORT", 0)
    monkeypatch.setattr(Stream, "digit", 5)
    monkeypatch.setattr(Stream, "room", 4)
    assert (k_eps(given, eps, mask) == want).all()


def test_a_long_row_of_numpy_is_searched():
    """Half a million keys, and eps given with another shape; a tie that meets eps exactly is small enough."""
    row = np.repeat([0.0, 1.0], 1 << 18)
    share = 1 / (1 + math.e)
    assert k_eps(row, 0.1) == row.size - int(0.1 * (1 << 18) / share)
    assert k_eps(row[None], [[0.1], [0.5]]).shape == (2, 1)
    assert k_eps(np.zeros(1 << 17), 0.25) == 3 << 15
    with pytest.raises(ValueError, match=r"^eps = 1.0: must be a real number in \(0, 1\)"):
        k_eps(row, 1.0)
    with pytest.raises(ValueError, match=r"^mask.shape = \(2,\): must be one that broadcasts"):
        k_eps(row, 0.1, np.array([True, False]))


def test_logits_that_all_but_agree_are_decided():
    """1e-300 apart, two masses differ in the thousandth bit."""
    pair, once = np.array([-1e-300, 0.0]), np.array([1, 1])
    assert decide.dropped_of_distinct(pair, once, 0.5, 0, 1) == 1
    assert decide.dropped_of_distinct(pair, once, np.nextafter(0.5, 0), 0, 1) == 0


def two_levels(path, n):
    """A file of float32 logits, half of them 0 and half -1, and how many of the smaller may be dropped at 0.1."""
    row = np.memmap(path, np.float32, "w+", shape=n)
    row[: n // 2], row[n // 2 :] = -1.0, 0.0
    row.flush()
    return int(0.1 * (n // 2) * (1 + math.e))


@pytest.mark.parametrize("power", [22, pytest.param(26, marks=pytest.mark.slow)])
def test_a_file_is_read_and_never_copied(tmp_path, power):
    """Pieces of 2 MiB and histograms of 1.5 MiB are all the memory there is, whatever the length of the file."""
    n = 1 << power
    dropped = two_levels(tmp_path / "logits", n)
    row = np.memmap(tmp_path / "logits", np.float32, "r")
    certify_topk(row[n // 2 - (1 << 19) : n // 2 + (1 << 19)], 0.1)  # what is imported on the way is not counted
    tracemalloc.start()
    try:
        found = certify_topk(row, 0.1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.k_lower == found.k_upper == n - dropped
    exact = dropped / (n // 2 * (1 + math.e))
    assert found.tau_lower * (1 - 1e-15) <= exact <= found.tau_upper * (1 + 1e-15)
    assert peak < 8 << 20
