"""How well the pairs of an associative memory can be told apart when each is read back by its own key."""

import math
from dataclasses import dataclass
from typing import Any

from attnlaws.estimators.arrays import Array, reals, refuse, together
from attnlaws.estimators.kernels import LARGEST, SMALLEST, Kernel, log_signal, relative_weights
from attnlaws.theory.domain import fault

LOG_MAX = 709.78  # exp of more overflows


def inverse_snr(
    keys: Array,
    values: Array,
    kernel: str = "exponential",
    tau: float | None = None,
    *,
    power: int | None = None,
    bias: float | None = None,
) -> Array:
    """Interference power over signal power of each stored pair, read back by its own key.

    Reading the memory sum_j kappa(k_j, .) v_j at k_i gives c v_i + r, with c = kappa(k_i, k_i) and r the sum over the
    other pairs; the result is |r|^2 / (c^2 |v_i|^2). Kernels, for a stored key x and a query y: "linear" x.y, "relu"
    max(x.y, 0), "power" (x.y)^power, "relu_power" max(x.y, 0)^power, "biased_relu" max(x.y - bias |y|, 0),
    "exponential" exp(x.y / tau), "solu" x.y exp(x.y / tau), "rbf" exp(-|x - y|^2 / (2 tau)). Weights are taken relative
    to c before they are exponentiated, so nothing overflows unless the ratio itself does (then it is inf). The exponent
    carries the rounding of an inner product: about 1.1e-16 d_k |k|^2 / tau. Memory: a few float64 arrays of
    [..., n, n].

    Args:
        keys: [..., n, d_k], entries of at most 1e60 in size.
        values: [..., n, d_v], entries of at most 1e60 in size, no row of norm below 1e-60.
        kernel: one of linear, relu, power, relu_power, biased_relu, exponential, solu, rbf.
        tau: temperature in [1e-60, 1e60], for "exponential", "solu" and "rbf" only; sqrt(d_k) is the usual choice.
        power: exponent from 1 to 64, for "power" and "relu_power" only.
        bias: threshold of a score in norms of the query, at least 0, for "biased_relu" only; for Gaussian keys it
            counts standard deviations of a score.

    Returns:
        [..., n] in float64; same library and device as the keys.

    Raises:
        ValueError: NaN or an infinite entry, a value of norm zero, a key without signal (norm zero, or below the bias;
            names the pair), an option missing or superfluous, or inputs that are not arrays of one kind, of these
            shapes.

    Source:
        arXiv:2505.19488, the definition of the inverse SNR (read in secondary sources).

    Example:
        >>> inverse_snr([[1.0, 0.0], [1.0, 1.0]], [[1.0], [2.0]], kernel="linear")
        array([4.    , 0.0625])
    """
    reading = _read(keys, values, kernel, tau=tau, power=power, bias=bias)
    return _power(reading.xp, reading.noise, reading.shift)


@dataclass(frozen=True)
class InverseSnr:
    """The interference of a memory in every convention (arrays of the batch's shape), and what carries it.

    Attributes:
        pairs: the ratio of each pair, [..., n].
        expectation: its mean over the pairs.
        ratio: mean interference over mean signal, [sum of |r|^2] / [sum of c^2 |v|^2].
        geometric: the exponential of its mean logarithm; 0 where a pair has no interference at all.
        median: its median.
        effective: how many other pairs carry a pair's interference, (sum w^2)^2 / sum w^4 for weights w, [..., n].
        spread: standard deviation sigma of the other pairs' scores over tau, [..., n]; None without a temperature.
        mean_is_typical: whether ln(n - 1) > 2 sigma^2, [..., n]; below, the mean of Gaussian scores' weights sits in
            scores that a memory of this size does not have, and a law for the mean tells nothing about it.
        error_bars_hold: whether ln(n - 1) > 8 sigma^2, [..., n]; below, the spread of the weights is unseen too.

    Example:
        >>> found = summarize_inverse_snr([[1.0, 0.0], [1.0, 1.0]], [[1.0], [2.0]], "linear")
        >>> print(found)
        expectation 2.031, ratio 0.2941, geometric 0.5, median 2.031 over 2 pairs
    """

    pairs: Array
    expectation: Array
    ratio: Array
    geometric: Array
    median: Array
    effective: Array
    spread: Array | None
    mean_is_typical: Array | None
    error_bars_hold: Array | None

    def __str__(self) -> str:
        """One memory in a line; several as the range of each convention."""
        names = ("expectation", "ratio", "geometric", "median")
        parts = [f"{name} {_shown(getattr(self, name))}" for name in names]
        text = f"{', '.join(parts)} over {self.pairs.shape[-1]} pairs"
        if self.mean_is_typical is None or self.error_bars_hold is None:
            return text
        count = math.prod(self.pairs.shape)
        typical, trusted = (count - int(flag.sum()) for flag in (self.mean_is_typical, self.error_bars_hold))
        return f"{text}; ln n too small for the mean at {typical} of {count} pairs, for its error bar at {trusted}"


