"""Upper regularized incomplete gamma and beta functions: rows of the vocabulary.

``1 - gamma_p(a, x)`` and ``1 - beta_i(a, b, x)`` lose their digits where they are small. Here the first parameter may
be small too, as it is for scores with exponential tails near the end of their domain.
"""

# ruff: noqa: N801  (the classes are functions, named as formulas write them)
from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.core.function import ArgumentIndexError

from attnlaws.theory.stable import Stable, standard


class gamma_q(Stable):
    """The regularized upper incomplete gamma function Q(a, x); certified for a in [1e-6, 1] and x in [1e-290, 600].

    Example:
        >>> gamma_q(sp.Symbol("a"), 0)
        1
    """

    scipy_name, latex_name = "gammaincc", "Q"

    @staticmethod
    def ball(a: Any, x: Any) -> Any:
        """An Arb ball."""
        from flint import acb, arb

        found = acb(x).gamma_upper(acb(a), regularized=1)
        return found.real if isinstance(a, arb) and isinstance(x, arb) else found

    @classmethod
    def eval(cls, a: Any, x: Any) -> Any:
        """At the ends."""
        return {sp.S.Zero: sp.S.One, sp.S.Infinity: sp.S.Zero}.get(x)

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative in x; that in a has no closed form."""
        if argindex != 2:
            raise ArgumentIndexError(self, argindex)
        a, x = self.args
        return -(x ** (a - 1)) * sp.exp(-x) / sp.gamma(a)

    def standard(self) -> Any:
        """In terms of SymPy's incomplete gamma function."""
        a, x = self.args
        return sp.uppergamma(standard(a), standard(x)) / sp.gamma(standard(a))


class beta_q(Stable):
    """One minus the regularized incomplete beta function I_x(a, b); certified for a in [1e-6, 1] and b in [1, 2].

    Example:
        >>> beta_q(sp.Symbol("a"), sp.Symbol("b"), 1)
        0
    """

    scipy_name = "betaincc"

    @staticmethod
    def ball(a: Any, b: Any, x: Any) -> Any:
        """An Arb ball: the function with its arguments exchanged, and of the smaller of x and 1 - x."""
        from flint import arb

        if isinstance(x, arb) and x < 0.5:
            return 1 - arb(x).beta_lower(arb(a), arb(b), regularized=1)
        return (1 - x).beta_lower(b, a, regularized=1)

    @classmethod
    def eval(cls, a: Any, b: Any, x: Any) -> Any:
        """At the ends."""
        return {sp.S.Zero: sp.S.One, sp.S.One: sp.S.Zero}.get(x)

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative in x; those in a and b have no closed form."""
        if argindex != 3:
            raise ArgumentIndexError(self, argindex)
        a, b, x = self.args
        return -(x ** (a - 1)) * (1 - x) ** (b - 1) * sp.gamma(a + b) / (sp.gamma(a) * sp.gamma(b))

    def standard(self) -> Any:
        """The same of the exchanged arguments."""
        from attnlaws.theory.vocabulary import beta_i

        a, b, x = (standard(argument) for argument in self.args)
        return standard(beta_i(b, a, 1 - x))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        a, b, x = (printer.doprint(argument) for argument in self.args)
        text = rf"I_{{1 - {x}}}\left({b}, {a}\right)"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"
