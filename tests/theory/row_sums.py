"""Sums over softmax rows in high precision, key by key: what bounds on rows are held against."""

import random

import mpmath
import numpy as np

DIGITS = 60


def exact_weights(logits):
    """The weights of the scores that are not masked, as mpmath numbers, the largest first."""
    finite = sorted((float(score) for score in logits if np.isfinite(score)), reverse=True)
    return [mpmath.exp(mpmath.mpf(score) - mpmath.mpf(finite[0])) for score in finite]


def exact_tail(logits, k):
    """The tail mass outside the k largest weights."""
    with mpmath.workdps(DIGITS):
        weights = exact_weights(logits)
        return mpmath.fsum(weights[k:]) / mpmath.fsum(weights)


def random_rows(seed, count):
    """Rows of any spread, some with ties, some with masked keys, some of two levels; and a k for each, below n."""
    rng = random.Random(seed)
    for _ in range(count):
        spread, size = rng.choice([0.1, 1.0, 5.0, 60.0, 400.0]), rng.randint(2, 30)
        row = [rng.gauss(0, spread) for _ in range(size)]
        kind = rng.randrange(4)
        if kind == 1:
            row = [round(score) for score in row]
        k = rng.randint(1, size - 1)
        if kind == 2:
            gap = abs(row[0])
            row = [0.0] * k + [-gap] * (size - k)
        if kind == 3:
            row += [-np.inf] * rng.randint(1, 50)
        rng.shuffle(row)
        yield row, k
