"""Gaussian scores with correlation rho, the same for every two keys, lose what independent ones of sd sigma sqrt(1-rho) do.

Such scores are a common normal shift and independent normal rests of variance sigma^2 (1 - rho); softmax ignores the
shift, so that the tail mass has the very law of ``topk.tail_mass`` with sigma sqrt(1 - rho), for every n. The value is
its limit for many keys, with the first correction: keeping the kappa n largest of n weights loses
Phi(-Phi^-1(kappa) - sigma sqrt(1 - rho)). For finite n a correlation down to -1/(n - 1) is possible, and the same holds.

The output ``over_independent`` is the mean tail mass over that of independent scores of standard deviation
sigma sqrt(1 - rho): 1, at every n.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.densities import gaussian_density
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.lorenz import NUMBER, Curve, Scores, limit_steps, tail_correction
from attnlaws.theory.parameter import Parameter, real
from attnlaws.theory.steps import Definition, Derivation, Equals
from attnlaws.theory.vocabulary import Phi, Phi_inverse

PARAMETERS = (
    Parameter("kappa", "fraction of the keys that is kept", real(above=0, below=1)),
    Parameter("sigma", "standard deviation of the scores", real(above=0, maximum=35)),
    Parameter("rho", "correlation of any two scores", real(minimum=0, below=1)),
    NUMBER,
)
kappa, sigma, rho, n = (parameter.symbol for parameter in PARAMETERS)
x, shift = sp.symbols("x g", real=True)
spread = sigma * sp.sqrt(1 - rho)

SCORES = Scores(x, gaussian_density(x), sp.exp(sigma * sp.sqrt(rho) * shift + spread * x))
INDEPENDENT = Scores(x, gaussian_density(x), sp.exp(spread * x))
MEAN = sp.exp(sigma * sp.sqrt(rho) * shift + spread**2 / 2)
FORM = "the common shift g cancels; complete the square in both integrals"


def level(share: Any) -> Any:
    """The part of a score that is its own, in standard deviations, that a share of the keys exceeds."""
    return -Phi_inverse(share)


lost = Phi(level(kappa) - spread)
CURVE = Curve(
    kept=kappa,
    lost=lost,
    mean=MEAN,
    weight=sp.exp(spread * level(kappa) - spread**2 / 2),
    density=gaussian_density(level(kappa)) / spread,
    square_lost=sp.exp(spread**2) * Phi(level(kappa) - 2 * spread),
    square_kept=sp.exp(spread**2) * Phi(2 * spread - level(kappa)),
)
RATIO = Derivation(
    (
        Definition(
            SCORES.share(level(kappa)) / INDEPENDENT.share(level(kappa)),
            "the share of the weight below the upper quantile, whatever the common shift g, over that of scores "
            "without a shift; the same holds row by row of the sums over n keys",
        ),
        Equals(sp.Integer(1), "exp(sigma sqrt(rho) g) is a factor of all weights"),
    ),
    output="over_independent",
)

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="tail mass (probability lost)",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "section 6 (Gaussian score model)",
        "reconstructed",
        note="the model read with correlated scores; derived here",
        year="2025",
    ),
    derivations=(Derivation(limit_steps(SCORES, level(kappa), lost, FORM, MEAN)), RATIO),
    claim=Equal(along="n", correction=tail_correction(SCORES, level, n, CURVE, FORM)),
    regime="every n for what independent scores lose; many keys for the limit: n well above exp(2 sigma^2 (1 - rho))",
    grid=Grid(
        across="rho",
        series=({"kappa": 0.1, "sigma": 1.0}, {"kappa": 0.3, "sigma": 1.5}),
        values=(0.1, 0.5, 0.9),
    ),
    sabotages={
        "correlation makes no difference": Phi(level(kappa) - sigma),
        "the correlation taken off without a root": Phi(level(kappa) - sigma * (1 - rho)),
        "the shift counts instead of the rests": Phi(level(kappa) - sigma * sp.sqrt(rho)),
        "the tail mass shrinks with the rests' spread": {"over_independent": sp.sqrt(1 - rho)},
    },
)
