"""Fano's inequality on a code of tents gives the lower bound v/8 (1 - 16 n v/(M ln 2) - 8/M) on the minimax risk.

The model and the tents are those of ``minimax.tent_bayes``: M cells, on each a tent of mean square v, up or down, and
white noise of the effective sample size n = exp(log_n). Among the sign patterns there are 2^(M/8) of which any two
differ in M/8 cells or more (Varshamov and Gilbert). Who estimates well can tell them apart, and Fano's inequality says
how often that fails, from the divergence of two patterns, at most 2 n v. The cells are the best ones for this bound.

All patterns are equally hard, so that the risk over the code's is not above the Bayes risk v mmse(n v/M) of random
signs, which is known. Beside the best of those the bound is 25 to 250 times too small: an eighth for the
distance in the code, and the rest because cells have to be so fine that a single one says next to nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import Bound, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.minimax.tent_bayes import AT, ENDS, FAR, FEW, FLOAT, PARAMETERS, ROUTINES, gamma, tent_power, v
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Equals
from attnlaws.theory.tents import enclosure, routine

cells, code, k = sp.Symbol("M", positive=True), sp.Symbol("K", positive=True), sp.Symbol("k", positive=True)
MISTAKEN = sp.Function("P")(k)
DIVERGENCE = 2 * gamma * cells

FANO = Source(
    "Fano 1961",
    "a message of K equally likely ones is mistaken with the chance 1 - (I + ln 2)/ln K or more",
    "secondary",
    title="Transmission of Information",
    authors="Fano, Robert M.",
    year="1961",
)
CODE = Source(
    "Varshamov 1957",
    "2^(M/8) sign patterns of length M, M >= 8, any two of which differ in M/8 places",
    "secondary",
    title="Estimate of the number of signals in error correcting codes",
    authors="Varshamov, R. R.",
    year="1957",
)


def fano(log_power: np.ndarray, signal: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """The logarithm of v/8 (1 - 16 gamma/ln 2 - 8/M); minus infinity where that is not positive."""
    left = 1 - 16 * signal / np.log(2) - 8 / cells
    return log_power - np.log(8) + np.where(left > 0, np.log(np.where(left > 0, left, 1.0)), -np.inf)


def _log_ball(log_v: Any, log_gamma: Any, log_cells: Any) -> Any:
    from flint import arb

    return log_v + ((1 - 16 * log_gamma.exp() / arb(2).log() - 8 * (-log_cells).exp()) / 8).log()


LINE = v / 8 * (1 - 16 * gamma / sp.log(2) - 8 / cells)
STEPS = (
    Definition(
        v / 8 * sp.Sum(MISTAKEN, (k, 1, code)) / code,
        "P(k): k is mistaken for another. Two patterns of the code are v/2 apart in mean square, 4 v in each "
        "of M/8 cells of M, and an estimate nearer to a wrong one misses by half the distance: a quarter of v/2",
    ),
    Cites(
        v / 8 * (1 - (DIVERGENCE + sp.log(2)) / sp.log(code)),
        FANO,
        "I is at most the largest divergence of two patterns, n/2 times 4 v where all signs differ; n v = gamma M",
    ),
    Cites(v / 8 * (1 - (DIVERGENCE + sp.log(2)) / (cells / 8 * sp.log(2))), CODE, "that many patterns exist"),
)

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="lower bound on the Bayes risk of random signs",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2602.01863",
        "lower bound of the minimax risk, by packing",
        "reconstructed",
        title="Transformers as Measure-Theoretic Associative Memory: A Statistical Perspective",
        note="notes of others say that packings are used there; the code of tents and its constants are those of "
        "textbooks",
        authors="Kawata, Ryotaro and Suzuki, Taiji",
        year="2026",
    ),
    derivations=(
        Derivation(
            (
                *STEPS,
                Equals(LINE, "one term after the other"),
                Equals(ROOT, "at the best of the partitions"),
            ),
            value=routine(fano, np.exp),
            enclosure=enclosure(fano, lambda *of: _log_ball(*of).exp()),
            accuracy=ROUTINES,
            below=ENDS,
            domain=FLOAT,
            exists=FAR,
        ),
        Derivation(
            (
                Definition(sp.log(STEPS[0].expr), "the logarithm of the same"),
                Cites(sp.log(LINE), FANO, "with the code as above"),
                Equals(ROOT, "at the best of the partitions"),
            ),
            value=routine(fano, np.asarray),
            enclosure=enclosure(fano, _log_ball),
            accuracy=ROUTINES,
            output="log",
            below=ENDS,
            exists=FEW,
        ),
    ),
    claim=Bound("lower", sure=False),
    delta=0.02,
    delta_reason="a cell of white noise is simulated at 1024 places, which is felt at 0.2 %",
    regime="any n; a bound on the minimax risk, and by symmetry on the Bayes risk of random signs",
    grid=Grid(
        across="log_n",
        series=({"alpha": 1.0, "kappa": 1.0},),
        values=(5.0, 10.0, 15.0, 20.0),
        extra=({"log_n": 5.0, "alpha": 1.0, "kappa": 0.5},),
    ),
    sabotages={
        "the tents of the best Bayes risk cost nothing to tell apart": tent_power(*AT),
        "standard deviations in place of variances": sp.sqrt(ROOT),
        "opposite patterns only, and their full distance": 32 * ROOT,
    },
)
