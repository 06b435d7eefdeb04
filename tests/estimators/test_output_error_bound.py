"""Bounds of the output's error against the outputs themselves, with 300 digits; and against one another."""

import math

import mpmath
import numpy as np
import pytest

from attnlaws.estimators import certify_topk, output_error_bound

DIGITS = 300  # two outputs that differ by a tail of 1e-100 are subtracted
FIELDS = ("error_upper", "variance", "ball", "norm")


def outputs(row, values, kept):
    """Attn, Attn of the kept keys, and the tail mass, from the definition."""
    with mpmath.workdps(DIGITS):
        weights = [mpmath.exp(mpmath.mpf(float(s))) if s > -math.inf else mpmath.mpf(0) for s in row]

        def mean(chosen):
            total = mpmath.fsum(w for w, c in zip(weights, chosen, strict=True) if c)
            rows = [(w / total, v) for w, v, c in zip(weights, values, chosen, strict=True) if c]
            return [mpmath.fsum(w * mpmath.mpf(float(v[i])) for w, v in rows) for i in range(len(values[0]))]

        tail = mpmath.fsum(w for w, k in zip(weights, kept, strict=True) if not k) / mpmath.fsum(weights)
        return mean([True] * len(row)), mean(kept), tail


def distance(a, b):
    with mpmath.workdps(DIGITS):
        return mpmath.sqrt(mpmath.fsum((mpmath.mpf(x) - mpmath.mpf(y)) ** 2 for x, y in zip(a, b, strict=True)))


def instances(count, seed):
    """Rows of five sorts: plain, far from the origin, equal values, huge and tiny ones, and a set that is no top-k."""
    rng = np.random.default_rng(seed)
    for i in range(count):
        n, d = int(rng.integers(2, 12)), int(rng.integers(1, 5))
        row = rng.normal(size=n) * rng.choice([0.5, 3, 40])
        values = rng.normal(size=(n, d)) * rng.choice([1.0, 1e-3, 1e150, 1e-200])
        kept = row >= np.sort(row)[int(rng.integers(0, n - 1)) + 1]
        if i % 5 == 1:
            values = values / np.abs(values).max() + 1e6
        if i % 5 == 2:
            values[:] = values[0]
        if i % 5 == 3:
            values[rng.random(n) < 0.5] *= 1e-100
        if i % 5 == 4:
            kept = rng.permutation(kept)
        yield row, values, kept


def test_the_difference_of_the_outputs_is_enclosed_and_every_bound_holds():
    for row, values, kept in instances(400, 0):
        full, cut, tail = outputs(row, values, kept)
        error = distance(full, cut)
        found = output_error_bound(row, values, kept)
        assert found.error_lower <= error
        assert tail <= found.tau_upper <= tail * (1 + mpmath.mpf("1e-13"))
        for name in FIELDS:
            assert error <= getattr(found, name), name
        size = max(distance(v, [0] * len(v)) for v in values)
        assert found.error_upper - found.error_lower <= 2e-13 * tail * size


def test_each_bound_is_what_its_formula_says():
    for row, values, kept in instances(100, 1):
        full, cut, tail = outputs(row, values, kept)
        found = output_error_bound(row, values, kept)
        with mpmath.workdps(DIGITS):
            weights = [mpmath.exp(mpmath.mpf(float(s))) for s in row]
            head = mpmath.fsum(w for w, k in zip(weights, kept, strict=True) if k)

            def variance(chosen, mean, total, weights=weights, values=values):
                rows = zip(weights, values, chosen, strict=True)
                return mpmath.fsum(w * distance(v, mean) ** 2 for w, v, c in rows if c) / total

            whole = variance([True] * len(row), full, mpmath.fsum(weights))
            inner = variance(kept, cut, head)
            moment = mpmath.sqrt(tail / (1 - tail)) * mpmath.sqrt(abs(whole - (1 - tail) * inner))
            ball = tail * max(distance(v, cut) for v, k in zip(values, kept, strict=True) if not k)
            size = max(distance(v, [0] * len(v)) for v in values)
            room = mpmath.mpf("1e-13") * size * mpmath.sqrt(tail / (1 - tail))
        for name, want in (("variance", moment), ("ball", ball), ("norm", 2 * tail * size)):
            assert want <= getattr(found, name) <= want * (1 + mpmath.mpf("1e-12")) + 20 * room, name


def test_the_bounds_are_ordered_as_the_geometry_says():
    """The distance of the means, of the farthest value from the kept mean, the diameter between both sets, 2 max|v|."""
    rng = np.random.default_rng(2)
    rows, values = rng.normal(size=(50, 20)), rng.normal(size=(50, 20, 3))
    kept = rows >= np.sort(rows, axis=-1)[:, 14:15]
    found = output_error_bound(rows, values, kept)
    assert (found.error_upper <= found.ball).all()
    assert (found.error_upper <= found.variance).all()
    for i in range(50):
        gaps = np.linalg.norm(values[i][kept[i]][:, None] - values[i][~kept[i]], axis=-1)
        assert found.ball[i] <= found.tau_upper[i] * gaps.max() * (1 + 1e-12)
    assert (found.ball <= found.norm).all()
    assert (found.error_upper < 0.9 * found.ball).mean() > 0.9  # nor is it one bound by four names
    assert (found.ball < 0.9 * found.norm).mean() > 0.9


