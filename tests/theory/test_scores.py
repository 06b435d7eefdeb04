"""The tail mass of other score laws: against quadrature of their quantiles, sampled rows, and SciPy's distributions."""

import itertools

import numpy as np
import pytest
from scipy import integrate, stats

from attnlaws import registry
from attnlaws.simulations.topk.equicorrelated import parts
from attnlaws.theory.noncentral_t import survival
from attnlaws.theory.topk import dot_product, equicorrelated, tail_mass

QUANTILES = {
    "exponential": stats.expon.isf,
    "laplace": stats.laplace.isf,
    "logistic": stats.logistic.isf,
    "gumbel": stats.gumbel_r.isf,
    "uniform": stats.uniform.isf,
}
SCALES = {name: "width" if name == "uniform" else "b" for name in QUANTILES}


def law_of(name):
    return registry.law(f"topk.scores_{name}")


def mass(name, scale, low, high, power=1):
    """The mean of a power of the weight over the keys that a share from low to high of all exceeds."""

    def term(log_share):
        share = np.exp(log_share)
        return share * np.exp(power * scale * QUANTILES[name](share))

    ends = (-400.0 if low == 0 else np.log(low), np.log(high))
    middle = [np.log(share) for share in (1e-9, 0.01, 0.5, 0.9) if ends[0] < np.log(share) < ends[1]]
    pieces = itertools.pairwise([ends[0], *middle, ends[1]])
    return sum(integrate.quad(term, a, b, epsabs=0, epsrel=1e-12, limit=400)[0] for a, b in pieces)


@pytest.mark.parametrize("name", QUANTILES)
@pytest.mark.parametrize(("kappa", "scale"), [(0.03, 0.3), (0.4, 0.7), (0.8, 0.2)])
def test_the_limit_is_the_lorenz_curve_of_the_quantiles(name, kappa, scale):
    want = mass(name, scale, kappa, 1) / mass(name, scale, 0, 1)
    assert law_of(name)(kappa=kappa, **{SCALES[name]: scale}) == pytest.approx(want, rel=1e-8)


@pytest.mark.parametrize("name", ["exponential", "laplace", "uniform"])
@pytest.mark.parametrize("eps", [1e-4, 0.05, 0.3, 0.9])
def test_what_k_eps_keeps_loses_eps(name, eps):
    scale = {SCALES[name]: 0.35}
    kept = law_of(name)(output="k_eps", eps=eps, **scale)
    assert mass(name, 0.35, kept, 1) / mass(name, 0.35, 0, 1) == pytest.approx(eps, rel=1e-7)


@pytest.mark.parametrize("name", ["exponential", "laplace"])
def test_the_logarithm_of_the_kept_fraction(name):
    eps = np.array([0.01, 0.4, 0.95])
    law = law_of(name)
    want = np.log(law(output="k_eps", eps=eps, b=0.6))
    assert law(output="log_k_eps", eps=eps, b=0.6) == pytest.approx(want, rel=1e-12)
    assert law(output="log_k_eps", eps=0.9, b=1 - 1e-6) < -2e6


@pytest.mark.parametrize("name", QUANTILES)
def test_first_corrections_are_seen_in_sampled_rows(name):
    """60 000 rows from SciPy's quantiles: what is left of a correction is below 12 % of it and 5 standard errors, so a
    false alarm has a chance of 1e-6 for each of 8 comparisons; an error of a quarter of a correction is seen."""
    rng, n, k, eps = np.random.default_rng(7), 64, 8, 0.1
    scale = 1.5 if name == "uniform" else 0.25
    law, given = law_of(name), {SCALES[name]: scale}
    weights = np.sort(np.exp(scale * QUANTILES[name](rng.random((60_000, n)))), axis=1)
    lost = np.cumsum(weights, axis=1)
    total = lost[:, -1:]
    found = {"value": lost[:, n - k - 1] / total[:, 0]}
    points = {"value": {"kappa": k / n}}
    if name in ("exponential", "uniform"):
        found["k_eps"] = 1 - (lost <= eps * total).sum(1) / n
        points["k_eps"] = {"eps": eps}
    for output, values in found.items():
        error = values.std() / values.size**0.5
        limit = law(output=output, **points[output], **given)
        correction = law.correction(output=output, n=n, **points[output], **given)
        assert abs(values.mean() - limit) > 5 * error
        assert abs(values.mean() - limit - correction) < 0.12 * abs(correction) + 5 * error


