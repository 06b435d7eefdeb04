"""Kernels against naive NumPy, draw by draw, and modes against each other."""

import numpy as np
import pytest
from scipy.stats import chi2
from sympy import Symbol, sqrt

from attnlaws import registry
from attnlaws.simulations.draws import drawn
from attnlaws.simulations.estimate import estimate
from attnlaws.simulations.experiment import Dot, Draw, Experiment, Smooth, Streaming
from attnlaws.simulations.generate import Layout
from attnlaws.simulations.run import run
from attnlaws.simulations.task import Task

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
REPLICATES = 12

POINTS = (
    [
        ("retrieval.linear", {"n": n, "d_k": d_k, "d_v": d_v, "convention": convention})
        for n, d_k, d_v in ((2, 3, None), (40, 7, None), (64, 16, 5), (9, 4, 8))
        for convention in ("expectation", "ratio", "geometric", "median")
    ]
    + [
        ("retrieval.exponential", {"n": n, "d_k": d_k, "tau": tau, "convention": convention})
        for n, d_k, tau in ((2, 3, 4.5), (40, 7, 5.0), (64, 16, 9.0), (9, 100, 10.0))
        for convention in ("expectation", "ratio", "geometric")
    ]
    + [
        ("topk.tail_mass", {"n": n, "kappa": kappa, "sigma": sigma})
        for n, kappa, sigma in ((2, 0.5, 1.0), (64, 0.02, 0.5), (33, 0.9, 3.0), (64, 0.25, 8.0))
    ]
    + [
        ("topk.divergences", {"n": n, "k": k, "sigma": sigma, "order": order})
        for n, k, sigma, order in ((2, 1, 1.0, 0.5), (64, 5, 0.5, 0.2), (33, 30, 3.0, 0.9), (64, 16, 4.0, 0.5))
    ]
)


