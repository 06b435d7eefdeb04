"""How many keys a loss allows, and how much is lost, certified against every rounding error."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from attnlaws.estimators.arrays import KINDS, WIDEST_INTEGER, Array, at, joined_shape, own, refuse
from attnlaws.theory.domain import fault, plain_array

if TYPE_CHECKING:
    from attnlaws.estimators.stream import Cut, Stream

SHORT = 1 << 16
"""Rows of up to so many keys are sorted; longer ones are read in pieces."""
BATCH = 1 << 21
"""Keys of short rows that are copied at once."""
ROUNDING = 2.0**-49
UNIT = 2.0**-53
SMALLEST = 5e-324
LARGEST = 1.7976931348623157e308
Whence = tuple[tuple[Any, ...], tuple[int, ...]]
"""Which part of a batch: an index into it, and the shape that the logits had before eps joined them."""
LOGIT = "a real number, or -inf for a masked key"


@dataclass(frozen=True)
class Certificate:
    """What :func:`certify_topk` proves; every field has the shape of the batch.

    Attributes:
        k_lower: int64; fewer keys lose more than eps.
        k_upper: int64; so many keys lose at most eps. Equal to ``k_lower`` wherever the number could be decided.
        tau_lower: float64; the tail mass that is left when ``k_upper`` keys are kept is at least this.
        tau_upper: float64; and at most this.
        log_tau: float64; its logarithm is at most this, by a few units in the last place, also where the mass itself
            is below 1e-308. -inf if nothing is lost.
    """

    k_lower: np.ndarray
    k_upper: np.ndarray
    tau_lower: np.ndarray
    tau_upper: np.ndarray
    log_tau: np.ndarray

    @property
    def decided(self) -> np.ndarray:
        """Whether the smallest number of keys is known: booleans with the shape of the batch."""
        return self.k_lower == self.k_upper


def certify_topk(logits: Array, eps: Array, mask: Array | None = None) -> Certificate:
    """The smallest k whose tail mass is at most eps, and an enclosure of that tail mass, proven.

    The masses are those of the logits and the eps that are given, as the exact binary numbers they are: nothing that
    float64 rounds can make a certificate false. Sums of masses carry bounds of their error (no error of a library's
    exponential is assumed); where these leave the comparison with eps open, equal logits are counted, and others
    weighed with up to 16384 bits. ``k_lower`` and ``k_upper`` differ only where these are not enough, and in a row
    longer than 65536 that float64 cannot decide, if it has over 262144 different logits. Such rows are read in pieces
    of 2 MiB, several times and never as a whole, so that they may be memory-mapped files of any length.

    Args:
        logits: [..., n], real numbers of up to 64 bits, or -inf for a key that is masked, in any layout; something that
            NumPy can read without a device in between. Numbers stored in 16 bits are taken for exact.
        eps: the probability that may be lost: a number >= 0, or numbers that broadcast against the leading axes. With
            0 every key is kept, with 1 or more a single one.
        mask: booleans that broadcast to the shape of logits; True where a key may be attended.

    Returns:
        A certificate whose fields are NumPy arrays with the shape that eps and the leading axes broadcast to.

    Raises:
        ValueError: NaN or +inf, a row with no key left, eps below 0 or NaN, an array on a GPU (copy it to the host),
            or inputs of other types and shapes.

    Source:
        arXiv:2512.07647, Lemma 4.1.

    Example:
        >>> found = certify_topk([[0.0, 0.0, 0.0, 0.0], [3.0, 1.0, 0.0, -800.0]], 0.25)
        >>> found.k_upper, found.k_lower
        (array([3, 1]), array([3, 1]))
        >>> bool(found.tau_lower[0] < 0.25 < found.tau_upper[0])
        True
        >>> round(float(certify_topk([0.0, -800.0], 1e-300).log_tau), 9)
        -800.0
    """
    scores, allowed, seen, lead = _together(logits, eps, mask)
    refuse(np, "eps", allowed, ~(allowed >= 0), "a real number >= 0")
    shape = allowed.shape
    fields = [np.empty(shape, kind) for kind in (np.int64, np.int64, np.float64, np.float64, np.float64)]
    certify = _long_rows if scores.shape[-1] > SHORT else _short_rows
    for place in _batches(shape, scores.shape[-1]):
        part = certify(scores[place], None if seen is None else seen[place], allowed[place], (place, lead))
        for field, values in zip(fields, part, strict=True):
            field[place] = values
    return Certificate(*fields)


def fewest_keys(logits: Array, eps: Array, mask: Array | None) -> np.ndarray:
    """The ``k_upper`` of :func:`certify_topk` for rows of any length, each read in pieces and not sorted."""
    from attnlaws.estimators.stream import Stream

    scores, allowed, seen, lead = _together(logits, eps, mask)
    found = np.empty(allowed.shape, np.int64)
    for place in np.ndindex(allowed.shape):
        stream = Stream(scores[place], None if seen is None else seen[place], own(place, lead))
        found[place] = stream.keys - _cuts(stream, float(allowed[place]), slack_of(stream.keys))[0].dropped
    return found


def _together(
    logits: Array, eps: Array, mask: Array | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, tuple[int, ...]]:
    """Logits, eps and mask in one shape of the batch, and the leading axes that the logits had."""
    scores = readable("logits", logits, 1)
    allowed = readable("eps", eps, 0).astype(np.float64)
    lead = scores.shape[:-1]
    shape = joined_shape("eps", allowed, lead, f"one that broadcasts with the leading axes of logits, {lead}")
    seen = None if mask is None else hiding(mask, scores.shape)
    scores = np.broadcast_to(scores, (*shape, scores.shape[-1]))
    return scores, np.broadcast_to(allowed, shape), None if seen is None else np.broadcast_to(seen, scores.shape), lead


def readable(name: str, value: Any, ndim: int) -> np.ndarray:
    """A value as an array whose elements float64 holds exactly; nothing is copied.

    Raises:
        ValueError: no such array, empty, or too few axes.
    """
    found = plain_array(name, value, KINDS)
    if found.dtype.kind == "b" or not np.can_cast(found.dtype, np.float64):
        if found.dtype.kind in "OUS" and not isinstance(value, np.ndarray):
            raise fault(name, value, KINDS)
        raise fault(f"{name}.dtype", found.dtype, "a real floating-point or integer type of 64 bits or fewer")
    if found.ndim < ndim:
        raise fault(f"{name}.ndim", found.ndim, f"an integer >= {ndim}")
    if found.size == 0:
        raise fault(f"{name}.shape", found.shape, "free of zeros (the array is empty)")
    if found.dtype.kind in "iu" and max(int(found.max()), -int(found.min())) > WIDEST_INTEGER:
        beyond = (found > WIDEST_INTEGER) | ((found < -WIDEST_INTEGER) if found.dtype.kind == "i" else False)
        refuse(np, name, found, beyond, "at most 2^53 in size", "float64 has gaps beyond")
    return found


def hiding(mask: Any, shape: tuple[int, ...], name: str = "mask", meaning: str = "key may be attended") -> np.ndarray:
    """A mask, broadcast to the shape of the logits.

    Raises:
        ValueError: no array of booleans that broadcasts so.
    """
    seen = plain_array(name, mask, "an array of booleans")
    if seen.dtype.kind != "b":
        raise fault(f"{name}.dtype", seen.dtype, f"bool (True where a {meaning})")
    demand = f"one that broadcasts to that of logits, {shape}"
    if joined_shape(name, seen, shape, demand) != shape:
        raise fault(f"{name}.shape", seen.shape, demand)
    return np.broadcast_to(seen, shape)


def _batches(shape: tuple[int, ...], n: int) -> Iterator[tuple[Any, ...]]:
    """Indices of parts of a batch: some rows of the last leading axis, or the one row that there is."""
    if not shape:
        yield ()
        return
    rows = 1 if n > SHORT else max(1, BATCH // n)
    for index in np.ndindex(shape[:-1]):
        for start in range(0, shape[-1], rows):
            yield (*index, slice(start, min(start + rows, shape[-1])))


def _index(whence: Whence, row: int = 0) -> tuple[int, ...]:
    """Where in the logits a row of a part is, for messages; eps may have repeated rows, and put axes before theirs."""
    place, lead = whence
    return own(tuple(i.start + row if isinstance(i, slice) else i for i in place), lead)


def slack_of(n: int | np.ndarray) -> Any:
    """The relative error of a sum of up to n masses, at most.

    Example:
        >>> slack_of(1000) < 2e-15, slack_of(1 << 30) < 6e-14
        (True, True)
    """
    return ROUNDING + 4 * ((n + 4.0 * SHORT) * UNIT) ** 2


def _short_rows(scores: np.ndarray, seen: np.ndarray | None, eps: np.ndarray, whence: Whence) -> tuple[np.ndarray, ...]:
    from attnlaws.estimators import selection

    n = scores.shape[-1]
    given = np.array(scores, np.float64, ndmin=2) + 0.0
    rows = given if seen is None else np.where(np.reshape(seen, given.shape), given, -math.inf)
    if seen is not None and not (given < math.inf).all():  # what a mask hides must be a number too
        rows = given
    rows = np.sort(rows, axis=-1)
    count = len(rows)
    fraction, exponent = (np.array(part, ndmin=1) for part in np.frexp(np.minimum(eps, 1.0)))
    first, least, most = (np.empty(count, np.int64) for _ in range(3))
    total = np.empty(count)
    selection.scan_rows(rows, fraction, exponent.astype(np.int64), slack_of(n), first, total, least, most)
    if (first < 0).any():
        row = int(np.argmax(first < 0))
        where = _index(whence, row)
        if first[row] == selection.EMPTY:
            raise ValueError(f"{at('logits', where)}: must have a key that is not masked (none is left in this row)")
        index = int(np.argmax(~(given[row] < math.inf)))
        raise fault(at("logits", (*where, index)), given[row, index], LOGIT)
    for row in np.flatnonzero((least != most) | (least < 0)):
        allowed = float(eps[row] if eps.ndim else eps)
        least[row], most[row] = _settled(rows[row, first[row] :], allowed, int(least[row]), int(most[row]))
    masses = np.empty(count)
    selection.tail_masses(rows, first, least, masses)
    reference = rows[np.arange(count), np.maximum(first + least - 1, 0)]
    keys = n - first
    shaped = (keys - most, keys - least, *_enclosed(reference, rows[:, -1], masses, total, slack_of(n)))
    return tuple(np.reshape(field, eps.shape) for field in shaped)


def _settled(row: np.ndarray, eps: float, least: int, most: int) -> tuple[int, int]:
    """How many keys of a sorted row can be dropped, in exact arithmetic."""
    from attnlaws.estimators.decide import dropped_of_distinct, dropped_of_equal

    if least < 0:
        dropped = dropped_of_equal(min(eps, 1.0), row.size)
        return dropped, dropped
    found = dropped_of_distinct(*np.unique(row, return_counts=True), eps, least, most)
    return (least, most) if found is None else (found, found)


def _enclosed(
    reference: np.ndarray, top: np.ndarray, mass: np.ndarray, total: np.ndarray, slack: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lower and upper bounds of the tail masses, and upper bounds of their logarithms."""
    from attnlaws.estimators import selection

    count = len(mass)
    parts, gap, rest, above = (np.empty(count) for _ in range(4))
    powers = np.empty(count, np.int64)
    selection.enclose(reference, top, mass, total, np.full(count, slack), parts, powers, gap, rest, above)
    nothing, sane = mass == 0, np.maximum(powers, -5000).astype(np.int32)
    with np.errstate(under="ignore", over="ignore", invalid="ignore"):
        lower = np.nextafter(np.ldexp(parts * (1 - 4 * slack), sane), 0.0)
        upper = np.minimum(np.nextafter(np.ldexp(parts * (1 + 4 * slack), sane), 1.0), 1.0)
        # gap + rest + above, with the roundings of both additions on the safe side
        joined = gap + above
        spilled = (gap - (joined - (joined - gap))) + (above - (joined - gap))
        log = np.nextafter(joined + np.nextafter(spilled + rest, math.inf), math.inf)
    log = np.where(gap == -math.inf, -LARGEST, np.minimum(log, 0.0))
    lower = np.where(nothing, 0.0, lower)
    upper = np.where(nothing, 0.0, np.maximum(upper, SMALLEST))
    return lower, upper, np.where(nothing, -math.inf, log)


