"""retrieval.load_as_mean: right at the typical norm, wrong as a mean by a factor that quadrature gives."""

import mpmath
import pytest

from attnlaws.theory.claim import Outcome
from attnlaws.theory.enclose import enclose
from attnlaws.theory.prove import prove
from attnlaws.theory.retrieval.linear import LAW as LINEAR
from attnlaws.theory.retrieval.load_as_mean import LAW

N, D_K = (LAW.parameter(name).symbol for name in ("n", "d_k"))


@pytest.mark.parametrize(("n", "d_k"), [(2, 1), (65, 8), (1000, 40)])
def test_definition_evaluates_to_the_form(n, d_k):
    definition, form = enclose(LAW.steps[0].expr, {N: n, D_K: d_k}, 15), enclose(LAW.form, {N: n, D_K: d_k}, 25)
    assert (definition - form).contains(0)
    assert float(definition.rad() / form.lower()) < 1e-10
    assert prove(LAW).badge == "proven"


def mean(n, d_k):
    """The mean over the target's squared norm u of (n - 1) u / u^2, by numerical integration."""

    def integrand(u):
        return u ** (mpmath.mpf(d_k) / 2 - 2) * mpmath.exp(-u / 2)

    pieces = [0, d_k / 4, d_k, 2 * d_k, 4 * d_k + 40, mpmath.inf]
    return (n - 1) * mpmath.quad(integrand, pieces) / (2 ** (mpmath.mpf(d_k) / 2) * mpmath.gamma(mpmath.mpf(d_k) / 2))


@pytest.mark.parametrize(
    ("n", "d_k", "share"), [(17, 8, 0.796875), (257, 8, 0.7529296875), (65, 16, 0.888671875), (129, 256, 1 - 5e-8)]
)
def test_it_misses_the_mean_by_what_its_regime_says(n, d_k, share):
    assert float(LAW(n=n, d_k=d_k) / mean(n, d_k)) == pytest.approx(share, rel=1e-4)


def test_its_two_errors_cancel_in_twice_as_many_dimensions_as_pairs():
    for n in (3, 17, 257):
        assert float(LAW(n=n, d_k=2 * n) / mean(n, 2 * n)) == pytest.approx(1, rel=1e-9)
    assert LAW.grid is not None
    off = {(p["n"], p["d_k"]): abs(float(LAW(**p) / mean(**p)) - 1) for p in LAW.grid.points()}
    assert [point for point, gap in off.items() if gap < 0.02] == [(17, 32)]  # all others are beyond the tolerance


def test_the_law_that_replaces_it_is_the_mean():
    assert (LAW.expected, LAW.replaced_by) == (Outcome.REFUTED, "retrieval.linear")
    assert float(LINEAR(n=65, d_k=8)) == pytest.approx(float(mean(65, 8)), rel=1e-9)
