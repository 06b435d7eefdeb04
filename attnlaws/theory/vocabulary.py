"""Numerically stable functions, one row each: a SymPy function with its SciPy, Arb and LaTeX names.

A law's last step is written in these, so that it is accurate in the tails as it stands: ``1 - Phi(x)`` is not,
``Phi(-x)`` is. Every row evaluates composed with its inverse, differentiates, and rewrites into standard SymPy for
proofs.
"""

# ruff: noqa: N801  (the classes are functions, named as formulas write them)
from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.function import ArgumentIndexError

from attnlaws.theory.excess import log_excess
from attnlaws.theory.stable import Stable, standard


def _gaussian(x: Any) -> Any:
    return sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)


class Phi(Stable):
    """The standard normal distribution function; certified on [-37, 9] (values from 1e-290 to 1).

    Example:
        >>> p = sp.Symbol("p", positive=True)
        >>> Phi(Phi_inverse(p))
        p
    """

    scipy_name, latex_name = "ndtr", r"\Phi"

    @classmethod
    def eval(cls, x: Any) -> Any:
        """Undo the inverse."""
        if isinstance(x, Phi_inverse):
            return x.args[0]
        if isinstance(-x, Phi_inverse):
            return 1 - (-x).args[0]
        values = {sp.S.Zero: sp.S.Half, sp.S.Infinity: sp.S.One, sp.S.NegativeInfinity: sp.S.Zero}
        return values.get(x)

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative."""
        return _gaussian(self.args[0])

    def standard(self) -> Any:
        """In terms of the error function."""
        return (1 + sp.erf(sp.expand(standard(self.args[0]) / sp.sqrt(2)))) / 2


class Phi_inverse(Stable):
    """The standard normal quantile function; certified on [1e-290, 1 - 1e-16]."""

    scipy_name, latex_name = "ndtri", r"\Phi^{-1}"

    @classmethod
    def eval(cls, p: Any) -> Any:
        """Undo the distribution function."""
        if isinstance(p, Phi):
            return p.args[0]
        return sp.S.Zero if p == sp.S.Half else None

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative."""
        return 1 / _gaussian(self)

    def standard(self) -> Any:
        """In terms of the inverse error function."""
        return sp.sqrt(2) * sp.erfinv(2 * standard(self.args[0]) - 1)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        text = rf"\Phi^{{-1}}\left({printer.doprint(self.args[0])}\right)"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


class log_Phi(Stable):
    """The logarithm of the standard normal distribution function; certified on [-1e5, 37]."""

    scipy_name, latex_name = "log_ndtr", r"\ln\Phi"

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative, from a difference of logarithms."""
        x = self.args[0]
        return sp.exp(-(x**2) / 2 - self) / sp.sqrt(2 * sp.pi)

    def standard(self) -> Any:
        """In terms of the error function."""
        return sp.log(standard(Phi(self.args[0])))


class log1p(Stable):
    """The logarithm of 1 + x, exact for small x; certified on (-1, 1e290].

    Example:
        >>> log1p(0)
        0
    """

    scipy_name, latex_name = "log1p", r"\operatorname{log1p}"

    @classmethod
    def eval(cls, x: Any) -> Any:
        """At zero."""
        return sp.S.Zero if x == 0 else None

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative."""
        return 1 / (1 + self.args[0])

    def standard(self) -> Any:
        """The logarithm itself."""
        return sp.log(sp.together(1 + standard(self.args[0])))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        power = "" if exp is None else rf"^{{{exp}}}"
        return rf"\ln{power}\left({printer.doprint(1 + self.args[0])}\right)"


class gamma_p(Stable):
    """The regularized lower incomplete gamma function P(a, x); certified for a in [1/2, 1e4] and values from 1e-290."""

    scipy_name, latex_name = "gammainc", "P"

    @classmethod
    def eval(cls, a: Any, x: Any) -> Any:
        """At the ends."""
        return {sp.S.Zero: sp.S.Zero, sp.S.Infinity: sp.S.One}.get(x)

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative in x; that in a has no closed form."""
        if argindex != 2:
            raise ArgumentIndexError(self, argindex)
        a, x = self.args
        return x ** (a - 1) * sp.exp(-x) / sp.gamma(a)

    def standard(self) -> Any:
        """In terms of SymPy's incomplete gamma function."""
        a, x = self.args
        return sp.lowergamma(standard(a), standard(x)) / sp.gamma(standard(a))


class beta_i(Stable):
    """The regularized incomplete beta function I_x(a, b); certified for a, b in [1/2, 1e6] and values from 1e-290."""

    scipy_name, latex_name = "betainc", "I"

    @classmethod
    def eval(cls, a: Any, b: Any, x: Any) -> Any:
        """Undo the inverse; the ends."""
        if isinstance(x, beta_i_inverse) and x.args[:2] == (a, b):
            return x.args[2]
        return {sp.S.Zero: sp.S.Zero, sp.S.One: sp.S.One}.get(x)

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative in x; those in a and b have no closed form."""
        if argindex != 3:
            raise ArgumentIndexError(self, argindex)
        a, b, x = self.args
        return x ** (a - 1) * (1 - x) ** (b - 1) * sp.gamma(a + b) / (sp.gamma(a) * sp.gamma(b))

    def standard(self) -> Any:
        """With the arguments in one order, by I_x(a, b) = 1 - I_(1-x)(b, a)."""
        a, b, x = (standard(argument) for argument in self.args)
        if sp.default_sort_key(a) <= sp.default_sort_key(b):
            return beta_i(a, b, sp.together(x))
        return 1 - beta_i(b, a, sp.together(1 - x))


class beta_i_inverse(Stable):
    """The x at which I_x(a, b) = p; certified for a, b in [1/2, 1e6] and p in [0.01, 0.99]."""

    scipy_name, latex_name = "betaincinv", "I^{-1}"

    def _eval_is_extended_positive(self) -> bool | None:
        return True if all(argument.is_positive for argument in self.args[:2]) else None

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative in p; those in a and b have no closed form."""
        if argindex != 3:
            raise ArgumentIndexError(self, argindex)
        a, b = self.args[:2]
        return sp.gamma(a) * sp.gamma(b) / sp.gamma(a + b) * self ** (1 - a) * (1 - self) ** (1 - b)

    def standard(self) -> Any:
        """With the arguments in one order, by the symmetry of the distribution function."""
        a, b, p = (standard(argument) for argument in self.args)
        if sp.default_sort_key(a) <= sp.default_sort_key(b):
            return beta_i_inverse(a, b, p)
        return 1 - beta_i_inverse(b, a, 1 - p)


