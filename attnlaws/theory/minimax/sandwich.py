"""The least worst risk over 1-Lipschitz functions lies between tents of random sign and Pinsker's, 3 to 5 times apart.

Both hold at every n and are exact: below, the Bayes risk of random signs on tents, which are 1-Lipschitz functions, so
that no estimate has a smaller worst risk; above, the worst risk of Pinsker's linear estimate over all functions with
mean squared gradient at most 1, of which the 1-Lipschitz ones are some. The function lives on a box with semi-axes
s_j = exp(-kappa j^alpha) and is seen in white noise of the effective sample size n. Logarithms of the two have the same
leading term in the limit, exp(-C (ln n)^p); their ratio grows as a power of the number of resolved axes, which at any n
of this world is a factor of 3 to 6.5: so far the constant C alone would be off by far more.

Outputs: ``value``, the ratio of the upper to the lower bound; ``lower``; ``upper``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.lattice import least_kappa, over_points, pinsker_risk
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.minimax import pinsker_sobolev, tent_bayes
from attnlaws.theory.minimax.pinsker_sobolev import LOG_MODES, LOSS, PINSKER, RISK
from attnlaws.theory.minimax.tent_bayes import BAYES, mmse, tent_power, tent_signal, v
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Equals
from attnlaws.theory.tents import bayes, enclosure, log_bound
from attnlaws.theory.vocabulary import Phi

PARAMETERS = pinsker_sobolev.LAW.parameters
log_n, alpha, kappa = AT = tuple(parameter.symbol for parameter in PARAMETERS)

LOWER = v * BAYES
ACCURACY = LooserAccuracy(1e-9, "sums of up to ten million roots, and differences of such sums")


def _upper(log_n: Any, alpha: Any, kappa: Any) -> np.ndarray:
    return over_points(lambda cut: cut.risk)(log_n, alpha, kappa)


def _lower(log_n: Any, alpha: Any, kappa: Any) -> np.ndarray:
    return np.exp(log_bound(bayes, log_n, alpha, kappa))


def _upper_ball(log_n: Any, alpha: Any, kappa: Any, **_: Any) -> Any:
    from attnlaws.theory.lattice_balls import cut_ball

    return cut_ball(log_n, alpha, kappa).risk


_lower_ball = enclosure(bayes, tent_bayes.risk_ball)


def _derivation(output: str, value: Callable[..., Any], ball: Callable[..., Any], *steps: Any) -> Derivation:
    return Derivation(
        (*steps, Equals(ROOT, "at the best of the partitions, and with every mode counted")),
        value=value,
        enclosure=ball,
        accuracy=LooserAccuracy(1e-9, "sums of up to ten million roots, and differences of such sums"),
        output=output,
        above={"kappa": least_kappa(log_n, alpha, LOG_MODES)},
        exists="slower decay leaves more modes than can be counted one by one",
    )


LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="upper over lower bound of the minimax risk",
    source=Source(
        "arXiv:2602.01863",
        "lower and upper bounds with one exponent",
        "reconstructed",
        title="Transformers as Measure-Theoretic Associative Memory: A Statistical Perspective",
        authors="Kawata, Ryotaro and Suzuki, Taiji",
        year="2026",
        note="bounds whose logarithms agree up to constants are known of the paper; both bounds here are ours",
    ),
    derivations=(
        _derivation(
            "value",
            lambda **at: _upper(**at) / _lower(**at),
            lambda digits, **at: _upper_ball(**at) / _lower_ball(digits=digits, **at),
            Definition(
                LOSS / LOWER,
                "mean loss of Pinsker's estimate at its least favorable function, over that of the best estimate of "
                "random signs on tents",
            ),
            Cites(RISK / LOWER, PINSKER, "no linear estimator does better than these weights at their worst function"),
        ),
        _derivation(
            "lower",
            _lower,
            lambda digits, **at: _lower_ball(digits=digits, **at),
            Definition(LOWER, "the best estimate answers with the mean of the sign given the data"),
        ),
        _derivation(
            "upper",
            _upper,
            lambda digits, **at: _upper_ball(**at),
            Definition(LOSS, "squared bias and variance at the least favorable function"),
            Cites(RISK, PINSKER, "no linear estimator does better than these weights at their worst function"),
        ),
    ),
    claim=Equal(),
    delta=0.02,
    delta_reason="a ratio of two simulated losses",
    regime="every sample size at which the modes can be counted",
    grid=Grid(
        across="log_n",
        series=({"alpha": 1.0, "kappa": 1.0}, {"alpha": 1.0, "kappa": 0.5}),
        values=(4.6, 6.9, 9.2, 11.5),
    ),
    sabotages={
        "Assouad's bound below": pinsker_risk(*AT) / (tent_power(*AT) * Phi(-sp.sqrt(tent_signal(*AT)))),
        "half the signal below": pinsker_risk(*AT) / (tent_power(*AT) * mmse(tent_signal(*AT) / 2)),
        "twice the noise above": pinsker_risk(log_n - sp.log(2), alpha, kappa) * ROOT / pinsker_risk(*AT),
        "the bounds meet": sp.Integer(1) + 0 * log_n,
    },
)
