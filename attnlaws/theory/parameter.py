"""Parameters of a law: a name, a meaning and a domain that every value is checked against."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from attnlaws.theory.domain import Choice, Domain, Number, Row, Vectors


class _Required:
    """The default of a parameter that has none."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


def integer(
    minimum: float = -math.inf,
    maximum: float = math.inf,
    *,
    above: float | None = None,
    or_none: bool = False,
    within: str = "",
    fewer_than: str = "",
) -> Number:
    """The integers from ``minimum`` (or beyond ``above``) to ``maximum``, or to the length of the rows ``within``.

    A number ``fewer_than`` the elements of rows leaves at least one of them over.

    Example:
        >>> integer(above=2).describe()
        'an integer > 2'
    """
    low = minimum if above is None else above
    return Number(
        True,
        low,
        maximum,
        low_open=above is not None,
        none_allowed=or_none,
        within=within or fewer_than,
        within_open=bool(fewer_than),
    )


def real(
    *,
    above: float | None = None,
    below: float | None = None,
    minimum: float = -math.inf,
    maximum: float = math.inf,
    or_none: bool = False,
) -> Number:
    """The real numbers of an interval; ``above`` and ``below`` exclude their ends, the others include them.

    Example:
        >>> real(above=0).describe()
        'a real number > 0'
    """
    low, high = minimum if above is None else above, maximum if below is None else below
    return Number(False, low, high, above is not None, below is not None, or_none)


def choice(*names: str, or_none: bool = False, refused: Mapping[str, str] | None = None) -> Choice:
    """One of several names; those that are ``refused`` come with the reason, which the error tells.

    Example:
        >>> choice("expectation", "median").describe()
        'one of expectation, median'
        >>> choice("median", refused={"expectation": "it is infinite"}).check("convention", "expectation")
        Traceback (most recent call last):
        ValueError: convention = 'expectation': must be one of median (it is infinite)
    """
    return Choice(names, or_none, tuple((refused or {}).items()))


def rows() -> Row:
    """Rows of scores along the last axis of an array; -inf stands for one that is masked."""
    return Row()


def vectors(*, beside: str = "", fewest: int = 1) -> Vectors:
    """Sets of vectors along the last two axes of an array, one vector for each element of the rows ``beside``.

    Example:
        >>> vectors(beside="logits").check("values", [[1, 2], [3, 4]]).shape
        (2, 2)
    """
    return Vectors(beside, fewest)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a law.

    Attributes:
        name: as a caller writes it.
        meaning: what it is, in a few words.
        domain: the values allowed.
        unit: its unit, or nothing for a pure number.
        default: the value when it is not given, or ``REQUIRED``.
        role: "simulation" for what only an experiment needs and the formula does not contain; "instance" for what an
            experiment draws and a caller gives.

    Example:
        >>> Parameter("d_k", "dimension of the keys", integer(1)).symbol.is_positive
        True
    """

    name: str
    meaning: str
    domain: Domain
    unit: str = ""
    default: Any = field(default=REQUIRED)
    role: Literal["law", "simulation", "instance"] = "law"

    @property
    def symbol(self) -> Any:
        """The SymPy symbol that stands for it: positive, or real where the domain says no more; indexed for arrays."""
        import sympy as sp

        if isinstance(self.domain, Row | Vectors):
            return sp.IndexedBase(self.name, real=True)

        positive = isinstance(self.domain, Number) and (
            self.domain.low > 0 or (self.domain.low == 0 and self.domain.low_open)
        )
        return sp.Symbol(self.name, positive=True) if positive else sp.Symbol(self.name, real=True)

    @property
    def required(self) -> bool:
        """Whether a caller has to give it."""
        return self.default is REQUIRED

    def check(self, value: object) -> Any:
        """Normalize a value; see ``Number.check``."""
        return self.domain.check(self.name, value)

    def parse(self, text: str) -> Any:
        """The value that a word of the command line means."""
        return self.domain.parse(text, self.name)
