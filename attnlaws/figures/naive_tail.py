"""What usual formulas for a tail mass return on rows that were chosen against them, beside the true value."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from attnlaws.figures.style import Picture, styled

UNSOUND, WRONG, SOUND = 0, 1, 2
MEANING = {
    UNSOUND: "below the true value (in parentheses: by how much, relative to it), or no number: no bound of the loss",
    WRONG: "above the true value by more than 1 %",
    SOUND: "not below the true value, and within 1 % of it",
}
FILLS = ("#D55E00", "#F0E0A0", "#FFFFFF")
CLOSE = 0.01


@dataclass(frozen=True)
class Case:
    """One row of logits.

    Attributes:
        name: what the row is called, with what makes it hard.
        log_true: logarithm of its tail mass.
        found: what each formula returned, by its name.
    """

    name: str
    log_true: float
    found: Mapping[str, float]


def kind_of(case: Case, formula: str) -> int:
    """Whether what a formula returned is unsound, merely wrong, or sound.

    Example:
        >>> kind_of(Case("row", math.log(0.1), {"a": 0.09, "b": 0.2, "c": 0.1005}), "c") == SOUND
        True
    """
    value = case.found[formula]
    if not value > 0 or math.log(value) < case.log_true:
        return UNSOUND  # not a number is no bound either
    return WRONG if math.log(value) > case.log_true + math.log1p(CLOSE) else SOUND


def shown(case: Case, formula: str) -> str:
    """A value for a cell, with how far it is too small.

    Example:
        >>> case = Case("row", math.log(0.1), {"a": math.nan, "b": 0.0, "c": 0.0999, "d": 0.2})
        >>> [shown(case, name) for name in case.found]
        ['not a number', '0', '0.0999 (-1e-03)', '0.2']
    """
    value = case.found[formula]
    if math.isnan(value):
        return "not a number"
    if not value > 0 or kind_of(case, formula) != UNSOUND:
        return f"{value:.4g}"
    return f"{value:.4g} ({math.expm1(math.log(value) - case.log_true):.0e})"


def naive_tail(cases: Sequence[Case], *, title: str) -> Figure:
    """A table of what was returned, with a color for each kind of failure.

    Args:
        cases: rows of the table; all with the same formulas.
        title: the line above the picture; the metadata repeat it.

    Returns:
        A matplotlib figure, made without pyplot.
    """
    formulas = list(cases[0].found)
    kinds = [[kind_of(case, formula) for formula in formulas] for case in cases]
    with styled():
        figure = Picture(figsize=(3.4 + 1.5 * len(formulas), 1.3 + 0.24 * len(cases)), layout="constrained")
        axes = figure.add_subplot()
        axes.imshow(kinds, cmap=ListedColormap(FILLS), vmin=UNSOUND, vmax=SOUND, aspect="auto")
        for row, case in enumerate(cases):
            for column, formula in enumerate(formulas):
                bold = "bold" if kinds[row][column] == UNSOUND else "normal"
                axes.text(column, row, shown(case, formula), ha="center", va="center", fontsize=7.5, fontweight=bold)
        axes.set_xticks(range(len(formulas)), formulas)
        axes.set_yticks(range(len(cases)), [f"{case.name}\ntrue value {_true(case.log_true)}" for case in cases])
        axes.tick_params(length=0, labelsize=7, top=True, labeltop=True, bottom=False, labelbottom=False)
        axes.grid(False)
        axes.set_xticks([i + 0.5 for i in range(len(formulas) - 1)], minor=True)
        axes.set_yticks([i + 0.5 for i in range(len(cases) - 1)], minor=True)
        axes.grid(True, which="minor", color="#BBBBBB")
        axes.tick_params(which="minor", length=0, top=False, labeltop=False)
        handles = [Patch(facecolor=FILLS[kind], edgecolor="#888888", label=text) for kind, text in MEANING.items()]
        figure.legend(handles=handles, loc="outside lower center", ncols=1)
        figure.suptitle(title, x=0.01, ha="left", fontsize=8.5, parse_math=False)
        figure.draw_without_rendering()  # laid out once, so that every file of it is the same
        figure.set_layout_engine("none")
    figure.attnlaws_metadata = {  # type: ignore[attr-defined]
        "title": title,
        "description": "tail masses by several formulas, beside the true ones",
    }
    return figure


def _true(log: float) -> str:
    exponent = math.floor(log / math.log(10))
    return f"{math.exp(log - exponent * math.log(10)):.4g}e{exponent}" if exponent < -4 else f"{math.exp(log):.4g}"
