"""What splitting a fixed width d_k into H heads does to the logarithm of the capacity, of one head and of the average.

The capacity is the number of other pairs at which interference and signal have equal power, each head holding keys of
dimension d_k/H. Convention: the target's key has its typical norm in every head, |k_i|^2 = d_k/H; the exponential
kernel has the temperature of attention, sqrt(d_k/H), where this is also the geometric mean over targets of one head.
Two readings must not be mixed: ``one`` head read alone, and the ``average`` of H heads that store the same values.

* exponential kernel: 2 sqrt(d_k/H) - 2 for one head; the average adds ln(1/(1/H + (1 - 1/H)/e)), less than 1. The
  exponent follows the width of a head, and averaging does not bring it back.
* linear kernel: ln(d_k/H) for one head, and ln(d_k) for the average, which loses nothing by the split.

The values are natural logarithms, as the capacities themselves overflow.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.densities import gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, choice, integer
from attnlaws.theory.retrieval.heads import averaged_noise, g, heads
from attnlaws.theory.steps import Definition, Derivation, Equals

PARAMETERS = (
    Parameter("d_k", "width that all heads share", integer(1, 10**6)),
    Parameter("heads", "number of heads that the width is split into", integer(1, 10**6)),
    Parameter("kernel", "weight of a score: exp(score/sqrt(d_k/heads)), or the score itself",
              choice("exponential", "linear"), default="exponential"),
    Parameter("reading", "what is read: one head alone, or the average of all heads with shared values",
              choice("one", "average"), default="one"),
)  # fmt: skip
d_k = PARAMETERS[0].symbol

WIDTH = d_k / heads
TYPICAL = sp.sqrt(WIDTH)
"""The typical norm of a head's key, and the temperature of attention in that head."""

WEIGHTS: dict[str, Any] = {"exponential": sp.exp(TYPICAL * g / TYPICAL), "linear": TYPICAL * g}
SIGNAL: dict[str, Any] = {"exponential": sp.exp(WIDTH / TYPICAL), "linear": WIDTH}
"""A distractor's weight, its score being normal with variance |k_i|^2, and the target's."""


def _case(kernel: str, reading: str, *steps: Equals) -> Derivation:
    mean, square = (gaussian_mean(WEIGHTS[kernel] ** power, g) for power in (1, 2))
    noise = square if reading == "one" else averaged_noise(mean, square)
    what = "one weight" if reading == "one" else "the mean of H independent weights"
    return Derivation(
        (
            Definition(
                -sp.log(noise / SIGNAL[kernel] ** 2),
                f"the pairs at which the sum of their interference, each the mean square of {what}, equals the "
                "signal's square; cross terms of the values average to 0",
            ),
            *steps,
        ),
        when={"kernel": kernel, "reading": reading},
    )


EXPONENT = 2 * TYPICAL - 2
GAIN = -sp.log(sp.exp(-1) + (1 - sp.exp(-1)) / heads)
"""ln of 1/(1/H + (1 - 1/H)/e)."""

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="ln of the number of pairs at SNR = 1",
    source=Source(
        "arXiv:2505.19488",
        "multi-head mechanisms",
        "reconstructed",
        note="the paper's text was not read; that heads are discussed is known from its keywords only. Both readings "
        "are derived here, for a target of typical norm",
        year="2025",
    ),
    derivations=(
        _case("exponential", "one", Equals(EXPONENT, "a weight has mean square exp(2), the target exp(sqrt(d_k/H))")),
        _case(
            "exponential",
            "average",
            Equals(
                EXPONENT + GAIN,
                "of the mean square exp(2) the average keeps 1/H + (1 - 1/H)/e, as a weight has mean exp(1/2)",
            ),
        ),
        _case("linear", "one", Equals(sp.log(WIDTH), "a score has mean square d_k/H, the target's is d_k/H itself")),
        _case("linear", "average", Equals(sp.log(d_k), "a score has mean 0: the average keeps 1/H of a mean square")),
    ),
    claim=Equal(),
    delta=0.005,
    delta_reason="the value is a logarithm: at 14, half a percent of it is 7 % of the capacity",
    regime="heads that share a fixed width and hold at least one dimension each; targets of typical norm",
    grid=Grid(
        across="heads",
        series=tuple(
            {"d_k": 64, "kernel": kernel, "reading": reading}
            for kernel in ("exponential", "linear")
            for reading in ("average", "one")
        ),
        values=(1, 2, 4),
        logx=True,
        extra=(
            {"d_k": 36, "heads": 4, "kernel": "exponential", "reading": "average"},
            {"d_k": 48, "heads": 3, "kernel": "linear", "reading": "one"},
        ),
    ),
    sabotages={
        "a head has the whole width": {
            "kernel=exponential, reading=one": 2 * sp.sqrt(d_k) - 2,
            "kernel=linear, reading=one": sp.log(d_k),
        },
        "the readings exchanged": {
            "kernel=exponential, reading=one": EXPONENT + GAIN,
            "kernel=exponential, reading=average": EXPONENT,
            "kernel=linear, reading=one": sp.log(d_k),
            "kernel=linear, reading=average": sp.log(WIDTH),
        },
        "averaging gains a factor H": {"kernel=exponential, reading=average": EXPONENT + sp.log(heads)},
        "distractors do not spread": {
            "kernel=exponential, reading=one": EXPONENT + 2,
            "kernel=exponential, reading=average": EXPONENT + 2,
        },
    },
)
