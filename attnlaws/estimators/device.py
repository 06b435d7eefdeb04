"""The fewest keys of long rows on an NVIDIA GPU, by a weighted radix select instead of a sort."""

from typing import Any

import numpy as np

__all__ = ["fewest_on_device"]

BLOCKS = 1 << 16
THREADS = 256
OPTIONS = ("--std=c++17",)
ROUNDING = 2.0**-45
"""Relative error of a mass that is asked to be below every rounding here: of differences of scores that weigh more than
2^-62 (2^-47.5), of exponentials and products (2^-51)."""
UNIT = 2.0**-62
"""Masses are whole multiples of this part of the largest."""


def fewest_on_device(cupy: Any, scores: Any, eps: Any) -> Any:
    """The fewest keys of each row that lose at most a share eps, in 16 passes over the row and without a copy of it.

    A row is left undecided where a number of keys loses eps but for what rounding can change, here or in a sum of the
    sorted masses with errors of at most 4 sqrt(n) roundings.

    Args:
        cupy: the namespace of the arrays, with ``RawModule``.
        scores: float64 [rows, n], contiguous, -inf where masked, a number in each row.
        eps: float64 [rows], in (0, 1).

    Returns:
        int64 [rows], 0 where a row is undecided.
    """
    from attnlaws.simulations.cuda_source import header_source  # prints the constants of the kernels' arithmetic

    rows, n = scores.shape
    doubt = doubt_of(eps, n)
    kept = cupy.zeros(rows, dtype=np.int64)
    code = cupy.RawModule(code=header_source("fewest_keys.cuh"), options=OPTIONS, backend="nvrtc")
    grid = (min(int(rows), BLOCKS),)
    code.get_function("fewest_keys")(grid, (THREADS,), (scores, np.int64(rows), np.int64(n), eps, doubt, kept))
    return kept


def doubt_of(eps: Any, n: int) -> Any:
    """By which part of itself the mass that may be lost is in doubt; from 1 on, everything is.

    Example:
        >>> float(doubt_of(np.array([0.1]), 1 << 20)[0]) < 1e-11
        True
    """
    return ROUNDING + 4 * np.sqrt(n) * 2.0**-52 + 2 * (n + 1) * UNIT / eps
