"""Reading one of n stored pairs through max(k . q - bias |q|, 0), a ReLU with a bias: interference over signal.

The memory answers a query q with the sum of max(s_j - bias rho, 0) v_j, where s_j = k_j . q is a score and rho = |q|.
The query is the stored key k_i exactly, the other keys are independent and standard normal, values have a fixed norm
and independent directions. A score is rho times a standard normal variable z, the target weighs rho (rho - bias), and
the mean inverse signal-to-noise ratio of one reading is (n - 1) E max(z - bias, 0)^2/(rho - bias)^2, cross terms of the
values averaging to zero. At bias 0 it is (n - 1)/(2 rho^2), that of a ReLU; with bias = eta rho it falls as
exp(-eta^2 rho^2/2): the linear capacity of a ReLU is a property of its threshold, not of its shape.

The output ``log`` is the natural logarithm, for sizes beyond the range of float64. The output ``log_capacity`` is the
natural logarithm of the number of pairs beside the target at which the ratio is one; it does not depend on n.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.densities import gaussian_density
from attnlaws.theory.excess import log_excess
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import Definition, Derivation, Equals, Solves, Using
from attnlaws.theory.vocabulary import Phi, log1p

PARAMETERS = (
    Parameter("n", "number of stored pairs", integer(2, 10**12)),
    Parameter("rho", "norm of the query, which is the target's key", real(above=0, maximum=10**6)),
    Parameter("bias", "threshold of a score, in units of its standard deviation rho", real(minimum=0, maximum=64)),
    Parameter("d_k", "dimension of the keys", integer(1, 10**6), default=16, role="simulation"),
)
n, rho, bias = (parameter.symbol for parameter in PARAMETERS[:3])
z = sp.Symbol("z", real=True)
others = sp.Symbol("others", positive=True)

MODEL = (
    "given the query the others' scores are independent, rho times a standard normal z, and cross terms average to 0"
)
STABLE = "the same mean square excess, written so that nothing cancels"
DOMAIN = {"rho": bias}
EXISTS = "the target's own score is rho^2, which must exceed the threshold bias rho: otherwise nothing is read"

SQUARE = sp.Integral((z - bias) ** 2 * gaussian_density(z), (z, bias, sp.oo))
PLAIN = (1 + bias**2) * Phi(-bias) - bias * gaussian_density(bias)


def _ratio(pairs: sp.Expr) -> sp.Expr:
    """The mean ratio with this many pairs beside the target, as an integral over a score."""
    weights = (rho * z - bias * rho) ** 2 / (rho**2 - bias * rho) ** 2
    return sp.Integral(pairs * weights * gaussian_density(z), (z, bias, sp.oo))


def _steps() -> tuple[Definition, Equals, Equals, Equals]:
    return (
        Definition(_ratio(n - 1), f"mean of the ratio: {MODEL}"),
        Equals((n - 1) * SQUARE / (rho - bias) ** 2, "rho^2 cancels"),
        Equals((n - 1) * PLAIN / (rho - bias) ** 2, "moments of a truncated normal variable"),
        Equals((n - 1) * sp.exp(log_excess(bias) - 2 * log1p(-bias / rho)) / rho**2, STABLE),
    )


STEPS = _steps()

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="inverse signal-to-noise ratio",
    source=Source(
        "arXiv:2505.19488",
        "signal-to-noise ratio of kernels, ReLU among them",
        "reconstructed",
        note="the paper's text was not read, and no secondary source was seen to treat a ReLU with a bias; secondary "
        "sources give the ratio of a general kernel as N E[kappa^2(k_j, k_i)]/kappa^2(k_i, k_i) at a target of typical "
        "norm. The formula here is derived for every n, norm and bias",
        year="2025",
    ),
    derivations=(
        Derivation(STEPS, above=DOMAIN, exists=EXISTS),
        Derivation(
            (
                Definition(sp.log(STEPS[0].expr), f"logarithm; {STEPS[0].reason}"),
                Equals(
                    sp.log(STEPS[2].expr),
                    "the chain of the value itself",
                    by=Using((STEPS[0].expr, STEPS[1].expr), (STEPS[1].expr, STEPS[2].expr)),
                ),
                Equals(
                    sp.log(n - 1) + log_excess(bias) - 2 * sp.log(rho - bias), f"the logarithm of a product; {STABLE}"
                ),
            ),
            above=DOMAIN,
            exists=EXISTS,
            output="log",
        ),
        Derivation(
            (
                Definition(_ratio(sp.exp(others)), f"mean of the ratio beside exp(others) pairs: {MODEL}"),
                Equals(sp.exp(others) * PLAIN / (rho - bias) ** 2, "the chain of the value itself"),
                Solves(others, 1, 2 * sp.log(rho - bias) - log_excess(bias), f"proportional to their number; {STABLE}"),
            ),
            above=DOMAIN,
            exists=EXISTS,
            output="log_capacity",
        ),
    ),
    claim=Equal(),
    regime="every n >= 2, every bias from 0 on and every query norm beyond it",
    grid=Grid(
        across="bias",
        series=({"n": 65, "rho": 6}, {"n": 65, "rho": 16}),
        values=(0, 1, 2, 3, 5),
        extra=({"n": 65, "rho": 4, "bias": 1}, {"n": 17, "rho": 4, "bias": 0.5, "d_k": 4}),
    ),
    sabotages={
        "the target counts as interference": lambda form: form * n / (n - 1),
        "half of the scores count, as without bias": (n - 1) / (2 * (rho - bias) ** 2),
        "the bias leaves the signal as it is": lambda form: form * (1 - bias / rho) ** 2,
        "scores that pass keep their size": (n - 1) * (Phi(-bias) + bias * gaussian_density(bias)) / (rho - bias) ** 2,
        "the threshold is not in units of the norm": lambda form: form.subs(bias, bias / rho),
    },
)
