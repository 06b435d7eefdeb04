"""An index of keys that leaves most of them unread, with a proof for each query that they do not matter."""

from dataclasses import dataclass
from functools import cached_property
from math import prod, sqrt
from typing import Any

import numpy as np

from attnlaws.estimators.arrays import refuse
from attnlaws.estimators.key_index.clustering import clustered, contiguous
from attnlaws.estimators.key_index.rounding import gamma, norms_up, tail_bound
from attnlaws.estimators.key_index.state import Settings, State
from attnlaws.estimators.key_index.summaries import RANKS, node_summaries, prefixes, summary_type
from attnlaws.theory.domain import fault, plain_array
from attnlaws.theory.parameter import integer, real

LARGEST = 1e15  # squares of squares stay inside float64, and nothing that is stored overflows
DENSE = 0.04


@dataclass(frozen=True)
class Selection:
    """The keys that were scored for each query, and what is proven of the others.

    Attributes:
        keys: numbers of the scored keys, ascending; one array a query, in the order of rows.
        tail: upper bound of the softmax mass of all other keys, which is the total variation distance between
            attention over all keys and over these; at most eps.
        scored: how many keys were scored.
        dense: whether that was all of them.
        dot_equivalents: everything that was computed, in inner products of a query and a key.
        key_bytes: what was read of keys and summaries.
        nodes: summaries that were evaluated.
    """

    keys: tuple[np.ndarray, ...]
    tail: np.ndarray
    scored: np.ndarray
    dense: np.ndarray
    dot_equivalents: np.ndarray
    key_bytes: np.ndarray
    nodes: np.ndarray


@dataclass(frozen=True)
class Attention(Selection):
    """A selection with its attention.

    Attributes:
        output: the mean of the values of the scored keys, weighted by their softmax, [..., d_v] in float64.
    """

    output: np.ndarray


