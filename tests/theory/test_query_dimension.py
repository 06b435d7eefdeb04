"""minimax.query_dimension against balances added by hand, and against the limit in which it is a root."""

import numpy as np
import pytest
from scipy import optimize

from attnlaws.theory.minimax.query_dimension import LAW
from attnlaws.theory.prove import prove


def level(log_n, alpha, kappa, weight):
    """v at log_n = weight v + sum over the axes of what is positive of v - kappa j^alpha."""
    lengths = kappa * np.arange(1, 5000) ** alpha

    def above(v):
        return weight * v + np.maximum(v - lengths, 0).sum() - log_n

    return optimize.brentq(above, 0, log_n / weight, xtol=1e-13)


@pytest.mark.parametrize(
    "point",
    [
        {"log_n": 13.8, "alpha": 1.0, "kappa": 0.5, "beta": 1.0, "d_q": 2, "log_tags": 0.0},
        {"log_n": 300.0, "alpha": 0.7, "kappa": 0.2, "beta": 0.4, "d_q": 30, "log_tags": 20.0},
    ],
)
def test_both_outputs_by_a_plain_root_search(point):
    log_n, alpha, kappa, beta = (point[name] for name in ("log_n", "alpha", "kappa", "beta"))
    before = level(log_n, alpha, kappa, 2 * beta)
    after = level(log_n - point["log_tags"], alpha, kappa, 2 * beta + point["d_q"])
    assert LAW(**point) == pytest.approx(after / before, rel=1e-11)
    number = LAW(output="half", **{**point, "log_tags": 0.0})
    assert level(log_n, alpha, kappa, 2 * beta + number) == pytest.approx(before / 2, rel=1e-11)


@pytest.mark.parametrize(("alpha", "kappa"), [(1.0, 0.5), (2.0, 0.05)])
def test_in_the_limit_the_query_counts_against_the_resolved_axes(alpha, kappa):
    """r^(1/p) + d_q A (ln n)^(p - 1) r = 1, up to one over the number of axes."""
    size, p = 1e5, alpha / (1 + alpha)
    lead = kappa ** (1 - p) * p**-p * size ** (p - 1)
    axes = (size / kappa / p) ** (1 - p)
    for d_q in (5, 50, 500):
        root = optimize.brentq(lambda r, d_q=d_q: r ** (1 / p) + d_q * lead * r - 1, 0, 1)
        assert LAW(log_n=size, alpha=alpha, kappa=kappa, d_q=d_q) == pytest.approx(root, abs=3 / axes)
    half = (1 - 0.5 ** (1 / p)) / lead * 2
    assert LAW(log_n=size, alpha=alpha, kappa=kappa, output="half") == pytest.approx(half, rel=5 / axes)


def test_tags_divide_the_sample():
    """With the power p = 1/2 of ln n, three quarters of ln n left are sqrt(3)/2 of the exponent, in the limit."""
    share = LAW(log_n=1e5, alpha=1.0, kappa=0.5, log_tags=2.5e4)
    assert share == pytest.approx(np.sqrt(0.75), abs=1e-3)
    assert LAW(log_n=20.0, alpha=1.0, kappa=0.5) == 1


def test_fewer_samples_than_tags_are_refused():
    with pytest.raises(
        ValueError, match=r"log_tags = 20.0: must be a real number < log_n = 20 \(fewer than one sample"
    ):
        LAW(log_n=20.0, alpha=1.0, kappa=0.5, log_tags=20.0)


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "algorithm"
    assert not proof.failed
