"""Densities of the models, and expectations as SymPy integrals."""

from __future__ import annotations

from typing import Any

import sympy as sp


def gaussian_density(x: Any, variance: Any = 1) -> sp.Expr:
    """The density of a normal variable with mean zero.

    Example:
        >>> gaussian_density(0)
        sqrt(2)/(2*sqrt(pi))
    """
    return sp.exp(-(sp.sympify(x) ** 2) / (2 * sp.sympify(variance))) / sp.sqrt(2 * sp.pi * sp.sympify(variance))


def chi_square_density(x: Any, d: Any) -> sp.Expr:
    """The density of the squared norm of a standard normal vector in ``d`` dimensions.

    Example:
        >>> chi_square_density(sp.Symbol("x"), 2)
        exp(-x/2)/2
    """
    x, d = sp.sympify(x), sp.sympify(d)
    return x ** (d / 2 - 1) * sp.exp(-x / 2) / (2 ** (d / 2) * sp.gamma(d / 2))


def gaussian_mean(function: Any, x: sp.Symbol, variance: Any = 1) -> sp.Integral:
    """The mean of a function of a normal variable, as an integral that is not evaluated.

    Example:
        >>> x = sp.Symbol("x", real=True)
        >>> gaussian_mean(x**2, x).doit()
        1
    """
    return sp.Integral(function * gaussian_density(x, variance), (x, -sp.oo, sp.oo))


def chi_square_mean(function: Any, x: sp.Symbol, d: Any) -> sp.Integral:
    """The mean of a function of a squared norm in ``d`` dimensions, as an integral that is not evaluated.

    Example:
        >>> x = sp.Symbol("x", positive=True)
        >>> chi_square_mean(x, x, 4).doit()
        4
    """
    return sp.Integral(function * chi_square_density(x, d), (x, 0, sp.oo))
