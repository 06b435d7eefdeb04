"""What is lost when softmax attention keeps its k largest weights, and how many keys a given loss allows."""

import math
from typing import Any

import numpy as np
from array_api_compat import is_cupy_array

from attnlaws.estimators.arrays import Array, at, first, joined_shape, own, reals, refuse, together, wholes
from attnlaws.estimators.certificate import SHORT, fewest_keys
from attnlaws.estimators.device import fewest_on_device
from attnlaws.theory.domain import fault

NEGLIGIBLE = 1000.0  # exp(-1000) is below the smallest number of float64


def softmax_tail_mass(logits: Array, k: Array, mask: Array | None = None) -> Array:
    """Probability outside the k largest weights of softmax(logits).

    It equals the total variation distance between a softmax row and the same row cut to its top k. It is a sum of the
    tail itself, never one minus the head, in float64 whatever the input: relative error at most 1e-14 for rows of up
    to 1000 keys, growing as 2 sqrt(n) 1.1e-16 beyond, down to masses of 1e-300.

    Args:
        logits: [..., n], real numbers, or -inf for a key that is masked.
        k: how many keys are kept: an integer, or integers that broadcast against the leading axes.
        mask: booleans that broadcast to the shape of logits; True where a key may be attended.

    Returns:
        float64, with the shape that k and the leading axes broadcast to; same library and device as the logits.

    Raises:
        ValueError: NaN or +inf, a row with no key left, k below 1 or above the keys left in its row, or inputs that
            are not arrays of one kind, of these types and shapes.

    Source:
        arXiv:2512.07647, Lemma 4.1.

    Example:
        >>> import numpy as np
        >>> softmax_tail_mass(np.log([[4.0, 2.0, 1.0, 1.0]]), 2).round(12)
        array([0.25])
        >>> float(softmax_tail_mass([0.0, -690.0], 1)) > 1e-300
        True
    """
    xp, given = together(optional="mask", logits=logits, k=k, mask=mask)
    scores, left = _scores(xp, given["logits"], given.get("mask"))
    tails = _tail_masses(xp, scores)
    kept = wholes(xp, "k", given["k"])
    shape = _with_rows("k", kept, left)
    _refuse_k(xp, kept, left, shape)
    kept = xp.broadcast_to(kept, shape)
    tails = xp.broadcast_to(tails, (*shape, tails.shape[-1]))
    return xp.take_along_axis(tails, kept[..., None] - 1, axis=-1)[..., 0]


def k_eps(logits: Array, eps: Array, mask: Array | None = None) -> Array:
    """Smallest k >= 1 whose tail mass is at most eps.

    The masses compared are those that :func:`softmax_tail_mass` returns, so that it confirms every result exactly. Rows
    of NumPy with more than 65536 keys are not sorted but searched, in time proportional to n and with memory for a
    piece of them, and every comparison is decided as :func:`certify_topk` does, beyond what float64 can tell. Such rows
    of CuPy are searched by a kernel, and sorted where it says that rounding decides.

    Args:
        logits: [..., n], real numbers, or -inf for a key that is masked.
        eps: the probability that may be lost, in (0, 1): a number, or numbers that broadcast against the leading axes.
        mask: booleans that broadcast to the shape of logits; True where a key may be attended.

    Returns:
        int64, with the shape that eps and the leading axes broadcast to; same library and device as the logits.

    Raises:
        ValueError: NaN or +inf, a row with no key left, eps outside (0, 1), or inputs that are not arrays of one
            kind, of these types and shapes.

    Source:
        arXiv:2512.07647, Lemma 4.1 and section 6.

    Example:
        >>> import numpy as np
        >>> k_eps(np.log([4.0, 2.0, 1.0, 1.0]), [0.6, 0.3, 0.01])
        array([1, 2, 4])
    """
    xp, given = together(optional="mask", logits=logits, eps=eps, mask=mask)
    if isinstance(given["logits"], np.ndarray) and given["logits"].ndim and given["logits"].shape[-1] > SHORT:
        _allowed(xp, given["eps"])
        return fewest_keys(**{"mask": None} | given)[()]
    scores, left = _scores(xp, given["logits"], given.get("mask"))
    allowed = _allowed(xp, given["eps"])
    shape = _with_rows("eps", allowed, left)
    if is_cupy_array(scores) and scores.shape[-1] > SHORT:
        return _searched(xp, scores, allowed, shape)
    return _sorted(xp, scores, allowed)


def _sorted(xp: Any, scores: Array, allowed: Array) -> Array:
    tails = _tail_masses(xp, scores)
    # The first k that will do: right even where a parallel sum on a device is not quite monotone.
    return xp.astype(xp.argmax(xp.astype(tails <= allowed[..., None], xp.int8), axis=-1) + 1, xp.int64)


