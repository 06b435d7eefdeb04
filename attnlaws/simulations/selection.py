"""Selection by rank, in place and without sorting."""

from attnlaws.simulations.primitives import kernel


@kernel
def kth_largest(values, k):
    """The k-th largest entry; reorders the array.

    Quickselect whose inner loops hold no branch that depends on the data: a mispredicted branch costs more than the
    two moves of an entry. The value returned is exact, so it does not depend on how the search went.

    Args:
        values: float64 [n], no NaN; left reordered.
        k: rank, from 1 for the largest to n.
    """
    target = values.size - k
    low, high = 0, values.size
    while high - low > 1:
        first, middle, last = values[low], values[(low + high) >> 1], values[high - 1]
        pivot = max(min(first, middle), min(max(first, middle), last))
        smaller = low
        for i in range(low, high):
            entry = values[i]
            values[i] = values[smaller]
            values[smaller] = entry
            smaller += entry < pivot
        if target < smaller:
            high = smaller
            continue
        equal = smaller
        for i in range(smaller, high):
            entry = values[i]
            values[i] = values[equal]
            values[equal] = entry
            equal += entry == pivot
        if target < equal:
            return pivot
        low = equal
    return values[low]