def _long_rows(scores: np.ndarray, seen: np.ndarray | None, eps: np.ndarray, whence: Whence) -> tuple[np.ndarray, ...]:
    from attnlaws.estimators.stream import Stream

    n = scores.shape[-1]
    hidden = None if seen is None else np.reshape(seen, n)
    stream = Stream(np.reshape(scores, n), hidden, _index(whence))
    fields = long_row(stream, float(np.reshape(eps, ())))
    return tuple(np.reshape(field, eps.shape) for field in fields)


def long_row(stream: "Stream", eps: float) -> tuple[np.ndarray, ...]:
    """The fields of a certificate of one row that is read in pieces, each of shape [1].

    Args:
        stream: the row.
        eps: the probability that may be lost, >= 0.
    """
    slack = slack_of(stream.keys)
    low, high = _cuts(stream, eps, slack)
    reference, mass = stream.tail(low)
    bounds = _enclosed(*np.array([[reference], [stream.top], [mass], [stream.total]]), slack=slack)
    return (np.array([stream.keys - high.dropped]), np.array([stream.keys - low.dropped]), *bounds)


def _cuts(stream: "Stream", eps: float, slack: float) -> tuple["Cut", "Cut"]:
    """What can be dropped for certain, and the most that may be possible."""
    from attnlaws.estimators.decide import DISTINCT, dropped_of_distinct, dropped_of_equal
    from attnlaws.estimators.stream import Cut

    if stream.bottom == stream.top:
        dropped = dropped_of_equal(min(eps, 1.0), stream.keys)
        alike = Cut(dropped, stream.top, dropped)
        return alike, alike
    if eps >= 1:
        single = stream.all_but_one()
        return single, single
    fraction, exponent = math.frexp(eps)
    allowed = fraction * stream.total
    upper = allowed * (1 + 3 * slack)
    low, beyond = stream.cut(allowed * (1 - 3 * slack), exponent)
    high = low if beyond > upper else stream.cut(upper, exponent)[0]
    if low.dropped < high.dropped and (known := stream.distinct(DISTINCT)) is not None:
        values, counts = known
        dropped = dropped_of_distinct(values, counts, eps, low.dropped, high.dropped)
        if dropped is not None:
            before = np.cumsum(counts)
            index = int(np.searchsorted(before, dropped, side="right"))
            low = high = Cut(dropped, float(values[index]), dropped - int(before[index] - counts[index]))
    return low, high
