"""Assouad's lemma on tents bounds the minimax risk of 1-Lipschitz functions on a box by v Phi(-sqrt(n v/M)) from below.

The model and the tents are those of ``minimax.tent_bayes``: M cells, on each a tent of mean square v, up or down, and
white noise of the effective sample size n = exp(log_n). Whoever answers with a number whose sign is wrong misses by 1
at least, so that the risk is v times the chance of guessing a sign wrong or more, and that is half of one less the
total variation distance: Phi(-sqrt(gamma)), gamma = n v/M. The cells are the best ones for this bound.

Beside the Bayes risk of the same signs it loses a factor of 2 to 3: 2 v Phi(-sqrt(gamma)) would still be a lower bound,
as the mean square error is 4 p (1 - p) on average where the chance of a wrong guess is p <= 1/2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import Bound, Source
from attnlaws.theory.densities import gaussian_density
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.minimax.tent_bayes import (
    AT,
    BAYES,
    ENDS,
    FAR,
    FEW,
    FLOAT,
    PARAMETERS,
    ROUTINES,
    gamma,
    tent_power,
    tent_signal,
    v,
)
from attnlaws.theory.steps import ROOT, AtLeast, Definition, Derivation, Equals
from attnlaws.theory.tents import enclosure, routine
from attnlaws.theory.vocabulary import Phi

y = sp.Symbol("y", positive=True)
WRONG = sp.Integral(gaussian_density(y + sp.sqrt(gamma)), (y, 0, sp.oo))


def assouad(log_power: np.ndarray, signal: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """The logarithm of v Phi(-sqrt(gamma))."""
    from scipy import special

    return log_power + special.log_ndtr(-np.sqrt(signal))


def _log_ball(log_v: Any, log_gamma: Any, log_cells: Any) -> Any:
    from flint import arb

    return log_v + (((log_gamma / 2).exp() / arb(2).sqrt()).erfc() / 2).log()


LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="lower bound on the Bayes risk of random signs",
    parameters=PARAMETERS,
    source=Source(
        "Assouad 1983",
        "lower bounds by tests of neighbors on a cube",
        "reconstructed",
        title="Deux remarques sur l'estimation",
        authors="Assouad, Patrice",
        year="1983",
        note="the text was not read; applied here to tents on a box",
    ),
    derivations=(
        Derivation(
            (
                Definition(v * BAYES, "the Bayes risk of random signs on tents, as in minimax.tent_bayes"),
                AtLeast(v * WRONG, "a tent that is up is taken for one that is down: half of one less the distance"),
                Equals(v * Phi(-sp.sqrt(gamma)), "a normal tail"),
                Equals(ROOT, "at the best of the partitions"),
            ),
            value=routine(assouad, np.exp),
            enclosure=enclosure(assouad, lambda *of: _log_ball(*of).exp()),
            accuracy=ROUTINES,
            below=ENDS,
            domain=FLOAT,
            exists=FAR,
        ),
        Derivation(
            (
                Definition(sp.log(v) + sp.log(WRONG), "the logarithm of the same"),
                Equals(ROOT, "at the best of the partitions"),
            ),
            value=routine(assouad, np.asarray),
            enclosure=enclosure(assouad, _log_ball),
            accuracy=ROUTINES,
            output="log",
            below=ENDS,
            exists=FEW,
        ),
    ),
    claim=Bound("lower", sure=False),
    delta=0.02,
    delta_reason="a cell of white noise is simulated at 1024 places, which is felt at 0.2 %",
    regime="white noise, and by convexity of the normal tail n random points as well, any n",
    grid=Grid(
        across="log_n",
        series=({"alpha": 1.0, "kappa": 1.0},),
        values=(5.0, 10.0, 15.0, 20.0),
        extra=({"log_n": 5.0, "alpha": 1.0, "kappa": 0.5},),
    ),
    sabotages={
        "a miss costs the squared distance of both signs": 4 * ROOT,
        "standard deviations in place of variances": sp.sqrt(ROOT),
        "the chance of a right guess": tent_power(*AT) * Phi(sp.sqrt(tent_signal(*AT))),
    },
)
