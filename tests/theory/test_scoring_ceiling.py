"""topk.scoring_ceiling against rows that are scored in order."""

import numpy as np
import pytest

from attnlaws.theory.accuracy import certify
from attnlaws.theory.claim import Equal
from attnlaws.theory.enclose import enclose
from attnlaws.theory.prove import prove
from attnlaws.theory.topk.scoring_ceiling import LAW, eps, n, sigma


def scored(size, spread, share, rows, seed):
    """Keys scored before at most a share of the mass is left."""
    weights = np.exp(spread * np.random.default_rng(seed).standard_normal((rows, size)))
    left = np.cumsum(weights[:, ::-1], axis=1)
    return size - (left <= share * left[:, -1:]).sum(axis=1)


def test_reductions():
    assert 1 / LAW(eps=np.array([0.1, 0.01, 0.001])) == pytest.approx([1.1111, 1.0101, 1.001], abs=1e-4)


@pytest.mark.parametrize(("share", "spread"), [(0.05, 1.0), (0.3, 1.0), (0.1, 1.25)])
def test_sampling_sees_the_correction(share, spread):
    """60 000 rows of 256 keys: 5 standard errors are 0.1 to 0.25 keys, and what is left of the correction 0.06."""
    found = scored(256, spread, share, 60_000, 1)
    error = found.std() / np.sqrt(found.size)
    limit, correction = 256 * LAW(eps=share), 256 * LAW.correction(eps=share, sigma=spread, n=256)
    assert abs(found.mean() - limit - correction) < 5 * error + 0.06
    assert error < 0.05


def test_the_definition_of_the_correction_evaluates_to_the_form():
    assert isinstance(LAW.claim, Equal)
    assert LAW.claim.correction is not None
    steps = LAW.claim.correction.steps
    for share, spread in ((0.1, 1.0), (0.3, 0.2)):
        balls = [enclose(step.expr, {eps: share, sigma: spread, n: 100}, 25) for step in steps]
        assert (balls[0] - balls[-1]).contains(0)


def test_weights_that_do_not_spread():
    """Equal weights: the smallest m with n - m <= eps n."""
    assert (scored(50, 1e-12, 0.1001, 3, 2) == 45).all()
    assert 50 * (LAW(eps=0.1001) + LAW.correction(eps=0.1001, sigma=1e-6, n=50)) == pytest.approx(45.5, abs=0.01)


def test_its_values_are_certified():
    assert all(certificate.passed for certificate in certify(LAW, points=100))


def test_what_is_proved():
    proof = prove(LAW)
    assert not proof.failed
    assert proof.badge == "cited"
