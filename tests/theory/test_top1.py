"""retrieval.top1 against exact cases, Student's law and quadrature."""

import numpy as np
import pytest
from scipy import integrate, special, stats

from attnlaws.theory.accuracy import certify
from attnlaws.theory.prove import prove
from attnlaws.theory.retrieval.top1 import LAW


@pytest.mark.parametrize("n", [2, 3, 8, 1000, 10**12])
def test_one_dimension_exactly(n):
    """|k_i| is the absolute value of a normal variable, Phi of it uniform on (1/2, 1)."""
    assert LAW(n=n, d_k=1) == pytest.approx(2 / n * -np.expm1(-n * np.log(2)), rel=1e-10)


@pytest.mark.parametrize(("n", "d_k"), [(2, 3), (1000, 16), (9, 100)])
def test_by_quadrature(n, d_k):
    """The mean over chi-square norms by adaptive quadrature in x."""
    peak = stats.chi2(d_k).ppf([1e-6, 0.1, 0.5, 0.9, 1 - 1e-6])

    def mean(function):
        return integrate.quad(
            lambda x: function(stats.norm.logcdf(np.sqrt(x))) * stats.chi2(d_k).pdf(x),
            0,
            4 * d_k + 200,
            points=peak,
            epsabs=0,
            epsrel=1e-11,
            limit=200,
        )[0]

    assert LAW(n=n, d_k=d_k) == pytest.approx(mean(lambda log: np.exp((n - 1) * log)), rel=1e-9)
    error = mean(lambda log: -np.expm1((n - 1) * log))
    assert LAW(n=n, d_k=d_k, output="error") == pytest.approx(error, rel=1e-9)


@pytest.mark.parametrize("d_k", [1, 2, 8, 64, 1024])
def test_the_union_bound_is_a_tail_of_student(d_k):
    want = 11 * stats.t(d_k).sf(np.sqrt(d_k))
    assert LAW(n=12, d_k=d_k, output="union") == pytest.approx(want, rel=1e-9)


def test_known_values():
    """Three digits of an independent computation."""
    assert LAW(n=[64, 256, 1024], d_k=[8, 16, 16]) == pytest.approx([0.685, 0.919, 0.811], abs=6e-4)
    assert LAW(n=2, d_k=8, output="union") == pytest.approx(0.011102, abs=6e-7)


def test_the_bound_bounds_and_becomes_sharp():
    d_k = np.array([1, 4, 16, 64, 256, 1024])
    error, union = (LAW(n=1000, d_k=d_k, output=output) for output in ("error", "union"))
    assert (error < union * (1 + 1e-10)).all()
    assert error[2] < 0.4 * union[2]
    assert error[-1] == pytest.approx(union[-1], rel=1e-8)
    assert LAW(n=1000, d_k=d_k[:4]) + error[:4] == pytest.approx(np.ones(4), abs=1e-10)


def test_the_model_itself():
    """Keys drawn in full. False alarm: 3 checks at 5 standard errors, 2e-6. Visible: 2 % of the probability."""
    rng = np.random.default_rng(5)
    n, d_k, runs = 12, 3, 100_000
    keys = rng.standard_normal((runs, n, d_k))
    scores = np.einsum("rnk,rk->rn", keys, keys[:, 0])
    above = (scores[:, 1:] > scores[:, :1]).sum(axis=1)
    for output, sample in (("value", above == 0), ("error", above > 0), ("union", above)):
        assert abs(sample.mean() - LAW(n=n, d_k=d_k, output=output)) < 5 * sample.std() / runs**0.5


def test_uniform_norms_are_not_assumed():
    """At the typical norm the probability is another one."""
    typical = special.ndtr(4.0) ** 1023
    assert typical - LAW(n=1024, d_k=16) > 0.15


def test_its_values_are_certified():
    for certificate in certify(LAW, points=100, algorithm_points=10):
        assert certificate.passed, certificate


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badges == {"": "algorithm", "error": "algorithm", "union": "cited"}
    assert not proof.failed
