"""With noisy tags, T tokens a document are recalled with a mean square error that is an integral of weight transforms.

Each of I documents has an orthonormal unit tag v_i and a coefficient b_i, independent with variance ``between``. Its T
tokens have the key v_i + eta g with standard normal g and the value b_i plus noise of variance ``within``. The query is
the tag of one document; softmax attention of sharpness beta reads a weighted mean of the values. Tokens weigh
X = exp(beta eta g), times exp(-beta) in the other documents, so that the mean square error of the reading is

    within E sum p^2 + between E ((1 - W)^2 + sum of W_i^2 over the others)

with the tokens' probabilities p and the documents' shares W. For many tokens the shares tend to those without noise,
and the effective number of tokens is T exp(-beta^2 eta^2): sharper attention leaks less and averages less, and the
error has an optimum inside (``minimax.best_sharpness``). That first order fails when beta^2 eta^2 comes near ln T;
the integral, over t with 1/Z^2 = int t exp(-t Z) dt, holds for every T.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import ROOT, Definition, Derivation, Equals

PARAMETERS = (
    Parameter("documents", "number of documents, with orthonormal tags", integer(2, 10**4)),
    Parameter("beta", "sharpness of the scores", real(minimum=0.05, maximum=12)),
    Parameter("eta", "standard deviation of the noise in a tag's coordinates", real(minimum=0.01, maximum=0.5)),
    Parameter("tokens", "tokens of each document", integer(1, 10**5)),
    Parameter("between", "variance of the coefficient over documents", real(minimum=0.001, maximum=1000)),
    Parameter("within", "variance of a token's value in its document", real(minimum=0.001, maximum=1000)),
)
documents, beta, eta, tokens, between, within = (parameter.symbol for parameter in PARAMETERS)
t, g = sp.Symbol("t", positive=True), sp.Symbol("g", real=True)

STEP = 0.3
"""Of the trapezoid rule in ln t: integrands are analytic in a strip of half-width pi/2, errors near exp(-32)."""
REACH = 9.0
"""Noise is cut at 9 standard deviations, and about twice its spread where it is weighed by squares."""


def transform(order: int, factor: Any) -> sp.Expr:
    """The mean of (factor X)^order exp(-t factor X) for the weight X of a token."""
    weight = factor * sp.exp(beta * eta * g)
    return gaussian_mean(weight**order * sp.exp(-t * weight), g)


def integrand() -> sp.Expr:
    """The mean square error's part at t: pairs of tokens, each with the transforms of all the others."""
    count, others, faded = tokens, (documents - 1) * tokens, sp.exp(-beta)
    right, other = transform(0, 1), transform(0, faded)
    one = within * count * transform(2, 1) * right ** (count - 1) * other**others
    square = (within + 2 * between) * others * transform(2, faded) * other ** (others - 1) * right**count
    pairs = between * others * (documents * tokens - 2) * transform(1, faded) ** 2
    return t * (one + square + pairs * other ** (others - 2) * right**count)


