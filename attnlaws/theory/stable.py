"""What a numerically stable function is, and how it is rewritten into standard SymPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sympy as sp


class Stable(sp.Function):
    """A function of the vocabulary.

    Attributes:
        scipy_name: its name in scipy.special, with arguments in the same order.
        latex_name: how it is typeset.
    """

    scipy_name = ""
    latex_name = ""
    args: tuple[Any, ...]

    if TYPE_CHECKING:

        def __new__(cls, *args: Any, **options: Any) -> Any:
            """SymPy evaluates here, so the result may be any expression."""

    @classmethod
    def routine(cls) -> Callable[..., Any]:
        """The function of float64 arrays."""
        from scipy import special

        return getattr(special, cls.scipy_name)

    def standard(self) -> Any:
        """The same in functions that SymPy can simplify."""
        raise NotImplementedError

    def _eval_is_extended_real(self) -> bool | None:
        return True if all(argument.is_extended_real for argument in self.args) else None

    def _eval_is_finite(self) -> bool | None:
        return True if all(argument.is_finite for argument in self.args) else None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        inside = ", ".join(printer.doprint(argument) for argument in self.args)
        power = "" if exp is None else rf"^{{{exp}}}"
        return rf"{self.latex_name}{power}\left({inside}\right)"


def standard(expr: Any) -> Any:
    """Rewrite every function of the vocabulary into standard SymPy.

    Example:
        >>> from attnlaws.theory.vocabulary import Phi
        >>> x = sp.Symbol("x")
        >>> standard(Phi(x))
        erf(sqrt(2)*x/2)/2 + 1/2
    """
    expr = sp.sympify(expr)
    if isinstance(expr, Stable):
        return expr.standard()
    if not expr.args or not expr.has(Stable):
        return expr
    return expr.func(*(standard(argument) for argument in expr.args))
