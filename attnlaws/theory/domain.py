"""Domains of parameters: numbers of an interval, names, rows of scores, vectors; every value is checked against one."""

from __future__ import annotations

import math
import numbers
import random
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

SMALLEST = 1e-290  # accuracy is promised down to here; below it float64 results may be subnormal


def fault(name: str, value: object, demand: str, why: str = "") -> ValueError:
    """The error for a value outside its domain.

    Args:
        name: the parameter.
        value: the offending element.
        demand: what the domain says, as in ``an integer > 2``.
        why: an optional reason, printed in parentheses.

    Example:
        >>> fault("d_k", 2, "an integer > 2", "no mean")
        ValueError('d_k = 2: must be an integer > 2 (no mean)')
    """
    if isinstance(value, np.generic):
        value = value.item()
    shown = repr(value)
    if len(shown) > 60:
        shown = shown[:57] + "..."
    return ValueError(f"{name} = {shown}: must be {demand}" + (f" ({why})" if why else ""))


def plain_array(name: str, value: object, demand: str) -> np.ndarray:
    """A value as a NumPy array, from NumPy arrays, numbers, and whatever turns into them on this side of a bus.

    Raises:
        ValueError: for a ragged sequence, a masked array (its mask would be lost), and an array that lives on a GPU or
            has no values yet.
    """
    if np.ma.isMaskedArray(value):
        raise fault(name, _Shown("a masked array"), f"{demand}, in an array without a mask (fill it or drop elements)")
    try:
        return np.asarray(value)
    except (TypeError, RuntimeError) as error:  # CuPy, PyTorch and JAX refuse in their own ways
        kind = f"{type(value).__module__.split('.')[0]}.{type(value).__name__}"
        raise fault(
            name, _Shown(kind), f"{demand}, in an array that NumPy can read (copy it to the host first)"
        ) from error
    except ValueError:  # a ragged sequence
        raise fault(name, value, demand) from None


