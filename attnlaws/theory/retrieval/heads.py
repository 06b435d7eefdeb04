"""What averaging H heads with independent keys and shared values gains: one head's interference over the average's.

Every head stores the same values under keys of its own and is read at its own copy of the target's key; the answers are
averaged. The target counts the same in all heads. Another pair's score is normal with standard deviation ``sigma`` in
each head, independently, so its weight in the average is a mean of H independent weights, and its mean square is
m2/H + (1 - 1/H) m1^2 for the moments m1 and m2 of one weight. Scores of a linear kernel have mean zero, and the gain is
H. Weights exp(score) do not: they share a mean that no averaging removes, and the gain stays below exp(sigma^2), which
is e at the temperature of attention, where sigma = 1 for a target of typical norm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.densities import gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, choice, integer, real
from attnlaws.theory.steps import Definition, Derivation, Equals

PARAMETERS = (
    Parameter("heads", "number of heads whose answers are averaged", integer(1, 10**6)),
    Parameter("sigma", "standard deviation of another pair's score in a head", real(above=0, maximum=1000)),
    Parameter("kernel", "weight of a score: exp(score), or the score itself", choice("exponential", "linear"),
              default="exponential"),
    Parameter("d_k", "dimension of a head's keys, of which the gain does not depend", integer(1, 10**6), default=8,
              role="simulation"),
)  # fmt: skip
heads, sigma = (parameter.symbol for parameter in PARAMETERS[:2])
g = sp.Symbol("g", real=True)
h, other = sp.symbols("h l", integer=True, positive=True)


def averaged_noise(mean: Any, square: Any) -> Any:
    """Mean square of the mean weight of all heads: the heads one by one, and each with those before it twice.

    Args:
        mean: the mean of one head's weight.
        square: its mean square.
    """
    alone: Any = sp.Sum(1, (h, 1, heads))
    pairs: Any = sp.Sum(sp.Sum(1, (other, 1, h - 1)), (h, 1, heads))
    return (alone * square + 2 * pairs * mean**2) / heads**2


def _case(kernel: str, weight: Callable[[Any], Any], form: Any, reason: str) -> Derivation:
    mean, square = (gaussian_mean(weight(sigma * g) ** power, g) for power in (1, 2))
    return Derivation(
        (
            Definition(
                square / averaged_noise(mean, square),
                "mean square of one weight over that of the mean of H independent ones; cross terms of the values of "
                "different pairs average to 0",
            ),
            Equals(form, reason),
        ),
        when={"kernel": kernel},
    )


LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="interference of one head over that of the average",
    source=Source(
        "arXiv:2505.19488",
        "multi-head mechanisms",
        "reconstructed",
        note="the paper's text was not read; that heads are discussed is known from its keywords only. The gain for "
        "heads that share their values is derived here",
        year="2025",
    ),
    derivations=(
        _case(
            "exponential",
            sp.exp,
            heads / (1 + (heads - 1) * sp.exp(-(sigma**2))),
            "a weight has mean exp(sigma^2/2) and mean square exp(2 sigma^2): 1/H + (1 - 1/H) exp(-sigma^2) is left",
        ),
        _case("linear", lambda score: score, heads, "a score has mean 0"),
    ),
    claim=Equal(),
    delta=0.02,
    delta_reason="a replicate is a single pair, whose averaged interference is the square of one nearly normal number: "
    "half the tolerance would take four times the millions of them",
    regime="every number of heads; heads that are averaged, with the same values and a target that counts the same in "
    "each of them",
    grid=Grid(
        across="heads",
        series=(
            {"sigma": 1, "kernel": "linear"},
            {"sigma": 2, "kernel": "exponential"},
            {"sigma": 1, "kernel": "exponential"},
        ),
        values=(2, 4, 16),
        logx=True,
        extra=(
            {"heads": 4, "sigma": 0.5, "kernel": "exponential", "d_k": 8},
            {"heads": 3, "sigma": 1, "kernel": "linear", "d_k": 8},
        ),
    ),
    sabotages={
        "averaging gains a factor H": {"exponential": heads},
        "averaging gains nothing": sp.S.One,
        "the gain has its limit at once": {"exponential": sp.exp(sigma**2)},
        "heads' weights are the same": {"linear": sp.S.One},
        "the mean counts in all pairs of heads": {"exponential": heads / (1 + heads * sp.exp(-(sigma**2)))},
    },
)
