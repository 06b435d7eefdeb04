"""What cutting a softmax row does to its output, from the definitions, with 60 digits; and rows to try it on."""

import random

import mpmath

DIGITS = 60


def by_hand(logits, values, k):
    """Error, tail mass, distances and variances of one row, key by key.

    Args:
        logits: scores in any order; of keys that tie, the first ones are kept.
        values: one vector for each.
        k: how many keys are kept.
    """
    with mpmath.workdps(DIGITS):
        order = sorted(range(len(logits)), key=lambda i: -logits[i])
        w = [mpmath.exp(mpmath.mpf(float(logits[i])) - mpmath.mpf(float(max(logits)))) for i in order]
        v = [[mpmath.mpf(float(x)) for x in values[i]] for i in order]
        p = [x / mpmath.fsum(w) for x in w]
        q = [x / mpmath.fsum(w[:k]) if i < k else mpmath.mpf(0) for i, x in enumerate(w)]
        t = [x / mpmath.fsum(w[k:]) if i >= k else mpmath.mpf(0) for i, x in enumerate(w)] if k < len(w) else q

        def mean(weights):
            return [mpmath.fsum(a * x[c] for a, x in zip(weights, v, strict=True)) for c in range(len(v[0]))]

        def apart(x, y):
            return mpmath.sqrt(mpmath.fsum((a - b) ** 2 for a, b in zip(x, y, strict=True)))

        def variance(weights):
            return mpmath.fsum(a * apart(x, mean(weights)) ** 2 for a, x in zip(weights, v, strict=True))

        plain = mean([mpmath.mpf(1) / len(v)] * len(v))
        tail = mpmath.fsum(p[k:])
        chi_square = mpmath.fsum((b - a) ** 2 / a for a, b in zip(p, q, strict=True))
        return {
            "error": apart(mean(p), mean(q)),
            "tail": tail,
            "chi_square": chi_square,
            "gap": apart(mean(q), mean(t)),
            "across": max((apart(x, y) for x in v[:k] for y in v[k:]), default=mpmath.mpf(0)),
            "reach": max((apart(x, mean(q)) for x in v[k:]), default=mpmath.mpf(0)),
            "radius": max(apart(x, plain) for x in v),
            "norm": max(apart(x, [0] * len(x)) for x in v),
            "variance": variance(p),
            "within": (1 - tail) * variance(q),
        }


def instances(seed, count, *, smallest=1, spreads=(0.0, 0.3, 1.0, 5.0)):
    """Random rows, values and k; ties where the spread is 0."""
    rng = random.Random(seed)
    for _ in range(count):
        n, width, spread = rng.randint(2, 14), rng.randint(1, 4), rng.choice(spreads)
        logits = [rng.gauss(0, spread) for _ in range(n)]
        values = [[rng.gauss(0, 1) for _ in range(width)] for _ in range(n)]
        yield logits, values, rng.randint(smallest, n - 1)
