"""Keeping k of n softmax weights with Student scores loses a mean mass that no Lorenz curve gives: a double integral.

Student scores with nu degrees of freedom have tails like x^(-nu), so that the mean weight E exp(sigma X) is infinite
for every factor sigma. The limits that other score laws have do not exist: as rows grow, a single weight comes to carry
them, and what any fixed share of the keys loses tends to 0, slowly. What holds is exact and for finite n. Given the
score of rank k, the n - k below it are independent and the k - 1 above it are, and 1/Z = int exp(-t Z) dt makes every
weight a factor of its own. ``topk.tail_mass_finite`` is the same for lighter tails.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory import student_rows
from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import ROOT, Definition, Derivation, Equals
from attnlaws.theory.vocabulary import Phi, Phi_inverse

PARAMETERS = (
    Parameter("n", "number of keys", integer(2, 10**4)),
    Parameter("k", "number of keys kept", integer(1, 10**4)),
    Parameter("nu", "degrees of freedom of the scores", real(minimum=3, maximum=100)),
    Parameter("sigma", "factor of the scores", real(minimum=0.05, maximum=2)),
)
n, k, nu, sigma = (parameter.symbol for parameter in PARAMETERS)
t, x, y = sp.Symbol("t", positive=True), sp.Symbol("x", real=True), sp.Symbol("y", real=True)


def _density(at: Any) -> sp.Expr:
    norm = sp.gamma((nu + 1) / 2) / (sp.sqrt(sp.pi * nu) * sp.gamma(nu / 2))
    return norm * (1 + at**2 / nu) ** (-(nu + 1) / 2)


def _mean() -> sp.Expr:
    weight = sp.exp(sigma * y)
    faded = sp.exp(-t * weight)
    below, above = (sp.Integral(faded * _density(y), (y, *ends)) for ends in ((-sp.oo, x), (x, sp.oo)))
    one = sp.Integral(weight * faded * _density(y), (y, -sp.oo, x))
    inner = sp.Integral(one * below ** (n - k - 1) * above ** (k - 1) * faded.subs(y, x), (t, 0, sp.oo))
    ways = sp.factorial(n) / (sp.factorial(k - 1) * sp.factorial(n - k - 1))
    return ways * sp.Integral(inner * _density(x), (x, -sp.oo, sp.oo))


def value(n: Any, k: Any, nu: Any, sigma: Any) -> np.ndarray:
    """The mean tail mass, element by element.

    Example:
        >>> round(float(value(1024.0, 16.0, 5.0, 0.8)), 5)
        0.64655
    """
    over = np.vectorize(lambda *point: np.exp(student_rows.log_tail_mass(*map(float, point))), otypes=[float])
    return np.asarray(over(n, k, nu, sigma))


@lru_cache(maxsize=256)
def second_value(n: int, k: int, nu: float, sigma: float) -> tuple[float, float]:
    """The same by the binomial form, and how much it changes between two steps.

    Example:
        >>> found, error = second_value(4, 1, 5.0, 1e-3)
        >>> bool(abs(found - 0.75) < 1e-3 and error < 1e-9)
        True
    """
    rough, found = (student_rows.by_binomial(n, k, nu, sigma, fine) for fine in (1.2, 1.0))
    return found, abs(rough - found)


def _ball(n: int, k: int, nu: Any, sigma: Any) -> Any:
    from flint import arb

    found, error = second_value(int(n), int(k), float(nu), float(sigma))
    return arb(found, error + 1e-9 * found)


KAPPA = k / n
GAUSSIAN = Phi(-Phi_inverse(KAPPA) - sigma * sp.sqrt(nu / (nu - 2)))
LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="mean tail mass (probability lost)",
    source=Source(
        "textbook",
        "order statistics given one of them, and Student's law",
        "reconstructed",
        note="derived here; that no limit exists is read from the infinite mean weight",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    _mean(),
                    "mean of n - k equal terms w/Z below the score of rank k, which is one of n and has k - 1 of the "
                    "others above it; 1/Z is the integral of exp(-t Z), a product of independent factors",
                ),
                Equals(ROOT, "computed"),
            ),
            below={"k": n},
            exists="something must be dropped",
            value=value,
            enclosure=lambda digits, n, k, nu, sigma: _ball(n, k, nu, sigma),
            accuracy=LooserAccuracy(
                1e-6, "a double integral; the enclosure is no proven ball but another double integral at two steps"
            ),
        ),
    ),
    claim=Equal(),
    regime="every n from 2 to 10^4 and every k below n; there is no limit of many keys",
    grid=Grid(
        across="k",
        series=({"n": 32, "nu": 3.0, "sigma": 1.0}, {"n": 32, "nu": 4.0, "sigma": 0.5}),
        values=(1, 3, 10),
        logx=True,
    ),
    sabotages={
        "the limit of Gaussian scores": Phi(-Phi_inverse(KAPPA) - sigma),
        "the limit of Gaussian scores of the same variance": GAUSSIAN,
        "no softmax: every key weighs the same": 1 - KAPPA,
        "one key more is kept": lambda form: form * (n - k - 1) / (n - k),
        "the mass kept instead of the mass lost": lambda form: 1 - form,
    },
)
