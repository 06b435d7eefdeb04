"""A certificate lets a row of independent keys score only as many keys as it keeps, Phi(-sigma - Phi^-1(eps)) of them.

With Gaussian scores keeping all but a share eps of the mass takes the fraction Phi(-sigma - Phi^-1(eps)) of the keys
(`topk.k_eps`): 2 to 4 times fewer keys at eps = 0.01 and sigma from 2.3 to 3. Here that reduction is read as one of the
keys whose score is computed at all, for keys without structure: independent Gaussian keys in d dimensions, in blocks of
16, of which a center and a radius are known. A block's scores are at most q . center + |q| radius; blocks are opened
from the largest bound down until the mass that the others can have is at most the share eps. Nothing is skipped in 8
dimensions or more, and next to nothing in 2: a block of independent keys reaches as far as all of them. An oracle of
the mass left would score 1 - eps (`topk.scoring_ceiling`).

This is a reading of a reported reduction, put to the test because it was counted "in scored keys"; it is no claim of a
paper about independent keys, and keys that form clusters are another matter.
"""

from __future__ import annotations

from attnlaws.theory.claim import Equal, Outcome, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.steps import Derivation
from attnlaws.theory.topk import k_eps
from attnlaws.theory.vocabulary import Phi

PARAMETERS = (
    Parameter("eps", "share of the softmax mass that may be lost", real(above=0, below=1)),
    Parameter("sigma", "standard deviation of the scores", real(above=0, maximum=35)),
    Parameter("n", "number of keys", integer(2, 10**6), role="simulation"),
    Parameter("d", "dimension of the keys", integer(1, 4096), role="simulation"),
)
eps, sigma = (parameter.symbol for parameter in PARAMETERS[:2])
quantile = k_eps.quantile

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="fraction of the keys that are scored",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "experiments with a mass certificate: keys scored against n",
        "secondary",
        note="a reduction of 2 to 4 times, counted in scored keys, was read in a transcription by others; that it "
        "holds for keys without structure is our reading, not the paper's word",
        year="2025",
    ),
    derivations=(Derivation(k_eps.LAW.steps),),
    claim=Equal(),
    expected=Outcome.REFUTED,
    replaced_by="topk.scoring_ceiling",
    regime="wrong for independent keys in any dimension; from 8 on the certificate scores all of them",
    grid=Grid(
        across="sigma",
        series=({"eps": 0.1, "n": 512, "d": 2}, {"eps": 0.1, "n": 512, "d": 16}),
        values=(2.0, 2.5, 3.0),
        extra=({"eps": 0.01, "n": 256, "d": 64, "sigma": 2.5},),
    ),
    sabotages={
        "an oracle's ceiling": 1 - eps,
        "half the shift": Phi(-sigma / 2 - quantile),
        "the share kept instead of the share lost": Phi(quantile - sigma),
    },
)
