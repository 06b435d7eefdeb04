"""Random streams: every normal of every experiment has an address, and its bits depend on the address alone.

The generator is Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11):
a keyed bijection from a counter of four 32-bit words to four random words. It has no state, so a number is the same
whichever thread, batch, process or device asks for it, and in whatever order.

* The key is :func:`stream_key` of the seed and a label.
* The counter is (low half of the call index, high half of it, tag, replicate).
* A *call* gives W normals by Box and Muller (1958). float32, W = 4: words (a, b, c, d) give two pairs, one of (a, b)
  and one of (c, d): +-r cos(t) and +-r sin(t), with r = sqrt(-2 ln u), u = (h + 1/2) 2^-31, h the low 31 bits of a,
  and t = pi/4 + (pi/2) b / 2^32 in the first quadrant, b read as signed; the first is negative when the top bit of a
  is set, the second when the low bit of b is. float64, W = 2: r cos(t) and r sin(t), with u = (v + 1/2) 2^-64,
  v = a + 2^32 b, and t = 2 pi (c + 2^32 d) / 2^64.
* 31 bits would end the normal distribution at 6.7 standard deviations. When h is below 256, 32 more bits come from
  the same word e of the call with tag ``tag ^ REFINE``, u = (h + (e + 1/2) 2^-32) 2^-31, and the float32 stream
  reaches 9.4, as float64 does.
  Tags with the bit REFINE are therefore nobody's.

Element j of a (key, tag, replicate) is normal j % W of call j // W, so the first elements do not depend on how many are
asked for. float32 and float64 are different streams.
"""

import hashlib
import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnlaws.simulations.lanes import (
    LANES,
    REFINE,
    dot_lanes32,
    dot_lanes64,
    fill_normals32,
    fill_normals64,
    normal_lanes32,
    normal_lanes64,
    square_lanes32,
    square_lanes64,
)

__all__ = [
    "LANES",
    "REFINE",
    "dot_lanes32",
    "dot_lanes64",
    "fill_normals32",
    "fill_normals64",
    "normal_lanes32",
    "normal_lanes64",
    "normals",
    "philox4x32",
    "square_lanes32",
    "square_lanes64",
    "stream_key",
]

_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def _whole(name: str, value: Any, below: int | None = None) -> int:
    """Return ``value`` as an int, or raise ValueError with its name, domain and value."""
    domain = "an integer >= 0" if below is None else f"an integer in [0, 2^{below.bit_length() - 1})"
    message = f"{name} = {value!r}: must be {domain}"
    if isinstance(value, (bool, np.bool_)):
        raise ValueError(message)
    try:
        whole = operator.index(value)
    except TypeError:
        raise ValueError(message) from None
    if whole < 0 or (below is not None and whole >= below):
        raise ValueError(message)
    return whole


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} = {value!r}: must be a string")
    return value


def stream_key(seed: int, label: str) -> tuple[int, int]:
    """Return the Philox key of a seed and a label.

    The two words are the first eight bytes of SHA-256 of the UTF-8 text ``seed|label`` (seed in decimal), read as
    big-endian numbers: k0 is bytes 0 to 3, k1 bytes 4 to 7. Different seeds or labels give unrelated streams; two of
    a million keys coincide with a probability of 3e-8.

    Args:
        seed: Integer >= 0 of any size.
        label: What the stream is for.

    Returns:
        (k0, k1), each in [0, 2^32).

    Raises:
        ValueError: seed is not an integer >= 0, or label is not a string.

    >>> [hex(word) for word in stream_key(0, "topk.tail_mass")]
    ['0x19bd1c25', '0x83a470cd']
    """
    text = f"{_whole('seed', seed)}|{_text('label', label)}"
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:4], "big"), int.from_bytes(digest[4:8], "big")


def _words(name: str, value: ArrayLike, last: int) -> NDArray[np.uint64]:
    array = np.asarray(value)
    if array.dtype.kind not in "iu" or array.ndim == 0 or array.shape[-1] != last:
        raise ValueError(
            f"{name} has dtype {array.dtype} and shape {array.shape}: must be integers of shape [..., {last}]"
        )
    outside = (array < 0) | (array > 0xFFFFFFFF)
    if outside.any():
        raise ValueError(f"{name} holds {array[outside][0]}: must lie in [0, 2^32)")
    return array.astype(np.uint64)


def philox4x32(counter: ArrayLike, key: ArrayLike) -> NDArray[np.uint32]:
    """Philox4x32-10, the random function under every stream, in NumPy.

    Args:
        counter: Integers [..., 4] in [0, 2^32).
        key: Integers [..., 2] in [0, 2^32). The leading axes of counter and key broadcast.

    Returns:
        uint32 [..., 4].

    Raises:
        ValueError: counter or key is not an array of integers of that shape and range, or they do not broadcast.

    Source: Salmon et al. (SC11); the words are those of the authors' library Random123.

    >>> [hex(word) for word in philox4x32([0, 0, 0, 0], [0, 0]).tolist()]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    c0, c1, c2, c3 = np.moveaxis(_words("counter", counter, 4), -1, 0)
    k0, k1 = np.moveaxis(_words("key", key, 2), -1, 0)
    try:
        np.broadcast_shapes(c0.shape, k0.shape)
    except ValueError:
        raise ValueError(f"counter and key: leading axes {c0.shape} and {k0.shape} must broadcast") from None
    for _ in range(10):
        p0, p1 = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c1 = (p1 >> _HALF) ^ c1 ^ k0, p1 & _LOW
        c2, c3 = (p0 >> _HALF) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _WEYL[0]) & _LOW, (k1 + _WEYL[1]) & _LOW
    return np.stack(np.broadcast_arrays(c0, c1, c2, c3), axis=-1).astype(np.uint32)


def _float_type(dtype: Any) -> np.dtype:
    # NumPy reads None as float64, also in comparisons.
    try:
        kind = None if dtype is None else np.dtype(dtype)
    except TypeError:
        kind = None
    if kind is None or kind not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ValueError(f"dtype = {dtype!r}: must be float32 or float64")
    return kind


def normals(
    seed: int, law_id: str, replicate: int, count: int, dtype: Any = np.float64
) -> NDArray[np.float32] | NDArray[np.float64]:
    """Return the first standard normals at tag 0 under the key ``stream_key(seed, law_id)``.

    Args:
        seed: Integer >= 0.
        law_id: The label of the stream.
        replicate: Integer in [0, 2^32).
        count: Integer >= 0. A longer array begins with the shorter one.
        dtype: float32 or float64; they are different streams.

    Returns:
        Array [count] of that type.

    Raises:
        ValueError: an argument is outside its domain.

    >>> short, long = normals(1, "example", 0, 3), normals(1, "example", 0, 1000)
    >>> bool((short == long[:3]).all())
    True
    """
    k0, k1 = stream_key(seed, _text("law_id", law_id))
    number = np.uint64(_whole("replicate", replicate, 1 << 32))
    size = _whole("count", count)
    kind = _float_type(dtype)
    out = np.empty(size, kind)
    fill = fill_normals32 if kind == np.float32 else fill_normals64
    fill(np.uint64(k0), np.uint64(k1), number, np.uint64(0), out)
    return out
