"""With Gaussian queries and keys in d dimensions, keeping kappa n of n keys loses P(T > a), T noncentral t.

A query has independent coordinates of standard deviation sigma_q, keys have sigma_k, and a score is their inner product
over sqrt(d). Given the query, the scores are independent and normal, of standard deviation sigma_k |q|/sqrt(d): the
tail mass is that of ``topk.tail_mass`` at this one, and its mean over queries is the probability that a variable T with
noncentral t distribution, d degrees of freedom and noncentrality -Phi^-1(kappa) exceeds a = sigma_q sigma_k. The law is
the limit of many keys, with its first correction, which has a mean for d > 2 a^2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.densities import chi_square_mean, gaussian_density, gaussian_mean
from attnlaws.theory.enclose import enclose
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.lorenz import NUMBER
from attnlaws.theory.noncentral_t import chi_mean, survival
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import ROOT, Cites, Definition, Derivation, Equals
from attnlaws.theory.topk.tail_mass import LAW as GAUSSIAN
from attnlaws.theory.vocabulary import Phi, Phi_inverse, numeric

PARAMETERS = (
    Parameter("kappa", "fraction of the keys that is kept", real(above=0, below=1)),
    Parameter("d", "dimension of queries and keys", integer(1, 1024)),
    Parameter(
        "scale", "standard deviation of the queries' coordinates times that of the keys'", real(above=0, maximum=35)
    ),
    NUMBER,
)
kappa, d, scale, n = (parameter.symbol for parameter in PARAMETERS)
x, z = sp.Symbol("x", positive=True), sp.Symbol("z", real=True)

threshold = -Phi_inverse(kappa)
spread = scale * sp.sqrt(x / d)
"""Standard deviation of the scores, for a query of squared norm x sigma_q^2."""
weight = sp.exp(spread * z)
BELOW = sp.Integral(weight * gaussian_density(z), (z, -sp.oo, threshold))
SHARE = BELOW / gaussian_mean(weight, z)
given = Phi(threshold - spread)
MEAN = chi_square_mean(given, x, d)
TAIL_MASS = Source(
    "arXiv:2512.07647",
    "section 6 (Gaussian score model)",
    "secondary",
    note="derived in topk.tail_mass",
    year="2025",
)


def _value(kappa: np.ndarray, d: np.ndarray, scale: np.ndarray) -> np.ndarray:
    from scipy import special

    return survival(scale, d, -special.ndtri(kappa))


def _enclosure(*, digits: int, **point: Any) -> Any:
    """The integral over the squared norm of the query, by Arb."""
    return enclose(MEAN, {symbol: point[symbol.name] for symbol in (kappa, d, scale)}, digits)


def _correction() -> Derivation:
    assert isinstance(GAUSSIAN.claim, Equal) and GAUSSIAN.claim.correction is not None
    form, sigma = GAUSSIAN.claim.correction.form, GAUSSIAN.parameter("sigma").symbol
    mean = chi_square_mean(form.subs(sigma, spread), x, d)

    def value(kappa: np.ndarray, d: np.ndarray, scale: np.ndarray, n: np.ndarray) -> np.ndarray:
        given_query = numeric(form, (GAUSSIAN.parameter("kappa").symbol, sigma, NUMBER.symbol))

        def one(share: float, dimension: float, size: float, keys: float) -> float:
            return chi_mean(lambda r: given_query(share, size * r, keys), dimension)

        return np.asarray(np.vectorize(one, otypes=[np.float64])(kappa, d, scale, n))

    def enclosure(*, digits: int, **point: Any) -> Any:
        return enclose(mean, {symbol: point[symbol.name] for symbol in (kappa, d, scale, n)}, digits)

    return Derivation(
        (
            Definition(mean, "mean over the query of the first correction of topk.tail_mass"),
            Equals(ROOT, "computed by the trapezoid rule over the logarithm of the query's norm"),
        ),
        value=value,
        enclosure=enclosure,
        above={"d": 2 * scale**2},
        exists="the mean of exp(|q|^2 sigma_k^2/d), which the correction contains, does not exist",
    )


LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="mean tail mass (probability lost)",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "section 6 (Gaussian score model)",
        "reconstructed",
        note="the model read with scores that are inner products of Gaussian vectors; derived here",
        year="2025",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    chi_square_mean(SHARE, x, d),
                    "mean over the query, of squared norm x sigma_q^2, of the share of the weight below the upper "
                    "kappa quantile of the scores",
                ),
                Cites(
                    MEAN, TAIL_MASS, "topk.tail_mass for every query; shares lie in [0, 1], so their means converge too"
                ),
                Equals(ROOT, "P(T > a), computed by the trapezoid rule over the logarithm of the query's norm"),
            ),
            value=_value,
            enclosure=_enclosure,
            accuracy=LooserAccuracy(1e-10, "an integral whose integrand goes down to 1e-290"),
        ),
    ),
    claim=Equal(along="n", correction=_correction()),
    regime="many keys: n well above exp(2 a^2), and d well above 4 a^2, so that no query makes single keys dominate",
    grid=Grid(
        across="d",
        series=({"kappa": 0.1, "scale": 0.4}, {"kappa": 0.3, "scale": 0.8}),
        values=(8, 32, 128),
        logx=True,
        extra=({"kappa": 0.2, "scale": 0.3, "d": 4},),
    ),
    sabotages={
        "a query of root-mean-square length, and no 1/sqrt(d)": Phi(threshold - scale * sp.sqrt(d)),
        "scores of half the spread": Phi(threshold - scale / 2),
        "the mass kept instead of the mass lost": Phi(scale - threshold),
        "no softmax: every key weighs the same": 1 - kappa,
    },
)
