"""Softmax rows put in decreasing order: sums over the keys that are kept and those that are dropped.

A row of n scores stands in a derivation as an indexed symbol, ``row[1] >= row[2] >= ... >= row[n]``. Vectors beside it
have two indices, ``values[i, c]`` with c from 1 to d, and i as in the row.
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
WIDTH = sp.Symbol("d", positive=True)
"""The number of coordinates of a vector."""
INDEX = sp.Symbol("i", integer=True, positive=True)
COORDINATE = sp.Symbol("c", integer=True, positive=True)


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


def every(term: Callable[[Any], Any]) -> Any:
    """The sum of a term over all scores of the row, not evaluated."""
    return sp.Sum(term(INDEX), (INDEX, 1, LENGTH))


def coordinates(term: Callable[[Any], Any]) -> Any:
    """The sum of a term over the coordinates of a vector, not evaluated."""
    return sp.Sum(term(COORDINATE), (COORDINATE, 1, WIDTH))


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
    """Write sums over a row's weights in terms of the weight kept and the weight dropped, and of their moments.

    The weights become positive symbols, and so do the sums of the weights times powers of a coordinate of the vectors
    beside the row, one for each coordinate. A sum over coordinates becomes a polynomial in sums of products of these. A
    sum stays as it is if its term is not the key's weight times such powers and something that all keys share.

    Example:
        >>> row, k = sp.IndexedBase("row", real=True), sp.Symbol("k", positive=True)
        >>> settled_sums(kept(lambda i: 3 * sp.exp(row[i]), k) / kept(weight(row), k))
        3
        >>> v = sp.IndexedBase("v", real=True)
        >>> mean = kept(lambda i: sp.exp(row[i]) * v[i, COORDINATE], k) / kept(weight(row), k)
        >>> settled_sums(kept(lambda i: sp.exp(row[i]) * (v[i, COORDINATE] - mean), k))
        0
    """
    expr = standard(expr)
    for base in sorted(expr.atoms(sp.IndexedBase), key=str):
        for k in sorted(_cuts(expr), key=sp.default_sort_key):
            expr = _settled_row(expr, base, k)
    if not expr.has(sp.Sum):
        return expr
    expr = expr.replace(_over_coordinates, lambda found: _settled_coordinates(found.function))
    # Positive factors come out of a root only from a product.
    return expr.replace(_is_root, _factored_root)


def _cuts(expr: Any) -> set[Any]:
    """The numbers of keys kept that occur: upper ends of sums, but for those of the row and of its vectors."""
    return {limit[2] for found in expr.atoms(sp.Sum) for limit in found.limits} - {LENGTH, WIDTH}


def _settled_row(expr: Any, base: Any, k: Any) -> Any:
    parts = {(sp.S.One, k): ("kept",), (k + 1, LENGTH): ("dropped",), (sp.S.One, LENGTH): ("kept", "dropped")}

    def replaced(found: Any) -> Any:
        index, low, high = found.limits[0]
        part = parts.get((low, high))
        if part is None or len(found.limits) > 1:
            return found
        key = sp.Dummy("weight", positive=True)
        share: Any = sp.simplify(sp.together(found.function.subs(sp.exp(base[index]), key) / key))
        if share.has(key, base):
            return found
        beside = [atom for atom in share.atoms(sp.Indexed) if index in atom.indices]
        if len(beside) > 1 or (beside and not share.is_polynomial(*beside)):
            return found
        terms = sp.Poly(share, *beside).terms() if beside else [((), share)]
        if any(factor.has(index) for _, factor in terms):
            return found
        names = [f"{name}[{base}, {k}]" for name in part]
        return sum(factor * _moment(name, beside, powers) for powers, factor in terms for name in names)

    inner = expr.replace(lambda e: isinstance(e, sp.Sum) and not e.function.has(sp.Sum), replaced)
    return inner if inner == expr else _settled_row(inner, base, k)


def _moment(name: str, beside: list[Any], powers: tuple[int, ...]) -> Any:
    """The sum of weights, or of weights times a power of a coordinate, for the keys kept or those dropped."""
    if not any(powers):
        return sp.Symbol(name, positive=True)
    (vectors,) = beside
    moments: Any = sp.IndexedBase(f"{name} {vectors.base}^{powers[0]}", real=True)
    return moments[vectors.indices[1:]]


def _over_coordinates(expr: Any) -> bool:
    return isinstance(expr, sp.Sum) and expr.limits[0][1:] == (sp.S.One, WIDTH) and not expr.function.has(sp.Sum)


def _settled_coordinates(term: Any) -> Any:
    """A sum over coordinates, with a symbol for the sum of each product of moments."""
    total = sp.S.Zero
    for part in sp.Add.make_args(sp.expand(term)):
        shared, own = part.as_independent(sp.Indexed, as_Add=False)
        total += shared * (WIDTH if own == 1 else sp.Symbol(f"sum of {own}", real=True))
    return total


def _is_root(expr: Any) -> bool:
    return expr.is_Pow and abs(expr.exp) == sp.S.Half


def _factored_root(root: Any) -> Any:
    inside: Any = sp.factor(sp.together(root.base))
    return sp.Pow(inside, root.exp)
