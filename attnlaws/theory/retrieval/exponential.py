"""Reading one of n stored pairs from an exponential-kernel memory with Gaussian keys: interference over signal power.

The memory answers a query q with the sum of exp(k_j . q / tau) v_j, the query is the stored key k_i exactly, keys are
independent and standard normal in d_k dimensions, values have a fixed norm and independent directions. With
x = |k_i|^2 the target weighs exp(x / tau), and the inverse signal-to-noise ratio of one reading is the sum over j != i
of exp(2 (k_j . k_i - x) / tau), cross terms of the values averaging to zero. Its "size" depends on what is averaged:
with tau = sqrt(d_k) the three meanings of ``convention`` differ by factors that tend to e^4 from one to the next,
however large the memory is, because the logarithm of the ratio keeps a standard deviation of 2 sqrt(2) as d_k grows.
Gaussian values multiply the expectation by d_v / (d_v - 2). The median has no closed form and is left out.

The output ``log`` is the natural logarithm, for sizes beyond the range of float64.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.densities import chi_square_mean, gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, choice, integer, real
from attnlaws.theory.steps import Definition, Derivation, Equals, Step
from attnlaws.theory.vocabulary import log1p

PARAMETERS = (
    Parameter("n", "number of stored pairs", integer(2, 10**12)),
    Parameter("d_k", "dimension of the keys", integer(1, 10**6)),
    Parameter("tau", "temperature; attention uses sqrt(d_k)", real(minimum=0.1, maximum=10**6)),
    Parameter(
        "convention",
        "what is meant by the size of the ratio: its mean, a ratio of means, the geometric mean over the target of the "
        "mean over the other pairs",
        choice("expectation", "ratio", "geometric"),
        default="expectation",
    ),
)
n, d_k, tau = (parameter.symbol for parameter in PARAMETERS[:3])
x = sp.Symbol("x", positive=True)
g = sp.Symbol("g", real=True)

ONE_WEIGHT = gaussian_mean(sp.exp(2 * sp.sqrt(x) * g / tau), g)
"""The mean square of a distractor's weight: given x = |k_i|^2 its score is sqrt(x) times a standard normal variable."""

LOSS = 2 * (tau - 1) / tau**2
"""The rate at which the mean ratio falls with x: exp(2 x/tau^2) over exp(2 x/tau)."""

SPLIT = "given x the others' scores are independent normals of variance x, and cross terms of the values average to 0"
GATHER = "complete the square: a weight has mean square exp(2 x/tau^2)"
SMALLEST_MEAN = float(2 * sp.sqrt(2) - 2)
"""The temperature at which 1 + 2 LOSS is zero: (tau + 2)^2 = 8."""


def _cases(convention: str, steps: tuple[Step, ...], logarithm: sp.Expr, low: float, exists: str) -> list[Derivation]:
    """A case and, as a second output, its natural logarithm, which is at hand where the value underflows."""
    domain = {"tau": real(above=low)} if low else {}
    when = {"convention": convention}
    first, last = steps[0], steps[-1]
    return [
        Derivation(steps, when, domain, exists),
        Derivation(
            (
                Definition(sp.log(first.expr), f"logarithm; {first.reason}"),
                Equals(sp.log(last.expr), "the chain of the value itself"),
                Equals(logarithm, "the logarithm of a product"),
            ),
            when,
            domain,
            exists,
            output="log",
        ),
    ]


def _expectation() -> list[Derivation]:
    steps = (
        Definition(chi_square_mean((n - 1) * ONE_WEIGHT * sp.exp(-2 * x / tau), x, d_k), f"mean of the ratio: {SPLIT}"),
        Equals((n - 1) * chi_square_mean(sp.exp(-LOSS * x), x, d_k), GATHER),
        Equals(
            (n - 1) * sp.exp(-d_k * log1p(2 * LOSS) / 2),
            "the Laplace transform of a chi-square variable, (1 + 2 s)^(-d/2)",
        ),
    )
    return _cases(
        "expectation",
        steps,
        sp.log(n - 1) - d_k * log1p(2 * LOSS) / 2,
        SMALLEST_MEAN,
        "up to 2 sqrt(2) - 2 the mean over Gaussian keys is infinite",
    )


def _ratio() -> list[Derivation]:
    gain = 4 * (tau - 1) / (tau * (tau - 4))
    noise, signal = chi_square_mean(ONE_WEIGHT, x, d_k), chi_square_mean(sp.exp(2 * x / tau), x, d_k)
    steps = (
        Definition((n - 1) * noise / signal, f"mean interference over mean signal: {SPLIT}"),
        Equals((n - 1) * chi_square_mean(sp.exp(2 * x / tau**2), x, d_k) / signal, GATHER),
        Equals(
            (n - 1) * sp.exp(-d_k * log1p(gain) / 2),
            "Laplace transforms of a chi-square variable: (1 - 4/tau^2)/(1 - 4/tau) = 1 + 4 (tau - 1)/(tau (tau - 4))",
        ),
    )
    return _cases(
        "ratio",
        steps,
        sp.log(n - 1) - d_k * log1p(gain) / 2,
        4,
        "up to 4 the mean signal over Gaussian keys is infinite",
    )


def _geometric() -> list[Derivation]:
    steps = (
        Definition(
            sp.exp(chi_square_mean(sp.log((n - 1) * ONE_WEIGHT * sp.exp(-2 * x / tau)), x, d_k)),
            f"geometric mean over the target of the mean over the other pairs: {SPLIT}",
        ),
        Equals((n - 1) * sp.exp(-LOSS * chi_square_mean(x, x, d_k)), f"{GATHER}; the logarithm is linear in x"),
        Equals((n - 1) * sp.exp(-LOSS * d_k), "a chi-square variable has mean d_k"),
    )
    return _cases("geometric", steps, sp.log(n - 1) - LOSS * d_k, 0, "")


CASES = (*_expectation(), *_ratio(), *_geometric())

LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="inverse signal-to-noise ratio",
    source=Source(
        "arXiv:2505.19488",
        "signal-to-noise ratio of the exponential kernel",
        "secondary",
        note="the paper's text was not read; a secondary source quotes the beginning of the formula, "
        "N exp(2(..., for a target of typical norm. The formulas here are derived for every n, d_k and tau",
        year="2025",
    ),
    derivations=tuple(sorted(CASES, key=lambda case: case.output != "value")),
    claim=Equal(),
    regime="every n >= 2 and every temperature at which the quantity exists",
    grid=Grid(
        across="tau",
        series=tuple(
            {"n": 65, "d_k": 32, "convention": convention} for convention in ("expectation", "geometric", "ratio")
        ),
        values=(8, 12, 16, 24),
        logx=True,
        extra=(
            {"n": 17, "d_k": 8, "tau": 4, "convention": "expectation"},
            {"n": 17, "d_k": 4, "tau": 2, "convention": "expectation"},
            {"n": 17, "d_k": 8, "tau": 16, "convention": "geometric"},
            {"n": 17, "d_k": 8, "tau": 24, "convention": "ratio"},
        ),
    ),
    sabotages={
        "the target counts as interference": lambda form: form * n / (n - 1),
        "mean and geometric mean exchanged": {
            "expectation": (n - 1) * sp.exp(-LOSS * d_k),
            "geometric": (n - 1) * sp.exp(-d_k * log1p(2 * LOSS) / 2),
        },
        "a weight has the square of its mean": lambda form: form * sp.exp(-d_k / tau**2),
        "the signal counts once": lambda form: form * sp.exp(d_k / tau),
    },
)
