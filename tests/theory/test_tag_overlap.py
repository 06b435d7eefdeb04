"""minimax.tag_overlap against SciPy's beta law of (1 + cos)/2, known figures, and tags that are drawn."""

import numpy as np
import pytest
from scipy import stats

from attnlaws.theory.minimax.tag_overlap import LAW


@pytest.mark.parametrize(("documents", "d_k"), [(3, 3), (16, 4), (1000, 30), (10**6, 10**4), (10**6, 3), (3, 10**4)])
def test_median_by_the_law_of_half_the_cosine(documents, d_k):
    """(1 + cos)/2 of two random directions is Beta((d - 1)/2, (d - 1)/2)."""
    half = (d_k - 1) / 2
    above = stats.beta.sf((1 + LAW(documents=documents, d_k=d_k)) / 2, half, half)
    assert (documents - 1) * np.log1p(-above) == pytest.approx(-np.log(2), rel=1e-8)


@pytest.mark.parametrize(("d_k", "documents", "want"), [(16, 64, 0.5510), (32, 1024, 0.5345), (64, 4096, 0.4310)])
def test_known_figures(d_k, documents, want):
    assert LAW(documents=documents, d_k=d_k) == pytest.approx(want, abs=5e-5)


def test_tags_that_are_drawn():
    """The share of 4000 sets whose largest overlap is below the median. False alarm at 5 standard errors: 6e-7;
    visible: 4 % in probability, which is 1 % of the median."""
    rng = np.random.default_rng(7)
    tags = rng.standard_normal((4000, 20, 6))
    tags /= np.linalg.norm(tags, axis=2, keepdims=True)
    largest = np.einsum("rid,rd->ri", tags[:, 1:], tags[:, 0]).max(axis=1)
    assert abs(np.mean(largest <= LAW(documents=20, d_k=6)) - 0.5) < 5 * 0.5 / 4000**0.5
