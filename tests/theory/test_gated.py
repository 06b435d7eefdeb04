"""retrieval.gated against independent routes: quadrature in other variables, the model itself, limits."""

import numpy as np
import pytest
import sympy as sp
from scipy import integrate, special, stats

from attnlaws import registry
from attnlaws.theory.enclose import enclose
from attnlaws.theory.retrieval.gated import LAW, median_size, median_size_enclosure

N, D_K = (LAW.parameter(name).symbol for name in ("n", "d_k"))


@pytest.mark.parametrize("d_k", [1, 2, 7, 64])
def test_the_median_by_quadrature_over_x(d_k):
    """Half of the targets have a smaller ratio: x has a density, w^2 a distribution function."""
    size = np.sqrt(2 * 16 / LAW(n=17, d_k=d_k))

    def above(r):  # r is the norm, x its square
        return special.erf(np.sqrt(max(r * r - size, 0) / 2)) * stats.chi.pdf(r, d_k)

    def beyond(r):
        return special.erfc(np.sqrt((r * r + size) / 2)) / 2 * stats.chi.pdf(r, d_k)

    total = integrate.quad(above, size**0.5, d_k**0.5 + 12, epsabs=1e-11, limit=200)[0]
    total += integrate.quad(beyond, 0, d_k**0.5 + 12, epsabs=1e-11, limit=200)[0]
    assert total == pytest.approx(0.5, abs=1e-9)


def test_the_definition_of_the_median_is_one_half_there():
    """Its two double integrals as they stand, by quadrature."""
    definition = LAW.derivations[0].steps[0].expr
    (y,) = {symbol for symbol in definition.free_symbols if str(symbol) == "y"}
    total = 0.0
    for term in definition.subs({N: 9, D_K: 4, y: float(LAW(n=9, d_k=4))}).args:
        ((w, *outer_ends),) = term.limits
        (inner,) = term.function.atoms(sp.Integral)
        ((x, *inner_ends),) = inner.limits
        density, weight = sp.lambdify(x, inner.function, "math"), sp.lambdify(w, term.function / inner, "math")
        low, high = (sp.lambdify(w, sp.Min(end, 400), "math") for end in inner_ends)
        first, last = (max(-12.0, min(12.0, float(end))) for end in outer_ends)
        total += integrate.quad(
            lambda at, low=low, high=high, density=density, weight=weight: (
                weight(at) * integrate.quad(density, low(at), high(at), limit=200)[0]
            ),
            first,
            last,
        )[0]
    assert total == pytest.approx(0.5, abs=1e-8)


@pytest.mark.parametrize("d_k", [1, 2, 5, 16, 40])
def test_the_ratio_by_quadrature_over_x_and_w(d_k):
    """The signal in the variables of the model: r = sqrt(x), and w from -r on."""
    r, dr = np.linspace(0, d_k**0.5 + 14, 6001, retstep=True)
    nodes, weights = special.roots_legendre(120)
    across = -r[:, None] + (r[:, None] + 12) * (nodes + 1) / 2  # from -r to 12
    inner = ((r[:, None] ** 4 - (r[:, None] * across) ** 2) ** 2 * stats.norm.pdf(across)) @ weights * (r + 12) / 2
    signal = integrate.simpson(inner * stats.chi.pdf(r, d_k), dx=dr)
    assert LAW(n=2, d_k=d_k, convention="ratio") == pytest.approx(2 * d_k * (d_k + 2) / signal, rel=1e-8)


def test_the_definition_of_the_ratio_evaluates_to_the_form():
    case = LAW.derivation(convention="ratio")
    point = {N: 9, D_K: 5}
    definition, form = enclose(case.steps[0].expr, point, 12), enclose(case.form, point, 25)
    assert (definition - form).contains(0)
    assert float(definition.rad() / form.lower()) < 1e-8


