"""HTML that is escaped unless it was made here: plain strings are text, ``Markup`` is what tags are made of."""

import html
import re
from collections.abc import Iterable, Sequence

EMPTY_ELEMENTS = ("img", "meta")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, /, *content: str, **attributes: str) -> Markup:
    """An element; content that is no ``Markup`` is escaped, and so is every attribute.

    Args:
        name: of the element.
        *content: text or elements.
        **attributes: ``class_`` stands for ``class``, ``aria_label`` for ``aria-label``.

    Example:
        >>> tag("p", "a < b, ", tag("b", "c"), class_="x")
        '<p class="x">a &lt; b, <b>c</b></p>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(value)}"' for key, value in attributes.items()
    )
    if name in EMPTY_ELEMENTS:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(content)}</{name}>")


def join(content: Iterable[str], separator: str = "") -> Markup:
    """Text and elements one after the other."""
    parts = (part if isinstance(part, Markup) else html.escape(part, quote=False) for part in content)
    return Markup(separator.join(parts))


def prose(text: str) -> Markup:
    """Text of a docstring, its double backticks as code.

    Example:
        >>> prose("see ``a < b``")
        'see <code>a &lt; b</code>'
    """
    pieces = re.split(r"``(.+?)``", text)
    return join(tag("code", piece) if index % 2 else piece for index, piece in enumerate(pieces))


def paragraphs(text: str) -> list[Markup]:
    """The paragraphs of a docstring."""
    return [tag("p", prose(" ".join(block.split()))) for block in text.strip().split("\n\n") if block.strip()]


def linked(text: str, url: str = "") -> Markup:
    """A source as text, with a link to its web page where that is known."""
    known = re.match(r"arXiv:(\d{4}\.\d{4,5})", text)
    address = url or (f"https://arxiv.org/abs/{known[1]}" if known else "")
    # The address comes from a law's file: what is no web page (javascript:, file:) stays text.
    return tag("a", text, href=address) if address.startswith(("https://", "http://")) else join([text])


def scrolling(content: Markup, label: str, kind: str = "scroll") -> Markup:
    """A box that scrolls by itself when it is too wide, with the keyboard too."""
    return tag("div", content, class_=kind, role="region", aria_label=label, tabindex="0")


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], numeric: Sequence[int] = ()) -> Markup:
    """A table whose first column heads its rows, in a box of its own.

    Args:
        caption: what it shows.
        head: titles of the columns.
        rows: text or elements, one per column.
        numeric: indices of the columns of numbers.
    """

    def cell(index: int, content: str) -> Markup:
        looks = {"class_": "number"} if index in numeric else {}
        return tag("td", content, **looks) if index else tag("th", content, scope="row", **looks)

    titles = (
        tag("th", title, scope="col", **({"class_": "number"} if index in numeric else {}))
        for index, title in enumerate(head)
    )
    body = (tag("tr", *(cell(index, content) for index, content in enumerate(row))) for row in rows)
    whole = tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", *titles)),
        Markup("\n"),
        tag("tbody", join(body, "\n")),
    )
    return scrolling(whole, caption)


def facts(rows: Iterable[tuple[str, str]]) -> Markup:
    """Names and what they stand for, as a list of definitions."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", text)) for name, text in rows))


def folded(summary: str, *content: str) -> Markup:
    """Content behind a line that opens it."""
    return tag("details", tag("summary", summary), *content)
