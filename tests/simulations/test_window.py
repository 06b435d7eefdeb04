"""Top-k of streams that are not stored: against NumPy on the same numbers, whatever the window, in any order."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from mpmath import mp, mpf
from numba import njit
from scipy import stats

from attnlaws import registry
from attnlaws.simulations import masses, window
from attnlaws.simulations import run as run_module
from attnlaws.simulations import task as task_module
from attnlaws.simulations.draws import drawn
from attnlaws.simulations.experiment import Experiment
from attnlaws.simulations.radix import from_ordered_bits32, kept_of_stream, ordered_bits32
from attnlaws.simulations.replicate import build
from attnlaws.simulations.selection import kept_of_weights
from attnlaws.simulations.stream import fill_normals32
from attnlaws.simulations.task import Block, Kernel
from attnlaws.simulations.topk import tail_mass
from attnlaws.simulations.window import BEYOND, first_window, window_of

APART = 4e-7
"""Of a weight below the window, float32, and of the sums of four of them: 2e-7 and two roundings."""
KEY = np.uint64(3), np.uint64(5), np.uint64(7)
SIZES = [(1, 1), (5, 2), (1000, 100), (1025, 1), (4097, 4097), (70_001, 600), (1 << 20, 1 << 10)]


def scores(n: int) -> np.ndarray:
    """The normals of the stream, as anybody draws them, from the smallest up."""
    out = np.empty(n, np.float32)
    fill_normals32(*KEY, np.uint64(0), out)
    return np.sort(out.astype(np.float64))


def tail(ordered: np.ndarray, k: int, sigma: float) -> float:
    weights = np.exp(sigma * (ordered - ordered[-1]))
    return float(weights[: ordered.size - k].sum() / weights.sum())


def streamed(n: int, k: int, sigma: float, low: float, high: float, room: float) -> float:
    """One part, however many scores, by the kernel of the law."""
    module = build(tail_mass.EXPERIMENT.shape("window", {"n": 100, "kappa": 0.1}))
    values, begin = np.empty((1, 1)), np.array(first_window(float(low), float(high)))
    module.block(*KEY[:2], int(KEY[2]), np.empty(int(room)), values, n, begin, np.empty((1, 4)), sigma, k)
    return values[0, 0]


@pytest.mark.parametrize("sigma", [0.5, 2.0, 35.0])
@pytest.mark.parametrize(("n", "k"), SIZES)
def test_the_tail_mass_of_a_stream_is_numpy_s(n, k, sigma):
    """Relative to the errors of weights, and absolute to the units of the integers, 2^-62."""
    want = tail(scores(n), k, sigma)
    assert streamed(n, k, sigma, **window_of(n, k)) == pytest.approx(want, rel=APART, abs=n * 2.0**-62)


@pytest.mark.parametrize(("low", "high", "room"), [
    (4.0, 5.0, 500), (-5.0, -4.0, 500), (-BEYOND, BEYOND, 10), (-BEYOND, BEYOND, 1), (1.0, 1.5, 1), (0.0, 0.0, 1),
    (BEYOND, BEYOND, 3), (-BEYOND, -BEYOND, 3),
])  # fmt: skip
@pytest.mark.parametrize("k", [1, 700, 69_999, 70_001])
def test_a_window_that_misses_changes_nothing(low, high, room, k):
    n, sigma = 70_001, 2.0
    right = streamed(n, k, sigma, **window_of(n, k))
    assert streamed(n, k, sigma, low, high, room) == pytest.approx(right, rel=APART, abs=n * 2.0**-62)


def test_an_off_by_one_k_is_seen():
    n, k = 70_001, 700
    levels = window_of(n, k)
    right, wrong = (streamed(n, rank, 2.0, **levels) for rank in (k, k + 1))
    assert abs(right - wrong) > 1e-4 > 300 * abs(right - tail(scores(n), k, 2.0))


@pytest.mark.parametrize("n", [2, 100, 10**4, 10**6, 10**9, 10**12])
def test_a_window_is_missed_with_a_chance_below_1e_12(n):
    """By the binomial distribution of the number of scores above its levels, as they were rounded."""
    for k in sorted({1, 2, min(n, 10), max(1, n // 1024), n // 2, n - 1, n}):
        window = window_of(n, k)
        above_low = stats.norm.sf(window["low"]) if window["low"] > -BEYOND else 1.0
        above_high = stats.norm.sf(window["high"]) if window["high"] < BEYOND else 0.0
        missed = stats.binom.cdf(k - 1, n, above_low) + stats.binom.sf(k - 1, n, above_high)
        overflow = stats.binom.sf(window["room"], n, above_low - above_high)
        assert missed + overflow < 1e-12, (n, k)
        assert window["room"] <= 32 * np.sqrt(k) + 300


@pytest.mark.parametrize("eps", [1e-9, 0.01, 0.1, 0.5, 1 - 2**-53])
@pytest.mark.parametrize("sigma", [0.0, 0.5, 2.0, 35.0])
@pytest.mark.parametrize("n", [1, 5, 1025, 70_001])
def test_the_number_kept_of_a_stream_is_numpy_s(n, sigma, eps):
    ordered = scores(n)
    lost = np.cumsum(np.exp(sigma * (ordered - ordered[-1])))
    want = max(1, n - int(np.searchsorted(lost, eps * lost[-1], side="right")))
    kept, smallest = kept_of_stream(*KEY, n, sigma, eps)
    assert kept == want
    assert smallest == ordered[n - want]


@pytest.mark.parametrize("n", [3, 64, 5000])
def test_the_number_kept_of_weights_is_numpy_s_among_ties_too(n):
    rng = np.random.default_rng(n)
    for values in (rng.normal(size=n), np.round(rng.normal(size=n)), np.zeros(n)):
        weights = np.exp(2 * (values - values.max()))
        lost = np.cumsum(np.sort(weights))
        for eps in (1e-12, 0.013, 0.21, 0.77, 1 - 2**-53):
            want = max(1, n - int(np.searchsorted(lost, eps * lost[-1], side="right")))
            assert kept_of_weights(weights.copy(), eps) == want


@pytest.mark.parametrize(("law_id", "mode", "point"), [
    ("topk.tail_mass", "window", {"kappa": 0.02, "sigma": 2.0}),
    ("topk.tail_mass", "window", {"kappa": 0.9, "sigma": 1.0}),
    ("topk.k_eps", "radix", {"eps": 0.1, "sigma": 2.0}), ("topk.k_eps", "radix", {"eps": 0.6, "sigma": 0.5}),
    ("topk.k_eps", "literal", {"eps": 0.1, "sigma": 4.0}),
])  # fmt: skip
def test_modes_agree_with_their_reference_draw_by_draw(make, law_id, mode, point):
    experiment = registry.experiment(law_id)
    assert isinstance(experiment, Experiment)
    for n in (33, 1300, 20_000):
        task = make(law_id, mode, n=n, **point)
        for replicate, value in enumerate(task.values(2, 3)[:, 0], 2):
            (want,) = experiment.reference(drawn(task, replicate), mode=mode, **task.parameters).values()
            assert value == pytest.approx(want, rel=1e-9 if law_id == "topk.k_eps" else APART)


def test_a_mode_with_a_window_that_misses_gives_the_same_values(make):
    task = make("topk.tail_mass", "window", n=20_000, kappa=0.1, sigma=2.0)
    right = task.values(0, 3)
    given = task.shape.arguments(**task.parameters)
    narrow = replace(task.shape, arguments=lambda **_: {**given, "low": 5.0, "high": 6.0, "room": 7})
    missed = make("topk.tail_mass", "window", n=20_000, kappa=0.1, sigma=2.0)
    missed.__dict__["shape"] = narrow
    np.testing.assert_allclose(missed.values(0, 3), right, rtol=APART)  # another split, other weights' errors


# --- parts ----------------------------------------------------------------------------------------------------------


LONG = {"n": 70_001, "sigma": 2.0}


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of one superblock, so that a row of some thousand scores has many of them, the last one short."""
    monkeypatch.setattr(task_module, "PART_DRAWS", 1024)


