"""A linear readout is learned from n samples at sigma^2/n for each effective coordinate, nearly parametrically.

The inputs have independent coordinates X_j = s_j Z_j with standard normal Z_j and s_j = exp(-kappa j^alpha); observed
is y = sum f_j X_j + sigma xi with |f| <= 1, for n independent samples, and the risk is the mean square error at a new
input. With theta_j = f_j s_j that is the loss |theta' - theta|^2 over an ellipsoid with semi-axes s_j. The rule is
ridge regression on the Z_j with the penalties r_j/(1 - r_j), r_j = a_j/mu, a_j = 1/s_j, of the coordinates with
a_j < mu: the weights of Pinsker's rule in the sequence model at the effective sample size exp(log_n) = n/sigma^2. The
law is its risk at the least favorable f times that size, the limit of many samples at a fixed effective size, where it
is the smallest that linear rules can reach (`minimax.pinsker_exponential`). The first correction, in 1/n, comes from
the fluctuations of the inputs' Gram matrix.

The number of effective coordinates grows only as (ln n)^(1/alpha). A nonlinear readout of the same inputs learns as
exp(-C (ln n)^(alpha/(1+alpha))), slower than any power of n. What is hard is not that the input has infinitely many
coordinates; it is to depend on them in a way that is not linear.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.lorenz import DELTA_METHOD
from attnlaws.theory.minimax import pinsker_exponential as sequence
from attnlaws.theory.minimax.pinsker_exponential import REACH, active, alpha, j, kappa, log_n, mu
from attnlaws.theory.parameter import Parameter, integer
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Equals

PARAMETERS = (
    *sequence.PARAMETERS,
    Parameter("n", "number of samples of the regression", integer(2, 10**9), role="simulation"),
)
n = PARAMETERS[-1].symbol
i = sp.Symbol("i", integer=True, positive=True)

BROWN_LOW = Source(
    "Brown, Cai, Low, Zhang 2002",
    "nonparametric regression with random design is asymptotically equivalent to white noise",
    "secondary",
    title="Asymptotic equivalence theory for nonparametric regression with random design",
    authors="Brown, Lawrence D. and Cai, T. Tony and Low, Mark G. and Zhang, Cun-Hui",
    year="2002",
    note="the text was not read; what is needed here is only that the Gram matrix tends to the identity",
)


def _weight(index: sp.Symbol) -> sp.Expr:
    return 1 - sp.exp(kappa * index**alpha) / mu


def _total(term: sp.Expr) -> Any:
    return sp.Sum(term, (i, 1, active))


def second_order(c: Any, total: Any, squares: Any) -> Any:
    """What coordinate j adds to n times the first correction, from its weight c_j, the sum of c and that of c^2.

    With G = 1 + E for the Gram matrix, b = (1 - C) theta and noise of covariance G/n_eff, the mean of E_ij E_kl is
    (delta_ik delta_jl + delta_il delta_jk)/n. Of the bias |(1 - C E + C E C E) b|^2 the second order is
    |C E b|^2 + 2 b'C E C E b, of the noise's tr (1 - A) A with A = (G + Lambda)^-1 Lambda it is the rest. The least
    favorable theta has n_eff b_j^2 = c_j (1 - c_j).
    """
    bias = c * (1 - c) * (squares + c**2 + 2 * c * (total + c))
    noise = c**2 * ((total + c) * (2 * c - 1) - (total - squares) - c * (1 - c))
    return bias + noise


def _corrected(log_n: float, alpha: float, kappa: float) -> float:
    number, log_mu, total = sequence.rule(log_n, alpha, kappa)
    c = -np.expm1(kappa * np.arange(1.0, number + 1.0) ** alpha - log_mu)
    return float(second_order(c, total, float((c * c).sum())).sum())


def _value(log_n: Any, alpha: Any, kappa: Any, n: Any) -> np.ndarray:
    each = np.vectorize(lambda *point: _corrected(*map(float, point)), otypes=[np.float64])
    return np.asarray(each(log_n, alpha, kappa) / n)


def _enclosure(digits: int, log_n: Any, alpha: Any, kappa: Any, n: Any) -> Any:
    from flint import arb, ctx

    number, found = sequence.ratios(digits, log_n, alpha, kappa)
    with ctx.workprec(4 * digits + 80):
        weights = [1 - ratio for ratio in found] + [arb(1)] * (number - len(found))
        total, squares = sum(weights, arb(0)), sum((c * c for c in weights), arb(0))
        added = sum((second_order(c, total, squares) for c in weights), arb(0))
        return added / n if found else arb("nan")


def _correction() -> Derivation:
    summed = sp.Sum(second_order(_weight(j), _total(_weight(i)), _total(_weight(i) ** 2)), (j, 1, active)) / n
    return Derivation(
        (
            Definition(
                summed,
                "second order of the mean loss, times n/sigma^2, in the fluctuations E of the Gram matrix of n "
                "standard normal inputs, whose entries have the fourth moments of normal variables",
            ),
            Cites(summed, DELTA_METHOD, "penalties are positive, so that all moments exist; the rest is O(n^(-2))"),
            Equals(ROOT, "with mu and N of the sequence model"),
        ),
        value=_value,
        enclosure=_enclosure,
        accuracy=LooserAccuracy(1e-9, "sums of products of weights that may nearly cancel"),
    )


def _limit() -> Derivation:
    definition, mean, pinsker = sequence.total_steps(sp.exp(kappa * j**alpha), sp.Integer(1))
    return Derivation(
        (
            Definition(
                definition.expr,
                "n/sigma^2 times the mean loss where the Gram matrix is the identity: there the ridge estimate is "
                "c_j (theta_j + noise of variance sigma^2/n) with c_j = 1/(1 + penalty) = 1 - a_j/mu, and "
                "theta_j^2 = (mu/a_j - 1)_+ sigma^2/n",
            ),
            Cites(definition.expr, BROWN_LOW, "the Gram matrix tends to the identity as n grows at fixed n/sigma^2"),
            mean,
            pinsker,
            Equals(ROOT, "mu solves sum a_j (mu - a_j)_+ = n/sigma^2; N is found by bisection"),
        ),
        value=sequence.effective,
        enclosure=sequence.enclosure,
        accuracy=sequence.ALGORITHM,
    )


LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="risk of a linear readout times n/sigma^2",
    source=Source(
        "arXiv:2602.01863",
        "a linear readout in place of a Lipschitz one",
        "reconstructed",
        note="the paper's text was not read, and it is not known to treat linear readouts; this is the benchmark that "
        "shows where the slow rate comes from",
        year="2026",
    ),
    derivations=(_limit(),),
    claim=Equal(along="n", correction=_correction()),
    regime="n well above the square of the number of coordinates, at any effective size",
    grid=Grid(
        across="log_n",
        series=({"alpha": 1, "kappa": 1}, {"alpha": 2, "kappa": 0.25}),
        values=(2, 4, 6),
        ladder={"point": {"log_n": 4, "alpha": 1, "kappa": 1}, "along": "n", "values": (32, 64, 128, 256)},
    ),
    sabotages={
        "the leading term at every n": REACH,
        "every estimated coordinate at full weight": lambda form: form + 1,
        "the samples split between fitting and testing": lambda form: 2 * form,
        "the dimension that a nonlinear readout sees": log_n ** (1 / (1 + alpha)),
    },
)
