"""A row that is too long to be copied or sorted: read in pieces, as often as it takes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from attnlaws.estimators import selection
from attnlaws.estimators.arrays import at
from attnlaws.theory.domain import fault


@dataclass(frozen=True)
class Cut:
    """Where a row is cut: the keys below a score are dropped, and some of those equal to it.

    Attributes:
        dropped: how many keys in all.
        score: the score at the cut.
        tied: how many of the keys with that very score are among them.
    """

    dropped: int
    score: float
    tied: int


class Stream:
    """A row of scores with its mask.

    Attributes:
        keys: how many are not masked.
        top: the largest score.
        bottom: the smallest.
        total: the sum of the masses, relative to the largest.

    Args:
        row: real numbers [n], in memory or on disk.
        mask: booleans [n], True where a key may be attended; or None.
        index: where in the logits the row is, for messages.

    Raises:
        ValueError: NaN or +inf, or no key left.

    Example:
        >>> row = Stream(np.log([4.0, 2.0, 1.0, 1.0]), None)
        >>> row.keys, round(row.total, 9), row.cut(0.25 * row.total, 0)[0].dropped
        (4, 2.0, 2)
    """

    piece, room, digit = 1 << 18, 1 << 16, 16
    """Keys that are read at once, keys that are sorted at the end, and bits that one histogram tells apart."""

    def __init__(self, row: np.ndarray, mask: np.ndarray | None, index: tuple[int, ...] = ()) -> None:
        self._row, self._mask = row, mask
        self.keys, self.bottom, self.top = 0, np.inf, -np.inf
        for start in range(0, row.size, self.piece):
            scores = self._read(start)
            bad = selection.survey(scores)[3]
            if bad >= 0:
                raise fault(at("logits", (*index, start + bad)), scores[bad], "a real number, or -inf for a masked key")
            keys, least, most, _ = selection.survey(self._hide(scores, start))
            self.keys, self.bottom, self.top = self.keys + keys, min(self.bottom, least), max(self.top, most)
        if not self.keys:
            raise ValueError(f"{at('logits', index)}: must have a key that is not masked (none is left in this row)")
        self.total = float(self.keys)
        if self.bottom < self.top:
            high, low = 0.0, 0.0
            for scores in self.pieces():
                high, low = selection.total_mass(scores, self.top, high, low)
            self.total = high + low

    def _read(self, start: int) -> np.ndarray:
        return np.array(self._row[start : start + self.piece], np.float64) + 0.0  # -0.0 is 0.0

    def _hide(self, scores: np.ndarray, start: int) -> np.ndarray:
        if self._mask is not None:
            scores[~self._mask[start : start + self.piece]] = -np.inf
        return scores

    def pieces(self) -> Iterator[np.ndarray]:
        """The scores in float64, -inf where they are masked, a piece at a time."""
        for start in range(0, self._row.size, self.piece):
            yield self._hide(self._read(start), start)

    def cut(self, limit: float, exponent: int) -> tuple[Cut, float]:
        """The most keys whose masses, divided by two to a power, stay within a limit; the largest is never among them.

        Args:
            limit: of the sum of masses relative to the largest, so divided.
            exponent: the power.

        Returns:
            The cut, and the sum that one more mass would make (0 if that was not computed).
        """
        base, last = _key(self.bottom), _key(self.top)
        high, low, dropped = 0.0, 0.0, 0
        while True:
            shift = max(0, (last - base).bit_length() - self.digit)
            counts, highs, lows = self._histogram(exponent, base, last, shift)
            bin, high, low, before = selection.crossed(counts, highs, lows, limit, high, low)
            dropped += before
            if bin == counts.size:  # all fits: either there is no more, or the same sum in another order rounds down
                return (Cut(dropped, _score(last + 1), 0) if last < _key(self.top) else self.all_but_one()), 0.0
            base += int(bin) << shift
            last = min(last, base + (1 << shift) - 1)
            if base == last:
                values, numbers = np.array([_score(base)]), counts[bin : bin + 1]
            elif counts[bin] <= self.room:
                values, numbers = self._gathered(base, last, int(counts[bin]))
            else:
                continue
            taken, index, beyond = selection.advance(values, numbers, self.top, exponent, limit, high, low)
            if index == values.size:  # the same sums in another order may round to the other side of the limit
                index -= 1
            found = Cut(dropped + taken, float(values[index]), taken - int(numbers[:index].sum()))
            return (found, beyond) if found.dropped < self.keys else (self.all_but_one(), 0.0)

    def _histogram(self, exponent: int, base: int, last: int, shift: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        bins = ((last - base) >> shift) + 1
        counts, highs, lows = np.zeros(bins, np.int64), np.zeros(bins), np.zeros(bins)
        window = np.uint64(base), np.uint64(last), np.uint64(shift)
        for scores in self.pieces():
            selection.histogram(scores, scores.view(np.uint64), self.top, exponent, *window, counts, highs, lows)
        return counts, highs, lows

    def _gathered(self, base: int, last: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        found, so_far = np.empty(count), 0
        for scores in self.pieces():
            bits = scores.view(np.uint64)
            so_far = selection.gather(scores, bits, np.uint64(base), np.uint64(last), found, so_far)
        return np.unique(found, return_counts=True)

    def all_but_one(self) -> Cut:
        """The cut that keeps a single key."""
        ties = sum(int((scores == self.top).sum()) for scores in self.pieces())
        return Cut(self.keys - 1, self.top, ties - 1)

    def tail(self, cut: Cut) -> tuple[float, float]:
        """The largest score that a cut drops, and the sum of the dropped masses relative to it; 0 if there is none."""
        if cut.dropped == 0:
            return self.bottom, 0.0
        reference = cut.score
        if cut.tied == 0:
            reference = -np.inf
            for scores in self.pieces():
                reference = selection.below(scores, cut.score, reference)
        high, low = float(cut.tied), 0.0
        for scores in self.pieces():
            high, low = selection.tail_sum(scores, cut.score, reference, high, low)
        return reference, high + low

    def distinct(self, room: int) -> tuple[np.ndarray, np.ndarray] | None:
        """The different scores, ascending, and how often each occurs; None if they are more than there is room for."""
        values, counts = np.empty(0), np.empty(0, np.int64)
        for scores in self.pieces():
            fresh, numbers = np.unique(scores[scores > -np.inf], return_counts=True)
            values, index = np.unique(np.concatenate((values, fresh)), return_inverse=True)
            counts = np.bincount(index, np.concatenate((counts, numbers)), values.size).astype(np.int64)
            if values.size > room:
                return None
        return values, counts


def _key(score: float) -> int:
    return int(selection.ordered(np.float64(score).view(np.uint64)))


def _score(key: int) -> float:
    bits = key ^ (1 << 63) if key >> 63 else key ^ ((1 << 64) - 1)
    return float(np.uint64(bits).view(np.float64))
