"""What a law asserts, where it was read, and what a referee can answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from attnlaws.theory.steps import Derivation

Seen = Literal["text", "secondary", "reconstructed"]


class Outcome(StrEnum):
    """What a referee can answer."""

    SUPPORTED = "SUPPORTED"
    REFUTED = "REFUTED"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True)
class Source:
    """Where a claim comes from.

    Attributes:
        paper: an identifier, as in ``arXiv:2505.19488``.
        place: the theorem, equation or section.
        seen: how it was read. Only "text" may be reported as the paper's own claim.
        title: the paper's title.
        note: how the law differs from what the source says.
        authors: names joined by " and ", as BibTeX has them.
        year: of publication.
        url: where to find it.

    Raises:
        ValueError: for another value of ``seen``.

    Example:
        >>> print(Source("arXiv:2505.19488", "eq. 7", "secondary", year="2025").bibtex())
        @misc{arxiv_2505_19488,
          year = {2025},
          note = {arXiv:2505.19488, eq. 7}
        }
    """

    paper: str
    place: str
    seen: Seen
    title: str = ""
    note: str = ""
    authors: str = ""
    year: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        if self.seen not in get_args(Seen):
            raise ValueError(f"seen = {self.seen!r}: must be one of {', '.join(get_args(Seen))}")

    def bibtex(self) -> str:
        """A BibTeX entry made of the fields that are filled in."""
        key = "".join(letter if letter.isalnum() else "_" for letter in self.paper.lower())
        note = f"{self.paper}, {self.place}" if self.place else self.paper
        fields = {"title": self.title, "author": self.authors, "year": self.year, "url": self.url, "note": note}
        lines = [f"  {name} = {{{text}}}" for name, text in fields.items() if text]
        return "@misc{" + key + ",\n" + ",\n".join(lines) + "\n}"


@dataclass(frozen=True)
class Equal:
    """The claim that a simulated quantity equals the formula.

    Attributes:
        along: the parameter that tends to infinity, or None if the equality is exact.
        correction: for a limit, a derivation whose form is the first correction of the finite mean, the power of
            the parameter included, so that it can be compared with a tolerance as it stands.
        further: the same for further outputs that are judged, each derivation naming its output.
        in_law: the whole distribution is claimed, not only its mean.
    """

    along: str | None = None
    correction: Derivation | None = None
    in_law: bool = False
    further: tuple[Derivation, ...] = ()

    def __post_init__(self) -> None:
        if (self.along is None) != (self.correction is None):
            raise ValueError("along and correction belong together: a limit needs its first correction")


@dataclass(frozen=True)
class Bound:
    """The claim that a simulated quantity stays on one side of the formula.

    Attributes:
        side: the formula is an "upper" or a "lower" bound.
        sure: it holds for every instance, not only for the mean.
    """

    side: Literal["upper", "lower"]
    sure: bool

    def __post_init__(self) -> None:
        if self.side not in ("upper", "lower"):
            raise ValueError(f"side = {self.side!r}: must be one of upper, lower")


Claim = Equal | Bound


@dataclass(frozen=True)
class LooserAccuracy:
    """A relative error that a law declares because the general rule is out of reach.

    Attributes:
        bound: the relative error, at most 1e-6.
        reason: why.
    """

    bound: float
    reason: str

    def __post_init__(self) -> None:
        if not 0 < self.bound <= 1e-6:
            raise ValueError(f"bound = {self.bound!r}: must be a real number in (0, 1e-6]")
        if not self.reason:
            raise ValueError("reason = '': must say why the general rule is out of reach")


def corrections(claim: Claim, default: str) -> dict[str, Derivation]:
    """The first corrections of a limit, by output; none for another claim.

    Args:
        claim: any.
        default: the name of the default output.
    """
    if not isinstance(claim, Equal) or claim.correction is None:
        return {}
    return {default: claim.correction, **{chain.output: chain for chain in claim.further}}
