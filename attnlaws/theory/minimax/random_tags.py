"""With random unit tags the share of the weight that leaks, as a ratio of means, is m/(1 + m), m = (I - 1) A/e^beta.

I documents have independent tags, uniform on the unit sphere in d_k dimensions; attention of sharpness beta asks with
one of the tags. The right document has weight e^beta, and another one exp(beta cos), whose mean over the sphere is
A = 0F1(; d_k/2; beta^2/4), near exp(beta^2/(2 d_k)) in many dimensions. The law is the mean interference m over the
right weight, turned into a share: the interference is averaged before the quotient is taken. The mean of the share
itself is smaller, because m/(1 + m) is concave, by 0.5 % at 64 documents in 32 dimensions and beta = 6.

Tags that overlap by chance do not stop recall: sharper attention removes the leak, and up to about exp(d_k/2) documents
can be told apart. The output ``linear`` is what linear attention does with the same tags, the mean of the sum of
squared overlaps, (I - 1)/d_k: it has no sharpness, and holds about d_k documents. (Orthonormal tags do not leak there;
the corners of a simplex, overlapping by -1/(I - 1), leak the power 1/(I - 1).)
"""

from __future__ import annotations

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.retrieval.exponential_sphere import over_sphere
from attnlaws.theory.retrieval.linear_sphere import ACROSS, ALONG, s
from attnlaws.theory.steps import Definition, Derivation, Equals, Using
from attnlaws.theory.vocabulary import log_F01e

PARAMETERS = (
    Parameter("documents", "number of documents, each with a random unit tag", integer(2, 10**12)),
    Parameter("d_k", "dimension of the tags", integer(2, 10**6)),
    Parameter("beta", "sharpness of the scores", real(above=0, maximum=1000)),
)
documents, d_k, beta = (parameter.symbol for parameter in PARAMETERS)
t = sp.Symbol("t", real=True)

ONE = over_sphere(sp.exp(beta * (sp.tanh(t) - 1)))
ALL = over_sphere(sp.S.One)
LOG_INTERFERENCE = sp.log(documents - 1) + log_F01e(d_k / 2, beta)
NORMAL = sp.log(documents - 1) + beta**2 / (2 * d_k) - beta


def share(log_ratio: sp.Expr) -> sp.Expr:
    """The share x/(1 + x) by the logarithm of x.

    Example:
        >>> share(sp.S.Zero)
        1/2
    """
    return 1 / (1 + sp.exp(-log_ratio))


LAW = Law(
    name=__name__,
    doc=__doc__,
    parameters=PARAMETERS,
    quantity="share of the weight that leaks",
    source=Source(
        "arXiv:2602.01863",
        "separation of the tags (Assumption 2), for random tags that violate it",
        "reconstructed",
        title="Transformers as Measure-Theoretic Associative Memory: A Statistical Perspective",
        authors="Kawata, Ryotaro and Suzuki, Taiji",
        year="2026",
        note="the paper's text was not read; secondary notes quote tags without positive overlaps. Random tags are "
        "the opposite case, derived here",
    ),
    derivations=(
        Derivation(
            (
                Definition(
                    (documents - 1) * ONE / (ALL + (documents - 1) * ONE),
                    "mean sum of exp(beta (cos - 1)) over the other documents, with cos = tanh(t) for a random tag, "
                    "as a share of the whole",
                ),
                Equals(
                    share(LOG_INTERFERENCE),
                    "the moments of a cosine make the series of 0F1(; d_k/2; beta^2/4)",
                    by=Using((ONE, ALL * sp.exp(log_F01e(d_k / 2, beta)))),
                ),
            )
        ),
        Derivation(
            (
                Definition(
                    (documents - 1) / 2 * sp.Integral(ALONG * ACROSS ** (d_k - 1), (s, 0, sp.oo)),
                    "mean sum of squared overlaps z_1^2/|z|^2, which linear attention adds up: 2/|z|^2 is the integral "
                    "over s of exp(-s |z|^2/2), and the components of z are independent",
                ),
                Equals(
                    (documents - 1) / 2 * sp.Integral((1 + s) ** (-d_k / 2 - 1), (s, 0, sp.oo)),
                    "Gauss integrals, (1 + s)^(-3/2) along the tag and (1 + s)^(-1/2) across",
                ),
                Equals((documents - 1) / d_k, "integral of a power"),
            ),
            output="linear",
        ),
    ),
    claim=Equal(),
    regime="every number of documents, dimension and sharpness; the mean interference is also the typical one as long "
    "as beta is below sqrt(2 d_k ln I)",
    grid=Grid(
        across="documents",
        series=({"d_k": 8, "beta": 4}, {"d_k": 32, "beta": 6}),
        values=(8, 32, 128),
        logx=True,
    ),
    sabotages={
        "no overlap: orthonormal tags": {
            "value": share(sp.log(documents - 1) - beta),
            "linear": 1 / (documents - 1),
        },
        "overlaps are normal with variance 1/d_k": {"value": share(NORMAL), "linear": documents / d_k},
        "the right document leaks as well": share(sp.log(documents) + log_F01e(d_k / 2, beta)),
        "the interference over the right weight, not a share": sp.exp(LOG_INTERFERENCE),
    },
)
