"""Indexes that are wrong on purpose: what checks certificates must find them out."""

import copy

import numpy as np

from attnlaws.estimators.key_index.index import KeyIndex

CONTROLS = {
    "mean for maximum": "the mean logit of a block in place of its largest",
    "shuffled": "every block has the summary of another",
    "one for many": "the bound of one key in place of that of all keys of a block",
}


def tampered(index: KeyIndex, control: str) -> KeyIndex:
    """A copy of an index whose certificates are false.

    Its prefixes are taken away too, or they would make good some of what the summaries of blocks get wrong.

    Example:
        >>> keys = np.sin(np.arange(2000.0)).reshape(-1, 2)
        >>> found = tampered(KeyIndex(keys), "one for many").select([9.0, 9.0], eps=0.1)
        >>> logits = keys @ [9.0, 9.0] / 2**0.5
        >>> left_out = 1 - np.exp(logits[found.keys[0]]).sum() / np.exp(logits).sum()
        >>> bool(left_out > found.tail)
        True
    """
    nodes, leaf = index._nodes, np.flatnonzero(index._tree.children == 0)
    changes: dict[str, np.ndarray] = {"residual": nodes.residual[:, :0]}
    if control == "mean for maximum":
        changes |= {name: np.zeros_like(getattr(nodes, name)) for name in ("slip", "radius", "spread")}
        changes |= {"low": nodes.low[:0], "high": nodes.high[:0]}
    elif control == "shuffled":
        for name in ("center", "slip", "radius", "spread"):
            array = getattr(nodes, name).copy()
            array[leaf] = array[np.roll(leaf, len(leaf) // 2)]
            changes[name] = array
    else:
        changes["weight"] = np.ones_like(nodes.weight)
    wrong = copy.copy(index)
    wrong._nodes = nodes._replace(**changes)
    prefix = index._prefix
    wrong._prefix = prefix._replace(
        basis=prefix.basis[:, :0], ranks=prefix.ranks[:0], part=prefix.part[:, :0], residual=prefix.residual[:, :0]
    )
    return wrong
