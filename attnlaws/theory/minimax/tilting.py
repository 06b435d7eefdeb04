"""Attention to a mixture of Gaussians reweighs its parts by exp(q.m_i + q^T Sigma_i q/2) and shifts each by Sigma_i q.

Tokens come from part i with share pi_i, normal with mean m_i and covariance Sigma_i. Softmax weights of infinitely many
tokens turn the mixture into another one, of weights proportional to pi_i exp(q.m_i + q^T Sigma_i q/2) and means
m_i + Sigma_i q, the mean of which is read. Here are two parts, seen along a query of length beta, by means and
standard deviations along it. Recall by content pays for its sharpness with the shift; recall by a tag that all
tokens of a part share does not.

The output ``weight`` is the new weight of the first part, and ``variance`` the limit of T times the variance of what T
tokens give along the query: the sum over parts of w_i^2 exp(s_i^2)/pi_i (sigma_i^2 + (m_i + 2 beta sigma_i^2 - F)^2),
with F the mean read, w_i the weights and s_i = beta sigma_i. All three are limits of many tokens, with corrections.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.lorenz import DELTA_METHOD
from attnlaws.theory.minimax.clt_breakdown import DIMENSION
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import Cites, Definition, Derivation, Equals, Using

TOKENS = Parameter("tokens", "number of tokens", integer(2, 10**12), role="simulation")
PARAMETERS = (
    Parameter("beta", "length of the query", real(above=0, maximum=5)),
    Parameter("share", "share of the tokens that are of the first part", real(minimum=1e-9, maximum=1 - 1e-9)),
    Parameter("first", "mean of the first part along the query", real(minimum=-5, maximum=5)),
    Parameter("second", "mean of the second part along the query", real(minimum=-5, maximum=5)),
    Parameter("width_first", "standard deviation of the first part along the query", real(minimum=0.05, maximum=2)),
    Parameter("width_second", "standard deviation of the second part along the query", real(minimum=0.05, maximum=2)),
    TOKENS,
    DIMENSION,
)
beta, share, first, second, width_first, width_second, tokens = (parameter.symbol for parameter in PARAMETERS[:7])
x = sp.Symbol("x", real=True)

PARTS = ((share, first, width_first), (1 - share, second, width_second))


def integral(power: int, degree: int, part: tuple[Any, Any, Any]) -> Any:
    """The mean of exp(power beta y) y^degree over the tokens y of one part."""
    _, mean, width = part
    factor = (sp.S.One, mean + width * x, mean**2 + 2 * mean * width * x + width**2 * x**2)[degree]
    return gaussian_mean(sp.exp(power * beta * (mean + width * x)) * factor, x)


def closed(power: int, degree: int, part: tuple[Any, Any, Any]) -> Any:
    """The same in closed form: the part is shifted by power beta width^2, and weighs what it does."""
    _, mean, width = part
    shifted = mean + power * beta * width**2
    factor = (sp.S.One, shifted, shifted**2 + width**2)[degree]
    return sp.exp(power * beta * mean + (power * beta * width) ** 2 / 2) * factor


Rule = Callable[[int, int, tuple[Any, Any, Any]], Any]


class Moments:
    """Means over the mixture, by integrals or in closed form."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.weight = self.mean(1, 0)
        self.output = self.mean(1, 1) / self.weight
        self.share = share * rule(1, 0, PARTS[0]) / self.weight

    def mean(self, power: int, degree: int) -> Any:
        """The mean of exp(power beta y) y^degree."""
        return sum(part[0] * self.rule(power, degree, part) for part in PARTS)

    def unit(self, power: int) -> Any:
        """The mean of W^power, for weights W in units of their mean."""
        return self.mean(power, 0) / self.weight**power

    def off(self, power: int) -> Any:
        """The mean of W^power (y - F)."""
        return (self.mean(power, 1) - self.output * self.mean(power, 0)) / self.weight**power

    def off_square(self, power: int) -> Any:
        """The mean of W^power (y - F)^2."""
        cross = 2 * self.output * self.mean(power, 1)
        return (self.mean(power, 2) - cross + self.output**2 * self.mean(power, 0)) / self.weight**power

    def off_share(self, power: int) -> Any:
        """The mean of W^power (1[first part] - w)."""
        own = share * self.rule(power, 0, PARTS[0])
        return (own - self.share * self.mean(power, 0)) / self.weight**power

    def second_order(self) -> Any:
        """The first correction of T times the variance of the output, times T."""
        spread, lag = self.off_square(2), self.off(2)
        return -2 * (self.off_square(3) - spread) + 3 * spread * (self.unit(2) - 1) + 5 * lag**2


