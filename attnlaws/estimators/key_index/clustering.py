"""Keys grouped into a tree, close ones together: nothing here has to be right, only useful.

Cells of about four blocks come from k-means, started by repeated bisection; blocks are cells bisected further; above
the cells stand groups of cells, until few are left. No random number is used.
"""

import heapq
from typing import NamedTuple

import numpy as np

BLOCKS_IN_CELL = 4
FEW = 24
SWEEPS = 3
POWER_STEPS = 4
LOPSIDED = 4
LARGE, ROOTS = 1 / 8, 1 / 64
CHUNK = 1 << 22


class Tree(NamedTuple):
    """Nodes over keys that were put in order, so that each node is a run of keys and of nodes.

    Attributes:
        order: the keys in their order, [n].
        first: first key of a node, in that order.
        last: one past its last key.
        child: its first child, or -1 where it has none (a block).
        children: how many it has.
        roots: how many nodes stand at the top; they come first.
    """

    order: np.ndarray
    first: np.ndarray
    last: np.ndarray
    child: np.ndarray
    children: np.ndarray
    roots: int


def contiguous(n: int, block: int) -> Tree:
    """Blocks of keys as they come, and cells of four of them, until few are left."""
    level: list = [np.arange(i, min(i + block, n)) for i in range(0, n, block)]
    while len(level) > FEW or isinstance(level[0], np.ndarray):
        level = [level[i : i + BLOCKS_IN_CELL] for i in range(0, len(level), BLOCKS_IN_CELL)]
    return _assembled(level)


def clustered(keys: np.ndarray, block: int, work: list[float]) -> Tree:
    """Blocks of about so many keys that lie close together, in a tree.

    Args:
        keys: [n, d] in float64.
        block: how many keys a block has on average.
        work: is given what it took, in inner products.
    """
    cells = _k_means(keys, -(-len(keys) // (BLOCKS_IN_CELL * block)), work)
    level: list = [_blocks(keys, members, block, work) for members in cells]
    while len(level) > FEW:
        centers = np.array([keys[flat(node)].mean(axis=0) for node in level])
        groups = bisected(centers, -(-len(level) // BLOCKS_IN_CELL), work)
        level = [[level[i] for i in group] for group in groups]
    return _assembled(_divided(level, len(keys)))


def _divided(level: list, n: int) -> list:
    """The top with its largest nodes replaced by their parts, while few are left: a large one is all or nothing."""
    while True:
        node = max(level, key=lambda node: len(flat(node)))
        small = len(flat(node)) <= LARGE * n or isinstance(node, np.ndarray)
        if small or len(level) + len(node) > ROOTS * n:
            return level
        level = [part for one in level for part in (node if one is node else [one])]


def _blocks(keys: np.ndarray, members: np.ndarray, block: int, work: list[float]) -> list:
    """A cell cut into blocks, by way of parts of it where there would be many."""
    count = -(-len(members) // block)
    parts = [members[part] for part in bisected(keys[members], min(count, 2 * BLOCKS_IN_CELL), work)]
    return [_blocks(keys, part, block, work) if len(part) > 2 * block and len(parts) > 1 else part for part in parts]


def flat(node: object) -> np.ndarray:
    """All keys of a nested node."""
    return node if isinstance(node, np.ndarray) else np.concatenate([flat(part) for part in node])  # type: ignore


def bisected(points: np.ndarray, count: int, work: list[float]) -> list[np.ndarray]:
    """Points in so many groups: again and again the group with the largest scatter is cut in two.

    Example:
        >>> [group.tolist() for group in bisected(np.array([[0.0], [9.0], [0.1], [9.1]]), 2, [])]
        [[0, 2], [1, 3]]
    """
    n = len(points)
    limit = LOPSIDED * n / count  # one group must not keep everything because a few points lie far out
    heap: list[tuple[float, int, np.ndarray]] = []
    done: list[np.ndarray] = []
    serial = 0

    def push(members: np.ndarray) -> None:
        nonlocal serial
        spread = points[members] - points[members].mean(axis=0)
        scatter = float((spread * spread).sum())
        if len(members) < 2 or scatter == 0:
            done.append(members)
        else:
            heapq.heappush(heap, (-np.inf if len(members) > limit else -scatter, serial, members))
        serial += 1

    push(np.arange(n))
    while heap and len(heap) + len(done) < count:
        members = heapq.heappop(heap)[2]
        left = _two_means(points[members])
        work.append(len(members) * (2.0 * POWER_STEPS + 2 * SWEEPS + 3))
        push(members[left])
        push(members[~left])
    return sorted([*done, *(members for *_, members in heap)], key=lambda members: int(members[0]))


def _two_means(points: np.ndarray) -> np.ndarray:
    """Which points are on one side, neither side empty."""
    spread = points - points.mean(axis=0)
    direction = spread[np.argmax((spread * spread).sum(axis=1))]
    for _ in range(POWER_STEPS):
        direction = (spread @ direction) @ spread
        size = np.sqrt(direction @ direction)
        if size == 0:
            break
        direction = direction / size
    left = spread @ direction > 0
    for _ in range(SWEEPS):
        if left.all() or not left.any():
            break
        a, b = spread[left].mean(axis=0), spread[~left].mean(axis=0)
        left = spread @ (a - b) > (a @ a - b @ b) / 2
    if left.all() or not left.any():
        left = np.arange(len(points)) < len(points) // 2
    return left


def _k_means(keys: np.ndarray, count: int, work: list[float]) -> list[np.ndarray]:
    groups = bisected(keys, count, work)
    for _ in range(SWEEPS if len(groups) > 1 else 0):
        centers = np.array([keys[members].mean(axis=0) for members in groups])
        half = (centers * centers).sum(axis=1) / 2
        work.append(float(len(keys) * (len(centers) + 1)))
        rows = max(1, CHUNK // len(centers))
        label = np.concatenate(
            [np.argmax(keys[i : i + rows] @ centers.T - half, axis=1) for i in range(0, len(keys), rows)]
        )
        ranked = np.argsort(label, kind="stable")
        groups = [
            part for part in np.split(ranked, np.searchsorted(label[ranked], np.arange(1, len(centers)))) if len(part)
        ]
    return groups


def _assembled(level: list) -> Tree:
    """A nested list as a tree; siblings get numbers in a row, and a node with one child is that child."""
    order: list[np.ndarray] = []
    arrays: tuple[list[int], ...] = ([], [], [], [])
    first, last, child, children = arrays
    placed = 0

    def add(nodes: list) -> None:
        nonlocal placed
        start = len(first)
        for array in arrays:
            array.extend([-1] * len(nodes))
        for number, node in enumerate(nodes, start):
            first[number] = placed
            while isinstance(node, list) and len(node) == 1:
                node = node[0]
            if isinstance(node, np.ndarray):
                order.append(np.sort(node))
                placed += len(node)
                children[number] = 0
            else:
                child[number], children[number] = len(first), len(node)
                add(node)
            last[number] = placed

    add(level)
    made = (np.array(values, np.int64) for values in arrays)
    return Tree(np.concatenate(order).astype(np.int64), *made, roots=len(level))