@pytest.mark.parametrize("kappa", [1 / 70_001, 0.01, 0.5, 0.99])
def test_a_row_in_parts_is_numpy_s(make, small_parts, kappa):
    task = make("topk.tail_mass", "window", kappa=kappa, **LONG)
    assert task.parts == 69
    ordered = np.sort(drawn(task, 4)["items"].astype(np.float64))
    k = tail_mass.kept(n=task.draws, kappa=kappa)
    assert task.values(4, 1)[0, 0] == pytest.approx(tail(ordered, k, 2.0), rel=APART, abs=70_001 * 2.0**-62)


@pytest.mark.parametrize(
    ("low", "high", "room"), [(1.0, 3.0, 9_000), (4.0, 5.0, 500), (-BEYOND, BEYOND, 10), (0, 0, 1)]
)
def test_a_row_in_parts_has_the_same_bits_whoever_goes_over_them(make, small_parts, monkeypatch, low, high, room):
    """Also where a window misses, or has less room than it needs: what is kept then depends on who comes first."""
    task = make("topk.tail_mass", "window", kappa=0.05, **LONG)
    given = {**task.shape.arguments(**task.parameters), "low": float(low), "high": float(high), "room": room}
    task.__dict__["shape"] = replace(task.shape, arguments=lambda **_: given, scratch=lambda **_: room)

    def backward(function, numbers):
        return [function(number) for number in [*numbers][::-1]]

    found = set()
    with ThreadPoolExecutor(2) as pool:
        for share, runs in ((map, 1), (map, 256), (backward, 7), (pool.map, 5), (pool.map, 256)):
            monkeypatch.setattr(task_module, "SHARES", runs)
            found.add(task.compute(Block(2, 1), share).tobytes())
    assert len(found) == 1
    monkeypatch.setattr(task_module, "PART_DRAWS", 1 << 18)
    whole = make("topk.tail_mass", "window", kappa=0.05, **LONG)
    assert whole.parts == 1
    np.testing.assert_allclose(np.frombuffer(found.pop())[0], whole.compute(Block(2, 1))[0], rtol=APART)


