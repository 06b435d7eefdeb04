"""The operations that every function of a kernel is built from, and the way kernels are compiled.

Fused multiply-add and bit casts are LLVM instructions that Numba has no name for. The underscored intrinsics exist in
compiled code only and want exact types; the functions without underscore convert their arguments and can be called
from Python as well.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from llvmlite.ir.instructions import Branch
from numba import njit, types
from numba.extending import intrinsic

__all__ = [
    "abreast",
    "aligned_stack",
    "bits_to_float32",
    "bits_to_float64",
    "call_item",
    "exact",
    "float32_to_bits",
    "float64_to_bits",
    "fma32",
    "fma64",
    "kernel",
    "pointers_apart",
]


STRICT: dict[str, Any] = {"error_model": "numpy", "nogil": True, "no_cfunc_wrapper": True}
"""No entry for C callers, of which there are none: it would be compiled beside the one for Python."""


def exact(function: Callable[..., Any]) -> Any:
    """Compile a function that disappears into its callers.

    LLVM must see through every call, or a loop over lanes does not become vector code. Left to itself it declines, and
    the streams are 6 times slower; ``forceinline`` obliges it. Numba's own ``inline="always"`` gives the same code, but
    infers the types of every copy anew: another 0.6 s for each caller.

    Not cached on disk, neither here nor in :func:`kernel`: Numba's cache looks at the time stamp of the function's own
    file only, so after a change of this file it would go on serving callers in other files with the old code.
    """
    return njit(forceinline=True, **STRICT)(function)


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function that stays a function: strict IEEE arithmetic, division by zero as in NumPy, no GIL.

    That it is not inlined is said, because Numba hands options down to what it has to compile on the way.
    """
    return njit(forceinline=False, **STRICT)(function)


def _fused(kind: types.Float) -> Any:
    def fma(typingctx, a, b, c):
        def lower(context, builder, signature, args):
            return builder.fma(*args)

        return kind(kind, kind, kind), lower

    return intrinsic(fma)


def _cast(source: types.Type, target: types.Type) -> Any:
    def cast(typingctx, x):
        def lower(context, builder, signature, args):
            return builder.bitcast(args[0], context.get_value_type(target))

        return target(source), lower

    return intrinsic(cast)


def _align(typingctx):
    """Called in a kernel: keep its stack on multiples of 32 bytes, and the kernel out of its callers.

    The constants of a loop over lanes outnumber the registers. Numba leaves the rest wherever the stack happens to
    be, half of them across two cache lines, and reading those takes twice as long.
    """

    def lower(context, builder, signature, args):
        builder.function.attributes.alignstack = 32
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.none(), lower


def _apart(typingctx):
    """Called in a function: promise that its pointers lead to memory of their own, or no loop becomes vector code."""

    def lower(context, builder, signature, args):
        for argument in builder.function.args:
            if isinstance(argument.type, ir.PointerType):
                argument.add_attribute("noalias")
        return context.get_dummy_value()

    return types.none(), lower


def _abreast(typingctx, count):
    """Called right after a loop over lanes, with a number: work on so many vectors at a time.

    The compiler does one vector after the other where it finds a loop's body long. If every step of it waits for the
    last, the processor then waits too. It is a hint; the results are the same. A loop that ends with a call of another
    function loses it on the way to the compiler's vectorizer.
    """
    if not isinstance(count, types.IntegerLiteral):
        return None

    def lower(context, builder, signature, args):
        last = _end_of_last_loop(builder.function)
        if last is not None:
            module = builder.module
            name = ir.MetaDataString(module, "llvm.loop.interleave.count")
            hint = module.add_metadata([name, ir.Constant(ir.IntType(32), count.literal_value)])
            # What is said of a loop has to begin with itself, or two loops would share it.
            loop = ir.MDValue(module, (), name=str(len(module.metadata)))
            loop.operands = loop, hint
            last.set_metadata("llvm.loop", loop)
        return context.get_dummy_value()

    return types.none(count), lower


def _end_of_last_loop(function: Any) -> Any:
    """The branch back to the beginning of a loop that was written last; Numba numbers blocks in the source's order."""

    def place(block: Any) -> int:
        return int(re.sub(r"\D.*", "", block.name[1:]) or 0)  # "B36.endif" is in the 36th place, "entry" the first

    def back(block: Any) -> bool:
        end = block.terminator
        return isinstance(end, Branch) and len(end.operands) == 1 and place(end.operands[0]) < place(block)

    return next((block.terminator for block in sorted(function.blocks, key=place, reverse=True) if back(block)), None)


def _call(typingctx, address, x, dots, scalars, parameters, sums, weights, left):
    """Call a stream's function of items by its address, with pointers to arrays."""
    arrays = x, dots, scalars, parameters, sums, weights

    def lower(context, builder, signature, args):
        given = [
            context.make_array(kind)(context, builder, value).data
            for kind, value in zip(signature.args[1:-1], args[1:-1], strict=True)
        ]
        given.append(args[-1])
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in given])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), given)
        return context.get_dummy_value()

    return types.none(types.uint64, *arrays, types.int64), lower


abreast: Any = intrinsic(_abreast)
aligned_stack: Any = intrinsic(_align)
pointers_apart: Any = intrinsic(_apart)
call_item: Any = intrinsic(_call)
_fma32 = _fused(types.float32)
_fma64 = _fused(types.float64)
_float32_to_bits = _cast(types.float32, types.uint32)
_float64_to_bits = _cast(types.float64, types.uint64)
_bits_to_float32 = _cast(types.uint32, types.float32)
_bits_to_float64 = _cast(types.uint64, types.float64)


@exact
def fma32(a, b, c):
    """Return a*b + c rounded once to float32 (IEEE 754 ``fusedMultiplyAdd``; CUDA ``__fmaf_rn``).

    >>> x = 1 + 2.0**-23
    >>> fma32(x, x, -1 - 2.0**-22) == 2.0**-46
    True
    """
    return _fma32(np.float32(a), np.float32(b), np.float32(c))


@exact
def fma64(a, b, c):
    """Return a*b + c rounded once to float64 (IEEE 754 ``fusedMultiplyAdd``; CUDA ``__fma_rn``).

    >>> x = 1 + 2.0**-52
    >>> fma64(x, x, -1 - 2.0**-51) == 2.0**-104
    True
    """
    return _fma64(np.float64(a), np.float64(b), np.float64(c))


@exact
def float32_to_bits(x):
    """Return the bits of a float32 as a uint32.

    >>> hex(float32_to_bits(1.0))
    '0x3f800000'
    """
    return _float32_to_bits(np.float32(x))


@exact
def float64_to_bits(x):
    """Return the bits of a float64 as a uint64.

    >>> hex(float64_to_bits(1.0))
    '0x3ff0000000000000'
    """
    return _float64_to_bits(np.float64(x))


@exact
def bits_to_float32(bits):
    """Return the float32 whose bits are the uint32 ``bits``.

    >>> bits_to_float32(0x3F800000)
    1.0
    """
    return _bits_to_float32(np.uint32(bits))


@exact
def bits_to_float64(bits):
    """Return the float64 whose bits are the uint64 ``bits``.

    >>> bits_to_float64(0x3FF0000000000000)
    1.0
    """
    return _bits_to_float64(np.uint64(bits))
