"""How far the output of attention moves when keys are dropped, bounded against every rounding error."""

import math
from dataclasses import dataclass

import numpy as np

from attnlaws.estimators.arrays import Array, at, joined_shape, refuse
from attnlaws.estimators.certificate import LARGEST, LOGIT, hiding, readable, slack_of
from attnlaws.theory.domain import fault
from attnlaws.theory.parameter import integer

STEP = 2.0**-52


@dataclass(frozen=True)
class OutputError:
    """What :func:`output_error_bound` proves; every field is float64 with the shape of the batch.

    Attributes:
        tau_upper: tail mass of the kept set, at most.
        error_lower: norm of the difference of the outputs, tail mass times the distance of the two conditional means,
            at least.
        error_upper: the same, at most.
        variance: an upper bound from the second moments of the values: all keys, and the kept ones.
        ball: an upper bound from the kept keys' output and balls around blocks of values.
        norm: an upper bound from the largest norm of a value.
    """

    tau_upper: np.ndarray
    error_lower: np.ndarray
    error_upper: np.ndarray
    variance: np.ndarray
    ball: np.ndarray
    norm: np.ndarray


def output_error_bound(
    logits: Array, values: Array, kept: Array, mask: Array | None = None, *, block: int = 1
) -> OutputError:
    """Bounds of the Euclidean norm of Attn - Attn_kept, all of them rounded up.

    With P the softmax, tau the mass that P has outside the kept set, and mu_H, mu_T the means of the values inside and
    outside it, the difference is tau (mu_T - mu_H) exactly, for any set; ``error_lower`` and ``error_upper`` enclose
    its norm. The other bounds need less: ``variance`` is sqrt(tau / (1 - tau)) sqrt(Var_P - (1 - tau) Var_H), ``norm``
    2 tau max |v|, and ``ball`` tau max_b (|c_b - mu_H| + r_b) over the blocks of consecutive keys that hold a dropped
    one, whose values lie in the ball around their mean c_b with radius r_b; with single keys as blocks it is
    tau max_T |v - mu_H|.

    Args:
        logits: [..., n], real numbers of up to 64 bits, or -inf for a key that is masked.
        values: [..., n, d_v], real numbers; leading axes broadcast to those of the logits.
        kept: booleans that broadcast to the shape of logits; True where a key is kept. At least one key that is not
            masked must be.
        mask: booleans that broadcast to the shape of logits; True where a key may be attended.
        block: how many consecutive keys share a ball.

    Returns:
        Bounds whose fields are NumPy arrays with the shape of the leading axes.

    Raises:
        ValueError: NaN or an infinity, a row in which nothing is kept, a block below 1, an array on a GPU (copy it to
            the host), or inputs of other types and shapes.

    Source:
        arXiv:2512.07647, Theorem 5.2 and Theorem 5.6; the form with the kept keys' own variance, and the balls, are
        derived here.

    Example:
        >>> found = output_error_bound([1.0, 0.0, 0.0], [[0.0], [1.0], [-1.0]], [True, True, False])
        >>> bool(found.error_lower <= 0.26894142136999512 <= found.error_upper)
        True
        >>> round(float(found.error_upper), 12), round(float(found.tau_upper), 12)
        (0.26894142137, 0.211941557617)
    """
    scores, vectors = readable("logits", logits, 1), readable("values", values, 2)
    n = scores.shape[-1]
    integer(1).check("block", block)
    if vectors.shape[-2] != n:
        raise fault("values.shape", vectors.shape, f"[..., {n}, d_v], a vector for each of the {n} keys of logits")
    lead = scores.shape[:-1]
    demand = f"[..., {n}, d_v] with axes before that broadcast to those of logits, {lead}"
    if joined_shape("values", vectors[..., 0, 0], lead, demand) != lead:
        raise fault("values.shape", vectors.shape, demand)
    chosen = hiding(kept, scores.shape, "kept", "key is kept")
    seen = None if mask is None else hiding(mask, scores.shape)
    refuse(np, "logits", scores, ~(scores < math.inf), LOGIT)
    refuse(np, "values", vectors, ~np.isfinite(vectors), "a real number")
    vectors = np.broadcast_to(vectors, (*lead, *vectors.shape[-2:]))
    fields = [np.empty(lead) for _ in range(6)]
    for place in np.ndindex(lead):
        row = np.array(scores[place], np.float64) + 0.0
        attended = (row > -math.inf) if seen is None else (row > -math.inf) & seen[place]
        head = attended & chosen[place]
        if not head.any():
            raise ValueError(f"{at('kept', place)}: must have a key that is not masked (none is left in this row)")
        found = _bounded(row, np.array(vectors[place], np.float64), head, attended & ~head, block)
        for field, value in zip(fields, found, strict=True):
            field[place] = value
    return OutputError(*fields)


