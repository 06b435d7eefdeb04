"""Tags as vectors, tokens that carry them beside a content, and softmax attention that looks for one document.

Nothing here is left to chance: tokens of one document have the same score, whatever their contents are.
"""

import numpy as np

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Exact

TOKENS, CONTENT = 3, 2
"""Tokens a document has, and numbers that a token's content consists of."""


def tags_of(documents: int, tags: str) -> np.ndarray:
    """Tags as unit vectors in no special direction, float64 [document, coordinate].

    Args:
        documents: number of documents.
        tags: how they lie.

    Example:
        >>> float((tags_of(4, "simplex") @ tags_of(4, "simplex").T)[0, 1].round(12))
        -0.333333333333
    """
    mirror = np.arange(1.0, documents + 1)
    rows = np.eye(documents) - 2 * np.outer(mirror, mirror) / (mirror @ mirror)
    if tags == "simplex":
        rows = rows - rows.mean(axis=0)
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    if tags == "antipodal":
        paired = documents // 2 * 2
        rows[1:paired:2] = -rows[:paired:2]
    return rows


def weights(*, documents: int, beta: float, tags: str) -> np.ndarray:
    """The softmax weight of each document, all its tokens together."""
    rows = tags_of(documents, tags)
    contents = np.cos(np.arange(documents * TOKENS * CONTENT)).reshape(documents, TOKENS, CONTENT)
    keys = np.concatenate([np.repeat(rows[:, None], TOKENS, axis=1), contents], axis=2)
    query = np.concatenate([beta * rows[0], np.zeros(CONTENT)])
    scores = keys @ query
    each = np.exp(scores - scores.max()).sum(axis=1)
    return each / each.sum()


EXPERIMENT = Exact(
    value=lambda **point: float(weights(**point)[1:].sum()),
    also={"kept": lambda **point: float(weights(**point)[0])},
    error=1e-12,
    reason="tokens of a document have one score, so that no draw changes the weights; they are computed from tags as "
    "vectors, from tokens and their inner products with the query",
)

if __name__ == "__main__":
    run.main(__file__)