def test_the_median_tends_to_that_of_a_typical_target():
    """Without noise: median over 2 (n - 1)/d^2 is 1 + 10/(3 d) and a rest of order 1/d^2."""
    d_k = np.array([64, 256, 1024, 10**6])
    excess = LAW(n=129, d_k=d_k) / (2 * 128 / d_k**2) - 1
    assert excess[:3] == pytest.approx([0.0535, 0.0131, 0.00326], rel=2e-3)
    assert excess == pytest.approx(10 / (3 * d_k), rel=6 / 64)
    assert np.all(np.abs(excess * d_k - 10 / 3) * d_k < 6.5)


def test_the_ratio_tends_to_half_of_the_bilinear_unit_s():
    """The ReLU changes it by a relative 2^(-d/2) but for powers of d."""
    d_k = np.array([2, 8, 16, 32, 64])
    bilinear = 4 * 8 / (d_k**2 + 8 * d_k + 19)
    change = 2 * LAW(n=9, d_k=d_k, convention="ratio") / bilinear - 1
    assert np.all(change[:4] != 0)
    assert np.all(np.abs(change) < 2.0 ** (-d_k / 2))


def test_the_model_itself():
    """Two key sets and values drawn literally. The weights of the ReLU and of the bilinear unit: noise and signal over
    many draws; False alarm: 2 checks at 5 standard errors, 1e-6; visible: about 8 %. The mean ratio given a target is
    what the median's simulation puts in: another check at 5 standard errors, visible 4 %."""
    rng = np.random.default_rng(5)
    n, d_k, runs = 9, 12, 40_000
    keys, gates = rng.standard_normal((2, runs, n, d_k))
    query = keys[:, 0] + gates[:, 0]
    scores, gated = (np.einsum("rnk,rk->rn", each, query) for each in (keys, gates))
    values = rng.standard_normal((runs, n, 3))
    values /= np.linalg.norm(values, axis=2, keepdims=True)
    bilinear = 4 * (n - 1) / (d_k**2 + 8 * d_k + 19)
    wanted = ((np.maximum(scores, 0), LAW(n=n, d_k=d_k, convention="ratio")), (scores, bilinear))
    for first, want in wanted:
        weights = first * gated
        noise = (np.einsum("rn,rnv->rv", weights[:, 1:], values[:, 1:]) ** 2).sum(1)
        signal = weights[:, 0] ** 2
        error = (noise - want * signal).std() / runs**0.5 / signal.mean()
        assert abs(noise.mean() / signal.mean() - want) < 5 * error < 0.12 * want
    shares = (np.maximum(scores[:, 1:], 0) * gated[:, 1:]) ** 2 / (query**2).sum(1)[:, None] ** 2
    error = shares.std() / shares.size**0.5
    assert abs(shares.mean() - 0.5) < 5 * error < 0.04


@pytest.mark.parametrize("d_k", [1, 3, 100, 10**6])
def test_the_enclosure_holds_the_value_and_nothing_else(d_k):
    ball = median_size_enclosure(d_k, 11)
    assert ball.is_finite()
    assert abs(float(ball.mid()) / float(median_size(np.array(d_k))) - 1) < 1e-11


def test_an_enclosure_of_a_wrong_guess_fails(monkeypatch):
    from attnlaws.theory.retrieval import gated

    right = float(median_size(np.array(20)))
    monkeypatch.setattr(gated, "_median_size", lambda d: right * (1 + 1e-10))
    assert not median_size_enclosure(20, 11).is_finite()


@pytest.mark.parametrize("convention", ["expectation", "geometric"])
def test_what_is_infinite_is_refused_with_the_reason(convention):
    with pytest.raises(
        ValueError, match=rf"^convention = '{convention}': must be one of median, ratio \(.*infinite in e"
    ):
        LAW(n=9, d_k=64, convention=convention)
    with pytest.raises(ValueError, match=r"^convention = 'mode': must be one of median, ratio$"):
        LAW(n=9, d_k=64, convention="mode")


def test_a_closed_unit_is_an_infinite_ratio():
    reference = registry.experiment("retrieval.gated").reference
    draws = {"entry": np.array([1.0, 0.0]), "gate_entry": np.array([-2.0, 1.0])}
    assert reference(draws, mode="literal", n=9, d_k=2, convention="median") == {"inverse_snr": np.inf}
