"""What a softmax row loses when it is cut to its largest weights."""

import numpy as np

from attnlaws.simulations.arithmetic import pexp64
from attnlaws.simulations.selection import kth_largest
from attnlaws.simulations.shared import shared
from attnlaws.simulations.sums import fold


@shared("float64(float64[::1], float64[::1], int64, float64)")
def tail_share(scores, ordered, k, sigma):
    """The part of the weights exp(sigma score) that lies outside the k largest.

    Args:
        scores: float64 [n], no NaN.
        ordered: float64 [n], scratch.
        k: number of keys kept, from 1 to n; of keys that tie with the smallest kept one, any.
        sigma: factor of the scores.
    """
    n, largest = scores.size, scores[0]
    for i in range(n):
        ordered[i] = scores[i]
        largest = scores[i] if scores[i] > largest else largest
    threshold = kth_largest(ordered, k)
    tail, head = np.zeros(256), np.zeros(256)
    for start in range(0, n, 256):
        for i in range(min(256, n - start)):
            weight = pexp64(sigma * (scores[start + i] - largest))
            below = scores[start + i] < threshold
            tail[i] += weight if below else 0.0
            head[i] += 0.0 if below else weight
    lost, kept = fold(tail), fold(head)
    # Scores equal to the threshold were all counted as kept; at most k are.
    reached = 0
    for i in range(n):
        reached += scores[i] >= threshold
    moved = (reached - k) * pexp64(sigma * (threshold - largest))
    return (lost + moved) / (lost + kept)
