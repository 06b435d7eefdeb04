"""Selection by rank, in place and without sorting."""

import numpy as np

from attnlaws.simulations.masses import added, allowed_of, at_most, mass_of
from attnlaws.simulations.primitives import exact
from attnlaws.simulations.shared import shared


@exact
def _pivot(values, low, high):
    """The median of the first, the middle and the last entry."""
    first, middle, last = values[low], values[(low + high) >> 1], values[high - 1]
    return max(min(first, middle), min(max(first, middle), last))


@exact
def _smaller_first(values, low, high, pivot):
    """Put the entries below the pivot first; give where they end.

    No branch depends on the data: a mispredicted one costs more than the two moves of an entry.
    """
    end = low
    for i in range(low, high):
        entry = values[i]
        values[i] = values[end]
        values[end] = entry
        end += entry < pivot
    return end


@exact
def _equal_first(values, low, high, pivot):
    """The same for the entries equal to the pivot, where none is below."""
    end = low
    for i in range(low, high):
        entry = values[i]
        values[i] = values[end]
        values[end] = entry
        end += entry == pivot
    return end


@shared("float64(float64[::1], int64)")
def kth_largest(values, k):
    """The k-th largest entry; reorders the array.

    Quickselect. The value returned is exact, so it does not depend on how the search went.

    Args:
        values: float64 [n], no NaN; left reordered.
        k: rank, from 1 for the largest to n.
    """
    target = values.size - k
    low, high = 0, values.size
    while high - low > 1:
        pivot = _pivot(values, low, high)
        smaller = _smaller_first(values, low, high, pivot)
        if target < smaller:
            high = smaller
            continue
        equal = _equal_first(values, smaller, high, pivot)
        if target < equal:
            return pivot
        low = equal
    return values[low]


@exact
def _mass_between(values, low, high, mass, mass_high):
    """A mass and those of some weights."""
    for i in range(low, high):
        mass, mass_high = added(mass, mass_high, mass_of(values[i]), np.uint64(0))
    return mass, mass_high


@shared("int64(float64[::1], float64)")
def kept_of_weights(weights, eps):
    """How many of the largest weights it takes to lose at most the part eps of their sum; reorders the array.

    Quickselect by mass: what is smaller than the pivot is lost as a whole, or holds all that is lost.

    Args:
        weights: float64 [n] from 0 to 1, the largest of them 1; left reordered.
        eps: in (0, 1); at least one weight is kept.
    """
    zero = np.uint64(0)
    bound, bound_high = _mass_between(weights, 0, weights.size, zero, zero)
    bound, bound_high = allowed_of(bound, bound_high, eps)
    low, high = 0, weights.size
    below, below_high = zero, zero
    while low < high:
        pivot = _pivot(weights, low, high)
        smaller = _smaller_first(weights, low, high, pivot)
        more, more_high = _mass_between(weights, low, smaller, below, below_high)
        if not at_most(more, more_high, bound, bound_high):
            high = smaller
            continue
        equal = _equal_first(weights, smaller, high, pivot)
        for low in range(smaller, equal):
            below, below_high = more, more_high
            more, more_high = added(below, below_high, mass_of(pivot), zero)
            if not at_most(more, more_high, bound, bound_high):
                return weights.size - low
        below, below_high = more, more_high
        low = equal
    return weights.size - low
