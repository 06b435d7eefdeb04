"""minimax.sharpness against a softmax over explicit tags, and known figures."""

from typing import Any

import numpy as np
import pytest

from attnlaws.theory.box import balance
from attnlaws.theory.minimax.sharpness import LAW
from attnlaws.theory.minimax.token_budget import LAW as BUDGET
from attnlaws.theory.prove import prove


@pytest.mark.parametrize(("power", "want"), [(3, 4.7), (6, 5.8), (9, 6.6), (12, 7.3)])
def test_known_figures(power, want):
    got = LAW(documents=16, log_n=power * np.log(10), alpha=1, kappa=0.5)
    assert got == pytest.approx(want, abs=0.06)


@pytest.mark.parametrize(("documents", "simplex"), [(2, True), (5, False), (16, True)])
def test_leak_of_explicit_tags(documents, simplex):
    """Unit tags, orthonormal or the corners of a simplex: the odds of the leak are the statistical error."""
    tags = np.eye(documents)
    if simplex:
        tags -= 1 / documents
        tags /= np.linalg.norm(tags, axis=1, keepdims=True)
    margin = documents / (documents - 1) if simplex else 1
    point: dict[str, Any] = {"log_n": 9.0, "alpha": 1.5, "kappa": 0.4}
    scores = LAW(documents=documents, margin=margin, **point) * tags @ tags[0]
    weights = np.exp(scores - scores[0])
    error = weights[1:].sum() / weights[0]
    assert error == pytest.approx(np.exp(-balance(*point.values())[0]), rel=1e-12)
    assert BUDGET(**point) == pytest.approx(balance(*point.values())[1] / error**2, rel=1e-12)


def test_what_is_proved():
    assert prove(LAW).badge == "proven"
