"""Independent scores of any law: the mass outside the k largest weights, its limit, and its first correction.

The limit is a Lorenz curve: with W(u) the weight that a share u of the keys exceeds and M its mean, the tail mass of
kappa n keys tends to tau(kappa), the integral of W/M from kappa to 1, and k_eps/n to the kappa with tau(kappa) = eps.
Beside tau, the first corrections contain the integrals of (W/M)^2 over the keys dropped and over the keys kept alone;
they are o(1/n) as soon as the weights have a variance, and whatever law the scores have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from attnlaws.theory.claim import Source
from attnlaws.theory.domain import Number
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import ByCases, Cites, Definition, Derivation, Differentiate, Equals, Solves, Using

L_STATISTICS = Source(
    "van Zwet 1980",
    "the strong law",
    "secondary",
    title="A strong law for linear functions of order statistics",
    authors="van Zwet, W. R.",
    year="1980",
)
DELTA_METHOD = Source(
    "Serfling 1980",
    "the delta method for smooth functions of means and L-statistics",
    "secondary",
    title="Approximation Theorems of Mathematical Statistics",
    authors="Serfling, Robert J.",
    year="1980",
)
LIMIT_REASON = (
    "the weight lost and the whole weight of n keys, divided by n, tend to these integrals almost surely; "
    "their ratio lies in [0, 1], so its mean tends to the same share"
)
TAIL_REASON = (
    "second order of E[T/Z] in the fluctuations of T/n and Z/n: the bias of T (the kept fraction seen from one key is "
    "Beta(k, n - k), of variance kappa (1 - kappa)/(n + 1)), the covariance of T and Z (influence function min(w, w_t) "
    "of T) and the variance of Z"
)
TAIL_REST = (
    "with tau the limit and D = Z/(n M) - 1, T/Z is tau plus (T - tau Z)/(n M) times 1 - D, plus (T/Z - tau) D^2: the "
    "last bracket is at most 1 and tends to 0, and n D^2 has the mean Var(w)/M^2, so what is left out is o(1/n)"
)
SOLVES_REASON = (
    "the share that kappa n keys lose tends to this, almost surely, for every kappa; both decrease, so the fraction at "
    "which eps is lost tends to where this is eps; it lies in [0, 1], so its mean does too"
)
KEPT_REASON = (
    "second order of the root k of T_k - eps Z = 0 in the fluctuations of its left side and of the weight at rank k. "
    "In units of that weight, the left side has the influence function g = min(r, 1) - eps r, r = w/w_t, of mean "
    "kappa; it is biased because the kept fraction seen from one key is Beta(k, n - k); the weight at the rank varies "
    "with the number of scores above t; the variance of g comes with half the slope of the weights. A whole number of "
    "keys is half a key more in the mean"
)

NO_VARIANCE = "beyond it the weights have no variance"

Level = Callable[[Any], Any]
u = sp.Symbol("u", positive=True)

KAPPA = Parameter("kappa", "fraction of the keys that is kept", real(above=0, below=1), default=0.1)
EPS = Parameter("eps", "share of the softmax mass that may be lost, for k_eps", real(above=0, below=1), default=0.1)
SCALE = Parameter("b", "scale of the scores", real(above=0, below=1))
KEPT = KAPPA.symbol
NUMBER = Parameter("n", "number of keys", integer(2, 10**12), role="simulation")
VARIANCE = {"b": real(above=0, below=0.5)}
"""Where the weights of scores with an exponential tail have a variance, so that a first correction of order 1/n is."""


@dataclass(frozen=True)
class Scores:
    """The law of one key's score, through a variable x that it is a function of.

    Attributes:
        x: the variable.
        density: of x.
        weight: exp(score), a monotonic function of x.
        low: lower end of x.
        high: upper end of x.
        falling: the weight falls with x, so the keys kept have the smallest x.

    Example:
        >>> x, b = sp.symbols("x b", positive=True)
        >>> Scores(x, sp.exp(-x), sp.exp(b * x), low=0).kept(sp.log(2)).doit()
        1/2
    """

    x: sp.Symbol
    density: Any
    weight: Any
    low: Any = -sp.oo
    high: Any = sp.oo
    falling: bool = False

    def _over(self, term: Any, ends: tuple[Any, Any]) -> sp.Integral:
        return sp.Integral(term * self.density, (self.x, *ends))

    def dropped(self, level: Any, power: int = 1) -> sp.Integral:
        """The mean of a power of the weight over the keys whose x is on the dropped side of a level."""
        return self._over(self.weight**power, (level, self.high) if self.falling else (self.low, level))

    def kept(self, level: Any) -> sp.Integral:
        """The share of the keys on the kept side."""
        return self._over(sp.S.One, (self.low, level) if self.falling else (level, self.high))

    def moment(self, power: int = 1) -> sp.Integral:
        """The mean of a power of the weight."""
        return self._over(self.weight**power, (self.low, self.high))

    def share(self, level: Any) -> sp.Expr:
        """The share of the whole weight that the dropped keys carry."""
        return self.dropped(level) / self.moment()

    def curvature(self, level: Level, kept: Any) -> sp.Expr:
        """How fast the weight falls with the share of the keys above it: the second derivative of the mass below."""
        return sp.Subs(sp.Derivative(self.dropped(level(u)), (u, 2)), u, kept)


def limit_steps(
    scores: Scores, level: Any, form: Any, reason: str, mean: Any, by: Differentiate | None = None
) -> tuple[Definition, Cites, Equals]:
    """The tail mass of many scores, from the share of the weight below a level.

    Args:
        scores: their law.
        level: the value of x that a fraction kappa of the keys is beyond.
        form: the closed form.
        reason: how it comes out.
        mean: the mean weight.
        by: how the integral over the keys dropped is shown, if not by integration.
    """
    share = scores.share(level)
    words = "share of the whole weight that lies below the upper kappa quantile of the scores"
    lemmas = Using((scores.dropped(level), mean * form, by), (scores.moment(), mean))
    return Definition(share, words), Cites(share, L_STATISTICS, LIMIT_REASON), Equals(form, reason, by=lemmas)


def kept_steps(
    scores: Scores, level: Level, eps: Any, form: Any, kept: Any, reason: str, mean: Any
) -> tuple[Definition, Cites, Equals, Solves]:
    """The limit of k_eps/n, from the share of the weight below a level.

    Args:
        scores: their law.
        level: the value of x that a share of the keys is beyond, as a function of the share.
        eps: the share of the weight that may be lost.
        form: what a fraction ``KEPT`` of the keys loses.
        kept: where that is eps.
        reason: how the form comes out.
        mean: the mean weight.
    """
    first, second, third = limit_steps(scores, level(KEPT), form, reason, mean)
    return (
        first,
        replace(second, reason=SOLVES_REASON),
        third,
        Solves(KEPT, eps, kept, "the fraction that loses eps"),
    )


@dataclass(frozen=True)
class Curve:
    """A Lorenz curve in closed form, at one level.

    Attributes:
        kept: the share of the keys above the level.
        lost: the share of the whole weight that the other keys carry.
        mean: the mean weight.
        weight: the weight at the level, over the mean.
        density: of the score at the level.
        square_lost: the integral of (w/mean)^2 over the keys dropped.
        square_kept: the same over the keys kept.
        by: how the integrals over the keys dropped are shown, if not by integration.
    """

    kept: Any
    lost: Any
    mean: Any
    weight: Any
    density: Any
    square_lost: Any
    square_kept: Any
    by: Differentiate | None = None

    def lemmas(self, scores: Scores, level: Level) -> Using:
        """The closed form of every integral that the first corrections contain."""
        at, square = level(self.kept), self.mean**2
        return Using(
            (scores.curvature(level, self.kept), self.mean * self.weight / self.density),
            (scores.dropped(at), self.mean * self.lost, self.by),
            (scores.dropped(at, 2), square * self.square_lost, self.by),
            (scores.kept(at), self.kept),
            (scores.moment(), self.mean),
            (scores.moment(2), square * (self.square_lost + self.square_kept)),
            (scores.weight.subs(scores.x, at), self.mean * self.weight),
        )


def bias_of_tail(scores: Scores, level: Level, kappa: Any) -> sp.Expr:
    """The first correction, times n, of the mean tail mass, as the delta method gives it."""
    at = level(kappa)
    w_t, mean, share = scores.weight.subs(scores.x, at), scores.moment(), scores.share(at)
    capped = scores.dropped(at) + w_t * scores.kept(at)
    covariance = scores.dropped(at, 2) + w_t * (mean - scores.dropped(at)) - mean * capped
    variance = scores.moment(2) - mean**2
    bias = scores.curvature(level, kappa) * kappa * (1 - kappa) / (2 * mean)
    return bias - covariance / mean**2 + share * variance / mean**2


def bias_of_kept(scores: Scores, level: Level, kept: Any, eps: Any) -> sp.Expr:
    """The first correction of the mean of k_eps in keys, as the delta method gives it."""
    at = level(kept)
    w_t = scores.weight.subs(scores.x, at)
    below, square_below, number = scores.dropped(at) / w_t, scores.dropped(at, 2) / w_t**2, scores.kept(at)
    above, square_above = scores.moment() / w_t - below, scores.moment(2) / w_t**2 - square_below
    mean = below + number - eps * (below + above)
    mean_square = square_below + number - 2 * eps * (square_below + above) + eps**2 * (square_below + square_above)
    covariance = number - eps * above - number * mean
    steepness = scores.curvature(level, kept) / w_t
    return sp.Rational(1, 2) + steepness * (kept * (1 - kept) / 2 - covariance + (mean_square - mean**2) / 2)


def tail_correction(
    scores: Scores, level: Level, n: Any, curve: Curve, reason: str, domain: Mapping[str, Number] | None = None
) -> Derivation:
    """The first correction of the mean tail mass of n keys.

    Args:
        scores: their law.
        level: the value of x that a share of the keys is beyond, as a function of the share.
        n: the number of keys.
        curve: the closed forms at the share that is kept.
        reason: how they come out.
        domain: where the weights have a variance, if that is not everywhere.
    """
    bias = bias_of_tail(scores, level, curve.kept) / n
    steepness = curve.kept * (1 - curve.kept) / (2 * curve.density) - (1 - curve.lost - curve.kept)
    spread = curve.lost * curve.square_kept - (1 - curve.lost) * curve.square_lost
    return Derivation(
        (
            Definition(bias, TAIL_REASON),
            Cites(bias, DELTA_METHOD, TAIL_REST),
            Equals((curve.weight * steepness + spread) / n, reason, by=curve.lemmas(scores, level)),
        ),
        domain=domain or {},
        exists=NO_VARIANCE,
    )


def kept_correction(
    scores: Scores,
    level: Level,
    n: Any,
    curve: Curve,
    reason: str,
    domain: Mapping[str, Number] | None = None,
    output: str = "value",
) -> Derivation:
    """The first correction of the mean of k_eps/n.

    Args:
        scores: their law.
        level: the value of x that a share of the keys is beyond, as a function of the share.
        n: the number of keys.
        curve: the closed forms at the limit of k_eps/n; what is lost there is eps.
        reason: how they come out.
        domain: where the weights have a variance, if that is not everywhere.
        output: the law's output that is k_eps/n.
    """
    bias, eps = bias_of_kept(scores, level, curve.kept, curve.lost) / n, curve.lost
    nearest = (1 - eps) ** 2 * curve.square_lost + eps**2 * curve.square_kept
    return Derivation(
        (
            Definition(bias, KEPT_REASON),
            Cites(bias, DELTA_METHOD, "the weights have a variance, so the remainder is o(1/n)"),
            Equals(
                (1 + nearest / (curve.density * curve.weight**2)) / (2 * n),
                f"{reason}; all that is not a mean square cancels",
                by=curve.lemmas(scores, level),
            ),
        ),
        domain=domain or {},
        exists=NO_VARIANCE,
        output=output,
    )


def by_cases(condition: Any, first: Derivation, second: Derivation) -> Derivation:
    """One derivation of two that have the same steps: the first where a condition holds, else the second."""
    steps = []
    for one, other in zip(first.steps, second.steps, strict=True):
        changed: dict[str, Any] = {"expr": sp.Piecewise((one.expr, condition), (other.expr, True))}
        if isinstance(one, Equals) and isinstance(other, Equals):
            changed["by"] = ByCases((one.by, other.by))  # type: ignore[arg-type]
        steps.append(replace(one, **changed))
    return replace(first, steps=tuple(steps))
