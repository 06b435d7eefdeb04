"""What a search is asked, and where it stands, in the form that compiled functions take."""

from typing import NamedTuple

import numpy as np


class Settings(NamedTuple):
    """What one query asks.

    Attributes:
        scale: factor of inner products.
        norm: upper bound of the norm of the query times the scale.
        error: bound on what any computed logit or mean of logits is off by.
        eps: the mass that may be left out.
        allowance: cost beyond scoring everything, in parts of that, that may be spent in vain.
        visible: keys from this number on are hidden.
        chord: whether the mean of a node is used beside its radius.
        bennett: whether its spread is.
    """

    scale: float
    norm: float
    error: float
    eps: float
    allowance: float
    visible: int
    chord: bool
    bennett: bool


class State(NamedTuple):
    """Where a search stands.

    Attributes:
        log_bound: logarithm of the upper bound of the mass of an item.
        log_low: logarithm of a lower bound of it, for plans only.
        middle: its estimated logit per key.
        count: its visible keys.
        sure: 1 for items that were found to be negligible together, whatever the others turn out to be.
        stage: how many stages of its prefix a key has been given.
        dot: the inner product of that prefix.
        heap: items.
        rank: what they are ordered by.
        logits: logits of the keys, NaN where they have not been scored.
        query: the query along the basis of the prefixes.
        rest: bound of the norm of what the query has beyond each stage, times the scale.
        real: real numbers, by the names above.
        whole: whole numbers, by the names above.
    """

    log_bound: np.ndarray
    log_low: np.ndarray
    middle: np.ndarray
    count: np.ndarray
    sure: np.ndarray
    stage: np.ndarray
    dot: np.ndarray
    heap: np.ndarray
    rank: np.ndarray
    logits: np.ndarray
    query: np.ndarray
    rest: np.ndarray
    real: np.ndarray
    whole: np.ndarray