def points_of_its_grid(law_id):
    """A few points of a law that none were chosen for, with few items: a new law needs no edit here."""
    law = registry.law(law_id)
    sizes = {p.name: max(33, int(p.domain.low)) for p in law.parameters if p.name in ("n", "tokens")}
    grid = law.grid.points()
    return [(law_id, {**point, **sizes}) for point in grid[:: max(1, len(grid) // 3)]]


CHOSEN = {law_id for law_id, _ in POINTS}
OTHERS = [law_id for law_id in registry.ids() if law_id not in CHOSEN]
SIMULATED = [law_id for law_id in OTHERS if isinstance(registry.experiment(law_id), Experiment)]
POINTS += [point for law_id in SIMULATED for point in points_of_its_grid(law_id)]


@pytest.mark.parametrize(("law_id", "point"), POINTS, ids=lambda value: str(value).replace(" ", ""))
def test_every_mode_agrees_with_its_reference_draw_by_draw(make, law_id, point):
    experiment = registry.experiment(law_id)
    for mode in experiment.modes:
        if mode == "literal" or "d_k" in point:
            try:
                task = make(law_id, mode, **point)
            except ValueError as error:  # where the mean does not exist
                assert "does not exist" in str(error)
                continue
            values = task.values(3, REPLICATES)
            for row, replicate in enumerate(range(3, 3 + REPLICATES)):
                want = experiment.reference(drawn(task, replicate), mode=mode, **task.parameters)
                for column, name in enumerate(task.outputs):
                    scale = TOLERANCE[task.shape.precision]
                    assert values[row, column] == pytest.approx(want[name], rel=scale, abs=scale)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("length", [1, 2, 3, 4, 9])
def test_an_item_s_own_norm_stops_at_the_vector_s_end(precision, length):
    """Norms of vectors whose last call is filled in part, and their cosines with a shared vector."""
    key, query = Draw("key", "d"), Draw("query", "d")
    norm2, product = Dot(key.symbol, key.symbol), Dot(key.symbol, query.symbol)
    shape = Streaming(
        items=lambda *, n, **_: n,
        shared=(query,),
        item=(key,),
        sums={"norms": norm2, "cosines": product / sqrt(norm2)},
        outputs={"norms": Symbol("norms"), "cosines": Symbol("cosines")},
        precision=precision,
    )
    experiment = Experiment({"m": lambda **_: shape}, lambda *_, **__: {}, lambda **_: Smooth(Symbol("norms")), 0, "")
    task = Task("toy.norms", "", experiment, {"n": 300, "d": length}, 0, "m")
    for replicate in range(3):
        draws = drawn(task, replicate)
        keys = draws["key"].astype(np.float64)
        norms = np.sqrt(np.sum(keys**2, axis=1))
        want = [np.sum(norms**2), np.sum(keys @ draws["query"].astype(np.float64) / norms)]
        assert task.values(replicate, 1)[0] == pytest.approx(
            want, rel=TOLERANCE[precision], abs=300 * TOLERANCE[precision]
        )


def test_two_vectors_of_an_item_are_not_multiplied():
    key, value = Draw("key", "d"), Draw("value", "d")
    shape = Streaming(lambda **_: 1, (key, value), {}, sums={"a": Dot(key.symbol, value.symbol)})
    with pytest.raises(ValueError, match="can be multiplied with itself and with shared vectors only"):
        Layout(shape)


def test_an_off_by_one_k_is_caught_by_the_reference(make):
    """A wrong engine: one key too many is kept."""
    task = make("topk.tail_mass", n=64, kappa=0.25, sigma=1.0)
    reference = registry.experiment("topk.tail_mass").reference
    right, wrong = (
        reference(drawn(task, 0), n=64, kappa=kappa, sigma=1.0)["tail_mass"] for kappa in (16 / 64, 17 / 64)
    )
    value = task.values(0, 1)[0, 0]
    assert value == pytest.approx(right, rel=1e-12)
    assert abs(value - wrong) > 1e-3


def test_selection_finds_every_rank_among_ties():
    from attnlaws.simulations.selection import kth_largest

    row = np.array([1.0, 0.0, 0.0, 0.0, -1.0])
    assert [kth_largest(row.copy(), k) for k in range(1, 6)] == [1.0, 0.0, 0.0, 0.0, -1.0]


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 1000])
def test_selection_finds_every_rank(size):
    from attnlaws.simulations.selection import kth_largest

    rng = np.random.default_rng(size)
    for values in (rng.normal(size=size), rng.integers(0, 4, size).astype(float), np.arange(size, dtype=float)):
        ordered = np.sort(values)[::-1]
        for k in {1, size, (size + 1) // 2, max(1, size // 10)}:
            assert kth_largest(values.copy(), k) == ordered[k - 1]


@pytest.mark.parametrize("convention", ["expectation", "ratio", "geometric"])
def test_literal_collapsed_and_tilted_modes_agree(make, memory, convention):
    """False alarm: 6 checks at 5 standard errors, 4e-6 in all. Visible: 5 combined standard errors, below 5 %."""
    results = []
    for mode in ("literal", "collapsed", "tilted"):
        task = make("retrieval.exponential", mode, n=17, d_k=8, tau=16, convention=convention)
        results.append(estimate(task, run(task, 20_000, memory), 20_000))
    literal = results[0]
    for other in results[1:]:
        combined = np.hypot(literal.standard_error, other.standard_error)
        assert abs(literal.mean - other.mean) < 5 * combined
        assert 5 * combined < 0.05 * literal.mean


@pytest.mark.parametrize(("tau", "convention", "mode", "reason"), [
    (1.6, "expectation", "literal", "no variance"), (1.7, "expectation", "tilted", ""), (8, "ratio", "literal", "no v"),
    (8, "ratio", "tilted", ""), (1.7, "expectation", "collapsed", "single keys"), (8, "expectation", "literal", ""),
    (16, "ratio", "literal", "single keys"), (16, "ratio", "tilted", ""), (48, "ratio", "literal", ""),
    (3, "geometric", "literal", "bias"), (3, "geometric", "tilted", ""),
])  # fmt: skip
def test_an_exponential_memory_says_where_its_error_bar_is_not_to_be_trusted(tau, convention, mode, reason):
    reliable = registry.experiment("retrieval.exponential").reliable
    assert reason in (said := reliable(mode=mode, n=65, d_k=64, tau=tau, convention=convention))
    assert bool(said) == bool(reason)


def test_what_carries_an_error_bar_is_as_rare_as_it_is_called():
    """Against the chi-square distribution's own tail, in which a power of the deviation is left out, and by search."""
    from attnlaws.simulations.retrieval.exponential import norm_rarity, score_rarity

    for d_k in (64, 256, 1024):
        for scale, tail in ((3.0, chi2.logsf), (0.4, chi2.logcdf)):
            called, is_so = norm_rarity(d_k, scale), -tail(scale * d_k, d_k)
            assert 0 < is_so - called < np.log(2 * np.pi * d_k)
    z = np.linspace(0.01, 20, 200_000)
    for spread, power in ((0.3, 0), (1.0, 1), (0.7, 1), (2.0, 1)):
        carried = 4 * power * np.log(z) + 4 * spread * z - z**2 / 2
        assert score_rarity(spread, power) == pytest.approx(z[np.argmax(carried)] ** 2 / 2, rel=1e-3)


def test_the_bias_of_a_pooled_logarithm_is_what_the_sample_size_reckons_with():
    """Lognormal weights at a size where the bias shows: its standard error is a twentieth of it, and the next order,
    which is left out, below a half."""
    from attnlaws.simulations.retrieval.exponential import BIAS, bias, sample

    point, size = {"d_k": 4, "tau": 6.0, "tilt": 0.0}, 8
    spread = 2 * np.sqrt(point["d_k"]) / point["tau"]
    weights = np.exp(spread * np.random.default_rng(1).standard_normal((2, 2_000_000, size // 2)) - spread**2 / 2)
    first, second = weights.mean(axis=-1)
    pooled = 2 * np.log((first + second) / 2) - (np.log(first) + np.log(second)) / 2
    reckoned, error = bias(**point, size=size), pooled.std() / np.sqrt(pooled.size)
    assert error < reckoned / 20
    assert 0.5 * reckoned < -pooled.mean() < 1.5 * reckoned
    assert bias(**point, size=sample(**point)) <= BIAS


@pytest.mark.parametrize("convention", ["expectation", "ratio", "geometric", "median"])
@pytest.mark.parametrize("d_v", [None, 16])
def test_collapsed_and_literal_modes_agree(make, memory, convention, d_v):
    """False alarm: 8 checks at 5 standard errors, 5e-6 in all. Visible: a difference of 5 combined standard errors,
    about 2 % at 20 000 replicates."""
    results = []
    for mode in ("literal", "collapsed"):
        task = make("retrieval.linear", mode, n=33, d_k=16, d_v=d_v, convention=convention)
        results.append(estimate(task, run(task, 20_000, memory), 20_000))
    literal, collapsed = results
    combined = np.hypot(literal.standard_error, collapsed.standard_error)
    assert abs(literal.mean - collapsed.mean) < 5 * combined
    assert 5 * combined < 0.05 * literal.mean
