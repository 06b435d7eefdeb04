"""Softmax rows put in decreasing order: sums over the keys that are kept and those that are dropped.

A row of n scores stands in a derivation as an indexed symbol, ``row[1] >= row[2] >= ... >= row[n]``.
"""

# ruff: noqa: N801  (the class is a function, named as formulas write it)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from flint import arb

from attnlaws.theory.vocabulary import Stable, standard

LENGTH = sp.Symbol("n", positive=True)
"""The number of keys of a row."""
INDEX = sp.Symbol("i", integer=True, positive=True)


def kept(term: Callable[[Any], Any], k: Any) -> Any:
    """The sum of a term over the k largest scores, not evaluated.

    Example:
        >>> kept(lambda i: i, 3).doit()
        6
    """
    return sp.Sum(term(INDEX), (INDEX, 1, k))


def dropped(term: Callable[[Any], Any], k: Any) -> Any:
    """The sum of a term over all other scores of the row, not evaluated."""
    return sp.Sum(term(INDEX), (INDEX, k + 1, LENGTH))


def weight(row: Any) -> Callable[[Any], Any]:
    """The weight of a key before it is normalized."""
    return lambda index: sp.exp(row[index])


class dropped_odds(Stable):
    """Weight of the keys dropped over the weight of the k largest ones, of softmax rows in any order.

    Certified for rows of up to 64 scores whose differences stay below 690.

    Example:
        >>> float(dropped_odds.routine()(np.log([1.0, 4.0, 2.0, 1.0]), 2.0))
        0.3333333333333333
    """

    latex_name = r"\omega"

    @staticmethod
    def routine() -> Callable[..., Any]:
        """The function of arrays: rows [..., n] and how many are kept [...]."""
        return _odds

    @staticmethod
    def ball(row: Any, k: Any) -> Any:
        """The same in Arb balls, for a row in decreasing order."""
        count = int(k.unique_fmpz())
        weights = [(score - row[0]).exp() for score in row]
        return sum(weights[count:], arb(0)) / sum(weights[:count], arb(0))

    def standard(self) -> Any:
        """The two sums."""
        row, k = self.args
        return dropped(weight(row), k) / kept(weight(row), k)


def _odds(rows: np.ndarray, k: np.ndarray) -> np.ndarray:
    ordered = -np.sort(-np.asarray(rows, np.float64), axis=-1)
    stays = np.arange(ordered.shape[-1]) < np.asarray(k)[..., None]
    first = ordered[..., :1]
    # Both sums relative to their own largest term, so that neither underflows before the result does.
    next_largest = np.max(np.where(stays, -np.inf, ordered), axis=-1, keepdims=True)
    shift = np.where(np.isfinite(next_largest), next_largest, first)
    head = np.sum(np.where(stays, np.exp(ordered - first), 0.0), axis=-1)
    tail = np.sum(np.where(stays, 0.0, np.exp(ordered - shift)), axis=-1)
    return np.exp((shift - first)[..., 0]) * tail / head


def settled_sums(expr: Any) -> Any:
    """Write sums over a row's weights in terms of the weight kept and the weight dropped.

    Both become positive symbols. A sum stays as it is if its term is not the key's weight times something that all
    keys share.

    Example:
        >>> row, k = sp.IndexedBase("row", real=True), sp.Symbol("k", positive=True)
        >>> settled_sums(kept(lambda i: 3 * sp.exp(row[i]), k) / kept(weight(row), k))
        3
    """
    expr = standard(expr)
    for base in sorted(expr.atoms(sp.IndexedBase), key=str):
        for k in sorted(_cuts(expr), key=sp.default_sort_key):
            expr = _settled_row(expr, base, k)
    return expr


def _cuts(expr: Any) -> set[Any]:
    """The numbers of keys kept that occur: upper ends of sums, but for the length of the row."""
    return {limit[2] for found in expr.atoms(sp.Sum) for limit in found.limits} - {LENGTH}


def _settled_row(expr: Any, base: Any, k: Any) -> Any:
    head, tail = (sp.Symbol(f"{name}[{base}, {k}]", positive=True) for name in ("kept", "dropped"))
    ends = {(sp.S.One, k): head, (k + 1, LENGTH): tail, (sp.S.One, LENGTH): head + tail}

    def replaced(found: Any) -> Any:
        index, low, high = found.limits[0]
        total = ends.get((low, high))
        if total is None or len(found.limits) > 1:
            return found
        key = sp.Dummy("weight", positive=True)
        term = found.function.subs(sp.exp(base[index]), key)
        share = sp.simplify(sp.together(term / key))
        return found if share.has(key, base) else share * total

    inner = expr.replace(lambda e: isinstance(e, sp.Sum) and not e.function.has(sp.Sum), replaced)
    return inner if inner == expr else _settled_row(inner, base, k)
