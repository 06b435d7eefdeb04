"""Selection by rank, in place and without sorting."""

from attnlaws.simulations.primitives import kernel


@kernel
def kth_largest(values, k):
    """The k-th largest entry; reorders the array.

    Hoare's quickselect with the middle entry as pivot: the value returned is exact, so it does not depend on how the
    search went.

    Args:
        values: float64 [n], no NaN; left reordered.
        k: rank, from 1 for the largest to n.
    """
    target = values.size - k
    low, high = 0, values.size - 1
    while low < high:
        pivot = values[(low + high) >> 1]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if target <= j:
            high = j
        elif target >= i:
            low = i
        else:
            break
    return values[target]
