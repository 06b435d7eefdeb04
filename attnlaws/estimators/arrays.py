"""What every estimator asks of the arrays it is given, and the errors where they are not so.

Checks read back one truth value each; elements leave their device only to be named in an error.
"""

import math
import numbers
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_array_api_obj

from attnlaws.theory.domain import fault

Array = Any
"""An array of a library that follows the array API standard; the standard has no common type."""

KINDS = "an array of NumPy, CuPy, PyTorch or another library of the array API, or nested lists of numbers"
WIDEST_INTEGER = 1 << 53  # the integers that float64 holds without a gap


def together(*, optional: str = "", **given: object) -> tuple[Any, dict[str, Array]]:
    """The inputs of one call as arrays of one kind on one device.

    Lists and numbers follow the arrays that they come with, and are NumPy's where there is none.

    Args:
        optional: name of the input that may be None, and is then left out.
        given: inputs by name.

    Returns:
        The namespace, and the arrays by name.

    Raises:
        ValueError: an input is no array, or inputs differ in kind or device.

    Example:
        >>> xp, found = together(logits=[[0.0, 1.0]], k=1)
        >>> found["logits"].shape, found["k"].shape
        ((1, 2), ())
    """
    inputs = {name: value for name, value in given.items() if value is not None or name != optional}
    found = {name: _plain(value) for name, value in inputs.items() if _is_array(name, value)}
    made = {name: _from_lists(name, value) for name, value in inputs.items() if name not in found}
    if not found:
        return array_namespace(*made.values()), made
    first, model = next(iter(found.items()))
    for name, value in found.items():
        if array_namespace(value) is not array_namespace(model):
            raise fault(f"type of {name}", type(value), f"that of {first}, {type(model)}")
        if device(value) != device(model):
            raise fault(f"device of {name}", str(device(value)), f"that of {first}, {str(device(model))!r}")
    xp = array_namespace(model)
    return xp, found | {name: xp.asarray(value, device=device(model)) for name, value in made.items()}


def _plain(value: Any) -> Array:
    return np.asarray(value) if isinstance(value, np.ndarray) else value  # np.matrix has rules of its own


def _is_array(name: str, value: object) -> bool:
    if isinstance(value, np.ma.MaskedArray):
        raise fault(f"type of {name}", type(value), "a plain array", "its mask would be lost; give it as `mask`")
    if isinstance(value, list | tuple | numbers.Number | np.generic):
        return False
    if not is_array_api_obj(value):
        raise fault(name, value, KINDS)
    return True


def _from_lists(name: str, value: object) -> np.ndarray:
    try:
        made = np.asarray(value)
    except (ValueError, TypeError, RuntimeError):
        raise fault(name, value, f"{KINDS}, in rows of equal length") from None
    if made.dtype.kind not in "biuf":
        raise fault(name, value, f"{KINDS}, in rows of equal length")
    return made


def reals(xp: Any, name: str, values: Array, ndim: int = 0) -> Array:
    """The values in float64.

    Args:
        xp: namespace of the values.
        name: the parameter, for messages.
        values: an array of any shape.
        ndim: the least number of axes.

    Returns:
        The same numbers in float64.

    Raises:
        ValueError: wrong dtype or number of axes, empty, or not exact in float64.
    """
    if values.ndim < ndim:
        raise fault(f"{name}.ndim", values.ndim, f"an integer >= {ndim}")
    if math.prod(values.shape) == 0:
        raise fault(f"{name}.shape", tuple(values.shape), "free of zeros (the array is empty)")
    if xp.isdtype(values.dtype, "integral"):
        if xp.iinfo(values.dtype).bits > 32:
            signed = xp.isdtype(values.dtype, "signed integer")
            beyond = (values > WIDEST_INTEGER) | (values < -WIDEST_INTEGER) if signed else values > WIDEST_INTEGER
            refuse(xp, name, values, beyond, "at most 2^53 in size", "float64 has gaps beyond")
    elif not xp.isdtype(values.dtype, "real floating") or xp.finfo(values.dtype).bits > 64:
        raise fault(f"{name}.dtype", values.dtype, "a real floating-point or integer type of 64 bits or fewer")
    widened = xp.astype(values, xp.float64)
    if widened.dtype != xp.float64:
        raise fault(f"{name}.dtype", widened.dtype, "one that can be widened to float64 (JAX: enable x64)")
    return widened


def wholes(xp: Any, name: str, values: Array) -> Array:
    """The values in int64.

    Raises:
        ValueError: the dtype is not one of integers, or the array is empty.
    """
    if not xp.isdtype(values.dtype, "integral"):
        raise fault(f"{name}.dtype", values.dtype, "a type of integers")
    if math.prod(values.shape) == 0:
        raise fault(f"{name}.shape", tuple(values.shape), "free of zeros (the array is empty)")
    return xp.astype(values, xp.int64)


def refuse(xp: Any, name: str, values: Array, bad: Array, demand: str, why: str = "") -> None:
    """Raise if any element is bad, naming the first.

    Raises:
        ValueError: the name with the element's index, its value, and the demand.

    Example:
        >>> refuse(np, "eps", np.array([0.1, 2.0]), np.array([False, True]), "a real number in (0, 1)")
        Traceback (most recent call last):
        ValueError: eps[1] = 2.0: must be a real number in (0, 1)
    """
    if bool(xp.any(bad)):
        index = first(xp, bad)
        element = values[index]
        plain = int(element) if xp.isdtype(values.dtype, "integral") else float(element)
        raise fault(at(name, index), plain, demand, why)


def first(xp: Any, bad: Array) -> tuple[int, ...]:
    """The index of the first true element, in the order of rows."""
    flat = int(xp.argmax(xp.astype(xp.reshape(bad, (-1,)), xp.int8)))
    return tuple(int(i) for i in np.unravel_index(flat, tuple(bad.shape)))


def at(name: str, index: tuple[int, ...]) -> str:
    """An element as it is written in Python.

    Example:
        >>> at("logits", (0, 3)), at("eps", ())
        ('logits[0, 3]', 'eps')
    """
    return f"{name}[{', '.join(str(i) for i in index)}]" if index else name


def own(index: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The index, in an array of this shape, of what was broadcast to an index.

    Example:
        >>> own((4, 2), (5, 1)), own((4, 2), (3,)), own((4, 2), ())
        ((4, 0), (2,), ())
    """
    last = index[len(index) - len(shape) :]
    return tuple(i if size > 1 else 0 for i, size in zip(last, shape, strict=True))


def joined_shape(name: str, values: Array, shape: tuple[int, ...], demand: str) -> tuple[int, ...]:
    """The shape that the values and another shape broadcast to.

    Raises:
        ValueError: they do not broadcast; says the demand.
    """
    try:
        return np.broadcast_shapes(tuple(values.shape), shape)
    except ValueError:
        raise fault(f"{name}.shape", tuple(values.shape), demand) from None
