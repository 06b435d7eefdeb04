"""KeyIndex: its bounds hold for every node and key, its certificates for every row, and its cost is bounded."""

import math

import mpmath
import numpy as np
import pytest

from attnlaws.estimators import KeyIndex, k_eps
from attnlaws.estimators.key_index import search
from attnlaws.estimators.key_index.clustering import bisected, clustered, contiguous
from attnlaws.estimators.key_index.controls import CONTROLS, tampered
from attnlaws.estimators.key_index.rounding import largest_eigenvalue_up, norms_up, tail_bound
from attnlaws.estimators.key_index.state import Settings

EPS = (0.5, 0.1, 0.01, 1e-6)
MOST = 1.05  # times the cost of scoring everything


def keys_of(kind, n, d, rng):
    """Keys that strain one thing each."""
    normal = rng.normal(size=(n, d))
    return {
        "normal": normal,
        "clusters": 3 * rng.normal(size=(5, d))[rng.integers(0, 5, n)] + 0.05 * normal,
        "heavy": normal * np.abs(rng.standard_t(1.2, (n, 1))),
        "equal": np.ones((n, d)) * 0.1,
        "tied": rng.integers(-1, 2, (n, d)).astype(float),
        "apart": normal + 1e6 * rng.normal(size=d),
        "tiny": 1e-200 * normal,
        "flat": normal * np.r_[1.0, np.full(d - 1, 1e-9)],
    }[kind]


KINDS = ("normal", "clusters", "heavy", "equal", "tied", "apart", "tiny", "flat")


def extended_tail(keys, query, scale, kept, visible=None):
    """Softmax mass outside the kept keys, in extended precision."""
    logits = keys.astype(np.longdouble) @ query.astype(np.longdouble) * np.longdouble(scale)
    logits = logits[:visible]
    weights = np.exp(logits - logits.max())
    left = np.ones(len(weights), bool)
    left[kept] = False
    return weights[left].sum() / weights.sum()


def precise_tail(keys, query, scale, kept):
    """The same with 60 digits, inner products and exponentials included."""
    with mpmath.workdps(60):
        row = [mpmath.mpf(scale) * mpmath.fdot(map(float, key), map(float, query)) for key in keys]
        weights = [mpmath.exp(x - max(row)) for x in row]
        return mpmath.fsum(w for i, w in enumerate(weights) if i not in set(kept)) / mpmath.fsum(weights)


# --- bounds ---------------------------------------------------------------------------------------------------------


def test_no_distribution_beats_bennett_and_one_attains_it():
    rng = np.random.default_rng(0)
    for _ in range(300):
        values, weights = rng.normal(size=6) * rng.choice([0.1, 1, 5]), rng.dirichlet(np.ones(6))
        values = values - weights @ values
        bound = search.two_point(float(weights @ values**2), float(values.max()))
        assert math.log(weights @ np.exp(values)) <= bound + 1e-12
    for variance, reach in ((0.3, 0.5), (2.0, 1.0), (1e-3, 4.0), (50.0, 30.0)):
        share = variance / (reach**2 + variance)  # mass on the reach; the rest is at -variance / reach
        mean = share * math.exp(reach) + (1 - share) * math.exp(-variance / reach)
        assert search.two_point(variance, reach) == pytest.approx(math.log(mean), rel=1e-12)


def looked_at(index, query, scale, visible):
    """The state after a look at every node, and all keys at every stage of their prefix."""
    state = index._state()
    state.real[:], state.whole[:], state.rest[:], state.stage[:] = 0, 0, 0, 0
    norm = float(norms_up(query)) * scale * (1 + 1e-15)
    error = 1e-15 * (index.d + 20) * norm * index._longest + 1e-290
    ask = Settings(scale, norm, error, 0.1, 1.0, visible, index._chord, index._bennett)
    tree, nodes, prefix = index._tree, index._nodes, index._prefix
    for node in range(len(tree.first)):
        search.look(node, query, tree, nodes, prefix, ask, state)
    stages = []
    for stage in range(len(prefix.ranks)):
        search.rotate(stage, query, prefix, ask, state)
        state.stage[:], state.dot[:] = 0, 0
        for place in range(index.n):
            search.refine(place, stage, prefix, ask, state)
        stages.append(state.log_bound[len(tree.first) :].copy())
    return state.log_bound[: len(tree.first)].copy(), stages


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{}, {"box": True}, {"chord": False}, {"bennett": False}, {"clustering": False}],
                         ids=str)  # fmt: skip
