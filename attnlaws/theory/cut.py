"""What cutting a softmax row to its k largest weights does to the weighted mean of the vectors beside it.

Each function takes rows [..., n] in any order, vectors [..., n, d] beside them and how many keys are kept [...]. A key
with the score -inf is not there. Of keys that tie, the first ones are kept. Where nothing is dropped, what is said of
the dropped keys is 0. All are certified for scores that differ by less than 690.
"""

# ruff: noqa: N801  (the classes are functions, named as formulas write them)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from flint import acb, arb

from attnlaws.theory import cut_routines as routines
from attnlaws.theory.ordered import coordinates, dropped, every, kept, weight
from attnlaws.theory.vocabulary import Stable, standard

Part = Callable[[Callable[[Any], Any]], Any]


def mean_of(row: Any, values: Any, c: Any, part: Part) -> Any:
    """A coordinate of the weighted mean of vectors over a part of the keys, as sums.

    Args:
        row: the scores.
        values: the vectors.
        c: the coordinate.
        part: the sum over these keys, as ``every``.
    """
    return part(lambda i: weight(row)(i) * values[i, c]) / part(weight(row))


def variance_of(row: Any, values: Any, part: Part) -> Any:
    """The weighted mean square distance of vectors from their weighted mean over a part of the keys, as sums."""

    def along(c: Any) -> Any:
        mean = mean_of(row, values, c, part)
        return part(lambda i: weight(row)(i) * (values[i, c] - mean) ** 2) / part(weight(row))

    return coordinates(along)


def kept_part(k: Any) -> Part:
    """The sum over the k largest scores."""
    return lambda term: kept(term, k)


def dropped_part(k: Any) -> Part:
    """The sum over all other scores."""
    return lambda term: dropped(term, k)


class mean_gap(Stable):
    """Distance between the weighted means of the vectors of the keys kept and of those dropped.

    Example:
        >>> float(mean_gap.routine()(np.array([1.0, 0.0, 0.0]), np.array([[0.0], [1.0], [2.0]]), 1))
        1.5
    """

    latex_name = r"\delta"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays."""
        return routines.gap

    @staticmethod
    def ball(row: Any, values: Any, k: Any) -> Any:
        """The same in Arb balls, for a row in decreasing order."""
        count = int(k.unique_fmpz())
        if count == len(row):
            return arb(0)
        head, tail = routines.ball_mean(row[:count], values[:count]), routines.ball_mean(row[count:], values[count:])
        return routines.ball_norm([x - y for x, y in zip(head, tail, strict=True)])

    def standard(self) -> Any:
        """The norm of a difference of two means."""
        row, values, k = self.args
        return sp.sqrt(
            coordinates(
                lambda c: (mean_of(row, values, c, dropped_part(k)) - mean_of(row, values, c, kept_part(k))) ** 2
            )
        )


class spread_of_dropped(Stable):
    """Weighted root mean square distance of the dropped keys' vectors from their mean."""

    latex_name = r"s_T"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays."""
        return routines.root_of_dropped

    @staticmethod
    def ball(row: Any, values: Any, k: Any) -> Any:
        """The same in Arb balls, for a row in decreasing order."""
        count = int(k.unique_fmpz())
        return routines.ball_spread(row[count:], values[count:])

    def standard(self) -> Any:
        """The root of a variance."""
        row, values, k = self.args
        return sp.sqrt(variance_of(row, values, dropped_part(k)))


class spread_of_kept(Stable):
    """Weighted root mean square distance of the kept keys' vectors from their mean."""

    latex_name = r"s_H"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays."""
        return routines.root_of_kept

    @staticmethod
    def ball(row: Any, values: Any, k: Any) -> Any:
        """The same in Arb balls, for a row in decreasing order."""
        count = int(k.unique_fmpz())
        return routines.ball_spread(row[:count], values[:count])

    def standard(self) -> Any:
        """The root of a variance."""
        row, values, k = self.args
        return sp.sqrt(variance_of(row, values, kept_part(k)))


class spread_of_all(Stable):
    """Weighted root mean square distance of all keys' vectors from their mean."""

    latex_name = r"s"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays."""
        return routines.root_of_all

    @staticmethod
    def ball(row: Any, values: Any) -> Any:
        """The same in Arb balls, for a row in decreasing order."""
        return routines.ball_spread(row, values)

    def standard(self) -> Any:
        """The root of a variance."""
        row, values = self.args
        return sp.sqrt(variance_of(row, values, every))


class diameter(Stable):
    """Largest distance between the vector of a key kept and that of a key dropped.

    Example:
        >>> float(diameter.routine()(np.array([1.0, 0.0, 0.0]), np.array([[0.0], [1.0], [2.0]]), 1))
        2.0
    """

    latex_name = r"\operatorname{diam}"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays."""
        return routines.across

    @staticmethod
    def ball(row: Any, values: Any, k: Any) -> Any:
        """The same in Arb balls, for a row in decreasing order."""
        count = int(k.unique_fmpz())
        return routines.ball_largest(
            distance for v in values[:count] for distance in routines.ball_distances(v, values[count:])
        )

    def standard(self) -> Any:
        """A maximum over pairs stays as it is."""
        return self


class reach(Stable):
    """Largest distance of the vector of a key dropped from the weighted mean of those kept."""

    latex_name = r"\rho"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays."""
        return routines.farthest

    @staticmethod
    def ball(row: Any, values: Any, k: Any) -> Any:
        """The same in Arb balls, for a row in decreasing order."""
        count = int(k.unique_fmpz())
        return routines.ball_largest(
            routines.ball_distances(routines.ball_mean(row[:count], values[:count]), values[count:])
        )

    def standard(self) -> Any:
        """A maximum over keys stays as it is."""
        return self


class radius(Stable):
    """Largest distance of a vector from the plain mean of all vectors."""

    latex_name = r"R"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays."""
        return routines.from_center

    @staticmethod
    def ball(row: Any, values: Any) -> Any:
        """The same in Arb balls."""
        center = [sum(column, arb(0)) / len(values) for column in zip(*values, strict=True)]
        return routines.ball_largest(routines.ball_distances(center, values))

    def standard(self) -> Any:
        """A maximum over keys stays as it is."""
        return self


class largest_norm(Stable):
    """Largest norm of a vector."""

    latex_name = r"C"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays."""
        return routines.longest

    @staticmethod
    def ball(row: Any, values: Any) -> Any:
        """The same in Arb balls."""
        return routines.ball_largest(routines.ball_norm(v) for v in values)

    def standard(self) -> Any:
        """A maximum over keys stays as it is."""
        return self


class hypotenuse(Stable):
    """The root of a sum of squares.

    Example:
        >>> hypotenuse(3, 4, 12).standard()
        13
    """

    latex_name = r"\operatorname{hypot}"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays."""
        return lambda *sides: routines.norm(np.stack(np.broadcast_arrays(*sides), axis=-1))

    @staticmethod
    def ball(*sides: Any) -> Any:
        """The same in Arb balls."""
        return routines.ball_norm([acb(side).real for side in sides])

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative."""
        return self.args[argindex - 1] / self

    def standard(self) -> Any:
        """The root itself."""
        return sp.sqrt(sp.Add(*(standard(side) ** 2 for side in self.args)))
