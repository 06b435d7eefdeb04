"""Derivations: right steps pass, wrong ones are contradicted, and a chain cannot begin with its answer."""

import dataclasses
import inspect

import mpmath
import pytest
import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.densities import chi_square_mean
from attnlaws.theory.law import Law
from attnlaws.theory.parameter import Parameter, integer, real
from attnlaws.theory.prove import Proof
from attnlaws.theory.prove import prove as kept
from attnlaws.theory.retrieval.linear import LAW as LINEAR
from attnlaws.theory.simplify import settled
from attnlaws.theory.steps import (
    AtMost,
    Cites,
    Conjecture,
    Definition,
    Differentiate,
    Equals,
    Solves,
    Tends,
    Using,
)
from attnlaws.theory.topk.tail_mass import LAW as TAIL_MASS
from attnlaws.theory.vocabulary import Phi_inverse

prove = inspect.unwrap(kept)  # made anew each time: what tests/conftest.py keeps of a run would be compared with itself

D = Parameter("d", "dimension", integer(3))
A = Parameter("a", "a number", real(above=0))
d, a = D.symbol, A.symbol
x = sp.Symbol("x", positive=True)
SOURCE = Source("a book", "a page", "text")
MEAN = chi_square_mean(1 / x, x, d)


def toy(*steps):
    return Law("toy", "A toy.", (D, A), SOURCE, Equal(), steps=steps)


def statuses(*steps):
    return [result.status for result in prove(toy(*steps)).results]


@pytest.fixture(scope="module")
def proofs():
    return {law.id: prove(law) for law in (LINEAR, TAIL_MASS)}


def test_badges_of_the_laws(proofs):
    assert proofs["topk.tail_mass"].badges == {"": "cited", "correction": "cited"}
    badges = proofs["retrieval.linear"].badges
    assert badges.pop("convention=median") == "algorithm"
    assert len(badges) == 6 and set(badges.values()) == {"proven"}
    for proof in proofs.values():
        assert proof.failed == ()


def test_proof_survives_json(proofs):
    for proof in proofs.values():
        assert Proof.from_json(proof.to_json()) == proof


def test_symbolic_steps():
    assert statuses(Definition(MEAN, ""), Equals(1 / (d - 2), "")) == ["definition", "symbolic"]
    assert prove(toy(Definition(MEAN, ""), Equals(1 / (d - 2), ""))).badge == "proven"


@pytest.mark.parametrize(
    "wrong",
    [
        Equals(1 / (d - 1), ""),
        Equals(1 / (d - 2) + sp.Rational(1, 10**20), ""),
        Equals(1 / (d - 1), "", by=Differentiate(d, at=3)),
        AtMost(1 / (d - 1), ""),
    ],
)
def test_a_wrong_step_is_contradicted(wrong):
    proof = prove(toy(Definition(MEAN, ""), wrong))
    assert proof.badge == "contradicted"
    assert "d = " in proof.failed[0].detail and "against" in proof.failed[0].detail


def test_a_wrong_middle_step_of_a_shipped_law_is_contradicted():
    case = LINEAR.derivations[0]
    definition, middle, last = case.steps
    broken = dataclasses.replace(case, steps=(definition, dataclasses.replace(middle, expr=2 * middle.expr), last))
    results = prove(dataclasses.replace(LINEAR, steps=(), derivations=(broken,))).results
    assert [result.status for result in results] == ["definition", "contradicted", "contradicted"]


def test_a_chain_cannot_begin_with_its_answer():
    answer = 1 / (d - 2)
    assert prove(toy(Definition(answer, ""), Equals(answer, ""))).badge == "unknown"
    assert prove(toy(Equals(MEAN, ""), Equals(answer, ""))).badge == "unknown"
    assert prove(toy(Conjecture(answer, ""))).badge == "conjecture"
    assert statuses(Definition(MEAN, ""), Conjecture(answer, "")) == ["definition", "unknown"]
    assert statuses(Definition(MEAN, ""), Definition(MEAN, "")) == ["definition", "unknown"]


def test_powers_of_composite_bases_are_compared_by_their_factors():
    right, wrong = (a**2 + 2 * a + 1) ** (d / 2), (a**2 + 2 * a + 2) ** (d / 2)
    given = chi_square_mean(sp.exp(-x * a) * sp.Integer(1), x, d) * (1 + 2 * a) ** (d / 2) * (1 + a) ** d
    assert statuses(Definition(given, ""), Equals(right, ""))[1] == "symbolic"
    assert statuses(Definition(given, ""), Equals(wrong, ""))[1] == "contradicted"


def test_factors_that_are_negative_somewhere_are_no_proof():
    """The logarithms of both sides agree term by term if a - 1 is taken to be positive."""
    power = ((a - 1) ** 2) ** (d / 2) * MEAN
    assert statuses(Definition(power, ""), Equals((a - 1) ** d / (d - 2), ""))[1] in ("unknown", "contradicted")