class _Shown:
    """A value that is named rather than printed."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _bound_text(bound: float) -> str:
    return f"{bound:.0e}".replace("e+0", "e").replace("e+", "e") if bound >= 1e5 else f"{bound:g}"


@dataclass(frozen=True)
class Number:
    """A set of numbers: an interval of integers or of reals.

    Attributes:
        whole: integers only.
        low: the lower end (``-inf`` for none); ``low_open`` says that it is excluded.
        high: the upper end (``inf`` for none); ``high_open`` says that it is excluded.
        none_allowed: whether ``None`` is a value too.
        within: the name of a row parameter whose number of finite elements is an upper end too; ``within_open`` says
            that it is excluded.
    """

    whole: bool
    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False
    none_allowed: bool = False
    within: str = ""
    within_open: bool = False

    def describe(self) -> str:
        """The domain in words, as help texts and errors print it.

        Example:
            >>> from attnlaws.theory.parameter import integer, real
            >>> real(above=0, below=1).describe(), integer(2, 1000000).describe()
            ('a real number in (0, 1)', 'an integer >= 2 and <= 1e6')
        """
        noun = "an integer" if self.whole else "a real number"
        below = f"{'<' if self.high_open else '<='} {_bound_text(self.high)}"
        above = f"{'>' if self.low_open else '>='} {_bound_text(self.low)}"
        if self.low > -math.inf and self.high < math.inf and not self.whole:
            ends = _bound_text(self.low), _bound_text(self.high)
            text = f"{noun} in {'(' if self.low_open else '['}{ends[0]}, {ends[1]}{')' if self.high_open else ']'}"
        else:
            parts = [above] * (self.low > -math.inf) + [below] * (self.high < math.inf)
            text = " ".join([noun, " and ".join(parts)]).strip()
        text += f" and {'<' if self.within_open else '<='} the number of {self.within}" if self.within else ""
        return text + " or none" * self.none_allowed

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Which elements lie in the interval (a boolean array; NaN never does)."""
        inside = np.isfinite(values)
        inside &= (values > self.low) if self.low_open else (values >= self.low)
        inside &= (values < self.high) if self.high_open else (values <= self.high)
        return inside & (values == np.floor(values)) if self.whole else inside

    def check(self, name: str, value: object, why: str = "") -> Any:
        """Normalize a value of this domain.

        Args:
            name: the parameter, for the message.
            value: a number, a sequence or array of numbers, or ``None`` where allowed.
            why: a reason to print after the demand.

        Returns:
            A Python int or float for a scalar, a float64 array for anything else, or None.

        Raises:
            ValueError: for an element outside the domain and for anything that is not a real number.

        Example:
            >>> from attnlaws.theory.parameter import integer
            >>> integer(2).check("n", 64.0)
            64
        """
        if value is None and self.none_allowed:
            return None
        array = self._array(name, value, why)
        inside = self.holds(array)
        if not inside.all():
            raise fault(name, self._plain(array[~inside].flat[0]), self.describe(), why)
        return self._plain(array) if array.ndim == 0 else array

    def _array(self, name: str, value: object, why: str) -> np.ndarray:
        if isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_):
            if abs(int(value)) >= 1 << 1000:  # beyond float64, and beyond every domain
                raise fault(name, value, self.describe(), why)
            return np.asarray(float(value))
        raw = plain_array(name, value, self.describe())
        if raw.dtype.kind not in "iuf" or raw.size == 0:
            raise fault(name, value, self.describe(), why)
        return raw.astype(np.float64)

    def _plain(self, value: Any) -> int | float:
        number = float(value)
        return int(number) if self.whole and number.is_integer() else number

    def parse(self, text: str, name: str = "value") -> int | float | None:
        """The value that a word of the command line means.

        Raises:
            ValueError: if the word is no number of the domain.

        Example:
            >>> from attnlaws.theory.parameter import integer
            >>> integer(2).parse("1e6")
            1000000
        """
        if self.none_allowed and text.strip().lower() == "none":
            return None
        try:
            value = int(text) if self.whole and text.strip().lstrip("+-").isdigit() else float(text)
        except ValueError:
            raise fault(name, text, self.describe()) from None
        return self.check(name, value)

    def sample(self, rng: random.Random, wide: bool = True) -> int | Fraction:
        """A random point of the domain, logarithmically uniform, with both ends covered.

        Args:
            rng: the source of randomness.
            wide: reach into the tails (1e-290, 1 - 1e-16, the largest integers); otherwise stay where
                quadrature is cheap.

        Returns:
            An integer, or a fraction that float64 represents exactly.
        """
        return self._sample_integer(rng, wide) if self.whole else self._sample_real(rng, wide)

    def _sample_integer(self, rng: random.Random, wide: bool) -> int:
        low = int(max(self.low, -1e6)) + self.low_open
        high = int(min(self.high - self.high_open, low + (1e12 if wide else 100)))
        if wide and rng.random() < 0.1:
            return rng.choice((low, high))
        return min(high, low - 1 + int(math.exp(rng.uniform(0.0, math.log(high - low + 2)))))

    def _sample_real(self, rng: random.Random, wide: bool) -> Fraction:
        low = self.low if self.low > -math.inf else -(1e6 if wide else 4.0)
        high = self.high if self.high < math.inf else max(low, 0.0) + (1e6 if wide else 4.0)
        span, side = high - low, rng.random()
        if side < 0.4:
            floor = SMALLEST if wide and low == 0 else span * (1e-15 if wide else 1e-2)
            value = low + math.exp(rng.uniform(math.log(floor), math.log(span)))
        elif side < 0.7:
            value = high - span * math.exp(rng.uniform(math.log(1e-16 if wide else 1e-2), 0.0))
        else:
            value = rng.uniform(low, high)
        return Fraction(value) if self.holds(np.asarray(value)) else self._sample_real(rng, wide)

    def meet(self, other: Number) -> Number:
        """The numbers of both domains (``None`` belongs to neither any more).

        Example:
            >>> from attnlaws.theory.parameter import integer
            >>> integer(1, 9).meet(integer(above=2)).describe()
            'an integer > 2 and <= 9'
        """
        low, low_open = max((self.low, self.low_open), (other.low, other.low_open))
        high, closed = min((self.high, not self.high_open), (other.high, not other.high_open))
        rows = self if self.within else other
        return Number(
            self.whole or other.whole, low, high, low_open, not closed, within=rows.within, within_open=rows.within_open
        )

    def or_none(self) -> Number:
        """The same domain with ``None`` added."""
        return replace(self, none_allowed=True)


@dataclass(frozen=True)
class Choice:
    """A set of names.

    Attributes:
        names: the names allowed.
        none_allowed: whether ``None`` is a value too.
        refused: names that a reader may expect, each with the reason why it is not allowed.
    """

    names: tuple[str, ...]
    none_allowed: bool = False
    refused: tuple[tuple[str, str], ...] = ()

    def describe(self) -> str:
        """The domain in words."""
        return "one of " + ", ".join(self.names) + " or none" * self.none_allowed

    def check(self, name: str, value: object, why: str = "") -> str | None:
        """Return the value if it is one of the names; a ValueError names the others otherwise."""
        if (value is None and self.none_allowed) or (isinstance(value, str) and value in self.names):
            return None if value is None else str(value)
        reasons = dict(self.refused)
        raise fault(name, value, self.describe(), reasons.get(value, why) if isinstance(value, str) else why)

    def parse(self, text: str, name: str = "value") -> str | None:
        """The value that a word of the command line means."""
        return None if self.none_allowed and text.lower() == "none" else self.check(name, text)

    def sample(self, rng: random.Random, wide: bool = True) -> str:
        """A name drawn at random (``wide`` has no meaning here)."""
        return rng.choice(self.names)


