"""topk.freezing against exact means, and the steps of its derivation one by one."""

import numpy as np
import pytest
from scipy import integrate, special, stats

from attnlaws.theory.accuracy import certify
from attnlaws.theory.enclose import enclose
from attnlaws.theory.prove import prove
from attnlaws.theory.retrieval.frozen import LAW as FROZEN
from attnlaws.theory.topk.freezing import HAZARD, LAW

N_SYMBOL = LAW.parameter("n").symbol
SIZES = (2, 16, 512, 10**6, 10**12)


@pytest.mark.parametrize(("n", "hazard"), [(512, 3.18), (4096, 3.74), (32768, 4.23), (2**20, 4.96)])
def test_known_places_of_freezing(n, hazard):
    """Of an independent computation; all below sqrt(2 ln n)."""
    assert float(enclose(HAZARD, {N_SYMBOL: n})) == pytest.approx(hazard, abs=0.006)
    assert hazard < np.sqrt(2 * np.log(n)) - 0.3
    assert LAW(n=n, sigma=2 * hazard) == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("n", SIZES)
def test_the_exact_mean_stays_below(n):
    """The exact integral, by a law that shares nothing with this one but the model; there the spread is 2 sigma."""
    for ratio in (0.25, 0.5, 1.0, 2.0, 4.0):
        spread = min(ratio * float(enclose(HAZARD, {N_SYMBOL: n})), 20.0)
        exact = 1 - FROZEN(n=n, sigma=spread / 2, output="participation")
        assert exact < LAW(n=n, sigma=spread)


def test_it_is_reached_as_one_over_the_logarithm():
    """At twice the hazard the bound is an upper one by a factor that falls towards 1 with ln n."""
    gaps = []
    for n in SIZES[1:]:
        spread = 2 * float(enclose(HAZARD, {N_SYMBOL: n}))
        gaps.append(1 - 2 * (1 - FROZEN(n=n, sigma=spread / 2, output="participation")))
    assert (np.diff(gaps) < 0).all()
    assert [gaps[0], gaps[-1]] == pytest.approx([0.161, 0.016], abs=6e-4)


@pytest.mark.parametrize(("n", "spread"), [(3, 0.5), (8, 2.0), (40, 5.0)])
def test_the_first_step_is_the_definition_in_other_variables(n, spread):
    """The distribution of sigma x + Gumbel by quadrature: n (n - 1) times the integral of f^2 F^(n-2) is the exact
    mean, and the density at each quantile is below that of sigma x."""
    y = np.linspace(-10 * spread - 5, 10 * spread + 40, 6001)
    x, weight = np.polynomial.hermite_e.hermegauss(150)
    gap = y[:, None] - spread * x
    cdf = np.exp(-np.exp(-gap)) @ weight / weight.sum()
    density = np.exp(-gap - np.exp(-gap)) @ weight / weight.sum()
    value = n * (n - 1) * integrate.simpson(density**2 * cdf ** (n - 2), x=y)
    want = 1 - FROZEN(n=n, sigma=spread / 2, output="participation")
    assert value == pytest.approx(want, rel=1e-5)
    inside = (cdf > 0.01) & (cdf < 0.99)
    assert (density[inside] < stats.norm.pdf(special.ndtri(cdf[inside])) / spread).all()


def test_its_values_are_certified():
    for certificate in certify(LAW, points=150):
        assert certificate.passed, certificate


def test_what_is_proved():
    proof = prove(LAW)
    assert not proof.failed
    assert proof.badge == "cited"
    assert [result.status for result in proof.results] == ["definition", "cited", "checked"]
