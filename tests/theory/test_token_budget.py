"""minimax.token_budget against a root search on the balance, exact means over angles, and known figures."""

import numpy as np
import pytest

from attnlaws.theory.minimax.token_budget import LAW


@pytest.mark.parametrize(("power", "want"), [(3, 1.6e2), (6, 2.6e3), (9, 1.6e4), (12, 8.2e4)])
def test_known_budgets(power, want):
    assert LAW(log_n=power * np.log(10), alpha=1, kappa=0.5) == pytest.approx(want, rel=0.02)


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("tokens", [1, 2])
def test_token_error_by_every_pair_of_angles(size, tokens):
    """Equidistant angles, more than twice as many as coefficients, have the moments of uniform ones."""
    angles = 2 * np.pi * np.arange(2 * size + 1) / (2 * size + 1) + 0.3
    basis = np.sqrt(2) * np.cos(np.outer(np.arange(1, size + 1), angles))
    means = basis[:, :, None] if tokens == 1 else (basis[:, :, None] + basis[:, None, :]) / 2
    assert (means**2).sum(axis=0).mean() == pytest.approx(size / tokens, rel=1e-12)


def test_the_first_coordinate_has_to_be_resolved():
    with pytest.raises(ValueError, match="not one coordinate is resolved"):
        LAW(log_n=0.9, alpha=1, kappa=0.5)
    assert LAW(log_n=1.1, alpha=1, kappa=0.5) == pytest.approx(np.exp(2 * 1.6 / 3), rel=1e-14)
