"""How many keys an index really skips, counted so that nothing is left out, and whether its certificates hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from attnlaws.estimators import k_eps
from attnlaws.estimators.key_index import KeyIndex
from attnlaws.estimators.key_index.controls import CONTROLS, tampered


@dataclass(frozen=True)
class Measured:
    """Rows of one index at one eps, an element each.

    Attributes:
        name: the family, or the index of a head.
        eps: the mass that may be left out.
        keys: keys that a row sees.
        oracle: k_eps, the fewest keys that would do.
        sorted: keys that would do if logits came in order, and all that is known of the rest is the next one.
        scored: keys that were scored.
        cost: everything that was computed, in inner products.
        key_bytes: bytes that were read of keys and summaries.
        dense: rows where all keys were scored.
        tail: what is proven of the mass left out.
        lost: the mass left out, from all logits in extended precision.
        build: what it took to build the index, in inner products.
    """

    name: Any
    eps: float
    keys: np.ndarray
    oracle: np.ndarray
    sorted: np.ndarray
    scored: np.ndarray
    cost: np.ndarray
    key_bytes: np.ndarray
    dense: np.ndarray
    tail: np.ndarray
    lost: np.ndarray
    build: float

    @property
    def violations(self) -> int:
        """Rows that lost more than was proven, or more than eps."""
        return int(((self.lost > self.tail) | (self.tail > self.eps)).sum())


@dataclass(frozen=True)
class Controlled:
    """What a wrong index did: rows, rows where it skipped a key, and rows that lost more than it said."""

    control: str
    rows: int
    skipped: int
    violations: int


def measured(
    name: Any,
    key: np.ndarray,
    query: np.ndarray,
    epsilons: Sequence[float],
    *,
    scale: float | None = None,
    causal: bool = False,
    **options: Any,
) -> tuple[list[Measured], list[Controlled]]:
    """Every row of one index at each eps, and the wrong indexes at the largest.

    Args:
        name: what the rows are of.
        key: [n, d].
        query: [m, d].
        epsilons: masses that may be left out.
        scale: factor of inner products; 1/sqrt(d) by default.
        causal: whether row t sees the keys 0 to t only.
        options: of the index.
    """
    factor = 1 / sqrt(key.shape[1]) if scale is None else scale
    index = KeyIndex(key, **options)
    keys = np.arange(1, len(query) + 1) if causal else np.full(len(query), len(key))
    mass = _masses(key, query, factor, keys)
    hidden = np.arange(len(key)) >= keys[:, None]
    logits = np.where(hidden, -np.inf, query.astype(np.float64) @ key.T.astype(np.float64) * factor)
    found = []
    for eps in epsilons:
        scored, cost, read, dense, tail, lost = _rows(index, query, eps, factor, keys, mass)
        oracle, in_order = k_eps(logits, eps), _in_order(logits, eps)
        columns = (keys, oracle, in_order, scored, cost, read, dense, tail, lost)
        found.append(Measured(name, eps, *columns, build=index.build_dot_equivalents))
    controls = []
    for control in CONTROLS:
        *_, dense, tail, lost = _rows(tampered(index, control), query, max(epsilons), factor, keys, mass)
        controls.append(Controlled(control, len(query), int((dense == 0).sum()), int((lost > tail).sum())))
    return found, controls


def _rows(
    index: KeyIndex, query: np.ndarray, eps: float, scale: float, keys: np.ndarray, mass: np.ndarray
) -> np.ndarray:
    """Keys scored, cost, bytes, dense, proven and true loss of each row, [6, row]."""
    table = np.empty((6, len(query)))
    for row, (vector, visible) in enumerate(zip(query, keys, strict=True)):
        found = index.select(vector, eps, scale=scale, visible=int(visible))
        left = np.ones(mass.shape[1], bool)
        left[found.keys[0]] = False
        counts = found.scored, found.dot_equivalents, found.key_bytes, found.dense, found.tail
        table[:, row] = *(float(count) for count in counts), float(mass[row, left].sum())
    return table


def _masses(key: np.ndarray, query: np.ndarray, scale: float, keys: np.ndarray) -> np.ndarray:
    """Softmax masses in extended precision, [row, key]."""
    logits = query.astype(np.longdouble) @ key.T.astype(np.longdouble) * np.longdouble(scale)
    logits[np.arange(len(key)) >= keys[:, None]] = -np.inf
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def _in_order(logits: np.ndarray, eps: float) -> np.ndarray:
    """Keys to score if they came in order, with the last logit as a bound on each that is left."""
    ranked = -np.sort(-logits, axis=1)
    weights = np.exp(ranked - ranked[:, :1])
    seen = (weights > 0).sum(axis=1, keepdims=True)
    head = np.cumsum(weights, axis=1)
    places = np.arange(1, logits.shape[1] + 1)
    following = np.concatenate([weights[:, 1:], np.zeros((len(logits), 1))], axis=1)
    tail = np.maximum(seen - places, 0) * following
    return np.argmax(tail * (1 - eps) <= eps * head, axis=1) + 1


def summary(rows: Sequence[Measured], reuse: float | None) -> dict[str, Any]:
    """Means over the rows of some indexes at one eps; ratios are of means, where nothing else is said.

    Args:
        rows: what was measured, all at one eps.
        reuse: queries that share an index, for the cost of building it; as many as an index has keys by default.
    """
    names = ("keys", "oracle", "sorted", "scored", "cost", "key_bytes", "dense", "tail", "lost")
    joined = {name: np.concatenate([getattr(part, name) for part in rows]) for name in names}
    mean = {name: float(values.mean()) for name, values in joined.items()}
    build = np.concatenate([np.full(len(part.keys), part.build / (reuse or part.keys.max())) for part in rows])
    ratios = joined["keys"] / joined["scored"]
    return {
        "eps": rows[0].eps,
        "rows": len(joined["keys"]),
        "keys": mean["keys"],
        "k_eps": mean["oracle"],
        "scored": mean["scored"],
        "oracle_reduction": mean["keys"] / mean["oracle"],
        "reduction": mean["keys"] / mean["scored"],
        "reduction_mean_of_ratios": float(ratios.mean()),
        "reduction_quantiles": [float(q) for q in np.quantile(ratios, (0.1, 0.5, 0.9))],
        "share_of_oracle": mean["oracle"] / mean["scored"],
        "sorted_access_reduction": mean["keys"] / mean["sorted"],
        "ceiling_without_structure": 1 / (1 - rows[0].eps),
        "dot_equivalents": mean["cost"],
        "gain": mean["keys"] / mean["cost"],
        "gain_with_build": mean["keys"] / (mean["cost"] + float(build.mean())),
        "largest_cost": float((joined["cost"] / joined["keys"]).max()),
        "key_bytes": mean["key_bytes"],
        "build_in_dense_queries": float(np.mean([part.build / part.keys.max() for part in rows])),
        "fallback_rate": mean["dense"],
        "largest_tail": float(joined["tail"].max()),
        "mean_lost": mean["lost"],
        "violations": sum(part.violations for part in rows),
    }
