"""Keeping the k largest of n softmax weights loses a mean mass that is a double integral, exact at any n and any law.

The integrals run over the score of rank k, below which n - k scores are independent and above which k - 1 are, and over
t > 0 in 1/Z = int exp(-t Z) dt, which makes every weight a factor of its own. Scores are sigma X; ``scores`` is the law
of X: standard normal, exponential with mean 1, Laplace with scale 1, or uniform in (0, 1). Nothing is asked of n: the
law holds in rows of two keys, in long ones where it is near ``topk.tail_mass``, and in frozen ones, in which a few
weights carry all of the mass and that limit is far off.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.finite_rows import log_tail_mass
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, choice, integer, real
from attnlaws.theory.score_laws import SCORES
from attnlaws.theory.steps import ROOT, Definition, Derivation, Equals
from attnlaws.theory.topk.participation import DENSITIES
from attnlaws.theory.topk.tail_mass import LAW as LIMIT
from attnlaws.theory.vocabulary import Phi, Phi_inverse

PARAMETERS = (
    Parameter("n", "number of keys", integer(2, 10**6)),
    Parameter("k", "number of keys kept", integer(1, 10**6)),
    Parameter("sigma", "factor of the scores", real(above=0, maximum=8)),
    Parameter("scores", "law of the scores before the factor", choice(*SCORES), default="gaussian"),
)
n, k, sigma = (parameter.symbol for parameter in PARAMETERS[:3])
t, x, y = sp.Symbol("t", positive=True), sp.Symbol("x", real=True), sp.Symbol("y", real=True)


def _between(scores: str, function: Any, low: Any, high: Any) -> sp.Integral:
    """The integral of a function of one score y from low to high; its density may have two pieces."""
    pieces = DENSITIES[scores]
    density = sp.Piecewise(*((piece.subs(x, y), y <= end) for piece, _, end in pieces)) if pieces[1:] else pieces[0][0]
    return sp.Integral(function * density.subs(x, y), (y, low, high))


def _mean(scores: str) -> sp.Expr:
    weight = sp.exp(sigma * y)
    low, high = DENSITIES[scores][0][1], DENSITIES[scores][-1][2]
    faded = sp.exp(-t * weight)
    below, above = _between(scores, faded, low, x), _between(scores, faded, x, high)
    one = _between(scores, weight * faded, low, x)
    inner = sp.Integral(one * below ** (n - k - 1) * above ** (k - 1) * faded.subs(y, x), (t, 0, sp.oo))
    ways = sp.factorial(n) / (sp.factorial(k - 1) * sp.factorial(n - k - 1))
    return ways * sp.Add(*(sp.Integral(inner * density, (x, *ends)) for density, *ends in DENSITIES[scores]))


# --- the check ------------------------------------------------------------------------------------------------------


def _law(scores: str) -> Any:
    from scipy import stats

    return {"gaussian": stats.norm, "exponential": stats.expon, "laplace": stats.laplace, "uniform": stats.uniform}[
        scores
    ]


def _lattice(scores: str, n: int, k: int, sigma: float, fine: float) -> tuple[np.ndarray, np.ndarray]:
    """Scores, close to each other around the rank's typical score, a density's kink among them; Simpson's weights."""
    law = _law(scores)
    share = (k - 0.3) / (n + 0.4)
    at = law.isf(share)
    width = np.sqrt(share * (1 - share) / n) / law.pdf(at)
    rarest = np.exp(-30.0) / n
    low, high = float(law.ppf(rarest)), float(law.isf(rarest))
    close = np.clip([at - 12 * width, at + 12 * width], low, high)
    wide = 0.03 * fine / max(1.0, sigma)
    x, weights = np.array([low]), np.zeros(1)
    for start, stop in pairwise(sorted({low, *map(float, close), min(max(low, 0.0), high), high})):
        step = min(wide, width * fine / 6) if close[0] <= start < close[1] else wide
        part = np.linspace(start, stop, 2 * int((stop - start) / step / 2) + 3)
        simpson = np.where(np.arange(part.size) % 2, 4.0, 2.0) * (part[1] - part[0]) / 3
        simpson[[0, -1]] /= 2
        weights[-1] += simpson[0]
        x, weights = np.append(x, part[1:]), np.append(weights, simpson[1:])
    return x, weights