class log_F01e(Stable):
    """The logarithm of exp(-b) 0F1(; a; b^2/4), which lies between -b and 0; certified for a in [1/2, 1e6], b <= 1e8.

    In 2 a dimensions it is the logarithm of the mean of exp(b (cos - 1)) over a sphere. SciPy's hyp0f1 overflows, and
    in the logarithm of its value up to three digits are gone.

    Example:
        >>> log_F01e(sp.Symbol("a"), 0)
        0
    """

    @classmethod
    def routine(cls) -> Callable[..., Any]:
        """The function of float64 arrays."""
        from attnlaws.theory.hypergeometric import log_scaled

        return log_scaled

    @staticmethod
    def ball(a: Any, b: Any) -> Any:
        """An Arb ball."""
        from attnlaws.theory.hypergeometric import log_scaled_ball

        return log_scaled_ball(a, b)

    @classmethod
    def eval(cls, a: Any, b: Any) -> Any:
        """At zero."""
        return sp.S.Zero if b == 0 else None

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative in b, the mean of cos - 1; that in a has no closed form."""
        if argindex != 2:
            raise ArgumentIndexError(self, argindex)
        a, b = self.args
        return b / (2 * a) * sp.exp(log_F01e(a + 1, b) - self) - 1

    def standard(self) -> Any:
        """In terms of SymPy's hypergeometric function."""
        a, b = (standard(argument) for argument in self.args)
        return sp.log(sp.hyper((), (a,), b**2 / 4)) - b

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        a, b = self.args
        power = "" if exp is None else rf"^{{{exp}}}"
        argument = printer.doprint(sp.sympify(b) ** 2 / 4)
        inside = rf"e^{{-{printer.doprint(b)}}} {{}}_0F_1\left(;{printer.doprint(a)};{argument}\right)"
        return rf"\ln{power}\left({inside}\right)"


class rising(Stable):
    """The rising factorial a (a + 1) ... (a + m - 1); certified for a in [1/2, 1e6] and whole m up to 32.

    Example:
        >>> rising(sp.Symbol("a"), 0)
        1
    """

    scipy_name = "poch"

    @classmethod
    def eval(cls, a: Any, m: Any) -> Any:
        """The empty product."""
        return sp.S.One if m == 0 else None

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative."""
        a, m = self.args
        return self * (sp.digamma(a + m) - (sp.digamma(a) if argindex == 1 else 0))

    def standard(self) -> Any:
        """A quotient of gamma functions."""
        a, m = (standard(argument) for argument in self.args)
        return sp.gamma(a + m) / sp.gamma(a)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        a, m = (printer.doprint(argument) for argument in self.args)
        text = rf"\left({a}\right)^{{\overline{{{m}}}}}"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


ROWS: tuple[type[Stable], ...] = (
    Phi,
    Phi_inverse,
    log_Phi,
    log1p,
    gamma_p,
    beta_i,
    beta_i_inverse,
    log_F01e,
    rising,
    log_excess,
)


def _polygamma(order: Any, x: Any) -> Any:
    from scipy import special

    return special.digamma(x) if np.all(order == 0) else special.polygamma(order, x)


def value_at(expr: sp.Expr, values: Mapping[str, Any]) -> Any:
    """An expression at given values of its symbols, by name; exact where they are.

    Example:
        >>> value_at(2 * sp.Symbol("p"), {"p": 3, "n": 9})
        6
    """
    symbols = tuple(sorted(expr.free_symbols, key=str))
    return numeric(expr, symbols)(*(values[str(symbol)] for symbol in symbols))


@lru_cache(maxsize=512)
def numeric(expr: sp.Expr, symbols: tuple[sp.Symbol, ...]) -> Callable[..., Any]:
    """Compile an expression for float64 arrays, every row of the vocabulary through its SciPy function.

    Args:
        expr: in the vocabulary and elementary functions.
        symbols: the arguments, in order.

    Raises:
        ValueError: for an integral, a sum or a derivative that is left in the expression.

    Example:
        >>> x = sp.Symbol("x")
        >>> float(numeric(Phi(-x), (x,))(37.0)) > 0
        True
    """
    if expr.has(sp.Integral, sp.Sum, sp.Derivative):
        raise ValueError(f"{expr} is no closed form, so it cannot be evaluated on arrays")
    from scipy import special

    names = {type(found).__name__: found.routine() for found in expr.atoms(Stable)}
    names |= {"polygamma": _polygamma, "loggamma": special.gammaln, "gamma": special.gamma, "erf": special.erf}
    return sp.lambdify(symbols, expr, modules=[names, "numpy"], cse=True)
