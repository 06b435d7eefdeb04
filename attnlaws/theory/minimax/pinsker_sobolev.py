"""On a box of shrinking semi-axes, Pinsker's weights have risk (S0 - S1/mu)/n, and its slope in ln n is 1 - 1/(mu^2 R).

Functions on the box of semi-axes s_j = exp(-kappa j^alpha) with mean squared gradient at most 1 are seen in white noise
of variance 1/n, or through n random samples with noise of variance 1. A cosine of frequencies k_j has the gradient norm
a_k, a_k^2 = sum_j (pi k_j/(2 s_j))^2; S0, S1 and S2 are the sums of 1, a_k and a_k^2 over the modes with a_k <= mu, and
n = mu S1 - S2 gives mu. No linear estimator has a smaller worst risk. Functions with Lipschitz constant 1 are among
these, so the risk R is an upper bound for theirs. Every mode is counted, up to some ten million of them.

Outputs: ``risk``, in units of the squared Lipschitz constant times the squared scale of the box; ``exponent``, minus
the slope of ln R in ln n, exact and no secant; ``modes``, how many of them are estimated at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.lattice import (
    Cut,
    leading_constant,
    leading_dimension,
    least_kappa,
    over_points,
    pinsker_risk,
)
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, real
from attnlaws.theory.pinsker import PINSKER
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Equals

PARAMETERS = (
    Parameter("log_n", "natural logarithm of the effective sample size n (L S_0/sigma)^2", real(minimum=1, maximum=28)),
    Parameter("alpha", "power of the index in ln(1/s_j) = kappa j^alpha", real(minimum=0.5, maximum=4)),
    Parameter("kappa", "decay of the semi-axes", real(minimum=0.1, maximum=5)),
)
log_n, alpha, kappa = (parameter.symbol for parameter in PARAMETERS)
n = sp.exp(log_n)
k = sp.Symbol("k", integer=True, positive=True)
mu, modes = sp.symbols("mu S_0", positive=True)
norm: Any = sp.Function("a", positive=True)(k)
LOG_MODES = 14.5
"""Logarithm of the number of modes, by its leading term, up to which all of them are counted."""


def over_modes(term: Callable[[Any], Any]) -> Any:
    """The sum of a term in a_k over the modes below the cutoff, not evaluated."""
    return sp.Sum(term(norm), (k, 1, modes))


def weight(a: Any) -> Any:
    """What an observed coefficient is multiplied with."""
    return 1 - a / mu


def coefficient2(a: Any) -> Any:
    """The squared coefficient of the least favorable function."""
    return (mu / a - 1) / n


LOSS = over_modes(lambda a: (1 - weight(a)) ** 2 * coefficient2(a) + weight(a) ** 2 / n)
TOTAL, SQUARES = over_modes(lambda a: a), over_modes(lambda a: a**2)
RISK = (modes - TOTAL / mu) / n
SOLVED = TOTAL / (n + SQUARES)
"""1/mu, from n = mu S1 - S2."""


def _ball(name: str) -> Callable[..., Any]:
    def enclosure(*, digits: int, log_n: Any, alpha: Any, kappa: Any) -> Any:
        from attnlaws.theory.lattice_balls import cut_ball

        return getattr(cut_ball(log_n, alpha, kappa), name)

    return enclosure


def _derivation(output: str, of: Callable[[Cut], float], ball: str, *steps: Any) -> Derivation:
    return Derivation(
        steps,
        value=over_points(of),
        enclosure=_ball(ball),
        accuracy=LooserAccuracy(1e-9, "sums of up to ten million roots, and differences of such sums"),
        output=output,
        above={"kappa": least_kappa(log_n, alpha, LOG_MODES)},
        exists="slower decay leaves more modes than can be counted one by one",
    )


LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="worst mean squared error of the best linear estimator",
    source=Source(
        "arXiv:2602.01863",
        "upper bound on the minimax risk of the readout",
        "reconstructed",
        title="Transformers as Measure-Theoretic Associative Memory: A Statistical Perspective",
        authors="Kawata, Ryotaro and Suzuki, Taiji",
        year="2026",
        note="the abstract states exp(-(ln n)^(alpha/(1 + alpha))) up to constants in the exponent; this surrogate, "
        "its exact finite value and its slope are derived here",
    ),
    derivations=(
        _derivation(
            "risk",
            lambda cut: cut.risk,
            "risk",
            Definition(
                LOSS,
                "squared bias and variance of the weights 1 - a/mu at the function with squared coefficients "
                "(mu/a - 1)/n, over the modes below mu; the constant mode has no bias, whatever its coefficient",
            ),
            Equals(over_modes(lambda a: (1 - a / mu) / n), "term by term"),
            Cites(RISK, PINSKER, "no linear estimator does better than these weights at their worst function"),
            Equals(ROOT, "mu by Newton's method from n = mu S1 - S2, all modes counted"),
        ),
        _derivation(
            "exponent",
            lambda cut: cut.exponent,
            "exponent",
            Definition(
                -sp.Derivative(sp.log((modes - TOTAL * SOLVED) / n), log_n),
                "slope of the risk with mu solved for; modes enter at the cutoff with weight 0, so the sums stay",
            ),
            Equals(1 - SOLVED**2 * n / (modes - TOTAL * SOLVED), "differentiated: 1 - 1/(mu^2 R)"),
            Equals(ROOT, "from the same sums"),
        ),
        _derivation(
            "modes",
            lambda cut: cut.sums.count,
            "count",
            Definition(
                sp.Sum(sp.Piecewise((1, sp.Lt(norm, mu)), (0, True)), (k, 1, sp.oo)),
                "the number of modes with a_k < mu, the constant one included",
            ),
            Equals(ROOT, "counted"),
        ),
    ),
    claim=Equal(),
    regime="every sample size at which the modes can be counted; at n = 1e12 the limit is still 2 to 13 % away in ln R",
    grid=Grid(
        across="log_n",
        series=({"alpha": 1.0, "kappa": 0.5}, {"alpha": 2.0, "kappa": 0.15}),
        values=(5.0, 7.0, 9.0),
        extra=({"alpha": 0.5, "kappa": 1.0, "log_n": 8.0}, {"alpha": 1.0, "kappa": 1.0, "log_n": 8.0}),
    ),
    sabotages={
        "frequencies pi k/s_j, as for a box of half the size": {
            "risk": pinsker_risk(log_n - sp.log(4), alpha, kappa) / 4
        },
        "the mean of the function is known": {"risk": ROOT - sp.exp(-log_n)},
        "the limit, taken at finite n": {
            "risk": sp.exp(-leading_constant(alpha, kappa) * log_n ** (alpha / (1 + alpha)))
        },
        "the slope 2/(2 + D) of D whole axes": {"exponent": 2 / (2 + sp.floor(leading_dimension(log_n, alpha, kappa)))},
        "the slope 2/D without noise": {"exponent": 2 / leading_dimension(log_n, alpha, kappa)},
        "the constant mode is not counted": {"modes": ROOT - 1},
    },
)
