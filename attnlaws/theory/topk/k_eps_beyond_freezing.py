"""The limit rule Phi(-sigma - Phi^-1(eps)) for k_eps/n, used where single keys carry the softmax mass, is too small.

The rule (`topk.k_eps`) is a limit of many keys at a fixed sigma. Here it is read as the mean of k_eps/n at a finite n
and a sigma from 0.9 sqrt(2 ln n) on, where it promises a third of the keys that are needed, and soon less than one key:
the weight that it counts on lies beyond the largest of n scores. For such rows `topk.blom` gives the median at eps up
to 0.01, and `topk.poisson_dirichlet` the mass that is lost when a row is frozen.

This is a reading of the rule outside its regime, put to the test because nothing in the rule itself says where it ends;
it is no claim of a paper.
"""

from __future__ import annotations

from attnlaws.theory.claim import Equal, Outcome, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.steps import Derivation
from attnlaws.theory.topk import k_eps
from attnlaws.theory.vocabulary import Phi

PARAMETERS = k_eps.PARAMETERS
sigma, quantile = k_eps.sigma, k_eps.quantile

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="mean fraction of the keys kept, k_eps/n",
    parameters=PARAMETERS,
    source=Source(
        "arXiv:2512.07647",
        "Theorem 6.4 (Gaussian score model), outside its regime",
        "secondary",
        note="the rule was read in a transcription by others; that it be used for rows in which single keys carry the "
        "mass is our reading, not the paper's word",
        year="2025",
    ),
    derivations=(Derivation(k_eps.LAW.steps),),
    claim=Equal(),
    expected=Outcome.REFUTED,
    replaced_by="topk.blom",
    regime="wrong from sigma of about 0.65 sqrt(2 ln n) (eps = 0.1) or 0.8 sqrt(2 ln n) (eps = 0.01) on; the points "
    "judged lie at 0.9 and more",
    grid=Grid(
        across="sigma",
        series=({"n": 512, "eps": 0.1}, {"n": 512, "eps": 0.01}),
        values=(3.2, 3.5, 4.0, 5.0),
        extra=({"n": 4096, "eps": 0.01, "sigma": 4.08},),
    ),
    sabotages={
        "half the shift": Phi(-sigma / 2 - quantile),
        "the share kept instead of the share lost": Phi(quantile - sigma),
        "the fraction kept and the mass kept are the same": 1 - k_eps.eps,
    },
)
