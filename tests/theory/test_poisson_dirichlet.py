"""topk.poisson_dirichlet against the double integral, the power law, and arrivals drawn another way."""

import mpmath
import numpy as np
import pytest
from scipy import special

from attnlaws.theory.accuracy import certify
from attnlaws.theory.prove import prove
from attnlaws.theory.topk.poisson_dirichlet import LAW


@pytest.mark.parametrize(("m", "k", "mass"), [
    (0.5, 1, 0.37349), (0.5, 10, 0.05837), (0.9, 1, 0.78255), (0.9, 10, 0.60028),
])  # fmt: skip
def test_known_values(m, k, mass):
    """Of an independent computation."""
    assert LAW(m=m, k=k) == pytest.approx(mass, abs=6e-6)


@pytest.mark.parametrize(("m", "k"), [(0.3, 1), (0.5, 2), (0.8, 4)])
def test_the_definition_by_a_double_integral(m, k):
    """Over ln t and ln y as they stand, without the closed form of the inner integral, by a product rule."""
    scale, step = special.gamma(1 - m), 0.1
    y = np.exp(np.arange(-38 / (1 - m), 4.5, step))
    larger = y**-m * np.exp(-y) - scale * special.gammaincc(1 - m, y)
    assert larger[-20] == pytest.approx(float(m * mpmath.gammainc(-m, y[-20])), rel=1e-9)
    t = np.exp(np.arange(-40, 4.5, step) - np.log(scale))[:, None]
    inner = (np.exp(-scale * t) * special.gammainc(k, t * larger) * t).sum(axis=0) * step
    assert LAW(m=m, k=k) == pytest.approx(float((y ** (1 - m) * np.exp(-y) * inner).sum() * step), rel=1e-9)


def test_nothing_kept_loses_all():
    """At k = 0 the integral is that of a gamma density: the same rule must give 1."""
    from attnlaws.theory.topk.poisson_dirichlet import tail

    for m in (0.05, 0.3, 0.6, 0.95):
        assert tail(m, 0) == pytest.approx(1, rel=1e-11)


def test_a_power_law_in_the_number_of_keys():
    """Of many keys, E tau_k nears gamma(1/m) gamma(1 - m)^(-1/m) k^(-(1 - m)/m) / (1 - m)."""
    for m in (0.3, 0.5, 0.7):
        limit = mpmath.gamma(1 / m) * mpmath.gamma(1 - m) ** (-1 / m) / (1 - m)
        ratios = [LAW(m=m, k=k) / float(limit * mpmath.mpf(k) ** (-(1 - m) / m)) for k in (30, 1000)]
        assert abs(ratios[1] - 1) < 0.01
        assert abs(ratios[1] - 1) < abs(ratios[0] - 1) / 5


def test_by_ratios():
    """Independent Beta(j m, 1) ratios, cut where the rest is negligible: 20 000 rows, 5 standard errors, at
    most 5 % of each value."""
    m, k, terms = 0.4, 2, 400
    rng = np.random.default_rng(3)
    ratios = rng.random((20_000, terms)) ** (1 / (m * np.arange(1, terms + 1)))
    weights = np.concatenate([np.ones((20_000, 1)), np.cumprod(ratios, axis=1)], axis=1)
    shares = weights / weights.sum(axis=1, keepdims=True)
    for values, want in (
        (shares[:, k:].sum(axis=1), LAW(m=m, k=k)),
        ((shares**2).sum(axis=1), LAW(m=m, k=k, output="participation")),
        (ratios[:, k - 1], LAW(m=m, k=k, output="ratio")),
    ):
        error = values.std() / np.sqrt(values.size)
        assert abs(values.mean() - want) < 5 * error
        assert 5 * error < 0.05 * want


def test_exponential_scores_reach_it():
    """Weights exp(b E) of 3000 exponential scores, b = 2: PD(1/2, 0) but for 1/n. 4000 rows, 5 standard errors."""
    scores = np.sort(np.random.default_rng(8).exponential(size=(4000, 3000)), axis=1)[:, ::-1]
    weights = np.exp(2 * (scores - scores[:, :1]))
    lost = 1 - weights[:, 0] / weights.sum(axis=1)
    assert abs(lost.mean() - LAW(m=0.5, k=1)) < 5 * lost.std() / np.sqrt(lost.size)


def test_its_values_are_certified():
    for certificate in certify(LAW, points=60, algorithm_points=10):
        assert certificate.passed, certificate


@pytest.mark.slow
def test_its_values_are_certified_everywhere():
    for certificate in certify(LAW):
        assert certificate.passed, certificate


def test_what_is_proved():
    proof = prove(LAW)
    assert not proof.failed
    assert proof.badges == {"": "algorithm", "participation": "proven", "ratio": "proven"}
