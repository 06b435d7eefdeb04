"""Reading one of n stored pairs through the kernel (k . q)^p, or its positive part: interference over signal power.

The memory answers a query q with the sum of s_j^p v_j, where s_j = k_j . q is a score, or of max(s_j, 0)^p v_j where
the kernel is rectified; p = 1 is a linear memory, and rectified it is ReLU. The query is the stored key k_i exactly,
keys are independent and standard normal in d_k dimensions, values have a fixed norm and independent directions. With
x = |k_i|^2 the target weighs x^p, and the inverse signal-to-noise ratio of one reading is the sum over j != i of the
squared weights over x^(2 p), cross terms of the values averaging to zero. Rectifying halves the interference and leaves
the signal; raising to a power divides the ratio by a power of the dimension. Its "size" has the three meanings of
``convention``.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.densities import chi_square_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, choice, integer
from attnlaws.theory.steps import Definition, Derivation, Equals
from attnlaws.theory.vocabulary import rising

PARAMETERS = (
    Parameter("n", "number of stored pairs", integer(2, 10**12)),
    Parameter("d_k", "dimension of the keys", integer(1, 10**6)),
    Parameter("p", "power of the score", integer(1, 16)),
    Parameter(
        "kernel",
        "whether all scores count or, rectified, only positive ones, as in ReLU (p = 1) and squared ReLU (p = 2)",
        choice("power", "rectified"),
        default="power",
    ),
    Parameter(
        "convention",
        "what is meant by the size of the ratio: its mean, a ratio of means, the geometric mean over the target of the "
        "mean over the other pairs",
        choice("expectation", "ratio", "geometric"),
        default="expectation",
    ),
)
n, d_k, p = (parameter.symbol for parameter in PARAMETERS[:3])
x, w, t = sp.symbols("x w t", positive=True)

ODD = rising(sp.Rational(1, 2), p)
"""(2 p - 1)!! over 2^p: the mean of a standard normal variable to the power 2 p is 2^p times it."""

SPLIT = (
    "given x a score is sqrt(x) times a standard normal variable, whose square w is chi-square with one degree of "
    "freedom, and cross terms of the values average to 0"
)
MOMENT = "the moment of order p of a chi-square variable with one degree of freedom, 2^p Gamma(p + 1/2)/Gamma(1/2)"


def _cases(kernel: str) -> tuple[Derivation, Derivation, Derivation]:
    """The three conventions; a rectified score counts with probability one half, whatever its size."""
    share = sp.Rational(1, 2) if kernel == "rectified" else sp.S.One
    split = f"{SPLIT}; half of the scores are positive" if kernel == "rectified" else SPLIT
    one_weight = share * x**p * chi_square_mean(w**p, w, 1)
    many = share * (n - 1) * 2**p * ODD
    signal = chi_square_mean(x ** (2 * p), x, d_k)
    log_norm = sp.Subs(sp.Derivative(chi_square_mean(x**t, x, d_k), t), t, 0)
    expectation = Derivation(
        (
            Definition(chi_square_mean((n - 1) * one_weight / x ** (2 * p), x, d_k), f"mean of the ratio: {split}"),
            Equals(many * chi_square_mean(x**-p, x, d_k), MOMENT),
            Equals(
                share * (n - 1) * ODD / rising(d_k / 2 - p, p),
                "the moment of order -p of a chi-square variable, 2^-p Gamma(d/2 - p)/Gamma(d/2)",
            ),
        ),
        when={"convention": "expectation", "kernel": kernel},
        above={"d_k": 2 * p},
        exists="the mean over Gaussian keys does not exist",
    )
    ratio = Derivation(
        (
            Definition(
                (n - 1) * chi_square_mean(one_weight, x, d_k) / signal, f"mean interference over mean signal: {split}"
            ),
            Equals(many * chi_square_mean(x**p, x, d_k) / signal, MOMENT),
            Equals(share * (n - 1) * ODD / rising(d_k / 2 + p, p), "moments of a chi-square variable"),
        ),
        when={"convention": "ratio", "kernel": kernel},
    )
    geometric = Derivation(
        (
            Definition(
                sp.exp(chi_square_mean(sp.log((n - 1) * one_weight / x ** (2 * p)), x, d_k)),
                f"geometric mean over the target of the mean over the other pairs: {split}",
            ),
            Equals(many * sp.exp(-p * chi_square_mean(sp.log(x), x, d_k)), f"{MOMENT}; the logarithm is linear"),
            Equals(many * sp.exp(-p * log_norm), "the mean logarithm is the slope at 0 of the moments"),
            Equals(share * (n - 1) * ODD * sp.exp(-p * sp.digamma(d_k / 2)), "moments of a chi-square variable"),
        ),
        when={"convention": "geometric", "kernel": kernel},
    )
    return expectation, ratio, geometric


CASES = (*_cases("power"), *_cases("rectified"))


def _each(form: dict[str, sp.Expr]) -> dict[str, sp.Expr]:
    """Forms by convention, halved where the kernel is rectified."""
    shares = {"power": sp.S.One, "rectified": sp.Rational(1, 2)}
    return {
        case.label: shares[str(case.when["kernel"])] * form[str(case.when["convention"])]
        for case in CASES
        if case.when["convention"] in form
    }


LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="inverse signal-to-noise ratio",
    source=Source(
        "arXiv:2505.19488",
        "signal-to-noise ratio of kernels, ReLU among them",
        "reconstructed",
        note="the paper's text was not read; secondary sources give the ratio of a general kernel as "
        "N E[kappa^2(k_j, k_i)]/kappa^2(k_i, k_i) and say that ReLU is one. The formulas here are derived for every n, "
        "d_k and p",
        year="2025",
    ),
    derivations=CASES,
    claim=Equal(),
    regime="every n >= 2, every power, and every dimension for which the quantity exists",
    grid=Grid(
        across="d_k",
        series=(
            {"n": 17, "p": 1, "kernel": "rectified", "convention": "expectation"},
            {"n": 65, "p": 2, "kernel": "power", "convention": "expectation"},
            {"n": 65, "p": 2, "kernel": "rectified", "convention": "geometric"},
            {"n": 65, "p": 2, "kernel": "rectified", "convention": "ratio"},
        ),
        values=(16, 24, 32, 64),
        logx=True,
        extra=(
            {"n": 17, "d_k": 24, "p": 2, "kernel": "rectified", "convention": "expectation"},
            {"n": 17, "d_k": 16, "p": 2, "kernel": "power", "convention": "geometric"},
            {"n": 17, "d_k": 16, "p": 2, "kernel": "power", "convention": "ratio"},
        ),
    ),
    sabotages={
        "the target counts as interference": lambda form: form * n / (n - 1),
        "the target key has its typical norm": _each(
            dict.fromkeys(("expectation", "ratio", "geometric"), (n - 1) * ODD * (2 / d_k) ** p)
        ),
        "a power of a score has the power of its mean square": lambda form: form / (2**p * ODD),
        "mean and ratio of means exchanged": _each(
            {"expectation": (n - 1) * ODD / rising(d_k / 2 + p, p), "ratio": (n - 1) * ODD / rising(d_k / 2 - p, p)}
        ),
        "rectifying leaves the interference as it is": {
            case.label: 2 * case.form for case in CASES if case.when["kernel"] == "rectified"
        },
    },
)