@dataclass(frozen=True)
class Row:
    """Rows of numbers along the last axis of an array; -inf stands for an element that is not there."""

    def describe(self) -> str:
        """The domain in words."""
        return "rows of real numbers or -inf (masked), with a finite one in each"

    def check(self, name: str, value: object, why: str = "") -> np.ndarray:
        """Normalize rows to a float64 array of one dimension or more.

        Raises:
            ValueError: NaN, +inf, an empty array or row, a row without a finite element, or no array of real numbers.

        Example:
            >>> Row().check("logits", [0, 1])
            array([0., 1.])
        """
        array = plain_array(name, value, self.describe())
        if array.dtype.kind not in "iuf" or array.ndim == 0 or array.size == 0:
            raise fault(name, value, self.describe(), why)
        rows = array.astype(np.float64)
        nothing = np.broadcast_to(~np.isfinite(rows).any(axis=-1, keepdims=True), rows.shape)
        for wrong in (np.isnan(rows) | (rows == np.inf), nothing):
            if wrong.any():
                where = "".join(f"[{i}]" for i in np.argwhere(wrong)[0])
                raise fault(f"{name}{where}", rows[wrong][0], self.describe(), why)
        return rows

    def parse(self, text: str, name: str = "value") -> np.ndarray:
        """A row from words of the command line, separated by commas."""
        try:
            return self.check(name, [float(word) for word in text.split(",")])
        except ValueError:
            raise fault(name, text, "numbers separated by commas") from None

    def sample(self, rng: random.Random, wide: bool = True) -> tuple[Fraction, ...]:
        """A random row in decreasing order: of any spread and length, with ties now and then."""
        spread = math.exp(rng.uniform(math.log(0.01), math.log(100.0 if wide else 4.0)))
        length = rng.randint(2, 64 if wide else 9)
        scores = [Fraction(round(64 * rng.gauss(0.0, spread)), 64) for _ in range(length)]
        if rng.random() < 0.2:
            scores[-1] = scores[0]
        return tuple(sorted(scores, reverse=True))


LARGEST = 1e100
"""Elements of vectors stay below this, so that no sum of squares leaves float64."""


@dataclass(frozen=True)
class Vectors:
    """Sets of vectors, an array [..., vector, coordinate].

    Attributes:
        beside: the name of a row parameter that has one element for each vector; empty where there is none.
        fewest: the least number of vectors of a set.
    """

    beside: str = ""
    fewest: int = 1

    def describe(self) -> str:
        """The domain in words."""
        number = f"one for each of the {self.beside}" if self.beside else f"at least {self.fewest} in each"
        return f"sets of vectors [..., vector, coordinate] of real numbers up to {_bound_text(LARGEST)}, {number}"

    def check(self, name: str, value: object, why: str = "") -> np.ndarray:
        """Normalize sets of vectors to a float64 array of two dimensions or more.

        Raises:
            ValueError: an element that is not finite or too large, fewer than two dimensions, an empty one, too few
                vectors, or no array of real numbers.

        Example:
            >>> Vectors().check("values", [[0, 1]])
            array([[0., 1.]])
        """
        array = plain_array(name, value, self.describe())
        if array.dtype.kind not in "iuf" or array.ndim < 2 or array.size == 0:
            raise fault(name, value, self.describe(), why)
        if array.shape[-2] < self.fewest:
            raise fault(name, _Shown(f"{array.shape[-2]} vectors"), self.describe(), why)
        vectors = array.astype(np.float64)
        wrong = ~(np.abs(vectors) <= LARGEST)
        if wrong.any():
            where = "".join(f"[{i}]" for i in np.argwhere(wrong)[0])
            raise fault(f"{name}{where}", vectors[wrong][0], self.describe(), why)
        return vectors

    def check_beside(self, name: str, shape: tuple[int, ...], row: tuple[int, ...]) -> None:
        """Refuse another number of vectors than the row has elements; both are given by their shapes."""
        if shape[-2] != row[-1]:
            raise fault(name, _Shown(f"{shape[-2]} vectors"), self.describe(), f"{self.beside} has {row[-1]}")

    def parse(self, text: str, name: str = "value") -> np.ndarray:
        """Vectors from words of the command line: coordinates separated by commas, vectors by semicolons."""
        try:
            return self.check(name, [[float(word) for word in vector.split(",")] for vector in text.split(";")])
        except ValueError:
            raise fault(name, text, "vectors separated by semicolons, of numbers separated by commas") from None

    def sample(
        self, rng: random.Random, wide: bool = True, count: int | None = None
    ) -> tuple[tuple[Fraction, ...], ...]:
        """Random vectors, of any scale, now and then far from the origin, and with two of them equal now and then.

        Args:
            rng: the source of randomness.
            wide: reach into the tails.
            count: the number of vectors.
        """
        count = count or rng.randint(self.fewest, 16 if wide else 6)
        width = rng.randint(1, 6 if wide else 3)
        scale = Fraction(2) ** (rng.randint(-300, 300) if wide and rng.random() < 0.2 else rng.randint(-10, 10))
        offset = rng.choice((0, 1 << 20)) if wide else 0
        drawn = [
            tuple(scale * (offset + Fraction(round(1024 * rng.gauss(0.0, 1.0)), 1024)) for _ in range(width))
            for _ in range(count)
        ]
        if rng.random() < 0.2:
            drawn[-1] = drawn[0]
        return tuple(drawn)


Domain = Number | Choice | Row | Vectors
