"""How well the pairs of an associative memory can be told apart when each is read back by its own key."""

import math
import numbers
from typing import Any

from array_api_compat import device

from attnlaws.estimators.arrays import Array, reals, refuse, together
from attnlaws.theory.domain import fault
from attnlaws.theory.parameter import choice, real

KERNELS = choice("linear", "relu", "exponential", "rbf")
TEMPERED = ("exponential", "rbf")
LARGEST, SMALLEST = 1e60, 1e-60  # products of five stay inside float64
LOG_MAX = 709.78  # exp of more overflows


def inverse_snr(keys: Array, values: Array, kernel: str = "exponential", tau: float | None = None) -> Array:
    """Interference power over signal power of each stored pair, read back by its own key.

    Reading the memory sum_j kappa(k_j, .) v_j at k_i gives c v_i + r, with c = kappa(k_i, k_i) and r the sum over the
    other pairs; the result is |r|^2 / (c^2 |v_i|^2). Kernels: "linear" x.y, "relu" max(x.y, 0), "exponential"
    exp(x.y / tau), "rbf" exp(-|x - y|^2 / (2 tau)). Weights are taken relative to c before they are exponentiated, so
    nothing overflows unless the ratio itself does (then it is inf). The exponent carries the rounding of an inner
    product: about 1.1e-16 d_k |k|^2 / tau. Memory: a few float64 arrays of [..., n, n].

    Args:
        keys: [..., n, d_k], entries of at most 1e60 in size.
        values: [..., n, d_v], entries of at most 1e60 in size, no row of norm below 1e-60.
        kernel: one of linear, relu, exponential, rbf.
        tau: temperature in [1e-60, 1e60], for "exponential" and "rbf" only; sqrt(d_k) is the usual choice.

    Returns:
        [..., n] in float64; same library and device as the keys.

    Raises:
        ValueError: NaN or an infinite entry, a value of norm zero, a key of norm zero with the linear or relu kernel
            (names the pair), tau missing or superfluous, or inputs that are not arrays of one kind, of these shapes.

    Source:
        arXiv:2505.19488, the definition of the inverse SNR (read in secondary sources).

    Example:
        >>> inverse_snr([[1.0, 0.0], [1.0, 1.0]], [[1.0], [2.0]], kernel="linear")
        array([4.    , 0.0625])
    """
    KERNELS.check("kernel", kernel)
    xp, given = together(keys=keys, values=values)
    k, v = (_vectors(xp, name, given[name]) for name in ("keys", "values"))
    if tuple(v.shape[:-1]) != tuple(k.shape[:-1]):
        demand = f"{(*k.shape[:-1], 'd_v')}, because keys.shape is {tuple(k.shape)}"
        raise fault("values.shape", tuple(v.shape), demand)
    temperature = _temperature(kernel, tau, k.shape[-1])
    sizes = xp.sqrt(xp.sum(v * v, axis=-1))
    refuse(xp, "norm of values", sizes, sizes < SMALLEST, f">= {SMALLEST:g}", "the pair has no signal")
    weights, shift = _relative_weights(xp, k, kernel, temperature)
    noise = xp.matmul(weights, v) / sizes[..., None]
    return _power(xp, noise, shift)


def _vectors(xp: Any, name: str, values: Array) -> Array:
    wide = reals(xp, name, values, ndim=2)
    refuse(xp, name, wide, ~(xp.abs(wide) <= LARGEST), f"a real number of at most {LARGEST:g} in size")
    return wide


def _temperature(kernel: str, tau: object, d_k: int) -> float:
    if kernel not in TEMPERED:
        if tau is not None:
            raise fault("tau", tau, "left out", f"the {kernel} kernel has no temperature")
        return 1.0
    domain = real(minimum=SMALLEST, maximum=LARGEST)
    if not isinstance(tau, numbers.Real):
        why = f"the {kernel} kernel has a temperature; sqrt(d_k) = {math.sqrt(d_k):.6g} is usual"
        raise fault("tau", tau, domain.describe(), why)
    return domain.check("tau", tau)


def _relative_weights(xp: Any, k: Array, kernel: str, tau: float) -> tuple[Array, Array]:
    """kappa(k_j, k_i) / kappa(k_i, k_i) = weights[..., i, j] exp(shift[..., i]), and 0 for j = i."""
    n = k.shape[-2]
    if kernel == "rbf":
        k = k - xp.mean(k, axis=-2, keepdims=True)  # changes no distance, and a common offset would cancel badly
    squares = xp.sum(k * k, axis=-1)
    scores = xp.matmul(k, xp.matrix_transpose(k))
    order = xp.arange(n, device=device(k))
    itself = order[:, None] == order[None, :]
    if kernel not in TEMPERED:
        norms = xp.sqrt(squares)
        refuse(xp, "norm of keys", norms, norms < SMALLEST, f">= {SMALLEST:g}", f"kernel {kernel}: no signal")
        scores = xp.where(scores > 0, scores, 0.0) if kernel == "relu" else scores
        return xp.where(itself, 0.0, scores / squares[..., :, None]), xp.zeros_like(squares)
    if kernel == "rbf":
        exponents = scores - (squares[..., :, None] + squares[..., None, :]) / 2
        exponents = xp.where(exponents > 0, 0.0, exponents)  # above 0 by rounding alone
    else:
        exponents = scores - squares[..., :, None]
    exponents = xp.where(itself, -math.inf, exponents / tau)
    largest = xp.max(exponents, axis=-1)
    shift = xp.where(largest > -math.inf, largest, 0.0)  # a single pair has nothing beside it
    return xp.exp(exponents - shift[..., None]), shift


def _power(xp: Any, noise: Array, shift: Array) -> Array:
    """|noise exp(shift)|^2 without an overflow on the way, and inf where there is no such number."""
    largest = xp.max(xp.abs(noise), axis=-1)
    some = largest > 0
    scale = xp.where(some, largest, 1.0)
    noise = noise / scale[..., None]
    length = xp.sqrt(xp.sum(noise * noise, axis=-1))
    log_root = xp.log(scale) + xp.log(xp.where(some, length, 1.0)) + shift
    fits = 2 * log_root < LOG_MAX
    root = length * xp.where(fits, scale, 0.0) * xp.exp(xp.where(some & fits, shift, 0.0))
    return xp.where(some & ~fits, math.inf, root * root)
