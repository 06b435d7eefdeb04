"""Softmax attention's mass on the pair asked for and the error of what it reads are integrals, exact at any n.

The query is the stored key k_i, of norm |q|^2 = d_k, scores are k_j . q/tau, and keys are independent and standard
normal, so the n - 1 others have weights w_j = exp(a g_j - b) relative to the target's, with a = sqrt(d_k)/tau and
b = d_k/tau. The mass on the target is p = 1/(1 + W) with W = sum w_j. The output ``mse`` is the error of what is read,
E |v - v_i|^2/|v|^2 for values with independent directions and one norm: (1 - p)^2 + sum over j != i of p_j^2.

Both are integrals over the Laplace transform of a weight, exact at any n. The signal-to-noise ratio of the unnormalized
memory knows nothing of p: at tau = sqrt(d_k) it passes 1 at ln n = 2 sqrt(d_k) - 2, and p passes 1/2 at
ln n = sqrt(d_k) - 1/2, at about the square root of that number of pairs. Both are leading orders, for large d_k.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory import laplace, laplace_balls
from attnlaws.theory.balls import exact
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import ROOT, Definition, Derivation, Equals

PARAMETERS = (
    Parameter("n", "number of stored pairs", integer(2, 10**12)),
    Parameter("d_k", "dimension of the keys, and the squared norm of the query", integer(1, 1024)),
    Parameter("tau", "temperature; attention uses sqrt(d_k)", real(minimum=0.5, maximum=10**6)),
)
n, d_k, tau = (parameter.symbol for parameter in PARAMETERS)
t = sp.Symbol("t", positive=True)
g = sp.Symbol("g", real=True)

WEIGHT = sp.exp(sp.sqrt(d_k) * g / tau - d_k / tau)
TRANSFORM = gaussian_mean(sp.exp(-t * WEIGHT), g)
TRAPEZOID = LooserAccuracy(1e-10, "integrals over an integral, computed by the trapezoid rule")

MEAN_WEIGHTS = n * sp.exp(d_k / (2 * tau**2) - d_k / tau)
SQUARES = n * sp.exp(2 * d_k / tau**2 - 2 * d_k / tau)
LEADING_MASS = 1 / (1 + MEAN_WEIGHTS)
"""The mass on the target where W hardly varies."""


def _moment(k: int) -> sp.Integral:
    return gaussian_mean(WEIGHT**k * sp.exp(-t * WEIGHT), g)


def _over(routine: Any) -> Any:
    """A routine of a number of weights, their spread and depth as a function of arrays n, d_k and tau."""

    def each(n: float, d_k: float, tau: float) -> float:
        return routine(float(n) - 1, float(np.sqrt(d_k) / tau), float(d_k / tau))

    vectorized = np.vectorize(each, otypes=[np.float64])
    return lambda n, d_k, tau: np.asarray(vectorized(n, d_k, tau))


def _square_error(others: float, a: float, b: float) -> float:
    return float(np.exp(laplace.log_square_error(others, a, b)))


def _weight(d_k: int, tau: Any) -> Any:
    return lambda: (exact(d_k).sqrt() / exact(tau), exact(d_k) / exact(tau))


def _square_error_ball(digits: int, n: int, d_k: int, tau: Any) -> Any:
    weight = _weight(d_k, tau)
    guess = laplace.log_square_error(float(n - 1), *map(float, weight()))
    return laplace_balls.square_error(digits, int(n) - 1, weight, guess)


CASES = (
    Derivation(
        (
            Definition(
                sp.Integral(sp.exp(-t) * TRANSFORM ** (n - 1), (t, 0, sp.oo)),
                "mean of 1/(1 + W): that is the integral of exp(-t (1 + W)), and the mean of exp(-t W) is a product of "
                "n - 1 equal factors",
            ),
            Equals(ROOT, "computed"),
        ),
        value=_over(laplace.share_of_one),
        enclosure=lambda digits, n, d_k, tau: laplace_balls.share_of_one(digits, int(n) - 1, _weight(d_k, tau)),
        accuracy=TRAPEZOID,
    ),
    Derivation(
        (
            Definition(
                sp.Integral(
                    t
                    * sp.exp(-t)
                    * (
                        2 * (n - 1) * TRANSFORM ** (n - 2) * _moment(2)
                        + (n - 1) * (n - 2) * TRANSFORM ** (n - 3) * _moment(1) ** 2
                    ),
                    (t, 0, sp.oo),
                ),
                "mean of (W^2 + sum w_j^2)/(1 + W)^2: 1/(1 + W)^2 is the integral of t exp(-t (1 + W)), and W^2 is the "
                "sum of n - 1 squares and of (n - 1)(n - 2) products of two weights",
            ),
            Equals(ROOT, "computed"),
        ),
        value=_over(_square_error),
        enclosure=_square_error_ball,
        accuracy=TRAPEZOID,
        output="mse",
    ),
)

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="mass on the target",
    source=Source(
        "arXiv:2505.19488",
        "retrieval from an exponential kernel",
        "reconstructed",
        note="the paper's text was not read; secondary sources quote a signal-to-noise ratio of the kernel before it "
        "is normalized. The mass and the error after normalization are derived here",
        year="2025",
    ),
    derivations=CASES,
    claim=Equal(),
    regime="every n >= 2 and every temperature from 1/2 on, where the mean weight of another is at most the target's",
    grid=Grid(
        across="n",
        series=({"d_k": 16, "tau": 4}, {"d_k": 36, "tau": 6}),
        values=(8, 32, 128),
        logx=True,
        extra=({"n": 33, "d_k": 16, "tau": 4}, {"n": 65, "d_k": 8, "tau": 1.5}),
    ),
    sabotages={
        "the mass where the others' sum is its mean": LEADING_MASS,
        "the target counts among the others": lambda form: form * (n - 1) / n,
        "all of the mass that is not on the target is lost": {"mse": 1 - LEADING_MASS},
        "the error is the inverse signal-to-noise ratio": {"mse": SQUARES},
    },
)
