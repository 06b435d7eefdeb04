"""With Laplace scores of scale b < 1, keeping kappa n <= n/2 of the keys loses 1 - (1 + b)(2 kappa)^(1 - b)/2.

The scores are independent with density exp(-|s|/b)/(2 b), the weights are proportional to exp(score). The law is the
limit of many scores for the mass outside the kappa n largest weights, with its first correction for finite n; where
more than half of the keys are kept, (1 - b)(2 (1 - kappa))^(1 + b)/2 is lost. The mean weight exists for b < 1; the
weights have a variance, and the limit is reached at the rate 1/n, for b < 1/2 only: there it is judged.

The output ``k_eps`` is the limit of k_eps/n, the fraction of the keys that loses at most the share eps; ``log_k_eps``
is its natural logarithm, for fractions below the range of float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.lorenz import (
    EPS,
    KAPPA,
    NUMBER,
    SCALE,
    VARIANCE,
    Curve,
    Scores,
    by_cases,
    kept_steps,
    limit_steps,
    tail_correction,
)
from attnlaws.theory.steps import Definition, Derivation, Equals
from attnlaws.theory.vocabulary import gamma_p, log1p

PARAMETERS = (KAPPA, SCALE, EPS, NUMBER)
kappa, b, eps, n = (parameter.symbol for parameter in PARAMETERS)
x = sp.Symbol("x", real=True)


@dataclass(frozen=True)
class TwoSided(Scores):
    """Scores on both sides of zero, where the density has a kink: every integral is one below zero and one above.

    Attributes:
        few: the level is positive, as it is where at most half of the keys are kept.
    """

    few: bool = True

    def _side(self, power: int, low: Any, high: Any, positive: bool) -> sp.Integral:
        density = sp.exp(-self.x if positive else self.x) / 2
        return sp.Integral(self.weight**power * density, (self.x, low, high))

    def dropped(self, level: Any, power: int = 1) -> Any:
        """The mean of a power of the weight over the keys below a level."""
        if not self.few:
            return self._side(power, -sp.oo, level, False)
        return self._side(power, -sp.oo, 0, False) + self._side(power, 0, level, True)

    def kept(self, level: Any) -> Any:
        """The share of the keys above it."""
        if self.few:
            return self._side(0, level, sp.oo, True)
        return self._side(0, level, 0, False) + self._side(0, 0, sp.oo, True)

    def moment(self, power: int = 1) -> Any:
        """The mean of a power of the weight."""
        return self._side(power, -sp.oo, 0, False) + self._side(power, 0, sp.oo, True)


FORM = "integrals of exponentials; P(1, x) = 1 - exp(-x)"
MEAN = 1 / (1 - b**2)
ENOUGH = eps >= (1 - b) / 2
"""At most half of the keys are kept."""
FEW = (log1p(-eps) - log1p(-(1 - b) / 2)) / (1 - b)
MANY = (2 * eps / (1 - b)) ** (1 / (1 + b)) / 2


@dataclass(frozen=True)
class Half:
    """Closed forms where at most half of the keys are kept (few), or at least half."""

    few: bool

    @property
    def scores(self) -> TwoSided:
        """The integrals."""
        return TwoSided(x, sp.exp(-sp.Abs(x)) / 2, sp.exp(b * x), few=self.few)

    @property
    def kept(self) -> Any:
        """The fraction that loses eps."""
        return sp.exp(FEW) / 2 if self.few else 1 - MANY

    def level(self, share: Any) -> Any:
        """The score, over b, that a share of the keys exceeds."""
        return -sp.log(2 * share) if self.few else sp.log(2 * (1 - share))

    def below(self, share: Any) -> Any:
        """The share of the weight that the keys below the level carry."""
        if self.few:
            return gamma_p(1, -(1 - b) * sp.log(2 * share) - log1p(-(1 - b) / 2))
        return (1 - b) / 2 * (2 * (1 - share)) ** (1 + b)

    def curve(self, share: Any, tail: Any) -> Curve:
        """The Lorenz curve."""
        side = 2 * (share if self.few else 1 - share)
        near, sign = (1 - b**2) ** 2, -1 if self.few else 1
        here = near * side ** (1 + 2 * sign * b) / (2 * (1 + 2 * sign * b))
        rest = near / (1 - 4 * b**2) - here
        return Curve(
            kept=share,
            lost=tail,
            mean=MEAN,
            weight=(1 - b**2) * side ** (sign * b),
            density=side / (2 * b),
            square_lost=rest if self.few else here,
            square_kept=here if self.few else rest,
        )

    def tail(self) -> Derivation:
        """The limit of the tail mass."""
        return Derivation(limit_steps(self.scores, self.level(kappa), self.below(kappa), FORM, MEAN))

    def tail_correction(self) -> Derivation:
        """Its first correction."""
        return tail_correction(self.scores, self.level, n, self.curve(kappa, self.below(kappa)), FORM, VARIANCE)

    def fraction(self) -> Derivation:
        """The limit of k_eps/n."""
        steps = kept_steps(self.scores, self.level, eps, self.below(kappa), self.kept, FORM, MEAN)
        return Derivation(steps, output="k_eps")

    def logarithm(self) -> Derivation:
        """The logarithm of the limit of k_eps/n."""
        form = FEW - sp.log(2) if self.few else log1p(-MANY)
        words = "logarithm of the share of the keys above the level below which the share eps of the weight lies"
        share = self.scores.kept(self.level(self.kept))
        return Derivation((Definition(sp.log(share), words), Equals(form, FORM)), accuracy=LOOSER, output="log_k_eps")


LOOSER = LooserAccuracy(1e-12, "a power of a share down to 1e-290 is good to three digits less")
HALVES = Half(True), Half(False)
TAIL = by_cases(kappa <= sp.S.Half, *(half.tail_correction() for half in HALVES))

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="tail mass (probability lost)",
    parameters=PARAMETERS,
    source=Source("textbook", "Lorenz curve of the log-Laplace distribution", "reconstructed", note="derived here"),
    derivations=(
        by_cases(kappa <= sp.S.Half, *(half.tail() for half in HALVES)),
        by_cases(ENOUGH, *(half.fraction() for half in HALVES)),
        by_cases(ENOUGH, *(half.logarithm() for half in HALVES)),
    ),
    claim=Equal(along="n", correction=TAIL),
    regime="many keys, and b < 1/2 for the rate 1/n at which the limit is judged",
    grid=Grid(
        across="kappa",
        series=({"b": 0.15, "eps": 0.1}, {"b": 0.3, "eps": 0.6}),
        values=(0.05, 0.2, 0.9),
    ),
    sabotages={
        "the tail of exponential scores": 1 - kappa ** (1 - b),
        "few keys are kept, whatever kappa": 1 - (1 + b) / 2 * (2 * kappa) ** (1 - b),
        "the mass kept instead of the mass lost": lambda form: 1 - form,
        "no softmax: every key weighs the same": 1 - kappa,
        "many keys are kept, whatever eps": {"k_eps": 1 - MANY},
        "the share of exponential scores": {"k_eps": (1 - eps) ** (1 / (1 - b))},
    },
)
