"""Distance between a softmax row P and the same row cut to its k largest weights, in seven divergences.

Cutting keeps the k largest weights and normalizes them: Q_i = P_i/(1 - tau) on them, 0 elsewhere, with tau the tail
mass, the probability that is dropped. Every divergence of Q and P then depends on the row through tau alone. Outputs:

``tv`` total variation, tau; ``kl`` KL(Q|P), so that tv = 1 - exp(-kl); ``chi_square`` chi^2(Q|P); ``hellinger`` squared
Hellinger distance, 1 - sum of sqrt(P Q); ``renyi`` Renyi divergence of Q from P, the same at every order;
``reverse_renyi`` of P from Q, finite below order 1; ``jensen_shannon`` in nats; ``odds`` dropped over kept weight.
KL(P|Q), the reverse Renyi divergence of order 1, is infinite as soon as anything is dropped.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from attnlaws.theory.claim import Equal, LooserAccuracy, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.ordered import INDEX, LENGTH, dropped, dropped_odds, kept, weight
from attnlaws.theory.parameter import Parameter, integer, real, rows
from attnlaws.theory.steps import Definition, Derivation, Equals
from attnlaws.theory.vocabulary import log1p

PARAMETERS = (
    Parameter("logits", "scores of the keys, one row or many", rows(), role="instance"),
    Parameter("k", "number of keys kept", integer(1, 10**9, within="logits")),
    Parameter("order", "order of the Renyi divergences", real(above=0, maximum=100), default=0.5),
    Parameter("n", "number of keys", integer(2, 10**6), role="simulation"),
    Parameter("sigma", "standard deviation of the scores", real(above=0, maximum=35), role="simulation"),
)
logits, k, order = (parameter.symbol for parameter in PARAMETERS[:3])
odds = dropped_odds(logits, k)

TOTAL = sp.Sum(weight(logits)(INDEX), (INDEX, 1, LENGTH))
KEPT = kept(weight(logits), k)


def full(i: Any) -> Any:
    """P, the probability of a key."""
    return weight(logits)(i) / TOTAL


def cut(i: Any) -> Any:
    """Q, the probability of a key that is kept; the others have none."""
    return weight(logits)(i) / KEPT


def _mixed(i: Any) -> Any:
    middle = (full(i) + cut(i)) / 2
    return full(i) * sp.log(full(i) / middle) + cut(i) * sp.log(cut(i) / middle)


DEFINITIONS: dict[str, tuple[sp.Expr, str]] = {
    "tv": (
        (kept(lambda i: sp.Abs(full(i) - cut(i)), k) + dropped(full, k)) / 2,
        "half the sum of |P - Q|, with Q = 0 on the dropped keys",
    ),
    "kl": (kept(lambda i: cut(i) * sp.log(cut(i) / full(i)), k), "sum of Q ln(Q/P); dropped keys add 0 ln 0 = 0"),
    "chi_square": (
        kept(lambda i: (cut(i) - full(i)) ** 2 / full(i), k) + dropped(full, k),
        "sum of (Q - P)^2/P",
    ),
    "hellinger": (1 - kept(lambda i: sp.sqrt(full(i) * cut(i)), k), "one minus the sum of sqrt(P Q)"),
    "renyi": (
        sp.log(kept(lambda i: cut(i) ** order * full(i) ** (1 - order), k)) / (order - 1),
        "logarithm of the sum of Q^a P^(1-a), over a - 1; at order 1 its limit, kl",
    ),
    "reverse_renyi": (
        sp.log(kept(lambda i: full(i) ** order * cut(i) ** (1 - order), k)) / (order - 1),
        "logarithm of the sum of P^a Q^(1-a), over a - 1; below order 1 dropped keys add 0",
    ),
    "jensen_shannon": (
        kept(_mixed, k) / 2 + dropped(lambda i: full(i) * sp.log(2), k) / 2,
        "mean of KL(P|M) and KL(Q|M) with M = (P + Q)/2, which is P/2 on the dropped keys",
    ),
    "odds": (dropped(full, k) / kept(full, k), "probability dropped over probability kept"),
}

FORMS: dict[str, sp.Expr] = {
    "tv": odds / (1 + odds),
    "kl": log1p(odds),
    "chi_square": odds,
    "hellinger": odds / (sp.sqrt(1 + odds) * (1 + sp.sqrt(1 + odds))),
    "renyi": log1p(odds),
    "reverse_renyi": order * log1p(odds) / (1 - order),
    "jensen_shannon": (odds * sp.log(2) - (2 + odds) * log1p(-odds / (2 * (1 + odds))) - log1p(odds))
    / (2 * (1 + odds)),
    "odds": odds,
}


def _derivation(output: str) -> Derivation:
    definition, words = DEFINITIONS[output]
    return Derivation(
        (
            Definition(definition, words),
            Equals(FORMS[output], "Q/P is the same for all kept keys; the sums are the weights kept and dropped"),
        ),
        domain={"order": real(above=0, below=1)} if output == "reverse_renyi" else {},
        exists="from order 1 on it is infinite: P gives probability to keys that Q drops",
        accuracy=LooserAccuracy(
            2e-13, "a difference of scores of up to 690 is rounded before its exponential is taken"
        ),
        output=output,
    )


LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="divergence [nats, or pure number]",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "Lemma 4.1 (total variation) and Theorem 4.3 (1 - exp(-KL))",
        "secondary",
        note="the two statements were read in transcriptions by others; the rest of the table is derived here",
        year="2025",
    ),
    derivations=tuple(_derivation(output) for output in DEFINITIONS),
    claim=Equal(),
    delta=1e-9,
    delta_reason="identities between finite sums: nothing but rounding is left",
    regime="every row and every k",
    grid=Grid(
        across="k",
        series=(
            {"n": 64, "sigma": 0.5, "order": 0.25},
            {"n": 64, "sigma": 2.0, "order": 0.5},
            {"n": 1024, "sigma": 4.0, "order": 0.75},
        ),
        values=(1, 4, 16, 48),
        logx=True,
    ),
    sabotages={
        "total variation without the half": {"tv": 2 * odds / (1 + odds)},
        "KL is the tail mass": {"kl": odds / (1 + odds)},
        "Pinsker's bound as an equality": {"tv": sp.sqrt(log1p(odds) / 2)},
        "the other chi^2": {"chi_square": odds / (1 + odds)},
        "Hellinger distance not squared": {"hellinger": sp.sqrt(1 - 1 / sp.sqrt(1 + odds))},
        "both Renyi divergences equal": {"reverse_renyi": log1p(odds)},
        "Jensen-Shannon in bits": {"jensen_shannon": FORMS["jensen_shannon"] / sp.log(2)},
    },
)