def test_every_bound_holds(kind, options):
    rng = np.random.default_rng(1)
    keys = keys_of(kind, 150, 8, rng)
    index = KeyIndex(keys, block=8, **options)
    tree = index._tree
    for size in (0.01, 1.0, 40.0):
        query = size * rng.normal(size=8)
        nodes, stages = looked_at(index, query, 0.5, index.n)
        exact = keys.astype(np.longdouble)[tree.order] @ query.astype(np.longdouble) / 2
        for node, (a, b) in enumerate(zip(tree.first, tree.last, strict=True)):
            top = exact[a:b].max()
            assert top + np.log(np.exp(exact[a:b] - top).sum()) <= nodes[node]
        for bounds in stages:
            assert (exact <= bounds).all()


def test_a_bound_on_some_keys_of_a_node_holds_for_those_that_are_visible():
    rng = np.random.default_rng(2)
    keys, query = rng.normal(size=(100, 4)), rng.normal(size=4)
    index = KeyIndex(keys, block=8)
    for visible in (3, 50, 99):
        state_bounds, _ = looked_at(index, query, 1.0, visible)
        for node, (a, b) in enumerate(zip(index._tree.first, index._tree.last, strict=True)):
            seen = [j for j in index._tree.order[a:b] if j < visible]
            if seen:
                assert math.log(np.exp(keys[seen] @ query).sum()) <= state_bounds[node]


def test_bounds_are_not_merely_right():
    """Blocks of near keys: the bound is within a hundredth of the mass; a prefix of all coordinates is the key."""
    rng = np.random.default_rng(3)
    keys = np.repeat(rng.normal(size=(10, 8)), 16, axis=0) + 1e-4 * rng.normal(size=(160, 8))
    index = KeyIndex(keys, prefix_rank=8)
    query = rng.normal(size=8)
    nodes, stages = looked_at(index, query, 1.0, index.n)
    exact = keys[index._tree.order] @ query
    for node in np.flatnonzero(index._tree.children == 0):
        a, b = index._tree.first[node], index._tree.last[node]
        if np.ptp(exact[a:b]) < 1e-2:
            assert nodes[node] - math.log(np.exp(exact[a:b]).sum()) < 1e-2
    assert np.abs(stages[-1] - exact).max() < 1e-5


def test_eigenvalues_norms_and_tails_are_rounded_up():
    rng = np.random.default_rng(4)
    for m, d in ((1, 5), (3, 40), (40, 3), (16, 16), (200, 64)):
        rows = rng.normal(size=(m, d)) * rng.choice([1e-8, 1.0, 1e8], (m, 1))
        largest = np.linalg.eigvalsh(rows.T @ rows / m)[-1]
        assert largest <= largest_eigenvalue_up(rows) * (1 + 1e-15) <= 1.08 * largest
        exact = np.sqrt((rows.astype(np.longdouble) ** 2).sum(axis=1))
        assert (exact <= norms_up(rows)).all()
    for _ in range(200):
        tail, head = rng.normal(size=5) * 30, rng.normal(size=7) * 30
        with mpmath.workdps(40):
            lost = mpmath.fsum(map(mpmath.exp, tail))
            exact = lost / (lost + mpmath.fsum(map(mpmath.exp, head)))
        assert exact <= tail_bound(tail, head, 0.0) <= exact * (1 + 1e-9)
    assert tail_bound(np.array([800.0]), np.array([-800.0]), 0.0) == 1
    assert tail_bound(np.array([]), np.array([1.0]), 0.0) == 0
    assert tail_bound(np.array([1.0]), np.array([]), 0.0) == 1


# --- certificates ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_no_certificate_is_false_and_no_row_is_dear(kind):
    rng = np.random.default_rng(5)
    skipped = 0
    for n, d in ((1, 2), (2, 1), (33, 3), (300, 2), (500, 8)):
        keys = keys_of(kind, n, max(d, 2), rng)
        for options in ({}, {"box": True, "block": 4}, {"clustering": False, "prefix_rank": 0}):
            index = KeyIndex(keys, **options)
            queries = rng.normal(size=(20, max(d, 2))) * rng.choice([0.1, 3.0, 100.0], (20, 1))
            for eps in EPS:
                found = index.select(queries, eps, scale=1.0)
                assert (found.dot_equivalents <= MOST * n).all()
                for row, query in enumerate(queries):
                    lost = extended_tail(keys, query, 1.0, found.keys[row])
                    assert lost <= found.tail[row] <= eps
                skipped += int((~found.dense).sum())
    assert skipped > 50 or kind not in ("clusters", "heavy", "flat")


