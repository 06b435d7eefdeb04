"""minimax.linear_functional against ridge regressions in NumPy, and its first correction in 1/n."""

import math

import numpy as np
import pytest

from attnlaws.theory.minimax import linear_functional as claimed
from attnlaws.theory.minimax.linear_functional import LAW
from attnlaws.theory.prove import prove


@pytest.mark.parametrize(("n", "risk"), [(200, 2.392e-3), (2000, 3.393e-4), (20000, 4.419e-5)])
def test_known_risks(n, risk):
    """With sigma = 0.3; computed once with another program."""
    assert LAW(log_n=math.log(n / 0.09), alpha=1, kappa=0.5) * 0.09 / n == pytest.approx(risk, rel=2e-4)


def regressions(n, log_n, alpha, kappa, replicates, seed):
    """Losses of ridge regressions over those of the law, less what is zero in the mean of the sequence model."""
    rng = np.random.default_rng(seed)
    axes = np.exp(kappa * np.arange(1, 20.0) ** alpha)
    grid = np.linspace(0, log_n / 2 + 5, 200_001)  # ln mu by a table: nothing is taken from the law
    sizes = np.array([0.0])
    for axis in axes[axes < math.exp(grid[-1])]:
        sizes = sizes + axis * np.maximum(np.exp(grid) - axis, 0)
    mu = math.exp(float(np.interp(math.exp(log_n), sizes, grid)))
    axes = axes[axes < mu]
    c, theta = 1 - axes / mu, np.sqrt((mu / axes - 1) * math.exp(-log_n))
    sigma = math.sqrt(n * math.exp(-log_n))
    z = rng.standard_normal((replicates, n, c.size))
    xi = sigma * rng.standard_normal((replicates, n, 1))
    zt = np.swapaxes(z, 1, 2)
    gram, noise = zt @ z / n, zt @ xi / n
    fitted = np.linalg.solve(gram + np.diag((1 - c) / c), gram @ theta[:, None] + noise)[..., 0]
    loss = ((fitted - theta) ** 2).sum(axis=1)
    ideal = ((c * noise[..., 0] - (1 - c) * theta) ** 2).sum(axis=1)
    mean = (c**2).sum() * math.exp(-log_n) + ((1 - c) ** 2 * theta**2).sum()
    return (loss - ideal + mean) * math.exp(log_n)


@pytest.mark.parametrize(("log_n", "alpha", "kappa"), [(4.0, 1.0, 1.0), (6.0, 2.0, 0.25)])
def test_regressions_are_worse_by_the_first_correction(log_n, alpha, kappa):
    """At n = 64, where the law alone is 8 standard errors off or more. Five are allowed: a false alarm in 2e6 runs."""
    point = {"log_n": log_n, "alpha": alpha, "kappa": kappa}
    found = regressions(64, log_n, alpha, kappa, 30_000, 3)
    error = float(found.std()) / math.sqrt(found.size)
    correction = LAW.correction(**point, n=64)
    assert correction > 8 * error
    assert abs(found.mean() - LAW(**point) - correction) < 5 * error


@pytest.mark.parametrize(("log_n", "alpha", "kappa"), [(2.0, 1.0, 1.0), (7.7, 1.0, 0.5), (60.0, 3.0, 2.0)])
def test_the_correction_in_balls(log_n, alpha, kappa):
    routine, balls = claimed._correction().value, claimed._correction().enclosure
    assert routine is not None and balls is not None
    point = {"log_n": log_n, "alpha": alpha, "kappa": kappa, "n": 50}
    assert float(balls(digits=12, **point).mid()) == pytest.approx(float(routine(**point)), rel=1e-10)


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badges == {"": "algorithm", "correction": "algorithm"}
    assert not proof.failed
