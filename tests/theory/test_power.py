"""retrieval.power against independent routes: definitions by quadrature, mpmath, the model itself."""

import dataclasses

import mpmath
import numpy as np
import pytest

from attnlaws import registry
from attnlaws.theory.enclose import enclose
from attnlaws.theory.prove import prove
from attnlaws.theory.retrieval.linear import LAW as LINEAR
from attnlaws.theory.retrieval.power import LAW

N, D_K, P = (LAW.parameter(name).symbol for name in ("n", "d_k", "p"))
CONVENTIONS = ("expectation", "ratio", "geometric")


DEFINED = [
    (case, point)
    for case in LAW.derivations
    for point in ((9, 7, 2), (2, 3, 1), (1000, 40, 3))
    # The mean of a logarithm of a mean is slow: once will do.
    if case.when["convention"] != "geometric" or (point == (9, 7, 2) and case.when["kernel"] == "rectified")
]


@pytest.mark.parametrize(("case", "numbers"), DEFINED, ids=lambda value: getattr(value, "label", str(value)))
def test_definitions_evaluate_to_the_form(case, numbers):
    n, d_k, p = numbers
    point = {N: n, D_K: d_k, P: p}
    definition = enclose(case.steps[0].expr, point, 12)
    form = enclose(case.form, point, 25)
    assert (definition - form).contains(0)
    assert float(definition.rad() / abs(form).lower()) < 1e-8
    assert LAW(n=n, d_k=d_k, p=p, **case.when) == pytest.approx(float(form), rel=1e-13)


def test_every_step_is_symbolic():
    """Of the kernel that is not rectified; the other differs by a factor one half."""
    half = dataclasses.replace(LAW, derivations=LAW.derivations[:3])
    assert {case.when["kernel"] for case in half.derivations} == {"power"}
    assert set(prove(half).badges.values()) == {"proven"}


@pytest.mark.parametrize(("n", "d_k", "p"), [(129, 32, 1), (65, 16, 2), (9, 64, 4), (17, 9, 4)])
def test_averages_by_mpmath(n, d_k, p):
    """Each convention from integrals over scores and over the query's norm."""

    def mean(function):
        def integrand(u):
            return function(u) * u ** (mpmath.mpf(d_k) / 2 - 1) * mpmath.exp(-u / 2)

        pieces = [0, d_k / 8, d_k / 2, d_k, 2 * d_k, 4 * d_k + 40, mpmath.inf]
        return mpmath.quad(integrand, pieces) / (2 ** (mpmath.mpf(d_k) / 2) * mpmath.gamma(mpmath.mpf(d_k) / 2))

    positive = mpmath.quad(lambda z: z ** (2 * p) * mpmath.npdf(z), [0, 2, 5, 10, 40])
    wanted = {
        "expectation": mean(lambda u: u**-p),
        "ratio": mean(lambda u: u**p) / mean(lambda u: u ** (2 * p)),
        "geometric": mpmath.exp(mean(lambda u: -p * mpmath.log(u))),
    }
    for convention, want in wanted.items():
        for kernel, sides in (("power", 2), ("rectified", 1)):
            got = LAW(n=n, d_k=d_k, p=p, kernel=kernel, convention=convention)
            assert got == pytest.approx(float((n - 1) * sides * positive * want), rel=1e-8)


def test_known_values():
    """ReLU is (n - 1)/(2 (d - 2)); the square of a score has three times the noise of the score's square."""
    assert LAW(n=129, d_k=32, p=1, kernel="rectified") == pytest.approx(128 / 60, rel=1e-15)
    assert LAW(n=129, d_k=32, p=1, kernel="rectified", convention="ratio") == pytest.approx(128 / 68, rel=1e-15)
    assert LAW(n=11, d_k=12, p=2) == pytest.approx(10 * 3 / (10 * 8), rel=1e-15)
    assert LAW(n=11, d_k=13, p=6) == pytest.approx(10 * 10395 / (11 * 9 * 7 * 5 * 3 * 1), rel=1e-15)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_the_first_power_is_the_linear_memory(convention):
    dimensions = np.array([3, 8, 100, 10**6])
    linear = LINEAR(n=65, d_k=dimensions, convention=convention)
    assert LAW(n=65, d_k=dimensions, p=1, convention=convention) == pytest.approx(linear, rel=1e-14)


def test_the_model_itself():
    """Keys and readings drawn literally, values in full. False alarm: 4 checks at 5 standard errors, 2e-6 in all;
    visible: about 6 %."""
    rng = np.random.default_rng(7)
    n, d_k, d_v, runs = 9, 16, 4, 20_000
    keys = rng.standard_normal((runs, n, d_k))
    values = rng.standard_normal((runs, n, d_v))
    values /= np.linalg.norm(values, axis=2, keepdims=True)
    scores = np.einsum("rnk,rk->rn", keys, keys[:, 0])
    for p in (1, 2):
        for kernel, weights in (("power", scores**p), ("rectified", np.maximum(scores, 0.0) ** p)):
            noise = np.einsum("rn,rnv->rv", weights[:, 1:], values[:, 1:])
            ratio = (noise**2).sum(1) / weights[:, 0] ** 2
            error = ratio.std() / runs**0.5
            want = LAW(n=n, d_k=d_k, p=p, kernel=kernel)
            assert abs(ratio.mean() - want) < 5 * error < 0.12 * want


def test_what_does_not_exist_is_refused():
    for p, d_k in ((1, 2), (3, 6), (16, 32)):
        with pytest.raises(ValueError, match=rf"^d_k = {d_k}: must be an integer > 2\*p = {2 * p} \(the mean over Gau"):
            LAW(n=9, d_k=d_k, p=p)
        assert LAW(n=9, d_k=d_k + 1, p=p) > 0
        assert LAW(n=9, d_k=d_k, p=p, convention="ratio") > 0


@pytest.mark.parametrize(
    ("n", "d_k", "p", "convention", "reason"),
    [
        (65, 8, 2, "expectation", "no variance unless d_k > 4 p = 8"),
        (65, 9, 2, "expectation", ""),
        (65, 8, 2, "geometric", ""),
        (65, 64, 4, "geometric", "hardly one is drawn"),
        (4097, 64, 4, "ratio", ""),
    ],
)
def test_it_says_where_an_error_bar_is_not_to_be_trusted(n, d_k, p, convention, reason):
    reliable = registry.experiment("retrieval.power").reliable
    said = reliable(mode="collapsed", n=n, d_k=d_k, p=p, kernel="power", convention=convention)
    assert reason in said
    assert bool(said) == bool(reason)