def _searched(xp: Any, scores: Array, allowed: Array, shape: tuple[int, ...]) -> Array:
    n = scores.shape[-1]
    rows = xp.reshape(xp.broadcast_to(scores, (*shape, n)), (-1, n))
    eps = xp.reshape(xp.broadcast_to(allowed, shape), (-1,))
    kept = fewest_on_device(xp, xp.ascontiguousarray(rows), xp.ascontiguousarray(eps))
    undecided = kept == 0
    if bool(xp.any(undecided)):
        kept[undecided] = _sorted(xp, rows[undecided], eps[undecided])
    return xp.reshape(kept, shape)


def _allowed(xp: Any, eps: Array) -> Array:
    allowed = reals(xp, "eps", eps)
    refuse(xp, "eps", allowed, ~((allowed > 0) & (allowed < 1)), "a real number in (0, 1)")
    return allowed


def _with_rows(name: str, values: Array, left: Array) -> tuple[int, ...]:
    rows = tuple(left.shape)
    return joined_shape(name, values, rows, f"one that broadcasts with the leading axes of logits, {rows}")


def _refuse_k(xp: Any, kept: Array, left: Array, shape: tuple[int, ...]) -> None:
    wrong = xp.broadcast_to((kept < 1) | (kept > left), shape)
    if bool(xp.any(wrong)):
        index = first(xp, wrong)
        k_index, row = own(index, tuple(kept.shape)), own(index, tuple(left.shape))
        demand = f"an integer >= 1 and <= {int(left[row])}"
        raise fault(at("k", k_index), int(kept[k_index]), demand, f"the keys left in {at('logits', row)}")


def _scores(xp: Any, logits: Array, mask: Array | None) -> tuple[Array, Array]:
    """The scores in float64, [..., n], -inf where masked, and the number of keys left in each row, [...]."""
    scores = _masked(xp, reals(xp, "logits", logits, ndim=1), mask)
    left = xp.sum(xp.astype(scores > -math.inf, xp.int64), axis=-1)
    if bool(xp.any(left == 0)):
        row = at("logits", first(xp, left == 0))
        raise ValueError(f"{row}: must have a key that is not masked (none is left in this row)")
    return scores, left


def _tail_masses(xp: Any, scores: Array) -> Array:
    """Tail masses at k = 1 ... n, [..., n]."""
    ascending = xp.sort(scores, axis=-1)
    total = running_sum(xp, _weights(xp, ascending))
    below = xp.concat((xp.zeros_like(total[..., :1]), total[..., :-1]), axis=-1)
    return xp.flip(below, axis=-1) / total[..., -1:]


def _masked(xp: Any, logits: Array, mask: Array | None) -> Array:
    refuse(xp, "logits", logits, xp.isnan(logits) | (logits == math.inf), "a real number, or -inf for a masked key")
    if mask is None:
        return logits
    if not xp.isdtype(mask.dtype, "bool"):
        raise fault("mask.dtype", mask.dtype, "bool (True where a key may be attended)")
    shape = tuple(logits.shape)
    demand = f"one that broadcasts to that of logits, {shape}"
    if joined_shape("mask", mask, shape, demand) != shape:
        raise fault("mask.shape", tuple(mask.shape), demand)
    return xp.where(mask, logits, -math.inf)


def _weights(xp: Any, ascending: Array) -> Array:
    """Weights relative to the largest; what the subtraction rounds off is put back.

    At a gap of 690 the rounding alone would cost a relative error of 6e-14.
    """
    largest = ascending[..., -1:]
    near = ascending * 0.5 >= largest * 0.5 - NEGLIGIBLE / 2  # halved: the difference of two numbers may overflow
    near_scores = xp.where(near, ascending, largest)
    gap = near_scores - largest
    taken = near_scores - gap
    rounded_off = (taken - largest) + (near_scores - (gap + taken))
    weight = xp.exp(gap)
    return xp.where(near, weight + weight * rounded_off, 0.0)


def running_sum(xp: Any, values: Array) -> Array:
    """Sums of the first 1, 2, ... n elements along the last axis, in blocks of about sqrt(n).

    The relative error for positive values is then about 2 sqrt(n) roundings at worst, where one sweep has n.

    Example:
        >>> import numpy as np
        >>> running_sum(np, np.array([1.0, 2.0, 3.0]))
        array([1., 3., 6.])
    """
    n = values.shape[-1]
    block = math.isqrt(n - 1) + 1
    blocks = -(-n // block)
    padding = xp.zeros_like(values[..., : blocks * block - n])
    lead = tuple(values.shape[:-1])
    inside = xp.cumulative_sum(xp.reshape(xp.concat((values, padding), axis=-1), (*lead, blocks, block)), axis=-1)
    ends = xp.cumulative_sum(inside[..., -1], axis=-1)
    starts = xp.concat((xp.zeros_like(ends[..., :1]), ends[..., :-1]), axis=-1)
    return xp.reshape(inside + starts[..., None], (*lead, blocks * block))[..., :n]
