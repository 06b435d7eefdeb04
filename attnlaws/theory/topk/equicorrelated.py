"""Gaussian scores with correlation rho of every two keys lose what independent ones of sd sigma sqrt(1 - rho) do.

Such scores are a common normal shift and independent normal rests of variance sigma^2 (1 - rho); softmax ignores the
shift, so that the tail mass has the very law of ``topk.tail_mass`` with sigma sqrt(1 - rho), for every n. The value is
its limit for many keys, with the first correction: keeping the kappa n largest of n weights loses
Phi(-Phi^-1(kappa) - sigma sqrt(1 - rho)). For finite n correlations down to -1/(n - 1) can be, and the same holds.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.densities import gaussian_density
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.lorenz import NUMBER, Scores
from attnlaws.theory.parameter import Parameter, real
from attnlaws.theory.steps import Cites, Definition, Derivation, Equals
from attnlaws.theory.topk.tail_mass import LAW as INDEPENDENT_LAW
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
SHIFT = "exp(sigma sqrt(rho) g) is a factor of all weights"


def level(share: Any) -> Any:
    """The part of a score that is its own, in standard deviations, that a share of the keys exceeds."""
    return -Phi_inverse(share)


lost = Phi(level(kappa) - spread)
SHARE = SCORES.share(level(kappa))
ALONE = INDEPENDENT.share(level(kappa))
TAIL_MASS = Source(
    "arXiv:2512.07647",
    "section 6 (Gaussian score model)",
    "secondary",
    note="derived in topk.tail_mass",
    year="2025",
)
HERE = "topk.tail_mass at the standard deviation sigma sqrt(1 - rho)"


def _correction() -> Derivation:
    assert isinstance(INDEPENDENT_LAW.claim, Equal) and INDEPENDENT_LAW.claim.correction is not None
    first, *_, last = (step.expr.subs(sigma, spread) for step in INDEPENDENT_LAW.claim.correction.steps)
    return Derivation((Definition(first, HERE), Cites(last, TAIL_MASS, HERE)))


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
    derivations=(
        Derivation(
            (
                Definition(SHARE, "share of the whole weight below the upper kappa quantile, whatever the shift g"),
                Equals(ALONE, SHIFT),
                Cites(lost, TAIL_MASS, HERE),
            )
        ),
    ),
    claim=Equal(along="n", correction=_correction()),
    regime="every n for what independent scores lose; many keys for the limit: n well above exp(2 sigma^2 (1 - rho))",
    grid=Grid(
        across="rho",
        series=({"kappa": 0.1, "sigma": 1.0}, {"kappa": 0.3, "sigma": 0.5}),
        values=(0.1, 0.5, 0.9),
    ),
    sabotages={
        "correlation makes no difference": Phi(level(kappa) - sigma),
        "the correlation taken off without a root": Phi(level(kappa) - sigma * (1 - rho)),
        "the shift counts instead of the rests": Phi(level(kappa) - sigma * sp.sqrt(rho)),
        "the mass kept instead of the mass lost": Phi(spread - level(kappa)),
    },
)
