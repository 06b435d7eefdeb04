"""The loops around a stream's items: draw, hand 256 of them at a time to the law's own function, fold the sums.

Plain functions in the kernel vocabulary, whose text is compiled once for each precision and kept on disk, for all laws
alike (stream_kernel.py). All that a law adds is a small function that is called by its address. The names of this
module that depend on the precision are those of float32; the compiled text of float64 gives them its own.
"""

import numpy as np

from attnlaws.simulations.arithmetic import pexp64, plog64
from attnlaws.simulations.lanes import dot_lanes32 as dot_lanes
from attnlaws.simulations.lanes import fill_through32 as fill_through
from attnlaws.simulations.lanes import normal_lanes32 as normal_lanes
from attnlaws.simulations.lanes import square_lanes32 as square_lanes
from attnlaws.simulations.philox import LANES, whole_vectors
from attnlaws.simulations.primitives import call_item
from attnlaws.simulations.sums import dot64, fold_first

Number = np.float32
WIDTH = 4
"""Normals of one call."""


def shared_draws(k0, k1, first, parts, vectors, storage, tags, pairs, out):
    """What the items of a replicate have in common, float64: its scalar draws, and products of its vectors.

    Args:
        k0: first key word, uint64 below 2^32.
        k1: second key word, likewise.
        first: the first row.
        parts: how many rows a replicate has.
        vectors: int64 [vector, 3], tag, place in the storage and length.
        storage: of the precision [row, all vectors], zeros, written; a vector ends with zeros up to a multiple of 4.
        tags: int64, those of the scalar draws.
        pairs: int64 [product, 2], indices of the two vectors.
        out: float64 [row, scalar draws and products], written.
    """
    one, x, words = np.empty(1, Number), np.empty((WIDTH, LANES), Number), np.empty((4, LANES), np.uint32)
    for r in range(out.shape[0]):
        replicate = np.uint64((first + r) // parts)
        for v in range(vectors.shape[0]):
            vector = storage[r, vectors[v, 1] : vectors[v, 1] + vectors[v, 2]]
            fill_through(k0, k1, replicate, np.uint64(vectors[v, 0]), vector, x, words)
        for s in range(tags.size):
            fill_through(k0, k1, replicate, np.uint64(tags[s]), one, x, words)
            out[r, s] = np.float64(one[0])
        for p in range(pairs.shape[0]):
            a, b = vectors[pairs[p, 0]], vectors[pairs[p, 1]]
            left, right = storage[r, a[1] : a[1] + a[2]], storage[r, b[1] : b[1] + b[2]]
            out[r, tags.size + p] = dot64(left, right)


def rows(
    item, k0, k1, first, items, served, scalar_draws, tag, storage, dots, added, parameters, scalars, sums, raw, parts,
):  # fmt: skip
    """Rows of scalars, sums and vector sums, of whole replicates or of the parts that each is cut into.

    Args:
        item: address of the law's function.
        k0: first key word, uint64 below 2^32.
        k1: second key word, likewise.
        first: the first row.
        items: items of a replicate.
        served: items that a call serves: item (256 b + i) served + w is the w-th that lane i of superblock b serves.
        scalar_draws: normals that an item takes beside its vectors.
        tag: theirs.
        storage: what the items have in common, as :func:`shared_draws` leaves it.
        dots: int64 [product, 3], an item's vector times a shared one: tag, length, place of the other; -1 for itself.
        added: int64 [vector sum, 2], tag and length.
        parameters: of the precision.
        scalars: how many numbers stand at the head of each row, given.
        sums: how many sums follow them.
        raw: float64 [row, scalars, sums and vector sums], written but for the scalars.
        parts: how many rows a replicate has.
    """
    begun, words = np.empty((2, LANES), np.uint64), np.empty((4, LANES), np.uint32)
    x = np.empty((WIDTH, LANES), Number)
    lane_dots = np.empty((dots.shape[0], LANES), Number)
    numbers = np.empty(scalars, Number)
    lane_sums = np.empty((sums, LANES))
    weights = np.empty((added.shape[0], LANES))
    columns = np.empty((raw.shape[1] - scalars - sums, LANES))
    size, calls = LANES * served, (items + served - 1) // served
    superblocks = (items + size - 1) // size
    for r in range(raw.shape[0]):
        replicate, part = np.uint64((first + r) // parts), (first + r) % parts
        begin, end = superblocks * part // parts, superblocks * (part + 1) // parts
        reach = 1  # a power of two, and the lanes from there on stay empty
        while reach < min(LANES, calls - begin * LANES):
            reach *= 2
        for j in range(scalars):
            numbers[j] = Number(raw[r, j])
        for j in range(sums):
            for i in range(reach):
                lane_sums[j, i] = 0
        for j in range(columns.shape[0]):
            for i in range(reach):
                columns[j, i] = 0
        for b in range(begin, end):
            call = np.uint64(b) * np.uint64(LANES)
            lanes = min(LANES, calls - b * LANES)
            for d in range(dots.shape[0]):
                at, products, length, place = np.uint64(dots[d, 0]), lane_dots[d], dots[d, 1], dots[d, 2]
                for i in range(whole_vectors(lanes)):
                    products[i] = 0
                if place < 0:
                    square_lanes(k0, k1, call, at, replicate, length, products, begun, words, lanes)
                else:
                    q = storage[r, place : place + (length + WIDTH - 1) // WIDTH * WIDTH]
                    dot_lanes(k0, k1, call, at, replicate, q, products, begun, words, lanes)
            if scalar_draws:
                normal_lanes(k0, k1, call, np.uint64(tag), replicate, x, words, lanes)
            left = items - b * size
            call_item(item, x, lane_dots, numbers, parameters, lane_sums, weights, left)
            column, m = 0, min(LANES, left)  # an item that comes with a vector has its calls for itself
            for v in range(added.shape[0]):
                for j in range(added[v, 1]):
                    if j % WIDTH == 0:
                        at = np.uint64(added[v, 0] + j // WIDTH)
                        normal_lanes(k0, k1, call, at, replicate, x, words, lanes)
                    for i in range(m):
                        columns[column + j, i] += weights[v, i] * np.float64(x[j % WIDTH, i])
                column += added[v, 1]
        for j in range(sums):
            raw[r, scalars + j] = fold_first(lane_sums[j], reach)
        for j in range(columns.shape[0]):
            raw[r, scalars + sums + j] = fold_first(columns[j], reach)


def products(raw, pairs, out):
    """Inner products of parts of each row: int64 [product, 3], where both begin and how long they are."""
    for r in range(raw.shape[0]):
        for p in range(pairs.shape[0]):
            a, b, length = pairs[p, 0], pairs[p, 1], pairs[p, 2]
            out[r, p] = dot64(raw[r, a : a + length], raw[r, b : b + length])


def copied(k0, k1, first, out):
    """The normals that self-contained replicates start from, a row for each."""
    x, words = np.empty((WIDTH, LANES), Number), np.empty((4, LANES), np.uint32)
    for r in range(out.shape[0]):
        fill_through(k0, k1, np.uint64(first + r), np.uint64(0), out[r], x, words)


def exponentials(x, out):
    """Exp of each number, float64, in the kernels' arithmetic."""
    for i in range(x.size):
        out[i] = pexp64(x[i])


def logarithms(x, out):
    """Log of each number, float64, in the kernels' arithmetic."""
    for i in range(x.size):
        out[i] = plog64(x[i])