DEFINED, FOUND = Moments(integral), Moments(closed)
LEMMAS = [
    (integral(power, degree, part), closed(power, degree, part))
    for power in (1, 2, 3)
    for degree in (0, 1, 2)
    for part in PARTS
]
MOMENTS_TEXT = "all moments of the weights exist, so the remainder is of a higher order in 1/T"


DIFFERENCE = LooserAccuracy(
    1e-8,
    "squares of places are subtracted that are up to a million times as large as the variance of the narrower part",
)


def _chain(
    value: Callable[[Moments], Any], text: str, output: str, accuracy: LooserAccuracy | None = None
) -> Derivation:
    definition = sp.sympify(value(DEFINED))
    lemmas = [lemma for lemma in LEMMAS if definition.has(lemma[0])]
    return Derivation(
        (
            Definition(definition, text),
            Cites(definition, DELTA_METHOD, MOMENTS_TEXT),
            Equals(value(FOUND), "complete the square in each integral", by=Using(*lemmas)),
        ),
        output=output,
        accuracy=accuracy,
    )


def _limits() -> tuple[Derivation, ...]:
    return (
        _chain(lambda m: m.output, "mean of a token under softmax weights, over both parts", "value"),
        _chain(lambda m: m.share, "what tokens of the first part weigh, over all weight", "weight"),
        _chain(
            lambda m: m.off_square(2),
            "with W in units of its mean and F the output, the output of T tokens is F plus the mean of W (y - F) over "
            "that of W: T times its variance tends to E W^2 (y - F)^2",
            "variance",
            DIFFERENCE,
        ),
    )


def _corrections() -> tuple[Derivation, ...]:
    return (
        _chain(lambda m: -m.off(2) / tokens, "the mean of u = W (y - F) times minus that of W - 1", "value"),
        _chain(lambda m: -m.off_share(2) / tokens, "the same with u = W (1[first part] - w)", "weight"),
        _chain(
            lambda m: m.second_order() / tokens,
            "second order: with D the mean of d = W - 1, -2 E[u^2 d] from the mean of u^2 D, and 3 E[u^2] E[d^2] + "
            "6 (E[u d])^2 from that of u^2 D^2, less the square of the bias",
            "variance",
        ),
    )


CORRECTIONS = _corrections()
SHIFTED = tuple(mean + beta * width**2 for _, mean, width in PARTS)

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="mean output along the query",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2602.01863",
        "softmax attention over a measure that is a mixture",
        "reconstructed",
        note="the paper's text was not read; Gaussian parts, the variance and the corrections are ours",
        year="2026",
    ),
    derivations=_limits(),
    claim=Equal(along="tokens", correction=CORRECTIONS[0], further=CORRECTIONS[1:]),
    delta=0.04,
    delta_reason="the variance of an output is judged beside its mean, and draws grow as 1/delta^3",
    regime="scores of either part spread by s_i with s_i^2 well below (1/4) ln T, and parts that both are drawn often",
    grid=Grid(
        across="beta",
        series=({"share": 0.2, "first": 1.0, "second": 0.25, "width_first": 0.5, "width_second": 0.9, "d_k": 2},),
        values=(0.3, 0.5, 0.8),
        extra=(
            {
                **{"beta": 0.5, "share": 0.7, "first": 0.5, "second": 1.5, "width_first": 0.8, "width_second": 0.3},
                "d_k": 3,
            },
        ),
    ),
    sabotages={
        "the parts keep their shares": share * SHIFTED[0] + (1 - share) * SHIFTED[1],
        "the parts keep their means": FOUND.share * first + (1 - FOUND.share) * second,
        "the shift, half as large": lambda form: (
            form - beta * (FOUND.share * width_first**2 + (1 - FOUND.share) * width_second**2) / 2
        ),
        "weights without the spread": {"weight": 1 / (1 + (1 - share) / share * sp.exp(beta * (second - first)))},
        "only the spread within the parts": {
            "variance": sum(part[0] * closed(2, 0, part) * part[2] ** 2 for part in PARTS) / FOUND.weight**2
        },
    },
)
