"""With scores from two Gaussians, the tail mass is a mean of two normal probabilities at the threshold of the cut.

A share of the keys has scores of mean ``shift`` and standard deviation ``spread``; the others have mean 0 and standard
deviation ``sigma``: sinks or needles above the crowd, or padding below it. Each component j enters with its part
a_j = pi_j exp(mu_j + sigma_j^2/2) of the whole weight:
tail mass = sum a_j Phi((t - mu_j)/sigma_j - sigma_j)/sum a_j, where a share kappa of the keys lies above t,
sum pi_j Phi((mu_j - t)/sigma_j) = kappa. The law is the limit of many scores, with its first correction for finite n.

Outputs: ``k_eps``, the limit of k_eps/n, the fraction of the keys that loses at most the share eps; ``threshold``, the
score t of the last key that is kept where a fraction kappa is; ``k_eps_threshold``, the same where a share eps is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.balls import exact, newton
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_density
from attnlaws.theory.enclose import enclose
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.lorenz import (
    DELTA_METHOD,
    EPS,
    KAPPA,
    KEPT_REASON,
    L_STATISTICS,
    LIMIT_REASON,
    NUMBER,
    SOLVES_REASON,
    TAIL_REASON,
    TAIL_REST,
    Scores,
    bias_of_kept,
    bias_of_tail,
)
from attnlaws.theory.parameter import Parameter, real
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Equals, Solves, Using
from attnlaws.theory.vocabulary import Phi, Phi_inverse

PARAMETERS = (
    KAPPA,
    Parameter("share", "share of the keys in the second component", real(above=0, below=1)),
    Parameter("shift", "mean score of the second component, less that of the first", real(minimum=-20, maximum=20)),
    Parameter("sigma", "standard deviation of the first component's scores", real(minimum=0.05, maximum=8)),
    Parameter("spread", "standard deviation of the second component's scores", real(minimum=0.05, maximum=8)),
    EPS,
    NUMBER,
)
kappa, share, shift, sigma, spread, eps, n = (parameter.symbol for parameter in PARAMETERS)
x, z, t = sp.Symbol("x", real=True), sp.Symbol("z", real=True), sp.Symbol("t", real=True)
COMPONENTS = ((1 - share, sp.S.Zero, sigma), (share, shift, spread))
"""Share of the keys, mean and standard deviation."""


@dataclass(frozen=True)
class Mixture(Scores):
    """Scores of two components, with one integral for each, over its own standard normal variable."""

    def _over(self, term: Any, ends: tuple[Any, Any]) -> Any:
        return sp.Add(
            *(
                part
                * sp.Integral(
                    term.subs(self.x, mean + width * z) * gaussian_density(z),
                    (z, *((end - mean) / width for end in ends)),
                )
                for part, mean, width in COMPONENTS
            )
        )

    def curvature(self, level: Any, kept: Any) -> sp.Expr:
        """The weight's slope in the score over the density of the keys; the level needs no closed form."""
        at = level(kept)
        return (sp.diff(self.weight, self.x) / self.density).subs(self.x, at)


DENSITY = sp.Add(*(part * gaussian_density((x - mean) / width) / width for part, mean, width in COMPONENTS))
SCORES = Mixture(x, DENSITY, sp.exp(x))


def _lemmas(level: Any) -> tuple[tuple[Any, Any], ...]:
    """The closed form of every integral over one component."""
    pairs = []
    for _, mean, width in COMPONENTS:
        at = (level - mean) / width
        for power in (1, 2):
            term = sp.exp(power * x).subs(x, mean + width * z) * gaussian_density(z)
            whole = sp.exp(power * mean + power**2 * width**2 / 2)
            pairs.append((sp.Integral(term, (z, -sp.oo, at)), whole * Phi(at - power * width)))
            pairs.append((sp.Integral(term, (z, -sp.oo, sp.oo)), whole))
        pairs.append((sp.Integral(gaussian_density(z), (z, at, sp.oo)), Phi(-at)))
    return tuple(pairs)


def _closed(expr: Any, level: Any) -> Equals:
    """The step to an expression's closed form."""
    used = tuple(pair for pair in _lemmas(level) if expr.has(pair[0]))
    for integral, form in used:
        expr = expr.subs(integral, form)
    return Equals(expr, "complete the square in every component", by=Using(*used))


# --- thresholds -----------------------------------------------------------------------------------------------------


