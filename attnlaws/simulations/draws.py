"""The very normals that a kernel draws, as arrays: for references, and for looking at one replicate."""

from dataclasses import replace

import numpy as np

from attnlaws.simulations.build import build
from attnlaws.simulations.experiment import Replicate, Streaming, as_dtype
from attnlaws.simulations.generate import LANES, Layout
from attnlaws.simulations.stream import (
    fill_normals32,
    fill_normals64,
    normal_lanes32,
    normal_lanes64,
    stream_key,
)
from attnlaws.simulations.task import Task


def _copy32(k0, k1, replicate, scratch, out, size):
    """A replicate that reports its own normals."""
    items = np.empty(size, np.float32)
    fill_normals32(k0, k1, replicate, np.uint64(0), items)
    for i in range(size):
        out[i] = items[i]


def _copy64(k0, k1, replicate, scratch, out, size):
    """The same in float64."""
    fill_normals64(k0, k1, replicate, np.uint64(0), out)


def drawn_items(task: Task, first: int, count: int) -> np.ndarray:
    """Normals of a run of replicates of a self-contained kernel: [replicate, size].

    The kernel that copies them is kept on disk as all others are, so nothing is compiled where only a few are wanted.
    """
    assert isinstance(task.shape, Replicate)
    bits = task.shape.precision
    copy = replace(task.shape, kernel=_copy32 if bits == "float32" else _copy64, scratch=lambda **_: 0, passes=None)
    module, _ = build(f"draws_{bits}", copy)
    values = np.empty((count, task.draws))
    key = (np.uint64(k) for k in stream_key(task.seed, task.label))
    module.block(*key, first, np.empty(0), values, task.draws)
    return values.astype(as_dtype(bits))


def drawn(task: Task, replicate: int) -> dict[str, np.ndarray]:
    """Draws of one replicate by name.

    Args:
        task: the simulation.
        replicate: index of the replicate.

    Returns:
        For a stream: item draws [item] or [item, component], shared draws [component] (a scalar has one).
        For a replicate: ``items``, the normals [size] that it starts from.
    """
    key = tuple(np.uint64(k) for k in stream_key(task.seed, task.label))
    shape, index = task.shape, np.uint64(replicate)
    if not isinstance(shape, Streaming):
        return {"items": drawn_items(task, replicate, 1)[0]}
    layout, found = Layout(shape), {}
    fill = fill_normals32 if layout.bits == 32 else fill_normals64
    for draw in shape.shared:
        found[draw.name] = np.empty(draw.size(task.parameters), as_dtype(shape.precision))
        fill(*key, index, np.uint64(layout.tags[draw.name]), found[draw.name])
    for draw in layout.item_vectors:
        found[draw.name] = _vectors(layout, key, index, layout.tags[draw.name], task.items, draw.size(task.parameters))
    if layout.item_scalars:
        found |= _scalars(layout, key, index, task.items)
    return found


def _lanes(layout: Layout, key: tuple[np.uint64, ...], replicate: np.uint64, superblock: int, tag: int) -> np.ndarray:
    """Normals of 256 calls: [normal of the call, call]."""
    x = np.empty((layout.width, LANES), as_dtype(layout.shape.precision))
    lanes = normal_lanes32 if layout.bits == 32 else normal_lanes64
    lanes(*key, np.uint64(superblock * LANES), np.uint64(tag), replicate, x, np.empty((4, LANES), np.uint32), LANES)
    return x


def _vectors(
    layout: Layout, key: tuple[np.uint64, ...], replicate: np.uint64, tag: int, items: int, length: int
) -> np.ndarray:
    """One vector an item, [item, component]; component j is normal j % W of the call with tag + j // W."""
    width = layout.width
    blocks = [
        np.concatenate([_lanes(layout, key, replicate, b, tag + t) for t in range(-(-length // width))])[:length].T
        for b in range(-(-items // LANES))
    ]
    return np.concatenate(blocks)[:items] if blocks else np.empty((0, length))


def _scalars(layout: Layout, key: tuple[np.uint64, ...], replicate: np.uint64, items: int) -> dict[str, np.ndarray]:
    """One number an item and name, [item]; a call serves several items where they are few."""
    count, served = len(layout.item_scalars), layout.items_per_call
    tag = layout.tags[layout.item_scalars[0].name]
    blocks = [_lanes(layout, key, replicate, b, tag) for b in range(-(-items // (LANES * served)))]
    return {
        draw.name: np.concatenate([x[j : served * count : count].T.ravel() for x in blocks])[:items]
        for j, draw in enumerate(layout.item_scalars)
    }