def test_certificates_hold_to_sixty_digits():
    rng = np.random.default_rng(6)
    for kind in ("clusters", "flat", "heavy"):
        keys = keys_of(kind, 400, 4, rng).astype(np.float32)
        index = KeyIndex(keys)
        queries = 3 * rng.normal(size=(6, 4))
        found = index.select(queries, 0.05)
        assert not found.dense.all()
        for row, query in enumerate(queries):
            assert precise_tail(keys, query, 0.5, found.keys[row].tolist()) <= found.tail[row] <= 0.05


@pytest.mark.parametrize("control", CONTROLS)
def test_certificates_of_wrong_indexes_are_found_out(control):
    rng = np.random.default_rng(7)
    keys = keys_of("clusters", 2000, 8, rng) + 0.3 * rng.normal(size=(2000, 8))
    wrong = tampered(KeyIndex(keys), control)
    queries = rng.normal(size=(40, 8))
    found = wrong.select(queries, 0.1)
    false = [extended_tail(keys, q, 8**-0.5, found.keys[i]) > found.tail[i] for i, q in enumerate(queries)]
    assert sum(false) >= 10


def test_the_output_is_that_of_the_kept_keys_and_near_the_full_one():
    rng = np.random.default_rng(8)
    keys, values = keys_of("clusters", 1000, 8, rng), rng.normal(size=(1000, 3))
    index = KeyIndex(keys)
    queries = rng.normal(size=(2, 5, 8))
    found = index.attend(queries, values, 0.1)
    assert found.output.shape == (2, 5, 3)
    assert found.tail.shape == found.scored.shape == (2, 5)
    logits = queries.reshape(10, 8) @ keys.T / np.sqrt(8)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    full = weights @ values / weights.sum(axis=1, keepdims=True)
    assert not found.dense.all()
    for row in range(10):
        kept = found.keys[row]
        want = weights[row, kept] @ values[kept] / weights[row, kept].sum()
        output, tail = found.output.reshape(10, 3)[row], found.tail.ravel()[row]
        assert output == pytest.approx(want, rel=1e-12, abs=1e-14)
        assert np.linalg.norm(output - full[row]) <= 2 * tail * np.linalg.norm(values, axis=1).max() + 1e-12


def test_hidden_keys_are_neither_scored_nor_counted():
    rng = np.random.default_rng(9)
    keys = keys_of("clusters", 400, 8, rng)
    index = KeyIndex(keys)
    for visible in (1, 7, 130, 399):
        for query in 2 * rng.normal(size=(10, 8)):
            found = index.select(query, 0.05, visible=visible)
            assert found.keys[0].max() < visible
            assert extended_tail(keys, query, 8**-0.5, found.keys[0], visible) <= found.tail
            assert found.dot_equivalents <= MOST * visible


def test_what_is_counted():
    """Every key that is returned was scored; bytes cover the keys; where all are scored for lack of room, only that."""
    rng = np.random.default_rng(10)
    keys = keys_of("clusters", 3000, 16, rng).astype(np.float32)
    index = KeyIndex(keys)
    found = index.select(2 * rng.normal(size=(10, 16)), 0.1)
    assert [len(kept) for kept in found.keys] == found.scored.tolist()
    assert all((np.diff(kept) > 0).all() for kept in found.keys)
    assert (found.dot_equivalents >= found.scored + found.nodes).all()
    assert (found.key_bytes >= 64 * found.scored + 64 * found.nodes).all()
    few = KeyIndex(keys[:20]).select(np.ones(16), 0.1)
    assert (few.scored, few.dense, few.tail, few.dot_equivalents, few.key_bytes) == (20, True, 0, 20, 20 * 64)


def test_equal_keys_give_equal_indexes():
    keys = np.random.default_rng(11).normal(size=(700, 8))
    first, second = (KeyIndex(keys).select(3 * keys[:5], 0.2) for _ in range(2))
    assert all((a == b).all() for a, b in zip(first.keys, second.keys, strict=True))
    assert (first.tail == second.tail).all()


# --- what it achieves -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def achieved():
    """Reduction, oracle and largest cost of a family at its eps, n = 4096 and d = 64."""
    from attnlaws.key_families import family

    def measure(name, eps):
        made = family(name, n=4096, d=64, queries=24, seed=0)
        found = KeyIndex(made.key).select(made.query, eps)
        k = k_eps(made.query.astype(float) @ made.key.T.astype(float) / 8, eps)
        return 4096 / found.scored.mean(), 4096 / k.mean(), found.dot_equivalents.max() / 4096

    return measure


def test_keys_in_few_directions_are_skipped_almost_as_by_an_oracle(achieved):
    reduction, oracle, cost = achieved("spectral", 0.01)
    assert reduction >= 0.85 * oracle
    assert cost <= MOST