def summarize_inverse_snr(
    keys: Array,
    values: Array,
    kernel: str = "exponential",
    tau: float | None = None,
    *,
    power: int | None = None,
    bias: float | None = None,
) -> InverseSnr:
    """The size of the inverse SNR of one memory in every convention, and whether its mean can be trusted.

    The conventions differ by factors up to e^8 in theory (`retrieval.exponential`), so a comparison has to name one.
    They are those of the laws, with averages over the pairs of this memory: the laws average over Gaussian memories.

    Args:
        keys: as for :func:`inverse_snr`.
        values: likewise.
        kernel: likewise.
        tau: likewise.
        power: likewise.
        bias: likewise.

    Returns:
        One number of each convention per memory of the batch, with the pairs' own numbers and flags.

    Raises:
        ValueError: as for :func:`inverse_snr`, and where there are fewer than two pairs.

    Source:
        arXiv:2505.19488, the definition of the inverse SNR (read in secondary sources); the conventions are ours.

    Example:
        >>> found = summarize_inverse_snr([[1.0, 0.0], [1.0, 1.0]], [[1.0], [2.0]], tau=1.0)
        >>> round(float(found.geometric), 4), found.mean_is_typical.tolist()
        (0.3679, [False, False])
    """
    reading = _read(keys, values, kernel, tau=tau, power=power, bias=bias)
    xp, n = reading.xp, reading.keys.shape[-2]
    if n < 2:
        raise fault("keys.shape", tuple(reading.keys.shape), "at least 2 pairs (n is its last but one entry)")
    pairs = _power(xp, reading.noise, reading.shift)
    none = pairs == 0
    logs = xp.log(xp.where(none, 1.0, pairs))
    strength = 2 * (log_signal(xp, reading.keys, reading.kernel) + xp.log(reading.sizes))
    share = xp.exp(strength - xp.max(strength, axis=-1, keepdims=True))
    squares = reading.weights**2
    spread = _spread(xp, reading)
    bound = math.log(n - 1)
    return InverseSnr(
        pairs=pairs,
        expectation=xp.mean(pairs, axis=-1),
        ratio=xp.sum(pairs * share, axis=-1) / xp.sum(share, axis=-1),
        geometric=xp.where(xp.any(none, axis=-1), 0.0, xp.exp(xp.mean(logs, axis=-1))),
        median=_median(xp, pairs),
        effective=_ratio(xp, xp.sum(squares, axis=-1) ** 2, xp.sum(squares**2, axis=-1)),
        spread=spread,
        mean_is_typical=None if spread is None else bound > 2 * spread**2,
        error_bars_hold=None if spread is None else bound > 8 * spread**2,
    )


@dataclass(frozen=True)
class _Reading:
    """What every pair reads beside its own value: noise exp(shift), relative to the signal."""

    xp: Any
    kernel: Kernel
    keys: Array
    sizes: Array
    weights: Array
    shift: Array
    noise: Array


def _read(keys: Array, values: Array, kernel: str, **options: object) -> _Reading:
    xp, given = together(keys=keys, values=values)
    k, v = (_vectors(xp, name, given[name]) for name in ("keys", "values"))
    if tuple(v.shape[:-1]) != tuple(k.shape[:-1]):
        demand = f"{(*k.shape[:-1], 'd_v')}, because keys.shape is {tuple(k.shape)}"
        raise fault("values.shape", tuple(v.shape), demand)
    chosen = Kernel.checked(kernel, d_k=k.shape[-1], **options)
    sizes = xp.sqrt(xp.sum(v * v, axis=-1))
    refuse(xp, "norm of values", sizes, sizes < SMALLEST, f">= {SMALLEST:g}", "the pair has no signal")
    weights, shift = relative_weights(xp, k, chosen)
    return _Reading(xp, chosen, k, sizes, weights, shift, xp.matmul(weights, v) / sizes[..., None])


def _vectors(xp: Any, name: str, values: Array) -> Array:
    wide = reals(xp, name, values, ndim=2)
    refuse(xp, name, wide, ~(xp.abs(wide) <= LARGEST), f"a real number of at most {LARGEST:g} in size")
    return wide


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


def _spread(xp: Any, reading: _Reading) -> Array | None:
    """The standard deviation of the scores of all other pairs, over tau."""
    if reading.kernel.name not in ("exponential", "solu"):
        return None
    n, k = reading.keys.shape[-2], reading.keys
    scores = xp.matmul(k, xp.matrix_transpose(k)) / reading.kernel.tau
    own = xp.sum(k * k, axis=-1) / reading.kernel.tau
    mean = (xp.sum(scores, axis=-1) - own) / (n - 1)
    away = scores - mean[..., None]
    total = xp.sum(away * away, axis=-1) - (own - mean) ** 2
    return xp.sqrt(xp.where(total > 0, total, 0.0) / (n - 1))


def _median(xp: Any, pairs: Array) -> Array:
    n = pairs.shape[-1]
    ordered = xp.sort(pairs, axis=-1)
    low, high = ordered[..., (n - 1) // 2], ordered[..., n // 2]
    return low if n % 2 else (low + high) / 2


def _ratio(xp: Any, above: Array, below: Array) -> Array:
    """A quotient, 0 where both are 0."""
    some = below > 0
    return xp.where(some, above / xp.where(some, below, 1.0), 0.0)


def _shown(values: Array) -> str:
    if values.ndim == 0:
        return f"{float(values):.4g}"
    return f"{float(values.min()):.4g} to {float(values.max()):.4g}"
