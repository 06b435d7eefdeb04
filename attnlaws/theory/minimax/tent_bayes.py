"""No estimate of a 1-Lipschitz function on a box has a risk below v mmse(n v/M), with random signs on M tents.

The function is seen in white noise of the effective sample size n = exp(log_n), and the risk is its mean square error.
Both are in the units of the chapter: semi-axes s_j = exp(-kappa j^alpha), Lipschitz constant and scale 1. The box is
cut into M cells; on each stands a tent, the distance to the nearest face, of mean square v, up or down at random. Then
every cell is a channel of one bit with the signal-to-noise ratio gamma = n v/M, and the risk of the best estimate is
known exactly: v mmse(gamma), mmse(gamma) = 1 - E tanh(gamma + sqrt(gamma) Z). The worst function is at least as hard as
one with random signs, so this Bayes risk is a lower bound on the minimax risk; the cells are the best of those of
``theory.tents``.

mmse is a mixture of exponentials exp(-gamma (1 + s^2)/2), hence convex. Where the design is n random points instead of
white noise a cell's gamma fluctuates around the same mean, so that the bound holds there too (Jensen); it is not an
equality there any more.

Outputs: ``value``, the bound; ``log``, its logarithm, which reaches as far as the sample size; ``power`` = v.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.box import ALPHA, KAPPA, LOG_N, semi_axis
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, real
from attnlaws.theory.stable import Stable
from attnlaws.theory.steps import ROOT, Definition, Derivation, Equals
from attnlaws.theory.tents import bayes, best, enclosure, log_mmse, most_axes, routine
from attnlaws.theory.vocabulary import Phi

PARAMETERS = (
    LOG_N,
    Parameter("alpha", ALPHA.meaning, real(minimum=0.5, maximum=4)),
    Parameter("kappa", KAPPA.meaning, real(minimum=0.1, maximum=10)),
)
log_n, alpha, kappa = (parameter.symbol for parameter in PARAMETERS)
NAMES = tuple(parameter.name for parameter in PARAMETERS)
ENDS = {"log_n": most_axes(alpha, kappa)}
FEW = "so that no more than about a thousand axes are cut"
FLOAT = {"log_n": real(above=0, maximum=700)}
FAR = "beyond it the value can be below float64, and only the output log reaches there; " + FEW
ROUTINES = LooserAccuracy(1e-12, "a sum over hundreds of axes, and logarithms of numbers of cells up to their size")

v, gamma = sp.symbols("v gamma", positive=True)
z = sp.Symbol("z", real=True)
s, t, j = sp.Symbol("s", positive=True), sp.Symbol("t", positive=True), sp.Symbol("j", integer=True, positive=True)
parts = sp.Function("m", positive=True)(j)
cut = sp.Symbol("D", integer=True, positive=True)

SEEN = gamma + sp.sqrt(gamma) * z
"""What the noise's integral against a tent that is up says of it, in units in which the odds of up are exp(2 SEEN)."""
BAYES = gaussian_mean(sp.exp(-2 * SEEN) / sp.cosh(SEEN) ** 2, z)
"""Mean of (1 - tanh SEEN)^2: the best answer to a sign that is up is its mean given the data, tanh SEEN."""
MIXTURE = sp.Integral(sp.exp(-gamma * (1 + s**2) / 2) / sp.cosh(sp.pi * s / 2), (s, 0, sp.oo))
HALF = semi_axis(j) / parts
POWER = sp.Integral(
    2 * t * sp.exp(sp.Sum(sp.log(1 - t / HALF), (j, 1, cut))),
    (t, 0, sp.Symbol("l", positive=True)),
)
"""Mean square of a tent: 2 t times the chance that all faces are further than t, up to the least half width l."""


class mmse(Stable):  # noqa: N801
    """The least mean square error for a random sign in Gaussian noise, by its signal-to-noise ratio."""

    latex_name = r"\operatorname{mmse}"

    @classmethod
    def routine(cls) -> Callable[..., Any]:
        """The function of float64 arrays."""
        return lambda signal: np.exp(log_mmse(signal))


class tent_power(Stable):  # noqa: N801
    """The mean square v of the best tents, by log_n, alpha and kappa."""

    latex_name = "v"

    @classmethod
    def routine(cls) -> Callable[..., Any]:
        """The function of float64 arrays."""
        return np.vectorize(lambda *at: np.exp(best(bayes, *at).log_power), otypes=[np.float64])