def _bounded(
    row: np.ndarray, values: np.ndarray, head: np.ndarray, tail: np.ndarray, block: int
) -> tuple[float, float, float, float, float, float]:
    """The fields of one row."""
    from attnlaws.estimators import moments

    if not tail.any():
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    n, d = values.shape
    slack, grow = slack_of(n), 1 + (d + 32) * STEP  # the second for the squares of d differences, their sum and root
    power = int(np.frexp(np.abs(values[head | tail]).max())[1])
    values = np.where((head | tail)[:, None], np.ldexp(values, -power), 0.0)
    masses = np.empty((2, n))
    top, inside = moments.relative_masses(row, head, masses[0])
    second, outside = moments.relative_masses(row, tail, masses[1])
    part, exponent = moments.odds_parts(second, top)
    odds = _odds(part, int(exponent), outside / inside, slack)
    tau = _down(odds[0] / (1 + odds[0])), 1.0 if odds[1] > LARGEST else min(_up(odds[1] / (1 + odds[1])), 1.0)
    means, margins = np.empty((2, d)), np.empty((2, d))
    moments.mean_of(values, masses[0], inside, slack, means[0], margins[0])
    moments.mean_of(values, masses[1], outside, slack, means[1], margins[1])
    apart, margin = np.abs(means[1] - means[0]), margins.sum(axis=0)
    margin += STEP * (apart + margin)
    nearest, farthest = (math.sqrt(math.fsum(np.maximum(apart + sign * margin, 0) ** 2)) for sign in (-1, 1))
    around = means[0], margins[0]
    # tau / (1 - tau) (Var_P - (1 - tau) Var_H) is tau^2 |mu_T - mu_H|^2 + tau^2 / (1 - tau) Var_T: nothing cancels.
    deviation = math.sqrt(moments.mean_square(values, masses[1], outside, means[1], margins[1]) * (1 + 4 * slack))
    error = _up(tau[1] * (farthest * grow))
    spread = _up(math.sqrt(tau[1]) * math.sqrt(odds[1]) * (deviation * grow))
    if block == 1:
        reach = math.sqrt(moments.farthest(values, tail, *around))
    else:
        reach = moments.farthest_block(values, head | tail, tail, block, *around)
    size = math.sqrt(moments.farthest(values, head | tail, np.zeros(d), np.zeros(d)))
    return (
        tau[1],
        _down(tau[0] * (nearest / grow), power),
        _up(error, power),
        _up(max(error, spread) * math.sqrt(1 + (min(error, spread) / max(error, spread)) ** 2), power),
        _up(tau[1] * (reach * grow), power),
        _up(tau[1] * (2 * size * grow), power),
    )


def _odds(part: float, power: int, ratio: float, slack: float) -> tuple[float, float]:
    """Lower and upper bound of the mass outside over the mass inside."""
    return _down(part * ratio * (1 - 4 * slack), power), _up(part * ratio * (1 + 4 * slack), power)


def _up(x: float, power: int = 0) -> float:
    """At least x 2^power, x being off by some roundings."""
    with np.errstate(over="ignore", under="ignore"):
        return float(np.nextafter(np.ldexp(np.nextafter(x * (1 + 4 * STEP), math.inf), power), math.inf))


def _down(x: float, power: int = 0) -> float:
    """At most x 2^power, x being off by some roundings; not negative."""
    with np.errstate(over="ignore", under="ignore"):
        return float(np.nextafter(np.ldexp(np.nextafter(x * (1 - 4 * STEP), 0.0), power), 0.0))