@lru_cache(maxsize=4096)
def mean_square_error(documents: float, beta: float, eta: float, tokens: float, between: float, within: float) -> float:
    """The mean square error of the coefficient that is read.

    Args:
        documents: number of documents.
        beta: sharpness.
        eta: noise of the tags.
        tokens: tokens of each document.
        between: variance of the coefficient over documents.
        within: variance of a token's value.

    Example:
        >>> round(mean_square_error(4.0, 3.0, 0.4, 50.0, 0.1, 1.0), 4)
        0.0536
    """
    spread, others = beta * eta, (documents - 1) * tokens
    h = min(0.3, 0.25 / spread)
    noise = np.arange(-REACH, REACH + 2 * spread, h)
    weights, logs = np.exp(-(noise**2) / 2) * h / math.sqrt(2 * math.pi), spread * noise
    low = -math.log(tokens * (1 + (documents - 1) * math.exp(-beta))) - REACH * spread - 20
    s = np.arange(low, REACH * spread + 4, STEP)

    def transforms(shift: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The logarithm of E exp(-t w), and E (t w)^k exp(-t w) for k = 1, 2 over it."""
        scaled = np.exp(np.minimum((s - shift)[:, None] + logs, 300.0))
        faded = np.exp(-scaled)
        kept, lost = faded @ weights, -np.expm1(-scaled) @ weights
        with np.errstate(divide="ignore", invalid="ignore"):
            log_kept = np.where(lost > 0.5, np.log(kept), np.log1p(-np.minimum(lost, 0.75)))
            first, second = ((scaled**k * faded) @ weights / kept for k in (1, 2))
        return log_kept, np.nan_to_num(first), np.nan_to_num(second)

    right, _, right_square = transforms(0.0)
    other, mean, square = transforms(beta)
    parts = within * tokens * right_square + (within + 2 * between) * others * square
    parts += between * others * (documents * tokens - 2) * mean**2
    return float(np.sum(np.exp(tokens * right + others * other) * parts) * STEP)


def _value(**point: np.ndarray) -> np.ndarray:
    each = np.vectorize(lambda *numbers: mean_square_error(*map(float, numbers)), otypes=[np.float64])
    return np.asarray(each(*(point[parameter.name] for parameter in PARAMETERS)))


def _enclosure(digits: int, **point: Any) -> Any:
    """The integral over s = ln t, by transforms from Mellin-Barnes integrals and by panels with proven rests."""
    from flint import arb, ctx

    from attnlaws.theory import laplace_balls as balls
    from attnlaws.theory.balls import exact
    from attnlaws.theory.weights import Lognormal

    number = {name: float(value) for name, value in point.items()}
    count, rest = int(point["tokens"]), int(point["tokens"]) * (int(point["documents"]) - 1)
    spread = number["beta"] * number["eta"]
    scale = math.log(number["within"] + 2 * number["between"])  # no part is above this times E (t Z)^2 exp(-t Z)

    def compute(log_error: float) -> Any:
        mass = math.log(count + rest * math.exp(-number["beta"]))
        low = log_error - balls.SPARE - scale - mass - spread**2 / 2
        deep = (balls.SPARE + 1 + scale - log_error) / count
        power = min(1.0, math.sqrt(2 * deep) / spread)
        high = math.log(2) + deep / power + spread**2 * power / 2
        delta = log_error - scale - 2 * math.log(count + rest) - math.log(high - low) - balls.SPARE
        law = Lognormal(lambda: exact(point["beta"]) * exact(point["eta"]))
        table = balls.Transform(law, (0, 1, 2), high + 4 * balls.HALF, delta)
        ctx.prec = max(ctx.prec, table.bits)
        shift, inner, outer = exact(point["beta"]), exact(point["within"]), exact(point["between"])

        def parts(s: Any) -> Any:
            at = s - shift
            right, other = table.power(count, s), table.power(rest - 1, at)
            one = inner * count * table.value(2, s) * table.power(count - 1, s) * table.power(rest, at)
            total = one + (inner + 2 * outer) * rest * table.value(2, at) * other * right
            if rest > 1:
                pairs = outer * rest * (count + rest - 2) * table.value(1, at) ** 2
                total += pairs * table.power(rest - 2, at) * right
            return total

        def beyond(s: Any) -> Any:
            half = s - arb(2).log()
            return 2 * arb(scale).exp() * table.power(count, half) * table.power(rest, half - shift)

        bound = scale + math.log(4 * math.exp(-2) / math.cos(balls.TILT) ** 2)
        total = balls._panels(parts, low, log_error, lambda _: bound, beyond, table.bits)
        return total + arb(0, (arb(scale + low + mass + 1e-9).exp() * (law.spread() ** 2 / 2).exp()).upper())

    guess = math.log(mean_square_error(*(number[parameter.name] for parameter in PARAMETERS)))
    return balls._refined(digits, guess, compute)


FADED = sp.exp(-beta)
SHARE = 1 / (1 + (documents - 1) * FADED)
LEAK = between * documents * (documents - 1) * (FADED * SHARE) ** 2
SQUARES = (1 + (documents - 1) * FADED**2) * SHARE**2

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="mean square error of the coefficient",
    source=Source(
        "arXiv:2602.01863",
        "recall by tags from finitely many tokens",
        "reconstructed",
        title="Transformers as Measure-Theoretic Associative Memory: A Statistical Perspective",
        authors="Kawata, Ryotaro and Suzuki, Taiji",
        year="2026",
        note="the paper's text was not read; noise in the tags and finite documents are derived here",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    sp.Integral(integrand(), (t, 0, sp.oo)),
                    "means of products of two weights over Z^2, 1/Z^2 being the integral of t exp(-t Z): squares of "
                    "tokens, and pairs of tokens of the other documents",
                ),
                Equals(ROOT, "computed"),
            ),
            value=_value,
            enclosure=_enclosure,
            accuracy=LooserAccuracy(1e-9, "integrals over an integral, computed by the trapezoid rule"),
        ),
    ),
    claim=Equal(),
    regime="every number of documents and tokens, below and beyond the breakdown of the first order",
    grid=Grid(
        across="beta",
        series=(
            {"documents": 4, "eta": 0.4, "tokens": 16, "between": 0.1, "within": 1},
            {"documents": 8, "eta": 0.25, "tokens": 8, "between": 1, "within": 1},
        ),
        values=(1, 2, 4, 8),
        extra=({"documents": 2, "beta": 2, "eta": 0.5, "tokens": 2, "between": 1, "within": 1},),
    ),
    sabotages={
        "the noise does nothing": LEAK + within * SQUARES / tokens,
        "the first order of many tokens": LEAK + within * sp.exp((beta * eta) ** 2) * SQUARES / tokens,
        "infinitely many tokens": LEAK,
        "no leak": within * sp.exp((beta * eta) ** 2) * SQUARES / tokens,
    },
)
