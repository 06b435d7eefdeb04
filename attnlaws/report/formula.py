"""Formulas as MathML: SymPy's LaTeX, written so that a browser sets it well."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import sympy as sp
from latex2mathml.converter import convert
from sympy.printing.latex import LatexPrinter

from attnlaws.report.markup import Markup, join, tag
from attnlaws.theory.steps import ROOT
from attnlaws.theory.vocabulary import Stable

WIDE = 600
"""Letters of LaTeX from which on integrals that repeat in a formula are named once."""
TALL = re.compile(r"\\(frac|int|sum|prod|left|sqrt)")
"""LaTeX that takes more height than a letter."""


class _Printer(LatexPrinter):
    """SymPy's LaTeX but for what latex2mathml does not know or a browser sets too small to read."""

    def _print_Subs(self, subs: Any) -> str:
        # SymPy stacks the values in a table, which is set smaller than a subscript and padded as tables are.
        expr, old, new = subs.args
        at = ", ".join(f"{self._print(a)}={self._print(b)}" for a, b in zip(old, new, strict=True))
        return rf"\left. {self._print(expr)} \right|_{{{at}}}"

    def _print_Pow(self, expr: Any) -> str:
        # A fraction in an exponent is a blot: 2^(-d/2) gets a slash.
        return super()._print_Pow(expr) if expr.exp.is_Rational else self._folded(super()._print_Pow, expr)

    def _print_ExpBase(self, expr: Any, exp: str | None = None) -> str:
        # What is tall stays legible as an argument, and is set at half its size as an exponent.
        raised = self._folded(self._print, expr.args[0])
        if not TALL.search(raised):
            return self._do_exponent(f"e^{{{raised}}}", exp)
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"\exp{power}\left({self._print(expr.args[0])}\right)"

    def _folded(self, printed: Callable[[Any], str], expr: Any) -> str:
        before, self._settings["fold_short_frac"] = self._settings["fold_short_frac"], True
        try:
            return printed(expr)
        finally:
            self._settings["fold_short_frac"] = before

    def _print_polygamma(self, expr: Any, exp: str | None = None) -> str:
        order, x = expr.args
        mark = "" if order == 0 else rf"^{{\left({self._print(order)}\right)}}"
        text = rf"\psi{mark}\left({self._print(x)}\right)"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _print_Symbol(self, expr: Any, style: str = "plain") -> str:
        # A word would be set as a product of its letters.
        text = super()._print_Symbol(expr, style)
        return rf"\operatorname{{{text}}}" if re.fullmatch("[A-Za-z]{2,}", text) else text

    def _print_IndexedBase(self, expr: Any) -> str:
        return self._print(expr.label)


class _Written(sp.Integral):
    """An integral that is no number: SymPy would compute one to many digits, only to put it in order beside others."""

    is_number = False  # pyright: ignore[reportAssignmentType]


def _written(expr: Any) -> Any:
    """An expression as it is written down: nothing is known of its letters, and nothing is to be done.

    Of an exponent that it knows to be negative, SymPy would find out whether it is a constant, by simplifying it.
    """
    if type(expr) is sp.Symbol:
        return sp.Symbol(expr.name)
    if not expr.args:
        return expr
    parts = [_written(part) for part in expr.args]
    if isinstance(expr, sp.Integral):
        return _Written(*parts)
    plain = isinstance(expr, sp.Add | sp.Mul | sp.Pow | sp.core.function.Application | sp.core.relational.Relational)
    return expr.func(*parts, **({"evaluate": False} if plain else {}))


@lru_cache(maxsize=4096, typed=True)
def latex(expr: Any) -> str:
    r"""The LaTeX of an expression, as the report sets it.

    Example:
        >>> print(latex(sp.digamma(sp.Symbol("x"))))
        \psi\left(x\right)
    """
    return _Printer({"ln_notation": True}).doprint(_written(sp.sympify(expr)))


def mathml(expr: Any, display: bool = True) -> Markup:
    """An expression as one MathML element."""
    return _converted(latex(expr), display)


def _converted(text: str, display: bool = True) -> Markup:
    # Limits beside a sum are for lines of text; here a sum in a fraction has the room of one that stands alone.
    text = re.sub(r"\\(sum|prod)_", r"\\\1\\limits_", text)
    made = convert(text, display="block" if display else "inline")
    # A bracket grows to both sides of the axis alike unless told otherwise, which leaves holes under tall numerators.
    made = made.replace('fence="true"', 'fence="true" symmetric="false"')
    # Names of functions are identifiers; as operators they get space on both sides.
    made = re.sub(r"<mo>([A-Za-z]\w+)</mo>", r"<mi>\1</mi>", made)
    # As identifiers they get none at all, and `n exp` runs together.
    made = re.sub(r"(</(?!mo)\w+>)(<mi>[A-Za-z]\w+</mi>)", r'\1<mspace width="0.17em" />\2', made)
    # A single letter is set in italics, but Greek capitals are upright.
    return Markup(re.sub(r"<mi>(&#x003(9[1-9A-F]|A[0-9]);)", r'<mi mathvariant="normal">\1', made))


@lru_cache(maxsize=4096, typed=True)  # SymPy takes longer for a law's LaTeX than everything else on the page
def shown(expr: Any) -> tuple[Markup, list[Markup]]:
    """A formula, and for a wide one the integrals that repeat in it, each named once.

    Returns:
        The formula, and one ``name = integral`` each.
    """
    expr = sp.sympify(expr)
    named = _repeated(expr) if len(latex(expr)) > WIDE else {}
    lines = [_converted(f"{latex(name)} = {latex(integral)}") for integral, name in named.items()]
    return mathml(expr.xreplace(named)), lines


def _repeated(expr: Any) -> dict[Any, sp.Symbol]:
    """Names for the integrals that occur more than once."""
    holders = expr.atoms(sp.Integral, sp.Sum, sp.Product, sp.Subs)
    bound = {symbol for holder in holders for symbol in holder.bound_symbols}
    found: dict[Any, int] = {}
    for part in sp.preorder_traversal(expr):
        # An integral inside another one may depend on the outer variable, and has no value of its own then.
        if isinstance(part, sp.Integral) and not part.free_symbols & bound:
            found[part] = found.get(part, 0) + 1
    repeated = [integral for integral, count in found.items() if count > 1]
    return {integral: sp.Symbol(f"J_{index}") for index, integral in enumerate(repeated, 1)}


def legend(expressions: list[Any]) -> Markup:
    """What the special functions are that these expressions use; nothing where there are none."""
    used = {type(function) for expr in expressions for function in sp.sympify(expr).atoms(Stable)}
    named = {
        row.latex_name: (row.__doc__ or "").strip().split("\n")[0].split(";")[0].rstrip(".")
        for row in sorted(used, key=lambda row: row.__name__)
        if row.latex_name and "operatorname" not in row.latex_name  # else it is written out, or says what it is
    }
    if any(sp.sympify(expr).has(sp.polygamma) for expr in expressions):
        named[r"\psi"] = "the digamma function"
    if any(sp.sympify(expr).has(ROOT) for expr in expressions):
        named[r"\operatorname{root}"] = "the number that an algorithm finds, enclosed by an independent one"
    parts = [
        join([_converted(name, display=False), " is ", text[0].lower() + text[1:]]) for name, text in named.items()
    ]
    return tag("p", join(parts, "; "), ".", class_="note") if parts else Markup("")
