"""The kernels of associative memories, as weights relative to the target's own."""

import math
import numbers
from dataclasses import dataclass
from typing import Any

from array_api_compat import device

from attnlaws.estimators.arrays import Array, refuse
from attnlaws.theory.domain import fault
from attnlaws.theory.parameter import choice, integer, real

KERNELS = choice("linear", "relu", "power", "relu_power", "biased_relu", "exponential", "solu", "rbf")
TEMPERED = ("exponential", "solu", "rbf")
LARGEST, SMALLEST = 1e60, 1e-60  # products of five stay inside float64
OPTIONS = {
    "tau": (TEMPERED, real(minimum=SMALLEST, maximum=LARGEST)),
    "power": (("power", "relu_power"), integer(1, 64)),
    "bias": (("biased_relu",), real(minimum=0, maximum=LARGEST)),
}
MEANING = {"tau": "temperature", "power": "power", "bias": "bias"}


@dataclass(frozen=True)
class Kernel:
    """A kernel with what it needs.

    Attributes:
        name: one of ``KERNELS``.
        tau: temperature of the exponential, SoLU and RBF kernels.
        power: exponent of the two power kernels.
        bias: threshold of the biased ReLU, in norms of the query.

    Example:
        >>> Kernel.checked("relu_power", d_k=4, power=2)
        Kernel(name='relu_power', tau=1.0, power=2, bias=0.0)
    """

    name: str
    tau: float = 1.0
    power: int = 1
    bias: float = 0.0

    @classmethod
    def checked(cls, name: str, *, d_k: int, **options: object) -> "Kernel":
        """The kernel of this name; every option that it has must be given, and no other.

        Raises:
            ValueError: an unknown kernel, or an option that is missing, superfluous or outside its domain.
        """
        KERNELS.check("kernel", name)
        given: dict[str, Any] = {}
        for option, (kernels, domain) in OPTIONS.items():
            value = options.get(option)
            if name not in kernels:
                if value is not None:
                    raise fault(option, value, "left out", f"the {name} kernel has no {MEANING[option]}")
                continue
            if not isinstance(value, numbers.Real):
                usual = f"; sqrt(d_k) = {math.sqrt(d_k):.6g} is usual" if option == "tau" else ""
                raise fault(option, value, domain.describe(), f"the {name} kernel has a {MEANING[option]}{usual}")
            given[option] = domain.check(option, value)
        return cls(name, **given)


def relative_weights(xp: Any, k: Array, kernel: Kernel) -> tuple[Array, Array]:
    """Weights of all pairs when each is asked for by its own key.

    Args:
        xp: namespace of the keys.
        k: keys, float64 [..., n, d_k].
        kernel: which one.

    Returns:
        ``weights`` [..., i, j] and ``shift`` [..., i] with kappa(k_j, k_i) / kappa(k_i, k_i) = weights exp(shift), and
        0 for j = i. Exponents are taken relative to the largest one of each row, so that nothing overflows.

    Raises:
        ValueError: a key has no signal (norm zero, or a bias above its norm); names it.
    """
    n = k.shape[-2]
    if kernel.name == "rbf":
        k = k - xp.mean(k, axis=-2, keepdims=True)  # changes no distance, and a common offset would cancel badly
    squares = xp.sum(k * k, axis=-1)
    scores = xp.matmul(k, xp.matrix_transpose(k))
    order = xp.arange(n, device=device(k))
    itself = order[:, None] == order[None, :]
    plain, exponents = _factors(xp, scores, squares, kernel)
    exponents = xp.where(itself | (plain == 0), -math.inf, exponents)
    largest = xp.max(exponents, axis=-1)
    shift = xp.where(largest > -math.inf, largest, 0.0)  # a single pair has nothing beside it
    return plain * xp.exp(exponents - shift[..., None]), shift


def log_signal(xp: Any, k: Array, kernel: Kernel) -> Array:
    """The logarithm of kappa(k_i, k_i), for keys that have a signal: float64 [..., n]."""
    squares = xp.sum(k * k, axis=-1)
    if kernel.name == "rbf":
        return xp.zeros_like(squares)
    if kernel.name == "exponential":
        return squares / kernel.tau
    if kernel.name == "biased_relu":
        norms = xp.sqrt(squares)
        return xp.log(norms * (norms - kernel.bias))
    return kernel.power * xp.log(squares) + (squares / kernel.tau if kernel.name == "solu" else 0.0)


def _factors(xp: Any, scores: Array, squares: Array, kernel: Kernel) -> tuple[Array, Array]:
    """A factor of moderate size and the exponent of the rest: their product is the relative weight."""
    own = squares[..., :, None]
    if kernel.name == "rbf":
        exponents = scores - (own + squares[..., None, :]) / 2
        return xp.ones_like(scores), xp.where(exponents > 0, 0.0, exponents) / kernel.tau  # above 0 by rounding alone
    if kernel.name == "exponential":
        return xp.ones_like(scores), (scores - own) / kernel.tau
    norms = xp.sqrt(squares)
    refuse(xp, "norm of keys", norms, norms < SMALLEST, f">= {SMALLEST:g}", f"kernel {kernel.name}: no signal")
    if kernel.name == "biased_relu":
        above = norms - kernel.bias
        demand = f"above bias = {kernel.bias:g}"
        refuse(xp, "norm of keys", norms, ~(above > 0), demand, "kernel biased_relu: the key does not reach itself")
        ratio = (scores / norms[..., :, None] - kernel.bias) / above[..., :, None]
        return xp.where(ratio > 0, ratio, 0.0), xp.zeros_like(scores)
    ratio = scores / own
    if kernel.name in ("relu", "relu_power"):
        ratio = xp.where(ratio > 0, ratio, 0.0)
    if kernel.name == "solu":
        return ratio, (scores - own) / kernel.tau
    if kernel.power == 1:
        return ratio, xp.zeros_like(scores)
    sign = xp.sign(ratio) ** kernel.power
    return sign, kernel.power * xp.log(xp.where(ratio == 0, 1.0, xp.abs(ratio)))
