"""How much values that share a mean interfere: the mean power of n - 1 weighted values v = mu + delta.

A memory answers with the sum over pairs j of w_j v_j. The other pairs' scores are normal with standard deviation
``sigma``, their weights w are the score itself (linear kernel), its positive part (relu) or its exponential, and their
values are a common vector mu plus independent parts delta of mean zero. Values without a mean add up as powers,
(n - 1) m2 |delta|^2. The common part adds up as amplitudes wherever weights have a mean m1, and contributes
(n - 1)(n - 2) m1^2 |mu|^2 besides, which grows with n^2: nothing for the linear kernel, most of the interference for
relu once n is well above pi (1 + |delta|^2/|mu|^2), and for the exponential once it is above exp(sigma^2) as much.

The output ``log`` is the natural logarithm, for powers beyond the range of float64.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.densities import gaussian_density, gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, choice, integer, real
from attnlaws.theory.steps import Definition, Derivation, Equals

DIMENSION = "in a simulation; the power does not depend on it"
PARAMETERS = (
    Parameter("n", "number of stored pairs, the target among them", integer(2, 10**12)),
    Parameter("kernel", "weight of a score: itself, its positive part, its exponential",
              choice("linear", "relu", "exponential"), default="exponential"),
    Parameter("sigma", "standard deviation of another pair's score", real(minimum=1e-6, maximum=1000)),
    Parameter("mean_norm", "norm of the mean mu of the values", real(minimum=0, maximum=10**6)),
    Parameter("spread_norm", "root mean square norm of delta, the values' deviation from it",
              real(minimum=1e-6, maximum=10**6)),
    Parameter("d_k", f"dimension of the keys {DIMENSION}", integer(1, 10**6), default=8, role="simulation"),
    Parameter("d_v", f"dimension of the values {DIMENSION}", integer(1, 10**6), default=4, role="simulation"),
)  # fmt: skip
n, sigma, mean_norm, spread_norm = (PARAMETERS[i].symbol for i in (0, 2, 3, 4))
g = sp.Symbol("g", real=True)
s = sp.Symbol("s", positive=True)
j, earlier = sp.symbols("j l", integer=True, positive=True)

NORM2 = mean_norm**2 + spread_norm**2
"""The mean square of a value's norm, delta having mean zero."""


def moment(kernel: str, power: int) -> Any:
    """Mean of a power of a weight, over the scores at which it is not zero."""
    if kernel == "relu":
        return sp.Integral((sigma * s) ** power * gaussian_density(s), (s, 0, sp.oo))
    return gaussian_mean((sp.exp(sigma * g) if kernel == "exponential" else sigma * g) ** power, g)


def _cases(kernel: str, form: Any, logarithm: Any, reason: str) -> list[Derivation]:
    alone: Any = sp.Sum(1, (j, 1, n - 1))
    pairs: Any = sp.Sum(sp.Sum(1, (earlier, 1, j - 1)), (j, 1, n - 1))
    power = alone * moment(kernel, 2) * NORM2 + 2 * pairs * moment(kernel, 1) ** 2 * mean_norm**2
    first = Definition(
        power,
        "mean of |sum of w_j v_j|^2: the other pairs one by one, and each with those before it twice, whose values "
        "have the mean product |mu|^2",
    )
    return [
        Derivation(
            (first, Equals(form, reason)),
            {"kernel": kernel},
            {"sigma": real(maximum=16)} if kernel == "exponential" else {},
            "powers of exp(score) leave float64 soon after; the output log does not",
        ),
        Derivation(
            (
                Definition(sp.log(power), f"logarithm; {first.reason}"),
                Equals(sp.log(form), "the chain of the power itself"),
                Equals(logarithm, "the logarithm of a product"),
            ),
            {"kernel": kernel},
            output="log",
        ),
    ]


EXTRA = (n - 2) * mean_norm**2
CASES = (
    *_cases(
        "exponential",
        (n - 1) * (sp.exp(2 * sigma**2) * NORM2 + sp.exp(sigma**2) * EXTRA),
        sp.log(n - 1) + 2 * sigma**2 + sp.log(NORM2 + sp.exp(-(sigma**2)) * EXTRA),
        "a weight has mean exp(sigma^2/2) and mean square exp(2 sigma^2)",
    ),
    *_cases(
        "relu",
        (n - 1) * sigma**2 * (NORM2 / 2 + EXTRA / (2 * sp.pi)),
        sp.log((n - 1) * sigma**2 * (NORM2 / 2 + EXTRA / (2 * sp.pi))),
        "a weight has mean sigma/sqrt(2 pi) and mean square sigma^2/2",
    ),
    *_cases(
        "linear",
        (n - 1) * sigma**2 * NORM2,
        sp.log((n - 1) * sigma**2 * NORM2),
        "a score has mean 0: values of any mean add up as powers",
    ),
)

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="mean power of the interference",
    source=Source(
        "arXiv:2505.19488",
        "assumption on the values behind the signal-to-noise ratio",
        "reconstructed",
        note="the paper's text was not read; secondary sources say that values are standard normal, that is without a "
        "mean. What a mean adds is derived here",
        year="2025",
    ),
    derivations=tuple(sorted(CASES, key=lambda case: case.output != "value")),
    claim=Equal(),
    delta=0.02,
    delta_reason="a replicate is one memory, whose power is nearly the square of a few normal numbers: half the "
    "tolerance would take four times as many memories",
    regime="every n >= 2, independent pairs, values independent of the scores; answers that are not normalized",
    grid=Grid(
        across="n",
        series=tuple(
            {"kernel": kernel, "sigma": 0.5, "mean_norm": 0.5, "spread_norm": 1}
            for kernel in ("exponential", "relu", "linear")
        ),
        values=(9, 33, 129),
        logx=True,
        extra=(
            {"n": 33, "kernel": "exponential", "sigma": 0.5, "mean_norm": 1, "spread_norm": 0.5, "d_k": 8, "d_v": 4},
            {"n": 33, "kernel": "relu", "sigma": 2, "mean_norm": 1, "spread_norm": 0.5, "d_k": 8, "d_v": 4},
            {"n": 9, "kernel": "linear", "sigma": 2, "mean_norm": 2, "spread_norm": 0.5, "d_k": 8, "d_v": 4},
        ),
    ),
    sabotages={
        "means add up as powers": {
            "exponential": (n - 1) * sp.exp(2 * sigma**2) * NORM2,
            "relu": (n - 1) * sigma**2 * NORM2 / 2,
        },
        "each pair of pairs counts once": {
            "exponential": (n - 1) * (sp.exp(2 * sigma**2) * NORM2 + sp.exp(sigma**2) * EXTRA / 2),
            "relu": (n - 1) * sigma**2 * (NORM2 / 2 + EXTRA / (4 * sp.pi)),
        },
        "a mean does not count in a value's own power": lambda form: form.subs(NORM2, spread_norm**2),
        "scores of a linear kernel have a mean too": {"linear": (n - 1) * sigma**2 * (NORM2 + EXTRA / (2 * sp.pi))},
    },
)