class tent_signal(Stable):  # noqa: N801
    """The signal-to-noise ratio of the best tents' cells, by log_n, alpha and kappa."""

    latex_name = r"\gamma"

    @classmethod
    def routine(cls) -> Callable[..., Any]:
        """The function of float64 arrays."""
        return np.vectorize(lambda *at: np.exp(best(bayes, *at).log_signal), otypes=[np.float64])


AT = (log_n, alpha, kappa)


def _log_ball(log_v: Any, log_gamma: Any, log_cells: Any) -> Any:
    """The logarithm of v times the definition of mmse, an integral over the noise."""
    from flint import arb

    from attnlaws.theory.enclose import enclose

    signal = log_gamma.exp()
    risk = enclose(BAYES, {gamma: signal.mid()}, 30) + arb(0, signal.rad())  # its slope lies between -1 and 0
    return log_v + risk.log()


def risk_ball(log_v: Any, log_gamma: Any, log_cells: Any) -> Any:
    """A ball around the Bayes risk, from balls of the logarithms of v, gamma and M."""
    return _log_ball(log_v, log_gamma, log_cells).exp()


LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="Bayes risk of random signs on tents",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2602.01863",
        "lower bound of the minimax risk",
        "reconstructed",
        title="Transformers as Measure-Theoretic Associative Memory: A Statistical Perspective",
        note="a lower bound exp(-O((ln n)^(alpha/(1 + alpha)))) is known of the paper; the box, the tents and the "
        "exact Bayes risk are a model of ours",
        authors="Kawata, Ryotaro and Suzuki, Taiji",
        year="2026",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    v * BAYES,
                    "a tent that is up; down is alike. The best estimate answers with the mean of the sign given the "
                    "data, tanh, and 1 - tanh y = exp(-y)/cosh y; its square costs v, the mean square of a tent; "
                    "gamma = n v/M",
                ),
                Equals(
                    v * MIXTURE,
                    "the square of the mean sign has the mean of its product with the sign; exp(gamma/2) takes the "
                    "drift away, which leaves the mean of 1/cosh, and that is its own Fourier transform: a mixture of "
                    "exponentials in gamma, without cancellation",
                ),
                Equals(ROOT, "at the best of the partitions; the integral by the trapezoid rule"),
            ),
            value=routine(bayes, np.exp),
            enclosure=enclosure(bayes, risk_ball),
            accuracy=ROUTINES,
            below=ENDS,
            domain=FLOAT,
            exists=FAR,
        ),
        Derivation(
            (
                Definition(sp.log(v) + sp.log(BAYES), "the logarithm of the same"),
                Equals(ROOT, "at the best of the partitions"),
            ),
            value=routine(bayes, np.asarray),
            enclosure=enclosure(bayes, _log_ball),
            accuracy=ROUTINES,
            output="log",
            below=ENDS,
            exists=FEW,
        ),
        Derivation(
            (
                Definition(
                    POWER,
                    "the layers of phi^2: a point is further than t from both faces of axis j with the "
                    "chance 1 - t m_j/s_j",
                ),
                Equals(ROOT, "Gauss-Legendre nodes, which are exact for the polynomial"),
            ),
            value=lambda **at: np.asarray(tent_power.routine()(*(at[name] for name in NAMES))),
            enclosure=enclosure(bayes, lambda log_v, log_gamma, log_cells: log_v.exp()),
            accuracy=ROUTINES,
            output="power",
            below=ENDS,
            domain=FLOAT,
            exists=FAR,
        ),
    ),
    claim=Equal(),
    delta=0.02,
    delta_reason="a cell of white noise is simulated at 1024 places, which is felt at 0.2 %",
    regime="white noise, any n; with n random points it is a lower bound of the same Bayes risk",
    grid=Grid(
        across="log_n",
        series=({"alpha": 1.0, "kappa": 1.0}, {"alpha": 2.0, "kappa": 0.15}),
        values=(5.0, 10.0, 15.0, 20.0),
        extra=({"log_n": 4.0, "alpha": 1.0, "kappa": 1.0}, {"log_n": 6.0, "alpha": 1.0, "kappa": 0.5}),
    ),
    sabotages={
        "signs with a normal law instead": tent_power(*AT) / (1 + tent_signal(*AT)),
        "half the signal": tent_power(*AT) * mmse(tent_signal(*AT) / 2),
        "the signs are guessed, not weighed": 4 * tent_power(*AT) * Phi(-sp.sqrt(tent_signal(*AT))),
        "Assouad's bound is reached": tent_power(*AT) * Phi(-sp.sqrt(tent_signal(*AT))),
        "the data say nothing": tent_power(*AT),
    },
)