@pytest.mark.parametrize("n", [1, 2**18, 2**18 + 1, 2**30, 10**11 + 3, 10**12])
def test_parts_are_whole_superblocks_few_and_a_partition(make, n):
    task = make("topk.tail_mass", "window", n=max(n, 2), kappa=0.1, sigma=1.0)
    assert task.part_draws % 1024 == 0
    assert task.part_draws * (task.parts - 1) < task.draws <= task.part_draws * task.parts
    assert task.parts <= 4096
    assert (task.parts == 1) == (n <= 2**18)


def test_an_interrupted_run_goes_over_no_further_parts(make, small_parts, memory, monkeypatch):
    task = make("topk.tail_mass", "window", kappa=0.01, **LONG)
    calls, ended, begun, stopped = [], [], threading.Event(), threading.Event()
    right = ThreadPoolExecutor.shutdown

    def slow(*_):
        calls.append(1)
        begun.set()
        assert stopped.wait(60)
        return 0

    def shutdown(pool, **options):
        right(pool, **options)
        ended.append(pool)
        if len(ended) == 2:  # workers and helpers, none of which is waited for
            stopped.set()

    def interrupted(*_, **__):
        assert begun.wait(60)
        raise KeyboardInterrupt

    monkeypatch.setattr(Kernel.of(task), "module", SimpleNamespace(pass_over=slow, window_decision=None))
    monkeypatch.setattr(ThreadPoolExecutor, "shutdown", shutdown)
    monkeypatch.setattr(run_module, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_module.run(task, 3, memory, threads=1)
    assert calls == [1]


# --- weights and masses ---------------------------------------------------------------------------------------------


def test_a_weight_is_within_3e_10():
    mp.dps = 30
    for x in [*np.random.default_rng(0).uniform(-699, 0, 3000), 0.0, -1e-300, -700.0]:
        assert abs(masses.weight_of(x) / mp.exp(mpf(float(x))) - 1) < 3e-10
    assert masses.weight_of(-1e6) == masses.weight_of(-700.0)


@pytest.mark.parametrize("sigma", [0.0, 0.5, 2.0, 36.0])
@pytest.mark.parametrize("low", [-9.5, -1.0, 0.7, 3.1, 9.5])
def test_a_weight_in_float32_is_within_2e_7(sigma, low):
    """Relative to a power of two next to the largest; a weight below 2^-124 is about as small."""
    mp.dps = 30
    below = np.random.default_rng(0).exponential(2, 500)
    below[:2] = 0, 1e-6
    powers, octaves = _powers_of(sigma, low)
    assert abs(octaves - low * sigma / np.log(2)) <= 0.5 + 1e-9
    for score in (low - below).astype(np.float32):
        if abs(score) <= BEYOND:
            got = mpf(float(_weight32(score, powers)))
            want = mp.exp(mpf(sigma) * mpf(float(score))) / mpf(2) ** octaves
            assert abs(got / want - 1) < 2e-7 if want > mpf(2) ** -124 else 0 < got < mpf(2) ** -123


@njit
def _powers_of(sigma, low):
    return window._powers(sigma, low), window._octaves(sigma, low)


@njit
def _weight32(score, powers):
    return window._power(np.float32(score), powers)


@njit
def _total(values, low, high):
    for value in values:
        low, high = masses.added(low, high, value, np.uint64(0))
    return low, high


def test_masses_add_up_beyond_64_bits_in_any_order():
    values = np.random.default_rng(1).integers(0, 2**63, 1000, dtype=np.uint64)
    exact = sum(map(int, values))
    for order in (values, values[::-1].copy(), np.sort(values)):
        low, high = _total(order, np.uint64(0), np.uint64(0))
        assert int(low) + (int(high) << 64) == exact
    assert masses.as_float(low, high) == pytest.approx(exact, rel=1e-15)


@pytest.mark.parametrize("whole", [1 << 62, (1 << 64) - 1, 1 << 64, (1 << 101) + 12345, 3 << 90])
@pytest.mark.parametrize("eps", [1e-300, 1e-9, 0.1, 0.5, 1 - 2**-53])
def test_what_may_be_lost_is_a_part_and_never_all(whole, eps):
    low, high = masses.allowed_of(np.uint64(whole & (2**64 - 1)), np.uint64(whole >> 64), eps)
    allowed = int(low) + (int(high) << 64)
    assert allowed < whole
    assert abs(allowed - int(mpf(eps) * whole)) <= 1 + whole * 2.0**-51


def test_ordered_bits_are_in_the_order_of_the_numbers_and_come_back():
    x = np.sort(np.random.default_rng(2).normal(size=1000).astype(np.float32) ** 9)
    bits = [int(ordered_bits32(v)) for v in x]
    assert bits == sorted(bits)
    assert [from_ordered_bits32(b) for b in bits] == list(x)


# --- one large row --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_tail_mass_of_a_row_that_would_fill_a_gigabyte():
    """n = 2^28: by its influence function the tail mass spreads by sqrt(22.13/n) = 2.9e-4, and by 2.7e-4 from 400 rows
    of 2^20. False alarm 2e-9 at 6 of the larger, visible 0.2 % of the value."""
    law = registry.law("topk.tail_mass")
    n, k = 1 << 28, 1 << 18
    assert streamed(n, k, 2.0, **window_of(n, k)) == pytest.approx(law(kappa=k / n, sigma=2.0), abs=6 * 2.9e-4)