def _by_rank(scores: str, n: int, k: int, sigma: float, fine: float) -> float:
    """The mean by its other form: in the law tilted by exp(-t w) the number of scores above one of them is binomial.

    E tau = n times the integral of psi^(n-1) E[w exp(-t w) I_pi(k, n - k)], pi the tilted share above the score.
    """
    from scipy import integrate, special

    x, weights = _lattice(scores, n, k, sigma, fine)
    density, logs = _law(scores).pdf(x), sigma * x
    kink = int(np.searchsorted(x, 0.0))
    pieces = [piece for piece in (slice(0, kink + 1), slice(kink, x.size)) if len(x[piece]) > 2]

    def below(values: np.ndarray) -> np.ndarray:
        parts = [integrate.cumulative_simpson(values[piece], x=x[piece], initial=0.0) for piece in pieces]
        return parts[0] if len(parts) == 1 else np.append(parts[0][:-1], parts[0][-1] + parts[1])

    step = 0.4 * fine
    total = 0.0
    for s in np.arange(-logs[-1] - np.log(n) - 24.0, -logs[0] + 5.0, step):
        scaled = np.exp(np.minimum(s + logs, 300.0))
        faded = np.exp(-scaled)
        tilted, one = density * faded, density * faded * scaled
        lost = min(-weights @ (density * np.expm1(-scaled)), 1 - 1e-15)
        factor = n * np.exp((n - 1) * np.log1p(-lost))
        if factor * (weights @ one) < 1e-18:
            continue
        share = below(tilted)
        outside = special.betainc(k, n - k, np.clip(1 - share / share[-1], 0.0, 1.0))
        total += factor * (weights @ (one * outside))
    return step * total


@lru_cache(maxsize=256)
def second_value(scores: str, n: int, k: int, sigma: float) -> tuple[float, float]:
    """The mean tail mass by the binomial form, and how much it changes between two steps.

    Example:
        >>> value, error = second_value("uniform", 4, 1, 1e-3)
        >>> bool(abs(value - 0.75) < 1e-3 and error < 1e-7)
        True
    """
    rough, value = (_by_rank(scores, n, k, sigma, fine) for fine in (1.25, 1.0))
    return value, abs(rough - value)


def _ball(scores: str, n: int, k: int, sigma: Any) -> Any:
    from flint import arb

    value, error = second_value(scores, int(n), int(k), float(sigma))
    return arb(value, error + 1e-9 * value)


def _case(scores: str) -> Derivation:
    over = np.vectorize(lambda n, k, s: np.exp(log_tail_mass(scores, float(n), float(k), float(s))), otypes=[float])
    return Derivation(
        (
            Definition(
                _mean(scores),
                "mean of n - k equal terms w/Z below the score of rank k, which is one of n and has k - 1 of the "
                "others above it; 1/Z is the integral of exp(-t Z), a product of independent factors",
            ),
            Equals(ROOT, "computed"),
        ),
        when={"scores": scores},
        below={"k": n},
        exists="something must be dropped",
        value=lambda n, k, sigma: np.asarray(over(n, k, sigma)),
        enclosure=lambda digits, n, k, sigma: _ball(scores, n, k, sigma),
        accuracy=LooserAccuracy(
            1e-6, "a double integral; the enclosure is no proven ball but another double integral at two steps"
        ),
    )


KAPPA = k / n
LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="mean tail mass (probability lost)",
    source=Source(
        "arXiv:2512.07647",
        "section 6 (Gaussian score model)",
        "reconstructed",
        note="the paper is known to give the limit of many keys; any n and other scores are derived here",
        year="2025",
    ),
    derivations=tuple(_case(scores) for scores in SCORES),
    claim=Equal(),
    regime="every n from 2 to 10^6, every k below n and every factor up to 8, frozen or not",
    grid=Grid(
        across="k",
        series=(
            {"n": 24, "sigma": 3.0, "scores": "gaussian"},
            {"n": 24, "sigma": 1.5, "scores": "exponential"},
            {"n": 24, "sigma": 1.0, "scores": "laplace"},
            {"n": 24, "sigma": 3.0, "scores": "uniform"},
        ),
        values=(1, 3, 9),
        extra=({"n": 64, "k": 8, "sigma": 1.0, "scores": "gaussian"},),
        logx=True,
    ),
    sabotages={
        "the limit of many keys": {"gaussian": LIMIT.form.subs(LIMIT.parameter("kappa").symbol, KAPPA)},
        "Blom's plotting position in the limit": {
            "gaussian": Phi(-Phi_inverse((k - sp.Rational(3, 8)) / (n + sp.Rational(1, 4))) - sigma)
        },
        "the limit for exponential scores": {"exponential": 1 - KAPPA ** sp.Max(1 - sigma, sp.Rational(1, 10))},
        "the limit for uniform scores": {"uniform": (sp.exp(sigma * (1 - KAPPA)) - 1) / (sp.exp(sigma) - 1)},
    },
)