class KeyIndex:
    """Keys [n, d] in a tree of blocks, for attention that scores only what it has to.

    For each query the keys that are not scored are proven to hold at most eps of the softmax mass, for the very
    numbers that were given: bounds of whole blocks (ball, chord, Bennett and, if wanted, box) and of single keys
    (a prefix along principal directions and the norm of the rest) are padded for every rounding. The one assumption
    is that exp and log are right to a relative 2^-42. Where nothing can be skipped, all keys are scored, and the
    cost stays within 1 + allowance times theirs.

    Attributes: ``n`` keys of width ``d`` in ``blocks`` blocks of about ``block``; ``summary_bytes`` kept beside them;
    ``build_dot_equivalents``, about what it took to build, in inner products.

    No method that keeps what it scores can skip more than an oracle, which scores n / k_eps times fewer; and where
    keys are independent, as good as none can be skipped: 1 / (1 - eps) is the most.

    Args:
        keys: [n, d], finite, at most 1e15 in size; of float64, float32, float16 or integers. A copy is kept.
        block: average number of keys in a block, from 1; an even larger one costs less and bounds less sharply.
        clustering: whether close keys are put together; otherwise blocks are keys as they come.
        prefix_rank: the most coordinates of a key's prefix, from 0 (none) to d; d/2 by default.
        box: whether to keep the corners of blocks, and use them too, at two inner products a block.
        chord: whether to use the mean of a block's logits beside their maximum.
        bennett: whether to use their variance.
        allowance: what may be spent in vain before all keys are scored, in parts of that; in [0, 1].

    Returns:
        An index; its ``select`` and ``attend`` are asked with queries.

    Raises:
        ValueError: names the argument, its domain and the value.

    Source:
        arXiv:2512.07647, Algorithm 2 (known from descriptions of it); Bennett's inequality of 1962.

    Example:
        >>> keys = np.repeat(np.eye(4), 64, axis=0)
        >>> index = KeyIndex(keys)
        >>> found = index.attend([50.0, 0, 0, 0], values=np.arange(256.0)[:, None], eps=0.01)
        >>> int(found.scored), float(found.tail) < 1e-5, found.output.round(3)
        (64, True, array([31.5]))
    """

    def __init__(
        self,
        keys: Any,
        *,
        block: int = 16,
        clustering: bool = True,
        prefix_rank: int | None = None,
        box: bool = False,
        chord: bool = True,
        bennett: bool = True,
        allowance: float = DENSE,
    ) -> None:
        given = _finite("keys", keys, 2)
        self.n, self.d = given.shape
        self.block = int(integer(1).check("block", block))
        self.allowance = float(real(minimum=0, maximum=1).check("allowance", allowance))
        self._chord, self._bennett = bool(chord), bool(bennett)
        wide = given.astype(np.float64)
        work: list[float] = []
        tree = clustered(wide, self.block, work) if clustering else contiguous(self.n, self.block)
        kind = summary_type(given)
        self._keys = np.ascontiguousarray(given[tree.order])
        if self._keys.dtype not in (np.float32, np.float64):
            self._keys = self._keys.astype(kind)
        ordered = self._keys.astype(np.float64)
        ranks = _ranks(self.d, prefix_rank)
        self._prefix = prefixes(ordered, ranks, kind)
        self._nodes = node_summaries(ordered, tree, self._prefix, kind, box)
        self._tree = tree
        self._longest = float(norms_up(ordered).max())
        self.build_dot_equivalents = sum(work) + self._summary_work(ranks)

    @cached_property
    def blocks(self) -> int:
        """How many blocks there are."""
        return int((self._tree.children == 0).sum())

    def _summary_work(self, ranks: tuple[int, ...]) -> float:
        """Multiplications and additions behind the summaries, in inner products of length d."""
        sizes = (self._tree.last - self._tree.first).astype(np.float64)
        side = np.minimum(sizes, self.d)
        nodes = (sizes * (3 + side) + 6 * side**3 / self.d).sum()
        prefix = self.n * (self.d + ranks[-1] + sum(ranks)) + 10 * self.d**2 if ranks else 0
        return float(nodes + prefix)

    @property
    def summary_bytes(self) -> int:
        """Memory of everything that is kept beside the keys."""
        arrays = [array for part in (self._tree, self._nodes, self._prefix) for array in part]
        return sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))

    def select(self, query: Any, eps: float, *, scale: float | None = None, visible: int | None = None) -> Selection:
        """The keys that have to be scored so that the others are proven to hold at most eps.

        Args:
            query: [d] or [..., d].
            eps: in (0, 1).
            scale: factor of inner products, above 0; 1/sqrt(d) by default.
            visible: keys from this number on are hidden; all are visible by default.

        Raises:
            ValueError: names the argument, its domain and the value.
        """
        rows, lead = self._rows(query)
        return self._selected(rows, lead, eps, scale, visible)[0]

    def attend(
        self, query: Any, values: Any, eps: float, *, scale: float | None = None, visible: int | None = None
    ) -> Attention:
        """Attention over the keys that have to be scored.

        Args:
            query: [d] or [..., d].
            values: [n, d_v], finite.
            eps: the softmax mass that may be left out, in (0, 1).
            scale: factor of inner products, above 0; 1/sqrt(d) by default.
            visible: keys from this number on are hidden; all are visible by default.

        Returns:
            The output with its certificate; the output itself is rounded as sums in float64 are.

        Raises:
            ValueError: names the argument, its domain and the value.
        """
        kept = _finite("values", values, 2)
        if len(kept) != self.n:
            raise fault("values.shape", kept.shape, f"[{self.n}, d_v], one row a key")
        rows, lead = self._rows(query)
        selection, logits = self._selected(rows, lead, eps, scale, visible)
        output = np.empty((len(rows), kept.shape[1]))
        for row, (keys, scores) in enumerate(zip(selection.keys, logits, strict=True)):
            weights = np.exp(scores - scores.max())
            output[row] = weights @ kept[keys].astype(np.float64) / weights.sum()
        return Attention(**vars(selection), output=output.reshape(*lead, -1))

    # --- one query after the other ----------------------------------------------------------------------------------

    def _rows(self, query: Any) -> tuple[np.ndarray, tuple[int, ...]]:
        given = _finite("query", query, 1)
        if given.shape[-1] != self.d:
            raise fault("query.shape", given.shape, f"[..., {self.d}], as wide as the keys")
        return np.ascontiguousarray(given, np.float64).reshape(-1, self.d), given.shape[:-1]

    def _selected(
        self, rows: np.ndarray, lead: tuple[int, ...], eps: float, scale: float | None, visible: int | None
    ) -> tuple[Selection, list[np.ndarray]]:
        from attnlaws.estimators.key_index import search  # compiles; so only where something is searched

        mass = float(real(above=0, below=1).check("eps", eps))
        factor = 1 / sqrt(self.d) if scale is None else float(real(above=0, maximum=LARGEST).check("scale", scale))
        seen = self.n if visible is None else int(integer(1, self.n).check("visible", visible))
        state = self._state()
        keys, logits, table = [], [], np.empty((6, len(rows)))
        for row, query in enumerate(rows):
            norm = float(norms_up(query)) * factor * (1 + gamma(4))
            error = gamma(self.d + 16) * norm * self._longest * (1 + 1e-6) + 1e-290
            flags = {"chord": self._chord, "bennett": self._bennett}
            ask = Settings(factor, norm, error, mass, self.allowance, seen, **flags)
            search.search(query, self._keys, self._tree, self._nodes, self._prefix, ask, state)
            places = np.flatnonzero(~np.isnan(state.logits))
            left = state.log_bound[state.heap[: state.whole[search.SIZE]]]
            tail = tail_bound(left, state.logits[places], error)
            if tail > mass:  # by a rounding: then nothing is left out
                places, tail = np.flatnonzero(self._tree.order < seen), 0.0
                state.logits[places] = (self._keys[places].astype(np.float64) @ query) * factor
            order = np.argsort(self._tree.order[places])
            keys.append(self._tree.order[places][order])
            logits.append(state.logits[places][order])
            table[:, row] = (tail, len(places), len(places) == seen, *self._cost(state.whole, len(places), search))
        tails, scored, dense, dots, read, nodes = table.reshape(6, *lead)
        whole = (array.astype(np.int64) for array in (scored, read, nodes))
        scored, read, nodes = whole
        return Selection(tuple(keys), tails, scored, dense.astype(bool), dots, read, nodes), logits

    def _cost(self, whole: np.ndarray, scored: int, search: Any) -> tuple[float, int, int]:
        """Inner products, bytes and summaries of one query."""
        nodes, boxes, parts, turned = (
            int(whole[i]) for i in (search.NODES, search.BOXES, search.COORDINATES, search.ROTATED)
        )
        dots = scored + nodes + 2 * boxes + parts / self.d + turned
        width, own = self._nodes.center.itemsize, self._keys.itemsize
        read = scored * self.d * own + nodes * (self.d + 4) * width + boxes * 2 * self.d * width
        read += parts * width + turned * self.d * self._prefix.basis.itemsize
        return dots, read, nodes

    def _state(self) -> State:
        items = len(self._tree.first) + self.n
        stages, rank = len(self._prefix.ranks), int(self._prefix.ranks[-1]) if len(self._prefix.ranks) else 0
        return State(
            log_bound=np.empty(items),
            log_low=np.empty(items),
            middle=np.empty(items),
            count=np.empty(items, np.int64),
            sure=np.empty(items, np.int8),
            stage=np.empty(self.n, np.int64),
            dot=np.empty(self.n),
            heap=np.empty(items, np.int64),
            rank=np.empty(items),
            logits=np.empty(self.n),
            query=np.empty(rank),
            rest=np.empty(stages),
            real=np.empty(7),
            whole=np.empty(8, np.int64),
        )


def _ranks(d: int, prefix_rank: int | None) -> tuple[int, ...]:
    """Stages of a prefix, each twice the one before, up to the rank asked for."""
    top = d // 2 if prefix_rank is None else int(integer(0, d).check("prefix_rank", prefix_rank))
    ranks = []
    while top >= max(1, d // 16) and len(ranks) < len(RANKS):
        ranks.append(top)
        top //= 2
    return tuple(reversed(ranks)) or ((top,) if top else ())


def _finite(name: str, values: Any, ndim: int) -> np.ndarray:
    array = plain_array(name, values, "an array of real numbers")
    if array.dtype.kind not in "iuf" or array.dtype.itemsize > 8:
        raise fault(f"{name}.dtype", str(array.dtype), "a type of real numbers of 64 bits or fewer")
    if array.ndim < ndim or (ndim == 2 and array.ndim > 2) or prod(array.shape) == 0:
        axes = "[n, width]" if ndim == 2 else "[..., d]"
        raise fault(f"{name}.shape", array.shape, f"{axes}, with nothing empty")
    refuse(
        np,
        name,
        array,
        ~(np.abs(array.astype(np.float64)) <= LARGEST),
        f"a finite number of at most {LARGEST:g} in size",
    )
    return array