@pytest.mark.parametrize("name", ["exponential", "laplace", "logistic", "gumbel"])
def test_without_a_variance_there_is_no_correction_and_no_verdict(name):
    law, experiment = law_of(name), registry.experiment(f"topk.scores_{name}")
    assert law(kappa=0.1, b=0.8) > 0
    with pytest.raises(ValueError, match=r"b = 0.5: .* no variance"):
        law.correction(kappa=0.1, b=0.5, n=64)
    assert "no variance" in experiment.reliable(b=0.5, n=64, kappa=0.1)
    assert not experiment.reliable(b=0.45, n=64, kappa=0.1)


@pytest.mark.parametrize("rho", [-1 / 15, -0.03, 0.0, 0.4, 0.99])
def test_correlated_rows_lose_what_their_own_parts_do(rho):
    """Row by row, at n = 16 and for every correlation that is possible; and the correlation is what it should be."""
    n, k, sigma = 16, 3, 1.3
    own, common = parts(n=n, rho=rho).values()
    rng = np.random.default_rng(5)
    normals, shared = rng.standard_normal((4000, n)), rng.standard_normal((4000, 1))
    scores = own * (normals - normals.mean(1, keepdims=True)) + common * shared

    def lost(rows):
        weights = np.sort(np.exp(rows), axis=1)
        return weights[:, : n - k].sum(1) / weights.sum(1)

    assert lost(sigma * scores) == pytest.approx(lost(sigma * own * normals), rel=1e-12)
    second = scores.T @ scores / len(scores)
    assert np.mean(np.diag(second)) == pytest.approx(1, abs=0.15)
    assert (second.sum() - np.trace(second)) / (n * (n - 1)) == pytest.approx(rho, abs=0.15)


def test_too_negative_a_correlation_is_refused():
    with pytest.raises(ValueError, match="must be at least"):
        parts(n=16, rho=-0.07)


def test_equicorrelated_is_the_gaussian_law_of_the_rests():
    limit, n = {"kappa": 0.1, "sigma": 2.0, "rho": 0.75}, 64
    alone = {"kappa": 0.1, "sigma": 1.0}
    assert equicorrelated.LAW(**limit) == pytest.approx(tail_mass.LAW(**alone), rel=1e-14)
    assert equicorrelated.LAW.correction(**limit, n=n) == pytest.approx(tail_mass.LAW.correction(**alone, n=n))


@pytest.mark.parametrize(("kappa", "d", "scale", "want"), [
    (0.1, 16, 1.5, 0.4253), (0.1, 64, 1.5, None), (0.5, 3, 0.2, None), (0.02, 300, 2.0, None),
])  # fmt: skip
def test_dot_products_against_quadrature_and_a_known_value(kappa, d, scale, want):
    quantile = stats.norm.isf(kappa)
    by_norm = integrate.quad(
        lambda r: stats.norm.cdf(quantile - scale * r / d**0.5) * stats.chi.pdf(r, d), 0, d**0.5 + 12, epsrel=1e-12,
        points=[d**0.5], limit=200,
    )[0]  # fmt: skip
    value = dot_product.LAW(kappa=kappa, d=d, scale=scale)
    assert value == pytest.approx(by_norm, rel=1e-9)
    assert value == pytest.approx(stats.nct.sf(scale, d, quantile), rel=1e-9)
    if want:
        assert value == pytest.approx(want, abs=6e-5)


def test_the_tail_where_scipy_has_none():
    """By Arb: the mean of Phi(c - a sqrt(X/d)); SciPy gives 0 for the first and 1e-112 for the second."""
    assert survival(20.0, 300.0, -3.0) == pytest.approx(5.84141846514035e-76, rel=1e-11)
    assert survival(30.0, 1024.0, -5.0) == pytest.approx(1.79859157836339e-194, rel=1e-11)


def test_many_dimensions_are_gaussian_scores():
    assert dot_product.LAW(kappa=0.1, d=1024, scale=1.0) == pytest.approx(tail_mass.LAW(kappa=0.1, sigma=1.0), rel=1e-3)
    got = dot_product.LAW.correction(kappa=0.1, d=1024, scale=1.0, n=64)
    assert got == pytest.approx(tail_mass.LAW.correction(kappa=0.1, sigma=1.0, n=64), rel=0.01)
    with pytest.raises(ValueError, match=r"d = 8: .*2"):
        dot_product.LAW.correction(kappa=0.1, d=8, scale=2.0, n=64)
