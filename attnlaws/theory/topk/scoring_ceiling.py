"""Keys scored in an order that knows nothing of their scores: 1 - eps of them before only eps of the mass is left.

The scores of n keys are independent normal variables with standard deviation sigma; keys are scored in any order that
does not depend on the scores, as when their summaries tell nothing, and scoring ends as soon as what is left has at
most the share eps of all softmax weights. Even with an oracle that knows that share the fraction scored tends to
1 - eps: a reduction of 1/(1 - eps), 1.11 at eps = 0.1 and 1.01 at eps = 0.01, far from n/k_eps (`topk.k_eps`). A
certificate that has to bound the mass that is left can only end later.
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.densities import gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import Cites, Definition, Derivation, Equals, Solves

PARAMETERS = (
    Parameter("eps", "share of the softmax mass that may be left unscored", real(above=0, below=1)),
    Parameter("sigma", "standard deviation of the scores", real(above=0, maximum=5), role="simulation"),
    Parameter("n", "number of keys", integer(2, 10**12), role="simulation"),
)
eps, sigma, n = (parameter.symbol for parameter in PARAMETERS)
fraction, x, i = sp.Symbol("f", positive=True), sp.Symbol("x", real=True), sp.Symbol("i", integer=True, positive=True)

LARGE_NUMBERS = Source(
    "Serfling 1974",
    "sums of terms drawn without replacement concentrate",
    "secondary",
    title="Probability inequalities for the sum in sampling without replacement",
    authors="Serfling, Robert J.",
    year="1974",
)
STOPPING = Source(
    "Siegmund 1985",
    "optional stopping and the mean overshoot of a renewal process",
    "secondary",
    title="Sequential Analysis: Tests and Confidence Intervals",
    authors="Siegmund, David",
    year="1985",
)


def _limit() -> tuple[Definition, Cites, Equals, Solves]:
    left = sp.Sum(1 / n, (i, fraction * n + 1, n))
    return (
        Definition(left, "mean share of the keys after the first f n: keys are exchangeable, so each has 1/n of it"),
        Cites(
            left,
            LARGE_NUMBERS,
            "the share itself tends to this, uniformly in f, as long as no key carries a share that does not vanish",
        ),
        Equals(1 - fraction, "count them"),
        Solves(fraction, eps, 1 - eps, "the fraction at which eps is left"),
    )


def _correction() -> Derivation:
    weight = sp.exp(sigma * x)
    spread = gaussian_mean(weight**2, x) / gaussian_mean(weight, x) ** 2
    return Derivation(
        (
            Definition(
                (1 - spread / 2 + eps * (spread - 1)) / n,
                "count the unscored keys j from the last one: their share S_j makes (1 - S_j)/(n - j) a martingale "
                "with mean 1/n. At the first j at which S_j exceeds eps it exceeds it by spread/(2 n), the mean "
                "overshoot of a renewal process, and j has the variance n eps (1 - eps) (spread - 1): to order 1/n, j "
                "is n eps + spread/2 - eps (spread - 1) in the mean, one more than may stay unscored",
            ),
            Cites(
                (1 - spread / 2 + eps * (spread - 1)) / n, STOPPING, "all moments of a weight exist: the rest is o(1/n)"
            ),
            Equals(
                (1 - sp.exp(sigma**2) / 2 + eps * (sp.exp(sigma**2) - 1)) / n,
                "a weight's mean square over its squared mean is exp(sigma^2)",
            ),
        ),
    )


LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="fraction of the keys that are scored",
    parameters=PARAMETERS,
    source=Source(
        "attnlaws",
        "a ceiling for lazy scoring of keys",
        "reconstructed",
        note="no paper claims this; it is what is held against readings of a reduction in scored keys",
    ),
    derivations=(Derivation(_limit()),),
    claim=Equal(along="n", correction=_correction()),
    regime="many keys, n well above exp(sigma^2), and summaries that tell nothing of the scores",
    grid=Grid(
        across="eps",
        series=({"sigma": 0.5}, {"sigma": 1.5}),
        values=(0.01, 0.1, 0.3),
        ladder={"point": {"eps": 0.3, "sigma": 0.5}, "along": "n", "values": (32, 64, 128, 256, 512)},
    ),
    sabotages={
        "the certificate's own ratio": 1 / (1 + eps),
        "the share twice": 1 - 2 * eps,
        "half the share": 1 - eps / 2,
        "what is left instead of what is scored": eps,
    },
)