def test_what_sympy_cannot_do_is_checked_by_balls():
    # SymPy does not know that the quantile function is odd about 1/2: the ball comparison decides.
    definition = Definition(sp.Integral(Phi_inverse(1 / (1 + a)) ** 2, (x, 0, 1)), "")
    right = Phi_inverse(a / (1 + a)) ** 2
    assert statuses(definition, Equals(right, "")) == ["definition", "checked"]
    assert prove(toy(definition, Equals(right, ""))).badge == "checked"
    assert statuses(definition, Equals(right * (1 + sp.Rational(1, 10**24)), "")) == ["definition", "contradicted"]


def test_strategies():
    definition = Definition(sp.Integral(sp.exp(-x), (x, 0, a)), "")
    assert statuses(definition, Equals(1 - sp.exp(-a), "", by=Differentiate(a, at=0)))[-1] == "symbolic"
    assert statuses(definition, Equals(2 - sp.exp(-a), "", by=Differentiate(a, at=0)))[-1] == "contradicted"
    lemma = (sp.Integral(sp.exp(-x), (x, 0, a)), 1 - sp.exp(-a))
    assert statuses(definition, Equals(1 - sp.exp(-a), "", by=Using(lemma)))[-1] == "symbolic"
    wrong = (sp.Integral(sp.exp(-x), (x, 0, a)), 1 - sp.exp(-2 * a))
    assert statuses(definition, Equals(1 - sp.exp(-2 * a), "", by=Using(wrong)))[-1] == "contradicted"


def test_other_steps():
    definition = Definition(sp.Integral(sp.exp(-x), (x, 0, a)), "")
    exact = Equals(1 - sp.exp(-a), "")
    assert statuses(definition, exact, AtMost(a, "convexity"))[-1] == "checked"
    assert statuses(definition, exact, Tends(1, a, ""))[-1] == "symbolic"
    assert statuses(definition, exact, Tends(2, a, ""))[-1] == "unknown"
    assert statuses(definition, exact, Cites(2, SOURCE, ""))[-1] == "cited"
    assert statuses(definition, exact, Solves(a, sp.Rational(1, 2), sp.log(2), ""))[-1] == "symbolic"
    assert statuses(definition, exact, Solves(a, sp.Rational(1, 2), sp.log(3), ""))[-1] == "contradicted"


def test_an_exact_tie_of_a_bound_passes():
    definition = Definition(sp.Integral(sp.exp(-x), (x, 0, a)), "")
    assert statuses(definition, AtMost(1 - sp.exp(-a), "equality is allowed"))[-1] in ("symbolic", "checked")


def test_proofs_are_repeatable(proofs):
    assert prove(LINEAR) == proofs["retrieval.linear"]


def test_moments_of_a_shifted_gaussian_and_products_of_sums_are_integrated():
    from attnlaws.theory.simplify import settled

    g, a, b, y = sp.Symbol("g", real=True), *sp.symbols("a b y", positive=True)
    weight = sp.exp(a * g - g**2 / 2) / sp.sqrt(2 * sp.pi)
    for power, moment in enumerate((1, a, a**2 + 1, a**3 + 3 * a, a**4 + 6 * a**2 + 3)):
        value = settled(sp.Integral(g**power * weight, (g, -sp.oo, sp.oo)))
        assert sp.simplify(value - moment * sp.exp(a**2 / 2)) == 0
    value = settled(sp.Integral((1 / y + b) * (y + a) * y * sp.exp(-y), (y, 0, sp.oo)))
    assert sp.expand(value) == sp.expand(1 + a + 2 * b + a * b)


@pytest.mark.parametrize(("low", "high"), [(-sp.oo, sp.Rational(3, 4)), (sp.Rational(-1, 3), sp.oo)])
def test_a_gauss_integral_over_a_half_line_has_its_value(low, high):
    """With coefficients and an end that are symbols, put to numbers afterwards; the value is from quadrature."""
    x, s, end = sp.Symbol("x", real=True), sp.Symbol("s", positive=True), sp.Symbol("end", real=True)
    ends = (low, end) if low == -sp.oo else (end, high)
    found = settled(sp.Integral(sp.exp(-s * x**2 / 2 + 3 * s * x - s**2), (x, *ends)))
    assert not found.has(sp.Integral)
    number = high if low == -sp.oo else low
    span = [-mpmath.inf, float(high)] if low == -sp.oo else [float(low), 3, mpmath.inf]
    want = mpmath.quad(lambda u: mpmath.exp(-u * u + 6 * u - 4), span)
    assert float(found.subs({s: 2, end: number})) == pytest.approx(float(want), rel=1e-12)


def test_what_a_run_keeps_is_the_proof_of_the_very_law(proofs):
    assert kept(TAIL_MASS) == kept(TAIL_MASS) == proofs["topk.tail_mass"]
    assert kept(TAIL_MASS.claiming(1 - TAIL_MASS.parameter("kappa").symbol)).badge == "conjecture"
