"""Which keys to score: what promises most for its cost is looked at next, until the rest is proven negligible.

All in one file: a cache of Numba's watches the file of a function, and not what the function calls. What decides the
order may be rough: the certificate is computed again, from what is left, by ``rounding.tail_bound``.

An item is a node of the tree (its number) or a single key (its place + the number of nodes). Items that are not yet
scored or opened lie in a heap, the most promising on top.
"""

import math
from typing import Any

import numpy as np
from numba import njit

KERNEL: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
LIBRARY = 2.0**-40
TOP, HEAD, REST, UNIT, PEAK, LIKELY, SKIPPABLE = range(7)
SIZE, SCORED, NODES, BOXES, COORDINATES, ROTATED, STALE, HALT = range(8)
CHEAP = 0.01  # a query is rotated as a whole where that costs less than this part of scoring everything
COMPARED = 0.5  # a key that is scored costs an inner product, and its value another
NARROW = 3.4  # the steepness of a logistic function with half that deviation
LAST = 1e6  # in the order of what is scored, what can be skipped for certain comes last
RESUME = 0.005  # what must be affordable again, in parts of scoring everything, before plans are made again


@njit(**KERNEL)
def two_point(variance, reach):
    """Logarithm of the largest mean of exp(x) for x of mean 0, with variance and maximum bounded (Bennett).

    The worst x has two values, the reach and -variance / reach; the result grows with either argument.
    """
    if not (variance > 0.0 and reach > 0.0):
        return 0.0
    far, near = math.log(variance), 2.0 * math.log(reach) - variance / reach - reach
    both = max(far, near) + math.log1p(math.exp(-abs(far - near)))
    return max(0.0, reach + both - math.log(reach * reach + variance))


@njit(**KERNEL)
def log_mass(count, mean, reach, below, variance, chord, bennett):
    """Logarithm of an upper bound of the sum of exp(logit) over a node.

    Its arguments bound the number of keys, their mean logit, how far the largest and the smallest are from it, and
    their variance. The chord of exp is the case where nothing is known of the variance but that reach below bounds it.
    """
    if chord:
        variance = min(variance, reach * below) if bennett else reach * below
    shape = min(two_point(variance, reach), reach) if chord or bennett else reach
    return math.log(count) + mean + shape + LIBRARY * (1500.0 + abs(mean) + reach)  # 1500: the logarithms inside


@njit(**KERNEL)
def inner(a, b, first, last):
    """Inner product of some components, in four running sums."""
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    full = last - (last - first) % 4
    for i in range(first, full, 4):
        s0 += a[i] * np.float64(b[i])
        s1 += a[i + 1] * np.float64(b[i + 1])
        s2 += a[i + 2] * np.float64(b[i + 2])
        s3 += a[i + 3] * np.float64(b[i + 3])
    for i in range(full, last):
        s0 += a[i] * np.float64(b[i])
    return (s0 + s1) + (s2 + s3)


@njit(**KERNEL)
def look(node, query, tree, nodes, prefix, ask, state):
    """Bound the mass of a node, and put it into the heap."""
    count = 0
    for place in range(tree.first[node], tree.last[node]):
        count += tree.order[place] < ask.visible
    if count == 0:
        return
    d = len(query)
    mean = ask.scale * inner(query, nodes.center[node], 0, d)
    wrong = ask.error + ask.norm * nodes.slip[node]
    below = ask.norm * (np.float64(nodes.radius[node]) + nodes.slip[node]) * (1.0 + 1e-14)
    reach = below
    if len(nodes.low):
        corner, size = 0.0, 0.0
        for i in range(d):
            a, b = query[i] * np.float64(nodes.low[node, i]), query[i] * np.float64(nodes.high[node, i])
            corner += max(a, b)
            size += max(abs(a), abs(b))
        highest = ask.scale * (corner + 2.0**-52 * (d + 8) * size) + ask.error
        reach = min(reach, max(0.0, highest - (mean - wrong)))
        state.whole[BOXES] += 1
    variance = ask.norm * ask.norm * nodes.spread[node] * (1.0 + 1e-14)
    bound = log_mass(nodes.weight[node], mean + wrong, reach, below, variance, ask.chord, ask.bennett)
    if count < tree.last[node] - tree.first[node]:  # the mean is that of keys that are hidden, too
        seen = min(float(count), nodes.weight[node])
        bound = min(bound, log_mass(seen, mean + wrong, reach, below, 0.0, False, False))
        state.log_low[node] = -math.inf
    else:
        state.log_low[node] = min(math.log(count) + mean - wrong, bound)
    state.log_bound[node] = bound
    state.middle[node] = mean
    state.count[node] = count
    state.whole[NODES] += 1
    push(node, tree, nodes, prefix, ask, state)


