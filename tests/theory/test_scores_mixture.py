"""topk.scores_mixture: against quadrature of the densities, one Gaussian, sampled rows, and far-apart components."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from attnlaws.simulations.topk.scores_mixture import EXPERIMENT
from attnlaws.theory.accuracy import certify
from attnlaws.theory.prove import prove
from attnlaws.theory.topk.k_eps import LAW as K_EPS
from attnlaws.theory.topk.scores_mixture import LAW
from attnlaws.theory.topk.tail_mass import LAW as TAIL

NEEDLES: dict[str, Any] = {"share": 0.1, "shift": 3.0, "sigma": 1.0, "spread": 0.5}
PADDING: dict[str, Any] = {"share": 0.4, "shift": -2.0, "sigma": 0.5, "spread": 1.0}
APART: dict[str, Any] = {"share": 0.02, "shift": 15.0, "sigma": 2.0, "spread": 0.1}


def mass(low, high, *, share, shift, sigma, spread, power=1):
    """The mean of a power of exp(score) over the keys between two scores, by SciPy's densities and quadrature."""

    def term(x):
        density = (1 - share) * stats.norm.pdf(x, 0, sigma) + share * stats.norm.pdf(x, shift, spread)
        return np.exp(power * x) * density

    middle = [mean + move * width + power * width**2 for mean, width in ((0, sigma), (shift, spread))
              for move in (-6, -2, 0, 2, 6)]  # fmt: skip
    ends = sorted({low, high, *(x for x in middle if low < x < high)})
    pieces = pairwise(ends)
    return sum(integrate.quad(term, a, b, epsabs=0, epsrel=1e-11, limit=200)[0] for a, b in pieces)


@pytest.mark.parametrize("scores", [NEEDLES, PADDING, APART])
@pytest.mark.parametrize("part", [0.01, 0.3, 0.9])
def test_thresholds_part_keys_and_weight_as_they_should(scores, part):
    """A fraction kappa of the keys is above the first, which lose the value; a share eps below the second."""
    cut = LAW(output="threshold", kappa=part, **scores)
    assert mass(cut, 40, power=0, **scores) == pytest.approx(part, rel=1e-8)
    whole = mass(-40, 40, **scores)
    assert mass(-40, cut, **scores) / whole == pytest.approx(LAW(kappa=part, **scores), rel=1e-8)
    cut = LAW(output="k_eps_threshold", eps=part, **scores)
    assert mass(-40, cut, **scores) / whole == pytest.approx(part, rel=1e-8)
    assert mass(cut, 40, power=0, **scores) == pytest.approx(LAW(output="k_eps", eps=part, **scores), rel=1e-8)


@pytest.mark.parametrize("scores", [{"share": 1e-300, "shift": 5.0, "sigma": 1.7, "spread": 0.3},
                                    {"share": 0.3, "shift": 0.0, "sigma": 1.7, "spread": 1.7}])  # fmt: skip
def test_one_component_is_the_gaussian_law(scores):
    kappa, eps = np.array([1e-6, 0.1, 0.5, 0.999]), np.array([1e-6, 0.1, 0.5, 0.999])
    assert LAW(kappa=kappa, **scores) == pytest.approx(TAIL(kappa=kappa, sigma=1.7), rel=1e-11)
    assert LAW(eps=eps, output="k_eps", **scores) == pytest.approx(K_EPS(eps=eps, sigma=1.7), rel=1e-11)
    got = LAW.correction(kappa=0.2, n=100, **scores)
    assert got == pytest.approx(TAIL.correction(kappa=0.2, sigma=1.7, n=100), rel=1e-10)
    got = LAW.correction(eps=0.2, n=100, output="k_eps", **scores)
    assert got == pytest.approx(K_EPS.correction(eps=0.2, sigma=1.7, n=100), rel=1e-10)


def test_which_component_is_named_first_does_not_matter():
    other: dict[str, Any] = {"share": 0.9, "shift": -3.0, "sigma": 0.5, "spread": 1.0}
    for kappa in (1e-9, 0.05, 0.4, 0.99):
        assert LAW(kappa=kappa, **NEEDLES) == pytest.approx(LAW(kappa=kappa, **other), rel=1e-12)
        assert LAW(eps=kappa, output="k_eps", **NEEDLES) == pytest.approx(
            LAW(eps=kappa, output="k_eps", **other), rel=1e-12
        )


def test_few_needles_far_above_carry_everything():
    """The crowd, but for its few keys that are kept, is what needles and some more leave; half the needles lose half,
    but for the spread of their own weights."""
    needles = APART["share"] * np.exp(15 + 0.005)
    crowd = (1 - APART["share"]) * np.exp(2) * stats.norm.cdf(stats.norm.isf(1e-4 / 0.98) - 2)
    assert LAW(kappa=0.0201, **APART) == pytest.approx(crowd / (crowd + needles), rel=1e-3)
    assert LAW(kappa=0.01, **APART) == pytest.approx(stats.norm.cdf(-0.1), rel=1e-3)


@pytest.mark.parametrize("scores", [NEEDLES, PADDING])
def test_first_corrections_are_seen_in_sampled_rows(scores):
    """30 000 rows: what is left of a correction is below 12 % of it and 5 standard errors (false alarm 1e-6 for each of
    four comparisons); an error of a quarter of a correction is seen."""
    rng, n, k, eps = np.random.default_rng(4), 100, 20, 0.1
    second = rng.random((30_000, n)) < scores["share"]
    x = rng.standard_normal(second.shape)
    row = np.where(second, scores["shift"] + scores["spread"] * x, scores["sigma"] * x)
    lost = np.cumsum(np.sort(np.exp(row), axis=1), axis=1)
    total = lost[:, -1:]
    found = {"value": lost[:, n - k - 1] / total[:, 0], "k_eps": 1 - (lost <= eps * total).sum(1) / n}
    points: dict[str, Any] = {"value": {"kappa": k / n}, "k_eps": {"eps": eps}}
    for output, values in found.items():
        error = values.std() / values.size**0.5
        limit = LAW(output=output, **points[output], **scores)
        correction = LAW.correction(output=output, n=n, **points[output], **scores)
        assert abs(values.mean() - limit) > 5 * error
        assert abs(values.mean() - limit - correction) < 0.12 * abs(correction) + 5 * error


def test_rows_that_a_few_weights_carry_are_not_trusted():
    assert "few weights" in EXPERIMENT.reliable(n=1000, share=1e-4, shift=10.0, sigma=1.0, spread=1.0)
    assert not EXPERIMENT.reliable(n=1000, **NEEDLES)


def test_far_out():
    wide: dict[str, Any] = {"shift": -20.0, "sigma": 8.0, "spread": 0.05}
    assert 0 < LAW(kappa=1 - 2.0**-53, share=1e-290, **wide) < 1e-50
    assert LAW(kappa=1e-290, share=0.5, **wide) == 1.0
    assert 0 < LAW(eps=1 - 2.0**-53, output="k_eps", share=0.5, **wide) < 1e-50
    with pytest.raises(ValueError, match=r"spread = 0\.01: must be"):
        LAW(kappa=0.1, share=0.5, shift=1.0, sigma=1.0, spread=0.01)


def test_steps_and_accuracy():
    proof = prove(LAW)
    assert proof.badge == "algorithm"
    assert not proof.failed
    assert {result.status for result in proof.results if result.kind == "equals"} == {"symbolic"}
    assert all(certificate.passed for certificate in certify(LAW, algorithm_points=10))