def test_clusters_are_skipped_by_the_dozen(achieved):
    reduction, oracle, cost = achieved("clustered", 0.1)
    assert 20 <= reduction <= oracle
    assert cost <= 0.5


def test_nothing_is_skipped_where_there_is_nothing_to_find_and_little_is_spent(achieved):
    reduction, _, cost = achieved("independent", 0.1)
    assert reduction <= 1 / (1 - 0.1)
    assert cost <= MOST


# --- trees, types and errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 5, 16, 17, 100, 3000])
def test_a_tree_holds_every_key_once_and_every_node_its_children(n):
    keys = keys_of("heavy", n, 3, np.random.default_rng(12))
    for tree in (clustered(keys, 16, []), contiguous(n, 16)):
        assert sorted(tree.order) == list(range(n))
        tops = range(tree.roots)
        assert [tree.first[i] for i in tops] == [0, *(tree.last[i] for i in tops)][:-1]
        assert tree.last[tree.roots - 1] == n
        for node in np.flatnonzero(tree.children > 0):
            below = range(tree.child[node], tree.child[node] + tree.children[node])
            assert tree.first[below[0]] == tree.first[node]
            assert tree.last[below[-1]] == tree.last[node]
            assert all(tree.last[i] == tree.first[i + 1] for i in below[:-1])


def test_clusters_that_lie_apart_are_told_apart():
    rng = np.random.default_rng(13)
    member = rng.permutation(np.repeat(np.arange(8), 20))
    points = 10 * rng.normal(size=(8, 6))[member] + 0.1 * rng.normal(size=(160, 6))
    groups = bisected(points, 8, [])
    assert all(len(set(member[group])) == 1 for group in groups)
    assert sum(map(len, groups)) == 160


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.int8, np.int64, list])
def test_keys_of_any_real_type(kind):
    rng = np.random.default_rng(14)
    plain = rng.integers(-3, 4, (200, 5))
    keys = plain.tolist() if kind is list else plain.astype(kind)
    query = [1, 0, 2, -1, 0]
    found = KeyIndex(keys).attend(query, plain, 0.01)
    assert extended_tail(plain, np.array(query), 5**-0.5, found.keys[0]) <= found.tail
    assert found.output.shape == (5,)


GOOD = np.ones((4, 3))
CASES = {
    "NaN": (lambda: KeyIndex([[0.0, np.nan]]), "keys[0, 1] = nan: must be a finite number of at most 1e+15"),
    "huge": (lambda: KeyIndex([[1e16]]), "keys[0, 0] = 1e+16: must be a finite number of at most 1e+15"),
    "empty": (lambda: KeyIndex(np.ones((0, 3))), "keys.shape = (0, 3): must be [n, width], with nothing empty"),
    "three axes": (lambda: KeyIndex(np.ones((2, 2, 2))), "keys.shape = (2, 2, 2): must be [n, width]"),
    "complex": (lambda: KeyIndex(1j * GOOD), "keys.dtype = 'complex128': must be a type of real numbers"),
    "words": (lambda: KeyIndex([["a"]]), "keys.dtype = '<U1': must be a type of real numbers"),
    "block": (lambda: KeyIndex(GOOD, block=0), "block = 0: must be an integer >= 1"),
    "rank": (lambda: KeyIndex(GOOD, prefix_rank=4), "prefix_rank = 4: must be an integer >= 0 and <= 3"),
    "allowance": (lambda: KeyIndex(GOOD, allowance=2), "allowance = 2.0: must be a real number in [0, 1]"),
    "eps": (lambda: KeyIndex(GOOD).select([1, 2, 3], 1.0), "eps = 1.0: must be a real number in (0, 1)"),
    "width": (lambda: KeyIndex(GOOD).select([1, 2], 0.1), "query.shape = (2,): must be [..., 3], as wide as the keys"),
    "scale": (lambda: KeyIndex(GOOD).select([1, 2, 3], 0.1, scale=0), "scale = 0.0: must be a real number in (0, 1"),
    "visible": (lambda: KeyIndex(GOOD).select([1, 2, 3], 0.1, visible=5), "visible = 5: must be an integer >= 1 and"),
    "values": (lambda: KeyIndex(GOOD).attend([1, 2, 3], GOOD[:2], 0.1), "values.shape = (2, 3): must be [4, d_v]"),
    "query": (lambda: KeyIndex(GOOD).select([1, np.inf, 3], 0.1), "query[1] = inf: must be a finite number"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_named(name):
    call, message = CASES[name]
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value).startswith(message)
