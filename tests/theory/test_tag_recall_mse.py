"""minimax.tag_recall_mse against the explicit linear map from all normal variables to the error."""

import numpy as np
import pytest

from attnlaws.theory.minimax.tag_recall_mse import LAW
from attnlaws.theory.prove import prove


@pytest.mark.parametrize(
    ("documents", "beta", "tokens", "between", "within"), [(4, 3, 50, 0.1, 1), (2, 0.5, 1, 2, 0.3), (7, 0, 3, 1, 4)]
)
def test_error_is_a_linear_map_of_normal_variables(documents, beta, tokens, between, within):
    """Its variance is the sum of the squared coefficients: no formula for shares or leaks is used."""
    keys = np.repeat(np.eye(documents), tokens, axis=0)
    weights = np.exp(beta * keys @ np.eye(documents)[0])
    weights /= weights.sum()
    of_coefficients = weights @ keys - np.eye(documents)[0]
    want = between * np.sum(of_coefficients**2) + within * np.sum(weights**2)
    point = {"documents": documents, "beta": beta, "tokens": tokens, "between": between, "within": within}
    assert LAW(**point) == pytest.approx(want, rel=1e-13)


def test_both_ends():
    flat = LAW(documents=10, beta=0, tokens=4, between=1, within=1)
    assert flat == pytest.approx(0.9 + 1 / 40, rel=1e-14)
    assert LAW(documents=10, beta=300, tokens=4, between=1, within=1) == 0.25


def test_what_is_proved():
    assert prove(LAW).badge == "proven"
