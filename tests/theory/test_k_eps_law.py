"""topk.k_eps_law against values of another inversion, its own second rule, and the whole law of simulated rows."""

import numpy as np
import pytest

from attnlaws.theory.accuracy import certify
from attnlaws.theory.kept_law import log_exceeds, second_log_exceeds
from attnlaws.theory.prove import prove
from attnlaws.theory.topk.k_eps_law import LAW


@pytest.mark.parametrize(("n", "k", "eps", "sigma", "want", "error"), [
    (32, 20, 0.1, 1.0, 0.49322, 6e-6), (64, 52, 0.05, 0.7, 0.85152, 2e-5), (32, 12, 0.1, 2.0, 0.22524, 0.00066),
])  # fmt: skip
def test_known_values(n, k, eps, sigma, want, error):
    """Two of an inversion without a shift of the line, to what it printed, and one of 400 000 sampled rows."""
    assert np.exp(log_exceeds(float(n), float(k), eps, sigma)) == pytest.approx(want, abs=error)


@pytest.mark.parametrize(("n", "k", "eps", "sigma"), [(32, 20, 0.1, 1.0), (512, 313, 0.1, 1.0), (100, 75, 0.05, 0.8)])
def test_both_rules_agree(n, k, eps, sigma):
    """On another line, with other nodes and steps."""
    want = second_log_exceeds(n, k, eps, sigma)
    assert log_exceeds(float(n), float(k), eps, sigma) == pytest.approx(want, abs=1e-6)


@pytest.mark.parametrize(("n", "eps", "sigma", "seed"), [(32, 0.1, 1.0, 1), (48, 0.05, 1.25, 2)])
def test_the_whole_law_of_sampled_rows(n, eps, sigma, seed):
    """Every k that matters. False alarm: two bands of Dvoretzky, Kiefer and Wolfowitz at 1e-6. Visible: 0.02."""
    rng = np.random.default_rng(seed)
    runs = 20_000
    lost = np.cumsum(np.sort(np.exp(sigma * rng.standard_normal((runs, n))), axis=1), axis=1)
    kept = n - (lost <= eps * lost[:, -1:]).sum(axis=1)
    k = np.arange(np.quantile(kept, 1e-3), np.quantile(kept, 1 - 1e-3) + 1)
    claimed = LAW(n=n, k=k, eps=eps, sigma=sigma)
    seen = (kept[:, None] > k).mean(axis=0)
    band = np.sqrt(np.log(2 / 1e-6) / (2 * runs))
    assert np.all(np.diff(claimed) < 1e-9)
    assert np.abs(seen - claimed).max() < band < 0.02


def test_far_from_the_center_is_refused():
    with pytest.raises(ValueError, match=r"^k = 700: must be an integer < 649\.849 \(farther out"):
        LAW(n=1000, k=700, eps=0.1, sigma=1.0)


def test_its_values_are_certified():
    for certificate in certify(LAW, algorithm_points=1):
        assert certificate.passed, certificate


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "algorithm"
    assert not proof.failed