@njit(**KERNEL)
def push(item, tree, nodes, prefix, ask, state):
    """Put an item into the heap and its bound into the rest."""
    state.rank[item] = plan(item, tree, nodes, prefix, ask, state)[0]
    state.heap[state.whole[SIZE]] = item
    state.whole[SIZE] += 1
    rise(state.whole[SIZE] - 1, state)
    state.real[REST] += math.exp(min(state.log_bound[item] - state.real[UNIT], 700.0))
    state.real[PEAK] = max(state.real[PEAK], state.real[REST])


@njit(**KERNEL)
def rise(i, state):
    """Move the item at this position of the heap up to where it belongs."""
    heap, rank = state.heap, state.rank
    item = heap[i]
    while i > 0 and rank[heap[(i - 1) // 2]] < rank[item]:
        heap[i] = heap[(i - 1) // 2]
        i = (i - 1) // 2
    heap[i] = item


@njit(**KERNEL)
def plan(item, tree, nodes, prefix, ask, state):
    """What is best done with an item: how much it takes from the rest for its cost, in logarithms, and the stage.

    Scoring its keys takes all of its bound. Cheaper, and worth it where keys can then be skipped, is to bound it
    better: a node by its children, keys by a further stage of their prefix. The stage is -1 for neither.
    """
    bound, size = state.log_bound[item], state.count[item]
    best, stage = bound - math.log(size), -1
    if state.whole[HALT]:
        return best - LAST * state.sure[item], stage
    count, d = len(tree.first), nodes.center.shape[1]
    chance, reached, start = 1.0, 0, 0
    slack = max(0.0, bound - math.log(size) - state.middle[item])
    if item < count:
        if tree.children[item] > 0:
            gain = bound + math.log(-math.expm1(-0.5 * slack - 1e-9))
            return max(best, gain - math.log(COMPARED * tree.children[item])), stage
        above = state.middle[item] - state.real[LIKELY]
        if above > 0.0:  # the keys of a block lie about its mean, most often well within the bound of their deviation
            chance = 1.0 / (1.0 + math.exp(min(NARROW * above / (ask.norm * math.sqrt(nodes.spread[item])), 700.0)))
        if state.whole[ROTATED] == 0:
            return best, stage
    else:
        reached = state.stage[item - count]
        start = prefix.ranks[reached - 1]
        if state.middle[item] >= state.real[LIKELY]:
            return best, stage
    for further in range(reached, len(prefix.ranks)):
        lost = nodes.residual[item, further] if item < count else prefix.residual[item - count, further]
        gained = slack - state.rest[further] * np.float64(lost)
        if gained > 0.0 and chance > 0.0:
            price = COMPARED * size * (prefix.ranks[further] - start) / d
            value = bound + math.log(-chance * math.expm1(-gained)) - math.log(price)
            if value > best:
                best, stage = value, further
    return best, stage


@njit(**KERNEL)
def pop(state):
    """Take the most promising item."""
    heap, rank = state.heap, state.rank
    item = heap[0]
    state.whole[SIZE] -= 1
    size = state.whole[SIZE]
    moved = heap[size]
    i = 0
    while 2 * i + 1 < size:
        child = 2 * i + 1
        if child + 1 < size and rank[heap[child + 1]] > rank[heap[child]]:
            child += 1
        if rank[heap[child]] <= rank[moved]:
            break
        heap[i] = heap[child]
        i = child
    heap[i] = moved
    state.real[REST] -= math.exp(min(state.log_bound[item] - state.real[UNIT], 700.0))
    return item


@njit(**KERNEL)
def recount(state):
    """Add up the rest anew, in units of its largest bound."""
    bounds = state.log_bound[state.heap[: state.whole[SIZE]]]
    unit = bounds.max()
    total = np.exp(bounds - unit).sum()
    state.real[UNIT], state.real[REST], state.real[PEAK] = unit, total, total


@njit(**KERNEL)
def finished(ask, state):
    """Whether the rest is small enough beside the head."""
    if state.whole[SIZE] == 0:
        return True
    for _ in range(2):
        if state.real[REST] < 1e-8 * state.real[PEAK]:
            recount(state)
        head = math.log(state.real[HEAD]) + state.real[TOP] if state.real[HEAD] > 0.0 else -math.inf
        allowed = math.log(ask.eps) - math.log1p(-ask.eps) + head - ask.error - 1e-11 * (1.0 + abs(head))
        if not math.log(state.real[REST]) + state.real[UNIT] <= allowed:
            return False
        recount(state)  # the running sum said so; a fresh one must, too
    return True


@njit(**KERNEL)
def outlook(ask, state):
    """How many keys can be skipped for certain, and at which logit the search is likely to end."""
    items = state.heap[: state.whole[SIZE]].copy()
    lows = state.log_low[items]
    unit = max(state.real[TOP], lows.max())
    head = state.real[HEAD] * math.exp(state.real[TOP] - unit) if state.real[HEAD] > 0.0 else 0.0
    head += np.exp(lows - unit).sum()
    odds = (1.0 - 1e-6) * ask.eps / (1.0 - ask.eps)  # what is certain must be so for the padded bounds of the end, too
    tail, left, keys, found = 0.0, head, 0.0, 0
    each = state.log_bound[items] - np.log(state.count[items].astype(np.float64))
    order = np.argsort(each)
    for i in order:  # skipped first are those that cost least to skip
        tail += math.exp(min(state.log_bound[items[i]] - unit, 700.0))
        left -= math.exp(lows[i] - unit)
        if not tail <= odds * left:
            break
        keys += state.count[items[i]]
        found += 1
    if keys >= state.real[SKIPPABLE]:  # else what was found before can be skipped still: all that is learnt later helps
        state.sure[:] = 0
        state.sure[items[order[:found]]] = 1
        state.real[SKIPPABLE] = keys
    state.real[LIKELY] = each[order[found - 1]] if found else -math.inf
    tail = 0.0
    for i in np.argsort(state.middle[items]):
        item = items[i]
        tail += state.count[item] * math.exp(min(state.middle[item] - unit, 700.0))
        if not tail <= ask.eps * head:
            break
        state.real[LIKELY] = max(state.real[LIKELY], state.middle[item])


@njit(**KERNEL)
def replan(tree, nodes, prefix, ask, state):
    """Look ahead, and put the heap in order by it."""
    outlook(ask, state)
    state.whole[HALT] = not affordable(RESUME * ask.visible, ask.visible, ask, state, nodes.center.shape[1])
    state.whole[STALE] = 8 + state.whole[SIZE] // 4
    reorder(tree, nodes, prefix, ask, state)


@njit(**KERNEL)
def reorder(tree, nodes, prefix, ask, state):
    """Plan anew for all items of the heap."""
    for i in range(state.whole[SIZE]):
        state.rank[state.heap[i]] = plan(state.heap[i], tree, nodes, prefix, ask, state)[0]
        rise(i, state)


@njit(**KERNEL)
def score(place, query, keys, ask, state):
    """The logit of a key."""
    logit = ask.scale * inner(query, keys[place], 0, len(query))
    state.logits[place] = logit
    state.whole[SCORED] += 1
    if logit > state.real[TOP]:
        state.real[HEAD] = state.real[HEAD] * math.exp(state.real[TOP] - logit) if state.real[HEAD] > 0.0 else 0.0
        state.real[TOP] = logit
    state.real[HEAD] += math.exp(logit - state.real[TOP])


@njit(**KERNEL)
def rotate(stage, query, prefix, ask, state):
    """The query along the basis, as far as a stage needs it."""
    want = prefix.ranks[stage]
    if want <= state.whole[ROTATED]:
        return
    for r in range(state.whole[ROTATED], want):
        state.query[r] = inner(query, prefix.basis[:, r], 0, len(query))
    state.whole[ROTATED] = want
    squares = inner(query, query, 0, len(query))
    for s in range(stage + 1):
        taken = inner(state.query, state.query, 0, prefix.ranks[s])
        left = max(0.0, squares - taken) + prefix.query_slip * squares
        state.rest[s] = ask.scale * math.sqrt(left) * (1.0 + 1e-14)
    state.rest[stage + 1 :] = state.rest[stage]  # for plans; a further stage is rotated before it is used


@njit(**KERNEL)
def turning(stage, prefix, state):
    """The cost of rotating the query as far as a stage needs it."""
    return float(max(0, prefix.ranks[stage] - state.whole[ROTATED]))


@njit(**KERNEL)
def refine(place, stage, prefix, ask, state):
    """Take a key to a stage of its prefix."""
    item = len(state.log_bound) - len(state.stage) + place
    reached = state.stage[place]
    start = prefix.ranks[reached - 1] if reached else 0
    stop = prefix.ranks[stage]
    state.dot[place] += inner(state.query, prefix.part[place], start, stop)
    state.whole[COORDINATES] += stop - start
    state.stage[place] = stage + 1
    state.middle[item] = ask.scale * state.dot[place]
    slack = state.rest[stage] * np.float64(prefix.residual[place, stage])
    state.log_low[item] = state.middle[item] - slack
    bound = state.middle[item] + slack + ask.error + ask.norm * prefix.longest * prefix.slip
    bound += LIBRARY * (1.0 + abs(state.middle[item]) + slack)
    state.log_bound[item] = min(bound, state.log_bound[item]) if reached else bound
    state.count[item] = 1


@njit(**KERNEL)
def affordable(cost, n, ask, state, d):
    """Whether so much may be spent: if it is in vain, all that cannot be skipped for certain is scored."""
    spent = state.whole[NODES] + 2.0 * state.whole[BOXES] + state.whole[COORDINATES] / d + state.whole[ROTATED]
    return spent + cost - state.real[SKIPPABLE] <= ask.allowance * n


@njit(**KERNEL)
def advance(item, query, keys, tree, nodes, prefix, ask, state):
    """Do with an item from the heap what its plan says, if that can be afforded."""
    count, d, n = len(tree.first), len(query), ask.visible
    leaf = item < count and tree.children[item] == 0
    if leaf and state.whole[ROTATED] == 0 and len(prefix.ranks) > 0 and state.middle[item] < state.real[LIKELY]:
        last = len(prefix.ranks) - 1
        first = last if prefix.ranks[last] <= CHEAP * n else 0
        if affordable(turning(first, prefix, state), n, ask, state, d):
            rotate(first, query, prefix, ask, state)
    stage = plan(item, tree, nodes, prefix, ask, state)[1]
    divides = item < count and not leaf
    cost = 0.0
    if divides:
        cost = tree.children[item] * (3.0 if len(nodes.low) else 1.0)
    elif stage >= 0:
        cost = state.count[item] * prefix.ranks[stage] / d + turning(stage, prefix, state)
    given_up = state.sure[item] and (item < count or stage < 0)
    cost += state.count[item] if given_up else 0.0
    if cost > 0.0 and not state.whole[HALT] and not affordable(cost, n, ask, state, d):
        push(item, tree, nodes, prefix, ask, state)
        replan(tree, nodes, prefix, ask, state)
        if not affordable(cost, n, ask, state, d):
            state.whole[HALT] = 1
            reorder(tree, nodes, prefix, ask, state)
        return
    if given_up:
        state.sure[item] = 0
        state.real[SKIPPABLE] -= state.count[item]
    if divides and not state.whole[HALT]:
        for child in range(tree.child[item], tree.child[item] + tree.children[item]):
            look(child, query, tree, nodes, prefix, ask, state)
    elif stage < 0:
        open_all(item, query, keys, tree, ask, state)
    else:
        rotate(stage, query, prefix, ask, state)
        if item >= count:
            refine(item - count, stage, prefix, ask, state)
            push(item, tree, nodes, prefix, ask, state)
            return
        for place in range(tree.first[item], tree.last[item]):
            if tree.order[place] < ask.visible:
                refine(place, stage, prefix, ask, state)
                push(count + place, tree, nodes, prefix, ask, state)


@njit(**KERNEL)
def open_all(item, query, keys, tree, ask, state):
    """Score all keys of an item."""
    count = len(tree.first)
    if item >= count:
        score(item - count, query, keys, ask, state)
        return
    for place in range(tree.first[item], tree.last[item]):
        if tree.order[place] < ask.visible:
            score(place, query, keys, ask, state)


@njit(cache=True, **KERNEL)
def search(query, keys, tree, nodes, prefix, ask, state):
    """Score keys until the mass of the rest is at most eps, or nothing is left."""
    state.real[:], state.whole[:], state.sure[:], state.stage[:], state.dot[:] = 0.0, 0, 0, 0, 0.0
    state.real[TOP] = -math.inf
    state.logits[:] = math.nan
    state.rest[:] = ask.norm
    if tree.roots * (3 if len(nodes.low) else 1) > ask.allowance * ask.visible:  # too few keys to plan for
        for root in range(tree.roots):
            open_all(root, query, keys, tree, ask, state)
        return
    for root in range(tree.roots):
        look(root, query, tree, nodes, prefix, ask, state)
    while not finished(ask, state):
        state.whole[STALE] -= 1
        if state.whole[STALE] < 0:
            replan(tree, nodes, prefix, ask, state)
        advance(pop(state), query, keys, tree, nodes, prefix, ask, state)