@pytest.mark.parametrize("block", [2, 5, 16, 100])
def test_balls_around_blocks_hold_the_tail(block):
    rng = np.random.default_rng(block)
    rows = rng.normal(size=(30, 40)) * 2
    values = np.repeat(rng.normal(size=(30, 8, 3)), 5, axis=1) + 0.1 * rng.normal(size=(30, 40, 3))
    kept = rows >= np.sort(rows, axis=-1)[:, 30:31]
    found, single = output_error_bound(rows, values, kept, block=block), output_error_bound(rows, values, kept)
    assert (found.error_upper == single.error_upper).all()
    for i in range(30):
        weights = np.exp(rows[i]) * kept[i]
        mean, reach = weights @ values[i] / weights.sum(), 0.0
        for start in range(0, 40, block):
            part = slice(start, start + block)
            if not kept[i, part].all():
                center = values[i, part].mean(axis=0)
                radius = np.linalg.norm(values[i, part] - center, axis=-1).max()
                reach = max(reach, np.linalg.norm(center - mean) + radius)
        assert math.isclose(found.ball[i], found.tau_upper[i] * reach, rel_tol=1e-12)
    assert (found.ball >= single.ball).all()


def test_a_tie_at_the_edge_gives_the_same_error_whichever_is_kept():
    """T19: outputs of +-0.2689, both wrong by as much."""
    for kept in ([True, True, False], [True, False, True]):
        found = output_error_bound([1.0, 0.0, 0.0], [[0.0], [1.0], [-1.0]], kept)
        assert math.isclose(found.tau_upper, 0.2119415576170859, rel_tol=1e-14)
        assert math.isclose(found.error_upper, 0.2689414213699951, rel_tol=1e-13)
        assert found.error_lower <= 0.26894142136999512 <= found.error_upper


def test_masses_far_below_float64_and_far_above_it():
    far = output_error_bound([0.0, -800.0], [[1.0], [-1.0]], [True, False])
    assert 0 < far.tau_upper <= 1e-320
    assert far.error_lower == 0 < far.error_upper <= 1e-319
    wrong = output_error_bound([0.0, -1e300], [[1.0], [-1.0]], [False, True])
    assert wrong.tau_upper == 1
    assert wrong.error_lower <= 2 <= wrong.error_upper < 2 + 1e-13
    assert wrong.variance == math.inf


def test_all_that_is_kept_is_all_there_is():
    found = output_error_bound([[0.0, 1.0, -math.inf]], [[1.0], [2.0], [9.0]], [True, True, False])
    assert all(field.tolist() == [0.0] for field in vars(found).values())


def test_a_mask_hides_keys_and_their_values():
    rng = np.random.default_rng(3)
    row, values, mask = rng.normal(size=20), rng.normal(size=(20, 2)), rng.random(20) < 0.6
    mask[:2], kept = True, np.arange(20) < 6
    found = output_error_bound(row, np.where(mask[:, None], values, 1e9), kept, mask)
    alone = output_error_bound(row[mask], values[mask], kept[mask])
    for name, field in vars(found).items():
        assert math.isclose(field, getattr(alone, name), rel_tol=1e-12), name


def test_it_goes_with_a_certificate():
    """What a user does: certify k, keep the k largest, bound the output."""
    rng = np.random.default_rng(4)
    logits, values = rng.normal(size=(2, 3, 50)) * 3, rng.normal(size=(3, 50, 4))
    found = certify_topk(logits, 0.1)
    edge = np.take_along_axis(-np.sort(-logits, axis=-1), found.k_upper[..., None] - 1, axis=-1)
    error = output_error_bound(logits, values, logits >= edge)
    assert error.error_upper.shape == (2, 3)
    np.testing.assert_allclose(error.tau_upper, found.tau_upper, rtol=1e-13)
    assert (error.tau_upper <= 0.1).all()


@pytest.mark.parametrize(
    ("logits", "values", "kept", "mask", "message"),
    [
        ([0.0, math.nan], [[1.0], [1.0]], [True, False], None, r"logits\[1\] = nan: must be a real number, or -inf"),
        ([0.0, 1.0], [[1.0], [math.inf]], [True, False], None, r"values\[1, 0\] = inf: must be a real number"),
        ([0.0, 1.0], [[1.0]], [True, False], None, r"values.shape = \(1, 1\): must be \[..., 2, d_v\]"),
        ([0.0, 1.0], [1.0, 1.0], [True, False], None, "values.ndim = 1: must be an integer >= 2"),
        ([0.0, 1.0], [[[1.0], [1.0]]], [True, False], None, r"values.shape = \(1, 2, 1\): must be \[..., 2, d_v\]"),
        ([0.0, 1.0], [[1.0], [1.0]], [1, 0], None, r"kept.dtype = .*: must be bool \(True where a key is kept\)"),
        ([0.0, 1.0], [[1.0], [1.0]], [True] * 3, None, r"kept.shape = \(3,\): must be one that broadcasts"),
        ([0.0, 1.0], [[1.0], [1.0]], [False, False], None, "kept: must have a key that is not masked"),
        ([0.0, 1.0], [[1.0], [1.0]], [True, False], [False, True], "kept: must have a key that is not masked"),
        ([[0.0], [-math.inf]], [[1.0]], [True], None, r"kept\[1\]: must have a key that is not masked"),
    ],
)
def test_bad_input(logits, values, kept, mask, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        output_error_bound(logits, values, kept, mask)


def test_a_block_is_a_number_of_keys():
    with pytest.raises(ValueError, match=r"^block = 0: must be an integer >= 1"):
        output_error_bound([0.0], [[1.0]], [True], block=0)
