"""The random words as kernels see them, in Numba: Philox4x32-10, one call or up to 256 of them at a time.

The addresses are described in :mod:`attnlaws.simulations.stream`. The functions here trust their arguments.
"""

import numpy as np

from attnlaws.simulations.primitives import abreast, exact

__all__ = ["LANES", "begin_lanes", "philox_call", "philox_lanes", "tagged_lanes", "whole_vectors"]

LANES = 256

_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)


@exact
def whole_vectors(count):
    """So many lanes, rounded up to a multiple of 8: one at a time, the rest of a loop would take longer than eight."""
    return (count + 7) // 8 * 8


@exact
def philox(rounds, c0, c1, c2, c3, k0, k1):
    """Rounds of Philox4x32; all arguments and results are uint64, the counter and the key hold 32-bit values.

    With 64-bit variables the compiler finds the widening 32 x 32 -> 64 vector multiplication.
    """
    for _ in range(rounds):
        p0 = _M0 * c0
        p1 = _M1 * c2
        c0 = ((p1 >> _32) ^ c1 ^ k0) & _LOW
        c2 = ((p0 >> _32) ^ c3 ^ k1) & _LOW
        c1 = p1 & _LOW
        c3 = p0 & _LOW
        k0 = (k0 + _W0) & _LOW
        k1 = (k1 + _W1) & _LOW
    return c0, c1, c2, c3


@exact
def philox_call(k0, k1, call, tag, replicate):
    """The four words of one call, as uint64."""
    call = np.uint64(call)
    return philox(10, call & _LOW, call >> _32, np.uint64(tag), np.uint64(replicate), np.uint64(k0), np.uint64(k1))


@exact
def _low_call(call, i):
    # A sum of 32 bits, or the first product would be one of 64 bits, which takes three.
    return np.uint64(np.uint32(np.uint32(call) + np.uint32(i)))


@exact
def philox_lanes(k0, k1, call, tag, replicate, words, count):
    """Write the words of calls ``call .. call + count - 1`` to ``words`` (uint32 [4, 256]).

    ``call`` is a multiple of 256, so the high half of the call index is one number for the block: the compiler then
    takes a tenth of the rounds' work out of the loop.
    """
    high, t, r = np.uint64(call) >> _32, np.uint64(tag), np.uint64(replicate)
    for i in range(count):
        a, b, c, d = philox(10, _low_call(call, i), high, t, r, np.uint64(k0), np.uint64(k1))
        words[0, i] = np.uint32(a)
        words[1, i] = np.uint32(b)
        words[2, i] = np.uint32(c)
        words[3, i] = np.uint32(d)
    # Every round waits for the last one, and a processor sees too little of the next vectors' to fill the time.
    abreast(4)


@exact
def begin_lanes(k1, call, replicate, begun, count):
    """Write to ``begun`` (uint64 [2, 256]) what two rounds make of a block of calls whatever their tag.

    Two multiplications of eighteen, which :func:`tagged_lanes` need not do again for every tag.
    """
    r, key = np.uint64(replicate), np.uint64(k1)
    for i in range(count):
        product = _M0 * _low_call(call, i)
        begun[0, i] = product
        begun[1, i] = _M1 * (((product >> _32) ^ r ^ key) & _LOW)


@exact
def tagged_lanes(k0, k1, call, tag, begun, words, count):
    """As :func:`philox_lanes`, from what :func:`begin_lanes` has left for the same key, calls and replicate."""
    key0, key1 = np.uint64(k0), np.uint64(k1)
    tagged = _M1 * np.uint64(tag)
    other = _M0 * ((tagged >> _32) ^ (np.uint64(call) >> _32) ^ key0)
    key0, key1 = (key0 + _W0) & _LOW, (key1 + _W1) & _LOW
    first, third, fourth = (tagged & _LOW) ^ key0, (other >> _32) ^ key1, other & _LOW
    key0, key1 = (key0 + _W0) & _LOW, (key1 + _W1) & _LOW
    for i in range(count):
        product, following = begun[0, i], begun[1, i]
        c0, c2 = (following >> _32) ^ first, (product & _LOW) ^ third
        a, b, c, d = philox(8, c0, following & _LOW, c2, fourth, key0, key1)
        words[0, i] = np.uint32(a)
        words[1, i] = np.uint32(b)
        words[2, i] = np.uint32(c)
        words[3, i] = np.uint32(d)
    abreast(8)