def quantile(parts: Any, means: Any, widths: Any, log_lower: np.ndarray, log_upper: np.ndarray) -> np.ndarray:
    """The quantile of a mixture of normal laws: bisection, then Newton's method, on the smaller side's logarithm.

    Args:
        parts: logarithms of the components' shares, arrays that broadcast together with the others.
        means: likewise.
        widths: standard deviations, likewise.
        log_lower: the logarithm of the probability below.
        log_upper: the logarithm of the probability above.

    Example:
        >>> half = np.log(np.array(0.5))
        >>> bool(abs(quantile([half, half], [-1.0, 1.0], [2.0, 2.0], half, half)) < 1e-12)
        True
    """
    from scipy import special

    side = np.where(log_lower < log_upper, 1.0, -1.0)
    goal = np.minimum(log_lower, log_upper)
    normal = side * special.ndtri_exp(goal)
    ends = [mean + width * normal for mean, width in zip(means, widths, strict=True)]
    margin = 1e-12 * (1 + np.abs(ends[0]) + np.abs(ends[1]))
    low, high = np.minimum(*ends) - margin, np.maximum(*ends) + margin

    def excess(level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The logarithm of the probability on the smaller side, less the goal, and its derivative."""
        scaled = [(level - mean) / width for mean, width in zip(means, widths, strict=True)]
        total = np.logaddexp(*(part + special.log_ndtr(side * at) for part, at in zip(parts, scaled, strict=True)))
        density = sum(
            np.exp(part - at**2 / 2 - total) / (width * np.sqrt(2 * np.pi))
            for part, at, width in zip(parts, scaled, widths, strict=True)
        )
        return total - goal, side * density

    for _ in range(70):
        middle = (low + high) / 2
        below = side * excess(middle)[0] < 0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    level = (low + high) / 2
    for _ in range(2):
        value, slope = excess(level)
        with np.errstate(all="ignore"):
            step = np.where(slope == 0, 0.0, value / slope)
        level = np.where(np.abs(step) < 1e-3, level - step, level)
    return np.asarray(level)


def _tilted(share: Any, shift: Any, sigma: Any, spread: Any) -> tuple[list[Any], list[Any]]:
    """The law of a score that is drawn with its weight: logarithms of shares, and means."""
    heavy = [np.log1p(-share) + sigma**2 / 2, np.log(share) + shift + spread**2 / 2]
    whole = np.logaddexp(*heavy)
    return [part - whole for part in heavy], [sigma**2, shift + spread**2]


def threshold(*, kappa: Any, share: Any, shift: Any, sigma: Any, spread: Any, **_: Any) -> np.ndarray:
    """The score that a share kappa of the keys exceeds.

    Example:
        >>> round(float(threshold(kappa=0.5, share=0.5, shift=2.0, sigma=1.0, spread=1.0)), 12)
        1.0
    """
    parts = [np.log1p(-share), np.log(share)]
    return quantile(parts, [0.0 * shift, shift], [sigma, spread], np.log1p(-kappa), np.log(kappa))


def kept_threshold(*, eps: Any, share: Any, shift: Any, sigma: Any, spread: Any, **_: Any) -> np.ndarray:
    """The score below which the keys carry a share eps of the weight."""
    parts, means = _tilted(share, shift, sigma, spread)
    return quantile(parts, means, [sigma, spread], np.log(eps), np.log1p(-eps))


def _ball(of_kept: bool, digits: int, point: dict[str, Any]) -> Any:
    """A threshold by an interval Newton step, in Arb, on the defining equation itself."""
    from flint import arb, ctx

    given = {name: np.asarray(float(value)) for name, value in point.items()}
    with ctx.workprec(int(3.33 * digits) + 200):
        part, mean, first, second = (exact(point[name]) for name in ("share", "shift", "sigma", "spread"))
        parts, means, widths = [1 - part, part], [arb(0), mean], [first, second]
        if of_kept:
            guess, upper, goal = float(kept_threshold(**given)), point["eps"] > 0.5, exact(point["eps"])
            heavy = [p * (m + w * w / 2).exp() for p, m, w in zip(parts, means, widths, strict=True)]
            parts = [a / (heavy[0] + heavy[1]) for a in heavy]
            means = [m + w * w for m, w in zip(means, widths, strict=True)]
        else:
            guess, upper, goal = float(threshold(**given)), point["kappa"] < 0.5, exact(point["kappa"])
        components = list(zip(parts, means, widths, strict=True))
        goal, sign = (1 - goal if goal > 0.5 else goal).log(), -1 if upper else 1

        def small_side(level: Any) -> Any:
            """The probability on the side that has less of it."""
            ends = [(p, (m - level if upper else level - m) / w) for p, m, w in components]
            return sum((p * enclose(Phi(x), {x: end}, digits + 40) for p, end in ends), arb(0))

        def density(level: Any) -> Any:
            terms = (p * (-(((level - m) / w) ** 2) / 2).exp() / w for p, m, w in components)
            return sum(terms, arb(0)) / (2 * arb.pi()).sqrt()

        return newton(
            lambda level: sign * (small_side(level).log() - goal),
            lambda level: density(level) / small_side(level),
            guess,
        )


def _numeric(of_kept: bool, steps: tuple[Any, ...], output: str) -> Derivation:
    return Derivation(
        steps,
        value=kept_threshold if of_kept else threshold,
        enclosure=lambda *, digits, **point: _ball(of_kept, digits, point),
        accuracy=LooserAccuracy(
            1e-8,
            "a root up to 150 in size in units of 0.05, and few keys near it where components lie apart",
        ),
        output=output,
    )


# --- the law --------------------------------------------------------------------------------------------------------

at = ROOT
lost_step, kept_step = _closed(SCORES.share(at), at), _closed(SCORES.kept(at), at)
lost, kept = lost_step.expr, kept_step.expr
LOST = Definition(SCORES.share(at), "share of the whole weight that lies below the threshold of the cut")
KEPT = Definition(SCORES.kept(at), "share of the keys above the threshold below which a share eps of the weight lies")
TAIL = _numeric(False, (LOST, Cites(LOST.expr, L_STATISTICS, LIMIT_REASON), lost_step), "value")
K_EPS = _numeric(True, (KEPT, Cites(KEPT.expr, L_STATISTICS, SOLVES_REASON), kept_step), "k_eps")
KAPPA_LEVEL = _numeric(
    False,
    (
        Definition(SCORES.kept(t), "share of the keys whose scores exceed a threshold"),
        _closed(SCORES.kept(t), t),
        Solves(t, kappa, ROOT, "one root, since the share falls with the threshold; found numerically"),
    ),
    "threshold",
)
EPS_LEVEL = _numeric(
    True,
    (
        Definition(SCORES.share(t), "share of the whole weight below a threshold"),
        _closed(SCORES.share(t), t),
        Solves(t, eps, ROOT, "one root, since the share grows with the threshold; found numerically"),
    ),
    "k_eps_threshold",
)


def _correction(of_kept: bool) -> Derivation:
    def level(_: Any) -> Any:
        return at

    bias = bias_of_kept(SCORES, level, kept, lost) if of_kept else bias_of_tail(SCORES, level, kept)
    bias = bias / n
    reason, rest = (
        (KEPT_REASON, "the weights have a variance, so the remainder is o(1/n)")
        if of_kept
        else (TAIL_REASON, TAIL_REST)
    )
    found = _numeric(of_kept, (Definition(bias, reason), Cites(bias, DELTA_METHOD, rest), _closed(bias, at)), "value")
    return replace(found, output="k_eps" if of_kept else "value", accuracy=None)


first, second = (part * sp.exp(mean + width**2 / 2) for part, mean, width in COMPONENTS)
variance = (1 - share) * sigma**2 + share * spread**2 + share * (1 - share) * shift**2
LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="tail mass (probability lost)",
    parameters=PARAMETERS,
    source=Source("textbook", "Lorenz curve of a mixture of log-normal laws", "reconstructed", note="derived here"),
    derivations=(TAIL, K_EPS, KAPPA_LEVEL, EPS_LEVEL),
    claim=Equal(along="n", correction=_correction(False), further=(_correction(True),)),
    regime="many keys, n well above E w^2/(E w)^2, so that no few weights carry the mass",
    grid=Grid(
        across="kappa",
        series=({"share": 0.3, "shift": 2.0, "sigma": 0.7, "spread": 0.5, "eps": 0.1},),
        values=(0.1, 0.2, 0.6),
        extra=({"kappa": 0.2, "share": 0.4, "shift": -2.0, "sigma": 0.5, "spread": 1.0, "eps": 0.03},),
    ),
    sabotages={
        "one Gaussian of the same variance": Phi(-sp.sqrt(variance) - Phi_inverse(kappa)),
        "components counted by their keys, not by their weight": sp.Add(
            *(part * Phi((ROOT - mean) / width - width) for part, mean, width in COMPONENTS)
        ),
        "the mass kept instead of the mass lost": 1 - lost,
        "no softmax: every key weighs the same": 1 - kappa,
        "the second component is kept first": first * Phi(ROOT / sigma - sigma) / (first + second),
        "k_eps of one Gaussian of the same variance": {"k_eps": Phi(-sp.sqrt(variance) - Phi_inverse(eps))},
        "k_eps counts keys where it should count weight": {"k_eps": 1 - eps},
    },
)
